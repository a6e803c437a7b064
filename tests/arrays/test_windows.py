"""The padding rules, one row a rule, against the formulas of Keras and PyTorch."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.arrays.windows import Pair, Window

AXIS = st.tuples(st.integers(1, 40), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))


def along(length: int, size: int, stride: int, dilation: int, padding: object) -> tuple[Pair, int]:
    """Padding and places along rows; columns are one pixel."""
    window = Window((size, 1), (stride, 1), (dilation, 1), padding)  # type: ignore[arg-type]
    return window.pads(length, 1)[0], window.output_size(length, 1)[0]


@pytest.mark.parametrize(
    ("length", "size", "stride", "dilation", "padding", "pads", "places"),
    [
        (8, 3, 1, 1, "valid", (0, 0), 6),
        (8, 3, 2, 1, "valid", (0, 0), 3),
        (8, 3, 1, 2, "valid", (0, 0), 4),
        (8, 3, 1, 1, "same", (1, 1), 8),
        (8, 2, 1, 1, "same", (0, 1), 8),  # the odd pixel after, as in PyTorch
        (8, 4, 1, 1, "same", (1, 2), 8),
        (8, 3, 1, 2, "same", (2, 2), 8),
        (8, 3, 2, 1, "same", (1, 1), 4),  # a stride changes nothing
        (7, 3, 2, 1, "same", (1, 1), 4),
        (8, 3, 2, 1, "keras_same", (0, 1), 4),
        (7, 3, 2, 1, "keras_same", (1, 1), 4),
        (8, 2, 2, 1, "keras_same", (0, 0), 4),
        (7, 2, 2, 1, "keras_same", (0, 1), 4),
        (9, 1, 3, 1, "keras_same", (0, 0), 3),  # never less than nothing
        (8, 3, 1, 1, 2, (2, 2), 10),
        (5, 7, 1, 1, 1, (1, 1), 1),
    ],
)
def test_rules(length: int, size: int, stride: int, dilation: int, padding: object, pads: Pair, places: int) -> None:
    assert along(length, size, stride, dilation, padding) == (pads, places)


@given(AXIS)
def test_keras_same_leaves_as_many_places_as_keras(axis: tuple[int, int, int, int]) -> None:
    length, size, stride, dilation = axis
    _, places = along(length, size, stride, dilation, "keras_same")
    assert places == math.ceil(length / stride)


@given(AXIS)
def test_same_keeps_every_stride_th_place(axis: tuple[int, int, int, int]) -> None:
    length, size, stride, dilation = axis
    (before, after), places = along(length, size, stride, dilation, "same")
    assert before + after == dilation * (size - 1)
    assert before <= after <= before + 1
    assert places == (length - 1) // stride + 1


@given(AXIS, st.integers(0, 3))
def test_a_number_of_pixels_as_in_pytorch(axis: tuple[int, int, int, int], padding: int) -> None:
    length, size, stride, dilation = axis
    expected = (length + 2 * padding - dilation * (size - 1) - 1) // stride + 1
    if length + 2 * padding < dilation * (size - 1) + 1:
        with pytest.raises(ValueError, match="leaves no pixels"):
            along(length, size, stride, dilation, padding)
    else:
        assert along(length, size, stride, dilation, padding) == ((padding, padding), expected)


def test_rows_and_columns_have_rules_of_their_own() -> None:
    window = Window((1, 3), (2, 1), (1, 2), "same")
    assert window.span == (1, 5)
    assert window.pads(9, 9) == ((0, 0), (2, 2))
    assert window.output_size(9, 9) == (5, 9)


@pytest.mark.parametrize(
    ("window", "size", "message"),
    [
        (
            Window((3, 3)),
            (2, 9),
            "a window of 3x3 leaves no pixels of a 2x9 picture (2x9 with padding);"
            " expected a smaller window, stride or more padding",
        ),
        (
            Window((2, 3), dilation=(1, 4), padding=1),
            (5, 6),
            "a window of 2x9 leaves no pixels of a 5x6 picture (7x8 with padding);"
            " expected a smaller window, stride or more padding",
        ),
    ],
)
def test_a_window_that_does_not_fit(window: Window, size: Pair, message: str) -> None:
    with pytest.raises(ValueError, match="no pixels") as error:
        window.output_size(*size)
    assert str(error.value) == message
