"""What the settings of augmentations have in common: chances, ranges, what fills a gap, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from nettrain.config.fields import Limit, Record

Chance = Annotated[float, Limit(0, 1, open_low=True)]
Byte = Annotated[int, Limit(0, 255)]
Fill = Byte | tuple[Byte, ...]
Degrees = Annotated[float, Limit(-360, 360)]
Turn = Annotated[float, Limit(0, 360)]
Share = Annotated[float, Limit(0, 1, open_low=True)]
Ratio = Annotated[float, Limit(0.01, 100)]
Alpha = Annotated[float, Limit(0.1, 1000)]  # of shares: with smaller ones all of them could be 0

Size = tuple[int, int]  # (H, W) of pictures
Faults = Iterator[tuple[str, str]]

COLOURLESS = "needs colours, but image.channels is 1; leave it out"
NOTHING = "changes nothing; leave it out"


class AugmentConfig(Record):
    """Base of the settings of an augmentation that some pictures do not fit."""

    def misfits(self, size: Size, channels: int) -> Faults:
        """Yield ``(key, message)`` for what does not fit pictures of this (H, W) and so many channels."""
        yield from ()


class FillingConfig(AugmentConfig):
    """Base of the settings of an augmentation that leaves gaps; ``fill`` shows in them."""

    fill: Fill

    def misfits(self, size: Size, channels: int) -> Faults:
        yield from fill_faults("fill", self.fill, channels)


def range_faults(key: str, between: tuple[float, float]) -> Faults:
    """What is wrong with a range."""
    low, high = between
    if low > high:
        yield key, f"expected the lower end first, got [{low:g}, {high:g}]"


def fill_faults(key: str, fill: int | tuple[int, ...] | None, channels: int) -> Faults:
    """What is wrong with what fills a gap in pictures of so many channels."""
    if isinstance(fill, tuple) and len(fill) != channels:
        yield key, f"expected one number a channel, {channels} in all (image.channels), got {len(fill)}"


def filling(fill: int | tuple[int, ...], channels: int) -> tuple[int, ...]:
    """What fills a gap, one level a channel."""
    return fill if isinstance(fill, tuple) else (fill,) * channels


def symmetric(setting: float | tuple[float, float]) -> tuple[float, float]:
    """A range: of one number, from less than zero by it to it."""
    return setting if isinstance(setting, tuple) else (-setting, setting)
