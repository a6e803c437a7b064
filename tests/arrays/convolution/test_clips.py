"""Convolution of clips against loops, whichever kernel does the pictures; and in what runs the frames go there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import naive_clips
import numpy as np
import numpy.typing as npt
import pytest
from kernel_cases import Results, poison_scratch
from promises import Array

from nettrain.arrays.clip_windows import ClipWindow, Triple
from nettrain.arrays.convolution.clips import Clips, clip_kernel_for

EXACT, CLOSE = 1e-10, 2e-5  # of the largest number, in float64 and in float32
SAME = ClipWindow((3, 3, 3), padding="same")


@dataclass(frozen=True)
class Row:
    """A convolution of ``clips`` of (T,H,W,C) with K filters, and the kernel that does the pictures."""

    kind: str
    size: Triple
    window: ClipWindow
    C: int
    K: int
    groups: int = 1
    clips: int = 2

    def kernel(self, dtype: npt.DTypeLike) -> Clips:
        return clip_kernel_for(self.size, self.weight_shape, self.window, self.groups, np.dtype(dtype))

    @property
    def weight_shape(self) -> tuple[int, ...]:
        return (*self.window.size, self.C // self.groups, self.K)

    def arrays(self, dtype: npt.DTypeLike, seed: int = 1) -> tuple[Array, Array, Array]:
        """Clips, filters and a gradient of the result: the same numbers in both dtypes, none of them writeable."""
        random = np.random.default_rng(seed)
        places = self.window.output_size(*self.size)
        shapes = (self.clips, *self.size, self.C), self.weight_shape, (self.clips, *places, self.K)
        made = [random.normal(size=shape).astype(np.float32).astype(dtype) for shape in shapes]
        for array in made:
            array.flags.writeable = False
        x, weight, g = made
        return x, weight, g


ROWS = [
    Row("Winograd", (4, 6, 5), SAME, 6, 16),
    Row("Winograd", (3, 4, 4), SAME, 17, 19, clips=3),
    Row("Winograd", (5, 8, 8), ClipWindow((3, 3, 3)), 16, 16, clips=1),
    Row("Winograd", (5, 6, 6), ClipWindow((2, 3, 3), (2, 1, 1), padding="same"), 8, 16),
    Row("Winograd", (3, 6, 6), ClipWindow((1, 3, 3), padding="same"), 16, 16),
    Row("Planes", (4, 6, 5), SAME, 1, 7),
    Row("Planes", (4, 6, 5), ClipWindow((1, 3, 3), (2, 2, 2), padding=1), 3, 7),
    Row("Planes", (4, 6, 5), SAME, 3, 7),
    Row("Patches", (4, 6, 5), SAME, 5, 7),
    Row("Planes", (5, 7, 6), ClipWindow((3, 3, 3), (2, 2, 2), padding="same"), 4, 5),
    Row("Patches", (5, 7, 6), ClipWindow((3, 2, 3), (1, 2, 1), (2, 1, 2), 1), 5, 6),
    Row("Patches", (4, 5, 5), SAME, 4, 6, groups=2),
    Row("Patches", (9, 4, 4), ClipWindow((7, 3, 3), (3, 1, 1), padding="keras_same"), 2, 3),  # 14 channels gathered
    Row("Pixels", (6, 4, 4), ClipWindow((3, 1, 1), padding="same"), 5, 6),
    Row("Pixels", (6, 5, 4), ClipWindow((1, 1, 1), (2, 2, 2)), 5, 6),
    Row("Depthwise", (3, 5, 5), ClipWindow((1, 3, 3), padding="same"), 4, 8, groups=4),
    Row("Winograd", (40, 8, 8), SAME, 16, 16, clips=1),  # more frames than a piece has pictures
]
each_row = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{place} {row.kind} {row.size} {row.C} to {row.K}") for place, row in enumerate(ROWS)]
)


@cache
def reference(row: Row, seed: int = 1) -> Results:
    x, weight, g = row.arrays(np.float64, seed)
    y = naive_clips.conv3d(x, weight, row.window, row.groups)
    return Results(y, *naive_clips.conv3d_gradients(x, weight, g, row.window, row.groups))


def run(row: Row, dtype: npt.DTypeLike, seed: int = 1, *, apart: bool = False) -> Results:
    """What the kernel gives, for all clips as one piece; whatever it should write is NaN before."""
    kernel = row.kernel(dtype)
    x, weight, g = row.arrays(dtype, seed)
    y, dx, total = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full(kernel.accumulator, np.nan, dtype)
    kernel.forward(x, kernel.weights(weight), y, apart=apart)
    kernel.backward(x, g, kernel.weights_back(weight), dx, total, False)
    return Results(y, dx, kernel.weight_gradient(total))


@each_row
@pytest.mark.parametrize(("dtype", "near"), [(np.float64, EXACT), (np.float32, CLOSE)])
def test_results_and_both_gradients_equal_loops(row: Row, dtype: type, near: float) -> None:
    assert type(row.kernel(dtype).kernel).__name__ == row.kind
    run(row, dtype).assert_near(reference(row), near)


@each_row
def test_the_gradient_of_the_filters_is_added_or_written_as_told(row: Row) -> None:
    kernel = row.kernel(np.float64)
    total = np.full(kernel.accumulator, np.nan)
    for seed, add in ((1, False), (2, True)):
        x, weight, g = row.arrays(np.float64, seed)
        dx = np.full_like(x, np.nan)
        kernel.backward(x, g, kernel.weights_back(weight), dx, total, add)
    both = [reference(row, seed) for seed in (1, 2)]
    expected = Results(both[1].y, both[1].dx, both[0].dw + both[1].dw)
    Results(both[1].y, dx, kernel.weight_gradient(total)).assert_near(expected, EXACT)


@each_row
def test_a_gradient_that_is_not_wanted_changes_nothing_of_the_other(row: Row) -> None:
    kernel = row.kernel(np.float32)
    x, weight, g = row.arrays(np.float32)
    expected = run(row, np.float32)
    dx, total = np.full_like(x, np.nan), np.full(kernel.accumulator, np.nan, np.float32)
    kernel.backward(x, g, kernel.weights_back(weight), dx, None, False)
    kernel.backward(x, g, None, None, total, False)
    assert Results(expected.y, dx, kernel.weight_gradient(total)).bits() == expected.bits()


@each_row
def test_a_clip_that_is_kept_apart_has_the_bits_that_it_has_alone(row: Row) -> None:
    kernel = row.kernel(np.float32)
    x, weight, _ = row.arrays(np.float32)
    together = run(row, np.float32, apart=True).y
    for clip in range(row.clips):
        alone = np.full_like(together[:1], np.nan)
        kernel.forward(x[clip : clip + 1], kernel.weights(weight), alone, apart=True)
        assert alone.tobytes() == together[clip].tobytes()


@each_row
def test_the_bits_do_not_depend_on_what_was_done_before_nor_on_the_thread(row: Row) -> None:
    first = run(row, np.float32).bits()
    poison_scratch()
    assert run(row, np.float32).bits() == first
    for other in ROWS:
        run(other, np.float64)
    poison_scratch()
    assert run(row, np.float32).bits() == first
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(run, row, np.float32).result().bits() == first


@each_row
def test_every_frame_of_a_piece_goes_to_the_kernel_once(row: Row) -> None:
    kernel = row.kernel(np.float32)
    for clips in (1, 2, 5):
        runs = list(kernel._runs(clips))
        seen = [(c, p) for cs, ps in runs for c in range(cs.start, cs.stop) for p in range(ps.start, ps.stop)]
        assert seen == [(c, p) for c in range(clips) for p in range(kernel.L)]
        assert all((cs.stop - cs.start) * (ps.stop - ps.start) <= kernel.kernel.pictures for cs, ps in runs)
        assert all(cs.stop - cs.start == 1 or ps == slice(0, kernel.L) for cs, ps in runs)
