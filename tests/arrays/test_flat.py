"""Flat memory: every named array a view of its own stretch, in the order given."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.flat import Flat

SHAPES = {"layers.0.weight": (3, 3, 1, 4), "layers.0.bias": (4,), "scale": (), "layers.1.weight": (2, 5)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_views_and_array_are_the_same_memory(dtype: type) -> None:
    flat = Flat(SHAPES, dtype)
    assert flat.array.shape == (36 + 4 + 1 + 10,)
    assert flat.array.dtype == dtype
    assert not flat.array.any()
    for number, (name, view) in enumerate(flat.views.items(), 1):
        assert view.shape == SHAPES[name]
        assert view.flags.c_contiguous
        view[...] = number
    assert flat.array.tolist() == [1] * 36 + [2] * 4 + [3] + [4] * 10
    assert list(flat.views) == list(flat.spans) == list(SHAPES)
    flat.array[flat.spans["layers.0.bias"]] = 9
    assert (flat.views["layers.0.bias"] == 9).all()


def test_nothing_at_all() -> None:
    flat = Flat({})
    assert flat.array.shape == (0,)
    assert flat.views == {}
