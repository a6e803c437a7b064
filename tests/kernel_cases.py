"""The table of convolutions that every kernel is tried on, each with what it should give, found in loops in float64."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import naive
import numpy as np
import numpy.typing as npt
from promises import Array

from nettrain.arrays import scratch
from nettrain.arrays.clip_windows import ClipWindow, Triple
from nettrain.arrays.convolution.clips import clip_kernel_for
from nettrain.arrays.convolution.depthwise import Depthwise
from nettrain.arrays.convolution.kernel import Kernel
from nettrain.arrays.convolution.patches import Patches
from nettrain.arrays.convolution.pixels import Pixels
from nettrain.arrays.convolution.planes import Planes
from nettrain.arrays.convolution.winograd import Winograd
from nettrain.arrays.windows import Padding, Pair, Window

POISON = 0xFF  # four or eight such bytes are a NaN
KINDS = {kind.__name__: kind for kind in (Winograd, Planes, Pixels, Depthwise, Patches)}


@dataclass(frozen=True)
class Row:
    """A convolution of ``pictures`` of (H,W,C), or clips of (T,H,W,C), with K filters by the kernel of this name.

    Notes    Of clips it is the one that does the pictures that are gathered of their frames.
    """

    kind: str
    size: Pair | Triple
    window: naive.AnyWindow
    C: int
    K: int
    groups: int = 1
    pictures: int = 3

    @property
    def name(self) -> str:
        w = self.window
        shape = f"{self.kind} {self.pictures} of {by(self.size)}, {by(w.size)}"
        stride = f", stride {by(w.stride)}" if max(w.stride) > 1 else ""
        dilation = f", dilation {by(w.dilation)}" if max(w.dilation) > 1 else ""
        groups = f" in {self.groups} groups" if self.groups > 1 else ""
        return f"{shape} {w.padding}{stride}{dilation}, {self.C} to {self.K}{groups}"

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (*self.window.size, self.C // self.groups, self.K)

    def kernel(self, dtype: npt.DTypeLike) -> Kernel:
        if isinstance(self.window, ClipWindow):
            return clip_kernel_for(self.size, self.weight_shape, self.window, self.groups, np.dtype(dtype))
        if self.kind == "Patches":
            return Patches(self.size, self.weight_shape, self.window, self.groups, dtype)
        return KINDS[self.kind](self.size, self.weight_shape, self.window, dtype)

    def arrays(self, dtype: npt.DTypeLike, seed: int = 1) -> tuple[Array, Array, Array]:
        """Pictures, filters and a gradient of the result: the same numbers in both dtypes, none of them writeable."""
        random = np.random.default_rng(seed)
        places = self.window.output_size(*self.size)
        shapes = (self.pictures, *self.size, self.C), self.weight_shape, (self.pictures, *places, self.K)
        made = [random.normal(size=shape).astype(np.float32).astype(dtype) for shape in shapes]
        for array in made:
            array.flags.writeable = False
        x, weight, g = made
        return x, weight, g


def by(lengths: tuple[int, ...]) -> str:
    return "x".join(map(str, lengths))


@dataclass(frozen=True)
class Results:
    """A convolution, and the gradients by its pictures and by its filters."""

    y: Array
    dx: Array
    dw: Array

    def bits(self) -> list[bytes]:
        return [array.tobytes() for array in (self.y, self.dx, self.dw)]

    def assert_near(self, other: Results, tolerance: float) -> None:
        """Each number within ``tolerance`` times the largest of its array."""
        for name in ("y", "dx", "dw"):
            mine, theirs = getattr(self, name), getattr(other, name)
            assert mine.shape == theirs.shape, name
            assert error(mine, theirs) <= tolerance, name


def error(found: Array, expected: Array) -> float:
    """The largest difference, in units of the largest number that is expected; NaN if there is one."""
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-300))


@cache
def reference(row: Row, seed: int = 1) -> Results:
    """What the row should give."""
    x, weight, g = row.arrays(np.float64, seed)
    y = naive.conv(x, weight, row.window, row.groups)
    return Results(y, *naive.conv_gradients(x, weight, g, row.window, row.groups))


def run(row: Row, dtype: npt.DTypeLike, seed: int = 1, *, apart: bool = False) -> Results:
    """What the kernel gives, for all pictures as one piece; whatever it should write is NaN before."""
    kernel = row.kernel(dtype)
    x, weight, g = row.arrays(dtype, seed)
    y, dx = np.full_like(g, np.nan), np.full_like(x, np.nan)
    total = np.full(kernel.accumulator, np.nan, dtype)
    kernel.forward(x, kernel.weights(weight), y, apart=apart)
    kernel.backward(x, g, kernel.weights_back(weight), dx, total, False)
    return Results(y, dx, kernel.weight_gradient(total))


def poison_scratch() -> None:
    """Fill this thread's scratch memory with NaN: whoever reads what he has not written will show it."""
    for block in scratch._thread.blocks.values():
        block.fill(POISON)


