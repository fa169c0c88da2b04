"""A folder or a bucket as one thing: files are put under a key and come back whole.

    open_store("data/media") or open_store("s3://bucket/prefix", endpoint="https://...")

Keys of a bucket come from the environment, and no message, repr or log holds one.
"""

from .base import Entry, StorageError, Store
from .opening import open_store

__all__ = ["Entry", "StorageError", "Store", "open_store"]
