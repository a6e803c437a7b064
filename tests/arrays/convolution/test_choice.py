"""Which kernel does which shape, as a table; the number of pictures is never asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nettrain.arrays.convolution.choice import kernel_for
from nettrain.arrays.convolution.kernel import Kernel
from nettrain.arrays.convolution.winograd import FEWEST_CHANNELS, fits
from nettrain.arrays.windows import Padding, Pair, Window
from nettrain.autograd.tensor import Graph, Leaf, Tensor
from nettrain.ops.conv2d import conv2d

THREE = (3, 3)
SAME = Window(THREE, padding="same")
TABLE: list[tuple[str, Pair, int, int, Window, int]] = [  # (H, W), C, K, window, groups
    ("Winograd", (32, 32), 16, 16, SAME, 1),
    ("Winograd", (8, 8), 512, 256, SAME, 1),
    ("Winograd", (2, 3), 16, 32, SAME, 1),
    ("Winograd", (4, 4), 16, 16, Window(THREE), 1),
    ("Winograd", (8, 8), 16, 16, Window(THREE, padding=2), 1),
    ("Winograd", (224, 224), 64, 64, SAME, 1),
    ("Patches", (512, 512), 64, 64, SAME, 1),  # at its points such a picture would be too large
    ("Planes", (512, 512), 3, 64, SAME, 1),
    ("Patches", (2048, 2048), 3, 64, SAME, 1),
    ("Patches", (8, 8), 16, 16, Window(THREE, padding=3), 1),
    ("Patches", (1, 5), 16, 16, SAME, 1),
    ("Patches", (5, 3), 16, 16, Window(THREE), 1),
    ("Patches", (32, 32), 15, 16, SAME, 1),
    ("Patches", (32, 32), 16, 15, SAME, 1),
    ("Patches", (32, 32), 32, 32, SAME, 2),
    ("Patches", (32, 32), 32, 64, Window(THREE, (2, 2), padding="same"), 1),
    ("Patches", (32, 32), 32, 64, Window(THREE, (1, 2), padding="same"), 1),
    ("Patches", (32, 32), 32, 64, Window(THREE, dilation=(2, 2), padding="same"), 1),
    ("Patches", (32, 32), 32, 64, Window((5, 5), padding="same"), 1),
    ("Patches", (32, 32), 32, 64, Window((3, 5), padding="same"), 1),
    ("Planes", (32, 32), 3, 64, SAME, 1),
    ("Planes", (28, 28), 1, 8, Window((5, 5)), 1),
    ("Planes", (224, 224), 3, 64, Window((7, 7), (2, 2), padding=3), 1),
    ("Planes", (32, 32), 4, 64, SAME, 1),
    ("Patches", (32, 32), 5, 64, SAME, 1),
    ("Patches", (32, 32), 4, 64, SAME, 2),
    ("Pixels", (32, 32), 3, 64, Window((1, 1)), 1),
    ("Pixels", (32, 32), 64, 64, Window((1, 1), padding="same"), 1),
    ("Pixels", (7, 7), 16, 32, Window((1, 1), (2, 2), padding="keras_same"), 1),
    ("Patches", (7, 7), 16, 32, Window((1, 1), padding=1), 1),
    ("Patches", (7, 7), 16, 32, Window((1, 1)), 2),
    ("Depthwise", (32, 32), 64, 64, SAME, 64),
    ("Depthwise", (32, 32), 64, 64, Window((1, 1)), 64),
    ("Depthwise", (32, 32), 3, 3, Window(THREE, (2, 2), (2, 2), 1), 3),
    ("Depthwise", (32, 32), 8, 16, SAME, 8),  # two filters a channel
    ("Planes", (32, 32), 1, 1, SAME, 1),
]


@pytest.mark.parametrize(("kind", "size", "C", "K", "window", "groups"), TABLE, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_kernel_for_a_shape(
    kind: str, size: Pair, C: int, K: int, window: Window, groups: int, dtype: type
) -> None:
    assert type(kernel_for(size, (*window.size, C // groups, K), window, groups, dtype)).__name__ == kind


@pytest.mark.parametrize("pictures", [1, 2, 33])
@pytest.mark.parametrize(("C", "K"), [(16, 16), (3, 8), (8, 8)])
def test_a_convolution_takes_the_same_kernel_for_any_number_of_pictures(
    pictures: int, C: int, K: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def listening(*arguments: Any) -> Kernel:
        asked.append(arguments)
        return kernel_for(*arguments)

    monkeypatch.setitem(conv2d.function.__globals__, "kernel_for", listening)
    x, weight = np.ones((pictures, 4, 5, C), np.float32), Leaf(np.ones((3, 3, C, K), np.float32))
    conv2d(Graph().input(x), weight, window=SAME)
    conv2d(Tensor(x), weight, window=SAME)
    assert asked == [((4, 5), (3, 3, C, K), SAME, 1, np.dtype(np.float32))] * 2


@pytest.mark.parametrize(
    ("size", "padding", "wanted"),
    [
        ((2, 2), "same", True),
        ((1, 5), "same", False),
        ((5, 1), "same", False),
        ((1, 5), 1, False),
        ((1, 5), 2, True),  # three places
        ((3, 3), "valid", False),
        ((3, 4), "valid", False),
        ((4, 4), "valid", True),
        ((4, 4), 0, True),
        ((4, 4), 3, False),
        ((2, 3), "keras_same", True),
    ],
)
def test_pictures_that_winograd_takes(size: Pair, padding: Padding, wanted: bool) -> None:
    weight = (*THREE, FEWEST_CHANNELS, FEWEST_CHANNELS)
    assert fits(size, weight, Window(THREE, padding=padding), 1) is wanted


@pytest.mark.parametrize("narrow", [lambda n: (n - 1, n), lambda n: (n, n - 1)])
def test_winograd_wants_channels_in_and_out(narrow: Callable[[int], tuple[int, int]]) -> None:
    assert not fits((8, 8), (*THREE, *narrow(FEWEST_CHANNELS)), SAME, 1)
