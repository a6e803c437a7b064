"""Pictures in memory that look like something: smooth noise from a fixed seed."""

from __future__ import annotations

from random import Random

from PIL import Image


def made_pictures(count: int, side: int) -> list[Image.Image]:
    """So many, square, in colour."""
    random = Random(1)
    small = [Image.frombytes("RGB", (8, 8), random.randbytes(8 * 8 * 3)) for _ in range(count)]
    return [picture.resize((side, side), Image.Resampling.BICUBIC) for picture in small]
