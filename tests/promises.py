"""What every operation is tried on: a row of a table, its inputs, and how to run it forward and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.autograd.op import Op
from nettrain.autograd.tensor import Graph, Leaf, Needs, Spec, Tensor

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


def distinct(x: Array) -> Array:
    """Numbers in the same order, 0.1 apart: away from the kinks of a maximum."""
    return (x.ravel().argsort().argsort().reshape(x.shape) - x.size / 2) * 0.1


def away_from_zero(x: Array) -> Array:
    """Numbers at least 0.1 away from 0: away from the kink of ``relu``."""
    return x + 0.1 * np.sign(x)


def sized(dim: int | str, pictures: int) -> int:
    """A length for so many pictures: "N" is their number, "4*N" four times that."""
    return pictures * int(dim.removesuffix("N").rstrip("*") or 1) if isinstance(dim, str) else dim


@dataclass(frozen=True)
class Case:
    """One row: an op as it is called, what it should give, and inputs to try.

    ``shapes`` may begin with "N", or with a multiple of it such as "4*N".

    ``covers`` are the modules of nettrain/ops that take part; ``make`` moves random numbers for the first input away
    from kinks.
    """

    op: Op
    covers: str
    shapes: Mapping[str, tuple[int | str, ...]]
    call: Callable[..., Tensor]
    reference: Callable[..., Array]
    make: Callable[[Array], Array] = np.asarray

    def arrays(self, pictures: int, dtype: npt.DTypeLike = np.float64, seed: int = 1) -> Arrays:
        random = np.random.default_rng(seed)
        arrays = {
            name: random.normal(size=[sized(dim, pictures) for dim in shape]) for name, shape in self.shapes.items()
        }
        first = next(iter(arrays))
        arrays[first] = self.make(arrays[first])
        return {name: array.astype(dtype) for name, array in arrays.items()}

    def record(self, arrays: Mapping[str, Array]) -> Tensor:
        """The op on trained tensors, recorded."""
        graph = Graph()
        leaves = {name: Leaf(array, name) for name, array in arrays.items()}
        for leaf in leaves.values():
            leaf.graph = graph
        return self.call(*leaves.values())

    def infer(self, arrays: Mapping[str, Array]) -> Array:
        """The op as at inference: nothing recorded."""
        y = self.call(*map(Tensor, arrays.values()))
        assert y.node is None
        return y.array

    def rehearse(self) -> Spec:
        """The op on shapes alone, the number of pictures a symbol."""
        y = self.call(*(Tensor(Spec(shape)) for shape in self.shapes.values()))
        assert isinstance(y.value, Spec)
        return y.value


def walk_back(y: Tensor, g: Array, only: str | None = None) -> Arrays:
    """The gradients of the inputs of the op that made ``y``, from the gradient of ``y``: of all, or ``only`` of one."""
    assert y.node is not None
    names = [leaf.name for leaf in y.node.inputs if isinstance(leaf, Leaf)]
    gradients = y.node.backward(g, Needs([only in (None, name) for name in names]))
    return {name: gradient for name, gradient in zip(names, gradients, strict=True) if gradient is not None}


def weights_for(y: Array, seed: int = 2) -> Array:
    """Random numbers of the shape and dtype of ``y``: the gradient of a loss by it."""
    return np.random.default_rng(seed).normal(size=y.shape).astype(y.dtype)


def directional_difference(f: Callable[[Array], float], x: Array, direction: Array, step: float = 1e-5) -> float:
    """The slope of ``f`` at ``x`` along ``direction``, by central difference; its error is of order step**2."""
    return (f(x + step * direction) - f(x - step * direction)) / (2 * step)


def apart(array: Array) -> Array:
    """The same numbers with a gap after each: not contiguous in any axis."""
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]) if array.ndim else (), np.nan, array.dtype)
    if not array.ndim:
        wide[...] = array
        return wide
    wide[..., ::2] = array
    return wide[..., ::2]
