"""Resize: a picture of any size becomes one of the config's size, by its rule of fit."""

from __future__ import annotations

from PIL import Image

from nettrain.data.config import ImageConfig
from nettrain.data.modes import in_mode

SHRINKS = (8, 4, 2)  # what a JPEG decoder can divide both sides by


def fitted(picture: Image.Image, image: ImageConfig) -> Image.Image:
    """The picture at (H, W) with the config's channels.

    Notes    bilinear with antialias: a triangle filter as wide as the scale. stretch: both sides are scaled on their
             own. crop: the largest part from the middle that has the shape of the result. pad: the whole picture in
             the middle, with the background around it (transparent in RGBA); of an odd rest the larger half is right
             or below.
    """
    height, width = image.size
    across, down = picture.size
    if (across, down) == (width, height):
        return _in_mode(picture, image)
    if image.fit == "stretch":
        return _in_mode(picture.resize((width, height), Image.Resampling.BILINEAR), image)
    if image.fit == "crop":
        part_w, part_h = min(across, down * width / height), min(down, across * height / width)
        left, top = (across - part_w) / 2, (down - part_h) / 2
        box = (left, top, left + part_w, top + part_h)
        return _in_mode(picture.resize((width, height), Image.Resampling.BILINEAR, box=box), image)
    inner_w, inner_h = _inside(across, down, width, height)
    inner = _in_mode(picture.resize((inner_w, inner_h), Image.Resampling.BILINEAR), image)
    ground = _in_mode(Image.new("RGBA", (width, height), (*image.background, 0)), image)
    ground.paste(inner, ((width - inner_w) // 2, (height - inner_h) // 2))
    return ground


def _in_mode(picture: Image.Image, image: ImageConfig) -> Image.Image:
    return in_mode(picture, {1: "L", 3: "RGB", 4: "RGBA"}[image.channels])


def _inside(across: int, down: int, width: int, height: int) -> tuple[int, int]:
    """The largest (width, height) with the picture's shape that fits, each at least 1, rounded to the nearest."""
    if across * height >= down * width:
        return width, max(1, (2 * down * width + across) // (2 * across))
    return max(1, (2 * across * height + down) // (2 * down)), height


def shrink(across: int, down: int, image: ImageConfig) -> int:
    """By how much a decoder may divide both sides and still leave twice the result's pixels each way; 1 is not at all.

    Notes    sides are compared by length, since the file's orientation is applied later.
    """
    height, width = image.size
    short, long = min(width, height), max(width, height)
    if min(across, down) < 2 * SHRINKS[-1] * short:
        return 1
    return next((by for by in SHRINKS if min(across, down) >= 2 * by * short and max(across, down) >= 2 * by * long), 1)
