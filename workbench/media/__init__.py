"""Slides as pictures: fetched or added, stored by content, hashed, read.

    fetch, adding -> pictures (is it one, which) -> storage (a folder or a bucket) -> results (a batch in the inbox)
    reading: stored files -> text
    thumbnails: stored files -> small pictures for pages

Nothing here writes to the warehouse: what was found goes into the inbox, and `load` takes it in.
"""
