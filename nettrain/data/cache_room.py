"""The room that decoded pictures take on the disk, and what is said where it is not there."""

from __future__ import annotations

import math
import os

from nettrain.config.words import megabytes
from nettrain.data.cache_folder import cure, nearest
from nettrain.data.config import ImageConfig
from nettrain.errors import EnvironmentFault

SPARE = 4096  # bytes of an index, beside about so many a picture
INDEXED = 200


def picture_bytes(total: int, image: ImageConfig) -> int:
    """Bytes of so many decoded pictures."""
    return total * math.prod(image.shape)


def entry_bytes(total: int, pixels: int) -> int:
    """Bytes, about, of an entry of so many pictures, whose pixels take so many bytes."""
    return pixels + INDEXED * total + SPARE


def check_room(folder: str, total: int, pixels: int) -> None:
    """Refuse a cache that the disk has no room for: of so many pictures, whose pixels take so many bytes.

    Errors   EnvironmentFault with the bytes it takes.
    """
    needed, free = entry_bytes(total, pixels), free_bytes(nearest(folder))
    if needed > free:
        raise full(folder, needed, f"{megabytes(free)} are free")


def has_room(folder: str, total: int, pixels: int) -> bool:
    """Whether an entry of so many pictures fits on the disk."""
    return entry_bytes(total, pixels) <= free_bytes(nearest(folder))


def free_bytes(folder: str) -> int:
    """Bytes that are free on the disk of a folder that is there."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def full(path: str, needed: int, why: str) -> EnvironmentFault:
    """The error for decoded pictures that need so many bytes, and what helps."""
    what = f"data.cache: the decoded pictures take {megabytes(needed)}, but {why}"
    advice = f"free some space, {cure('to a folder on another disk')}, or set data.cache: none"
    return EnvironmentFault(f"{what}; {advice}", path)
