"""Group normalisation, and with one channel a group instance normalisation, as parts of an epilogue."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod

import numpy as np
import numpy.typing as npt

from nettrain.arrays import memory
from nettrain.arrays.lines import PictureLines
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Needs, Shape, Tensor
from nettrain.ops.clip_window_part import picture_or_clip
from nettrain.ops.norm_shape import check_tensors

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Kept:
    """Of a piece: itself less the mean of each group, what rounding left of that mean, and 1 / deviation."""

    centred: Array  # (n,...,C)
    missed: F64  # (n,groups), as is the next
    inverse: F64


def groups_misfit(channels: int, groups: int) -> str | None:
    """What is wrong if so many channels do not divide into so many groups."""
    if channels % groups == 0:
        return None
    what = f"{channels} channels do not divide into {groups} groups"
    return f"{what}; expected a number that divides them, such as {gcd(channels, groups)}"


class GroupNorm(Part):
    """y = weight (z - mean) / sqrt(var + epsilon) + bias, mean and variance of each group of channels of each picture.

    With n = (z - mean) / sqrt(var + epsilon) and h = weight g the gradients are: bias sum g; weight sum g n; z
    (h - mean h - n mean(h n)) / sqrt(var + epsilon), the means again over a group of a picture.

    Shapes   (n,...,C); weight, bias (C).
    Notes    The same in training and at inference, and nothing of one picture enters another. A mean is taken off
             before anything is squared; what float32 left of it is taken off afterwards.
    Source   Wu, He, "Group Normalization", 2018, equations 1 to 7.
    """

    name = "group_norm"
    keeps = 1.0

    def __init__(self, weight: Tensor, bias: Tensor, *, groups: int, epsilon: float) -> None:
        self.tensors = (weight, bias)
        self.groups, self.epsilon = groups, epsilon

    def output_shape(self, shape: Shape) -> Shape:
        check_tensors(self.name, self.tensors, shape)
        sizes = [dim for dim in shape[1:] if isinstance(dim, int)]
        if len(sizes) == len(shape) - 1:  # else the number of classes is not known yet
            if misfit := groups_misfit(sizes[-1], self.groups):
                raise ShapeError(f"{self.name}: {misfit}")
            if prod(sizes) == self.groups:
                raise ShapeError(f"{self.name}: one value a group, so the result would always be the bias")
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.weight, self.bias = (tensor.array for tensor in self.tensors)
        self.recorded = recorded
        self.lines = PictureLines(shape)
        self.count = prod(shape[1:]) // self.groups
        self.kept: list[_Kept | None] = [None] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        centred = memory.empty(piece.shape, piece.dtype) if self.recorded else out
        of = self.lines.of
        np.subtract(of(piece), self._line(self._means(piece)), out=of(centred))
        missed = self._means(centred)
        squares = np.square(centred, out=scratch("squares", piece.shape, piece.dtype))
        inverse = 1 / np.sqrt(np.maximum(self._means(squares) - missed**2, 0) + self.epsilon)
        scale = self._spread(inverse) * self.weight
        np.multiply(of(centred), self._line(scale), out=of(out))
        lines = of(out)
        lines += self._line(self.bias - self._spread(missed) * scale)
        if self.recorded:
            self.kept[index] = _Kept(centred, missed, inverse)
        return out

    def open_back(self, needs: Needs) -> None:
        self.needs = needs
        self.by_weight, self.by_bias = (np.empty((len(self.kept), len(self.weight))) for _ in range(2))

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        kept = self.kept[index]
        if kept is None:
            raise TypeError(f"{self.name}: nothing was recorded to walk back through")
        of, terms = self.lines.of, scratch("squares", g.shape, g.dtype)
        inverse, missed = self._spread(kept.inverse), self._spread(kept.missed)
        C = len(self.weight)
        sum_g = self.lines.sums(g, C)
        sum_gn = (self.lines.sums(np.multiply(g, kept.centred, out=terms), C) - missed * sum_g) * inverse
        self.by_bias[index], self.by_weight[index] = sum_g.sum(axis=0), sum_gn.sum(axis=0)
        by_group = (len(g), self.groups, -1)
        mean_h, mean_hn = (
            self._spread((sums * self.weight).reshape(by_group).sum(axis=2) / self.count) for sums in (sum_g, sum_gn)
        )
        by_z = inverse**2 * mean_hn  # of what the gradient has of z less its mean
        np.multiply(of(kept.centred), self._line(by_z), out=of(terms))
        np.multiply(of(g), self._line(inverse * self.weight), out=of(out))
        out -= terms
        lines = of(out)
        lines += self._line(by_z * missed - inverse * mean_h)
        return out

    def gradients(self) -> list[Array | None]:
        found = zip(self.needs, (self.by_weight, self.by_bias), strict=True)
        return [sums.sum(axis=0).astype(self.weight.dtype) if needed else None for needed, sums in found]

    def _means(self, piece: Array) -> F64:
        """(n,...,C) -> (n,groups)."""
        return self.lines.sums(piece, self.groups) / self.count

    def _spread(self, by_group: F64) -> F64:
        """(n,groups) -> (n,C)."""
        return np.repeat(by_group, len(self.weight) // self.groups, axis=1)

    def _line(self, by_group: Array) -> Array:
        """(n,groups) or (n,C) -> (n,1,repeat*C)."""
        return self.lines.repeated(by_group, self.weight.dtype)


class InstanceNorm(GroupNorm):
    """Each channel of each picture, or clip, a group of its own.

    Shapes   (n,H,W,C) or (n,T,H,W,C); weight, bias (C).
    Source   Ulyanov, Vedaldi, Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016,
             equation 2.
    """

    name = "instance_norm"

    def __init__(self, weight: Tensor, bias: Tensor, *, epsilon: float) -> None:
        super().__init__(weight, bias, groups=1, epsilon=epsilon)

    def output_shape(self, shape: Shape) -> Shape:
        picture_or_clip(self.name, shape)
        check_tensors(self.name, self.tensors, shape)
        if set(shape[1:-1]) == {1}:
            raise ShapeError("instance_norm: one value a channel of a picture, so the result would always be the bias")
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.groups = shape[-1]
        super().open(shape, pieces, recorded)