THREE = (3, 3)
TINY: list[Pair] = [(2, 3), (4, 4), (5, 9), (7, 7), (13, 9)]
LARGER: list[Pair] = [(14, 14), (28, 28), (32, 30), (33, 31), (56, 8)]
PADDINGS: list[Padding] = ["valid", 1, 2, "same", "keras_same"]


def winograd() -> list[Row]:
    """Odd and tiny pictures with every padding; larger ones with the paddings in turn."""
    tiny = [Row("Winograd", size, Window(THREE, padding=padding), 3, 5) for size in TINY for padding in PADDINGS]
    wide = [
        Row("Winograd", size, Window(THREE, padding=PADDINGS[i % 3]), 16, 24, pictures=2)
        for i, size in enumerate(LARGER)
    ]
    same = [Row("Winograd", size, Window(THREE, padding="same"), 17, 16, pictures=1) for size in LARGER]
    return [row for row in tiny if row.size[0] + sum(row.window.pads(*row.size)[0]) > 3] + wide + same


def patches() -> list[Row]:
    """What stands out among strides, dilations, paddings and groups."""

    def row(size: Pair, window: Window, C: int = 5, K: int = 6, groups: int = 1, pictures: int = 3) -> Row:
        return Row("Patches", size, window, C, K, groups, pictures)

    return [
        row((7, 5), Window(THREE, padding="same")),
        row((8, 9), Window(THREE, (2, 2), padding="same")),
        row((9, 8), Window((1, 1), (2, 3))),
        row((9, 11), Window((2, 2), (3, 4), padding=1)),  # the stride is larger than the filter: pixels that none meets
        row((3, 4), Window(THREE, (4, 5), padding="same")),  # larger than the picture too
        row((11, 12), Window(THREE, (2, 2), (2, 2), "same")),
        row((11, 12), Window(THREE, (3, 3), (2, 2), 2)),
        row((11, 12), Window((2, 4), (2, 3), (3, 2), "keras_same")),
        row((5, 7), Window((5, 7))),
        row((5, 7), Window((5, 7), padding="same")),
        row((2, 2), Window((5, 5), padding=2)),  # the filter is larger than the picture
        row((1, 9), Window((1, 3), padding="same"), C=1, K=1),
        row((6, 7), Window(THREE, (2, 1), padding="same"), C=6, K=9, groups=3),
        row((6, 7), Window(THREE, (2, 2), (2, 1), 1), C=8, K=4, groups=4),
        row((90, 50), Window(THREE, padding="same"), C=48, K=40, pictures=1),  # several bands
        row((90, 50), Window((5, 5), (2, 2), padding="same"), C=32, K=64, groups=2, pictures=1),
        row((40, 40), Window(THREE, padding="same"), C=16, K=48, pictures=2),  # many rows: products by blocks
    ]


def planes() -> list[Row]:
    return [
        *(Row("Planes", (9, 8), Window(THREE, padding="same"), C, 7) for C in (1, 2, 3, 4)),
        Row("Planes", (8, 9), Window(THREE, (2, 2), padding="same"), 3, 8),
        Row("Planes", (23, 20), Window((7, 7), (2, 2), padding=3), 3, 16),
        Row("Planes", (9, 9), Window((7, 7), padding="keras_same"), 1, 2),
        Row("Planes", (9, 11), Window((2, 3), (3, 1), (2, 2), 1), 4, 3),
        Row("Planes", (32, 32), Window(THREE, padding="same"), 3, 32),
    ]


