"""Slides by a picture: which known images are the same one, which only look like it, which say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .images import SAME_TEXT_BITS, image_groups, normalized, text_ids

LOOKS_BITS = 12
"""Most bits in which a picture differs from one that it looks like: by chance one in two million would."""
KINDS = ("same image", "looks alike", "same text")


@dataclass(frozen=True)
class Looked:
    """A picture that is looked for."""

    sha256: str
    phash: int
    """64 bits as a signed whole number."""
    text: str | None = None
    """What is written on it; None where it was not read."""


def alike(looked: Looked, pictures: pa.Table) -> pd.DataFrame:
    """Images that are like a picture, the likest first.

    Formula: *same image*: the rule of `images.image_groups`: the same file, or hashes and texts that agree;
    without a text a nearly equal hash. *looks alike*: within 12 bits and not the same: most
    often another slide of the template. *same text*: the same normalized text on another picture.

    Parameters
    ----------
    pictures
        Those of images: image_id, text_id, sha256, phash, ocr_text (NULL where unread).

    Returns
    -------
    pandas.DataFrame
        Grain image_id: match_kind, differing_bits [bits; NULL where the image has no hash].

    Source: metrics.md, Level 1. Version 1.
    """
    said = normalized(looked.text or "") or None
    phash = np.asarray(pc.fill_null(pictures["phash"], 0).to_numpy(), np.int64)
    bits = np.bitwise_count((phash ^ np.int64(looked.phash)).view(np.uint64)).astype(np.int64)
    bits[pc.is_null(pictures["phash"]).to_numpy()] = 65
    by_file = np.asarray(pc.fill_null(pc.equal(pictures["sha256"], looked.sha256), False).to_numpy(), bool)
    near = np.flatnonzero((bits <= SAME_TEXT_BITS) | by_file)
    same = _same(looked, said, pictures.take(pa.array(near)))
    text_id = text_ids([said or ""])[0]
    by_text = np.asarray(pc.fill_null(pc.equal(pictures["text_id"], text_id or ""), False).to_numpy(), bool)
    image = pictures["image_id"].to_pandas().astype("str")
    is_same = image.isin(set(image.iloc[near[same]])).to_numpy()
    kind = np.select([is_same, bits <= LOOKS_BITS, by_text], [0, 1, 2], default=-1)
    chosen = kind >= 0
    found = pd.DataFrame({"image_id": image[chosen], "kind": kind[chosen], "bits": bits[chosen]})
    best = found.groupby("image_id", sort=True).min().reset_index()
    best = best.sort_values(["kind", "bits", "image_id"], ignore_index=True)
    return pd.DataFrame(
        {
            "image_id": best["image_id"].astype("str"),
            "match_kind": pd.Series([KINDS[k] for k in best["kind"]], dtype="str"),
            "differing_bits": best["bits"].where(best["bits"] <= 64).astype("Int64"),
        }
    )


def _same(looked: Looked, said: str | None, near: pa.Table) -> np.ndarray:
    """Which of the pictures nearby are the same image as the one looked for, which is asked as if it were new."""
    texts = [None if t is None else normalized(t) or None for t in near["ocr_text"].to_pylist()]
    n = near.num_rows + 1
    asked = pa.table(
        {
            "picture_id": pa.array([*map(str, range(n - 1)), "looked for"]),
            "sha256": pa.array([*near["sha256"].to_pylist(), looked.sha256], pa.string()),
            "phash": pa.array([*near["phash"].to_pylist(), looked.phash], pa.int64()),
            "text": pa.array([*texts, said], pa.string()),
            "slide_url": pa.nulls(n, pa.string()),
            "image_id": pa.array([*near["image_id"].to_pylist(), None], pa.string()),
            "is_new": pa.array([*[False] * (n - 1), True]),
        }
    )
    groups = image_groups(asked)
    return np.asarray(groups[:-1] == groups[-1])
