"""What the folders of splits are called, in any case: the one table of those who look for them."""

from __future__ import annotations

SPLIT_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}


def split_named(folder: str) -> str | None:
    """Which split a folder of this name is, if any."""
    return next((split for split, names in SPLIT_NAMES.items() if folder.lower() in names), None)