def pixels() -> list[Row]:
    strides: list[Pair] = [(1, 1), (2, 2), (3, 3), (1, 2), (9, 9)]
    rows = [Row("Pixels", (7, 8), Window((1, 1), stride), 5, 6) for stride in strides]
    return [*rows, Row("Pixels", (1, 1), Window((1, 1)), 20, 1), Row("Pixels", (40, 40), Window((1, 1)), 32, 16)]


def depthwise() -> list[Row]:
    windows = [
        Window(THREE, padding="same"),
        Window(THREE, (2, 2), padding="same"),
        Window(THREE, (2, 2), padding="keras_same"),
        Window((2, 5), (3, 1), padding=1),
        Window(THREE, dilation=(2, 3), padding="same"),
        Window((2, 2), (3, 3)),
        Window((1, 1)),
        Window((7, 8)),
    ]
    one = [Row("Depthwise", (7, 8), window, 6, 6, 6) for window in windows]
    return [*one, *(Row("Depthwise", (7, 8), window, 4, K, 4) for window in windows[1:4] for K in (8, 12))]


def clips() -> list[Row]:
    """Each kernel under clips, for what is gathered of their frames; in time as in space."""
    same = ClipWindow((3, 3, 3), padding="same")

    def row(kind: str, size: Triple, window: ClipWindow, C: int, K: int, groups: int = 1, clips: int = 2) -> Row:
        return Row(kind, size, window, C, K, groups, clips)

    return [
        row("Winograd", (4, 6, 5), same, 6, 16),
        row("Winograd", (3, 4, 4), same, 17, 19, clips=3),
        row("Winograd", (5, 8, 8), ClipWindow((3, 3, 3)), 16, 16, clips=1),
        row("Winograd", (5, 6, 6), ClipWindow((2, 3, 3), (2, 1, 1), padding="same"), 8, 16),
        row("Winograd", (3, 6, 6), ClipWindow((1, 3, 3), padding="same"), 16, 16),
        row("Planes", (4, 6, 5), same, 1, 7),
        row("Planes", (4, 6, 5), ClipWindow((1, 3, 3), (2, 2, 2), padding=1), 3, 7),
        row("Planes", (4, 6, 5), same, 3, 7),
        row("Patches", (4, 6, 5), same, 5, 7),
        row("Planes", (5, 7, 6), ClipWindow((3, 3, 3), (2, 2, 2), padding="same"), 4, 5),
        row("Patches", (5, 7, 6), ClipWindow((3, 2, 3), (1, 2, 1), (2, 1, 2), 1), 5, 6),
        row("Patches", (4, 5, 5), same, 4, 6, groups=2),
        row("Patches", (9, 4, 4), ClipWindow((7, 3, 3), (3, 1, 1), padding="keras_same"), 2, 3),  # 14 channels gathered
        row("Pixels", (6, 4, 4), ClipWindow((3, 1, 1), padding="same"), 5, 6),
        row("Pixels", (6, 5, 4), ClipWindow((1, 1, 1), (2, 2, 2)), 5, 6),
        row("Depthwise", (3, 5, 5), ClipWindow((1, 3, 3), padding="same"), 4, 8, groups=4),
        row("Winograd", (40, 8, 8), same, 16, 16, clips=1),  # more frames than a piece has pictures
    ]


ROWS = [*winograd(), *patches(), *planes(), *pixels(), *depthwise()]
CLIPS = clips()
MIXES = [
    row
    for size, stride, dilation, padding, (C, K, groups) in product(
        [(1, 1), (3, 3), (2, 4)],
        [(1, 1), (2, 2), (3, 3), (1, 2), (5, 1)],
        [(1, 1), (2, 2), (1, 3)],
        ["valid", "same", "keras_same", 1],
        [(3, 4, 1), (4, 6, 2)],
    )
    for row in [Row("Patches", (7, 10), Window(size, stride, dilation, padding), C, K, groups, pictures=2)]
]
