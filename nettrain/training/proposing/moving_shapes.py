"""The clips of the example: a shape that moves over a ground, and what it is called is where it goes.

The world is round: what leaves a frame on one side comes in on the other, and where a shape begins is left to chance.
So the frames of every class look the same, one by one; and as a clip goes half way round the world, its first and last
frame together do not tell a way from the opposite one. Shapes, sizes, shades and grounds are drawn by chance, too.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from nettrain.arrays.hash import uniform

F64 = npt.NDArray[np.float64]

SIDE, FRAMES, STEP = 28, 8, 2  # pixels, frames and pixels a frame: 7 steps are half of the way round
WAYS = {"down": (1, 0), "left": (0, -1), "right": (0, 1), "up": (-1, 0)}  # (rows, columns) of a step
CLIPS = {"train": 60, "test": 25}  # of each class
SEED, PURPOSE = 1, "example/clips"
MILLISECONDS = 80  # that a frame is shown
SHAPES: tuple[Callable[[F64, F64, float], F64], ...] = (  # how far inside (y, x) lies, in pixels; r is half the width
    lambda y, x, r: r - np.hypot(y, x),  # a disc
    lambda y, x, r: r - np.maximum(np.abs(y), np.abs(x)),  # a square
    lambda y, x, r: r / 3 - np.abs(np.hypot(y, x) - r + r / 3),  # a ring
    lambda y, x, r: np.maximum(_bar(y, x, r), _bar(x, y, r)),  # a cross
)


def moving_shapes() -> Iterator[tuple[str, bytes]]:
    """Every clip of the example: its path, with the class as its folder, and the bytes of a GIF."""
    for split, count in CLIPS.items():
        for label, way in WAYS.items():
            for number in range(count):
                yield f"{split}/{label}/{number:03d}.gif", _gif(clip(f"{PURPOSE}/{split}/{label}", way, number))


def clip(purpose: str, way: tuple[int, int], number: int) -> npt.NDArray[np.uint8]:
    """The frames (T,H,W) of the clip with this number, grey."""
    chance = iter(uniform(SEED, purpose, number, np.arange(8)))
    start = np.array([next(chance), next(chance)]) * SIDE
    shape = SHAPES[int(next(chance) * len(SHAPES))]
    radius, shade, ground = 3.5 + 2.5 * next(chance), 0.55 + 0.45 * next(chance), 0.35 * next(chance)
    clutter = _clutter(purpose, number)
    pixels = np.arange(SIDE)
    frames = np.empty((FRAMES, SIDE, SIDE))
    for time in range(FRAMES):
        y, x = ((pixels - at + SIDE / 2) % SIDE - SIDE / 2 for at in start + STEP * time * np.array(way))
        inside = np.clip(shape(y[:, None], x[None, :], radius) + 0.5, 0, 1)  # soft by a pixel
        frames[time] = inside * shade + (1 - inside) * (ground + clutter)
    return (frames * 255).astype(np.uint8)


def _bar(across: F64, along: F64, r: float) -> F64:
    inside: F64 = np.minimum(r / 3 - np.abs(across), r - np.abs(along))
    return inside


def _clutter(purpose: str, number: int) -> F64:
    """Blots that stay where they are, (H,W), 0 to 0.2."""
    coarse = uniform(SEED, f"{purpose}/ground", number, np.arange(49)).reshape(7, 7)
    return 0.2 * coarse.repeat(SIDE // 7, axis=0).repeat(SIDE // 7, axis=1)


def _gif(frames: npt.NDArray[np.uint8]) -> bytes:
    first, *others = (Image.fromarray(frame) for frame in frames)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=MILLISECONDS, loop=0)
    return file.getvalue()
