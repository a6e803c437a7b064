"""What convolution of clips does of its own: which kernel does the pictures, and in what runs the frames go there."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import CLIPS, Row, run

from nettrain.arrays.convolution.clips import Clips

each_row = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in CLIPS])


def kernel_of(row: Row) -> Clips:
    kernel = row.kernel(np.float32)
    assert isinstance(kernel, Clips)
    return kernel


@each_row
def test_the_kernel_is_chosen_by_what_is_gathered_of_the_frames(row: Row) -> None:
    assert type(kernel_of(row).kernel).__name__ == row.kind


@each_row
def test_a_clip_that_is_kept_apart_has_the_bits_that_it_has_alone(row: Row) -> None:
    kernel = kernel_of(row)
    x, weight, _ = row.arrays(np.float32)
    together = run(row, np.float32, apart=True).y
    for clip in range(row.pictures):
        alone = np.full_like(together[:1], np.nan)
        kernel.forward(x[clip : clip + 1], kernel.weights(weight), alone, apart=True)
        assert alone.tobytes() == together[clip].tobytes()


@each_row
def test_every_frame_of_a_piece_goes_to_the_kernel_once(row: Row) -> None:
    kernel = kernel_of(row)
    for clips in (1, 2, 5):
        runs = list(kernel._runs(clips))
        seen = [(c, p) for cs, ps in runs for c in range(cs.start, cs.stop) for p in range(ps.start, ps.stop)]
        assert seen == [(c, p) for c in range(clips) for p in range(kernel.L)]
        assert all((cs.stop - cs.start) * (ps.stop - ps.start) <= kernel.kernel.pictures for cs, ps in runs)
        assert all(cs.stop - cs.start == 1 or ps == slice(0, kernel.L) for cs, ps in runs)
