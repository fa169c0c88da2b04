"""From sizes and a seed to files: draw the agency, then write each format."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ..errors import UsageError
from . import DemoFiles
from .exports import write_comments, write_master, write_wide
from .model import Model
from .money import write_money
from .pictures import write_pictures
from .records import write_records
from .scale import scale
from .slides import picture_slides
from .slides import slides as make_slides
from .snapshots import observe
from .texts import texts
from .tracker import write_tracker
from .truth import write_truth
from .work import write_work
from .world import world as make_world


def build(
    folder: Path,
    *,
    posts: int,
    seed: int,
    accounts: int | None,
    vas: int | None,
    creators: int | None,
    days: int | None,
    slides: int | None,
    pictures: int,
    end_on: date,
    equal: bool,
    model: Model | None,
    progress: Callable[[str], None] | None,
) -> DemoFiles:
    """See `workbench.demo.make_demo`."""
    tell = progress or (lambda _: None)
    size = scale(
        posts=posts, accounts=accounts, vas=vas, creators=creators, days=days, slides=slides, end_on=end_on
    )
    if pictures < 0:
        raise UsageError(f"pictures = {pictures}: ask for 0 or more.")
    tell("drawing the agency")
    chosen = model or Model()
    world = make_world(size, chosen.equalized() if equal else chosen, seed)
    seen = observe(world)
    words = texts(world)
    if pictures:
        tell("drawing pictures")
    made = make_slides(world, words, pictures)
    files, truth = folder / "files", folder / "truth"
    files.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    tell("writing the exports of posts")
    written = [
        write_master(files / "MASTER_TIKTOK_DATABASE.csv", world, words, seen, made),
        write_wide(files / "master_with_snaptik.csv", world, words, seen, made),
    ]
    tell("writing the tracker's database")
    written.append(write_tracker(files / "tracker.db", world, words, seen))
    tell("writing comments, money, work and records")
    written.append(write_comments(files / "comments.csv", world, seen))
    written += write_money(files, world, words)
    written += write_work(files, world, words)
    written += write_records(files, world, words, seen, made)
    tell("writing what is true")
    write_truth(truth, world, words, made, seed=seed)
    mapping = write_pictures(folder / "pictures", made.pictures, picture_slides(made, words))
    for file in written:
        # An importer that is not told otherwise takes a file's time as that of its lifetime counts.
        os.utime(file, (size.as_of_second, size.as_of_second))
    return DemoFiles(
        folder=folder,
        files=tuple(written),
        truth=truth,
        as_of=size.as_of,
        n_posts=size.posts,
        mapping=mapping,
    )
