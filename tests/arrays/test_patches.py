"""Patches: unfolding against a loop, folding as its transpose, and no writing through views."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nettrain.arrays.patches import fold, pad, unfold, windows_of
from nettrain.arrays.windows import Pair, Window

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
WINDOWS = st.builds(Window, PAIR, PAIR, PAIR, st.sampled_from(["same", "valid", "keras_same", 1, 2]))
SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))


def fits(window: Window, size: Pair) -> bool:
    try:
        return min(window.output_size(*size)) > 0
    except ValueError:
        return False


@settings(deadline=None)
@given(WINDOWS, SIZES, st.integers(1, 3), st.integers(1, 2))
def test_unfold_equals_a_loop_and_fold_is_its_transpose(window: Window, size: Pair, n: int, C: int) -> None:
    assume(fits(window, size))
    random = np.random.default_rng(1)
    x = random.normal(size=(n, *size, C))
    patches = unfold(x, window)
    assert patches.flags.c_contiguous
    assert (patches == naive.places(x, window)).all()
    y = random.normal(size=patches.shape)
    folded = fold(y, size, window)
    assert folded.shape == x.shape
    assert float((patches * y).sum()) == pytest.approx(float((x * folded).sum()), rel=1e-12, abs=1e-12)


def test_padding_surrounds_the_picture() -> None:
    x = np.ones((1, 2, 3, 1), np.float32)
    padded = pad(x, Window((3, 2), padding="same"), value=7)
    assert padded[0, ..., 0].tolist() == [[7, 7, 7, 7], [1, 1, 1, 7], [1, 1, 1, 7], [7, 7, 7, 7]]
    assert padded.dtype == np.float32
    assert pad(x, Window((1, 1))) is x


def test_windows_cannot_be_written_through() -> None:
    x = np.ones((1, 4, 4, 1))
    with pytest.raises(ValueError, match="read-only"):
        windows_of(x, Window((2, 2)), (3, 3))[...] = 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype: type) -> None:
    window = Window((2, 2), padding="same")
    patches = unfold(np.ones((1, 4, 4, 1), dtype), window)
    assert patches.dtype == fold(patches, (4, 4), window).dtype == dtype
