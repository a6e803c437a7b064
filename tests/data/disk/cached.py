"""Splits by way of the disk cache, and all of them that a training depends on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from data.samples import config

from nettrain.data.cache import Pictures, decode
from nettrain.data.cache_folder import entry_paths
from nettrain.data.config import ImageConfig
from nettrain.data.listing import list_folder
from nettrain.data.split import Split

GREY = config(channels=1)


def split_of(root: Path) -> Split:
    listing = list_folder(root)
    return Split("train", listing.reader, listing.files, listing.labels, listing.classes)


def through_disk(root: Path, image: ImageConfig = GREY, on_bad: str = "error", workers: int = 2) -> Pictures:
    return decode(split_of(root), image, on_bad, "disk", workers)  # type: ignore[arg-type]


def facts(pictures: Pictures) -> tuple[object, ...]:
    """All that a training depends on."""
    everything = pictures.take(np.arange(len(pictures)))
    return (
        pictures.paths,
        pictures.labels.tolist(),
        pictures.sha256.tobytes(),
        pictures.bad,
        everything.tobytes(),
        everything.shape,
    )


def equals_ram(root: Path, image: ImageConfig = GREY, on_bad: str = "error") -> bool:
    plain = decode(split_of(root), image, on_bad, "ram")  # type: ignore[arg-type]
    return facts(through_disk(root, image, on_bad)) == facts(plain)


def entry(kept: Path) -> Path:
    (path,) = entry_paths(str(kept))
    return Path(path)
