"""One flat array that holds many named ones, each as a shaped view: what optimizers and finite checks run over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Flat:
    """Named arrays in one contiguous piece of memory, in the order given."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: npt.DTypeLike = np.float32) -> None:
        self.spans: dict[str, slice] = {}
        start = 0
        for name, shape in shapes.items():
            self.spans[name] = slice(start, start + math.prod(shape))
            start += math.prod(shape)
        self.array: Array = np.zeros(start, dtype)
        self.views: dict[str, Array] = {n: self.array[self.spans[n]].reshape(shape) for n, shape in shapes.items()}
