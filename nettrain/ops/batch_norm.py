"""Batch normalisation, as a part of an epilogue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.arrays.pieces import column_sums, merged
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Array, Needs, Proposal, Shape, Tensor


@dataclass(frozen=True, slots=True)
class MoveTowards:
    """The proposal buffer <- buffer + momentum (target - buffer): a running average takes one batch in."""

    buffer: Tensor
    target: Array
    momentum: float

    def apply(self) -> None:
        self.buffer.array[...] += self.momentum * (self.target - self.buffer.array)

    def finite(self) -> bool:
        return bool(np.isfinite(self.target).all())


class BatchNorm(Part):
    """y = weight (z - mean) / sqrt(var + epsilon) + bias, for each channel over all pictures and pixels.

    In training mean and variance are the batch's, merged from the pieces in their order; the running ones are moved
    towards them when the step commits. Otherwise they are the running ones. With a single value a channel the
    variance is 0 and the output is the bias.

    Shapes   (n,...,C); weight, bias, running_mean, running_var (C).
    Notes    ``momentum`` in PyTorch's sense: running <- (1 - momentum) running + momentum batch, the variance unbiased.
    Source   Ioffe, Szegedy, "Batch Normalization", 2015, algorithms 1 and 2; merging: Chan, Golub, LeVeque, "Updating
             Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979, equation 2.1.
    """

    name = "batch_norm"
    keeps = 1.0

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        running: tuple[Tensor, Tensor],
        *,
        momentum: float,
        epsilon: float,
        training: bool,
    ) -> None:
        self.tensors = (weight, bias)
        self.running = running
        self.momentum, self.epsilon = momentum, epsilon
        self.collects = training

    def output_shape(self, shape: Shape) -> Shape:
        for name, tensor in zip(
            ("weight", "bias", "running_mean", "running_var"), (*self.tensors, *self.running), strict=True
        ):
            if tensor.shape != shape[-1:]:
                raise ShapeError(
                    f"batch_norm: {name} {show(tensor.shape)} does not fit {show(shape)}; expected ({shape[-1]})"
                )
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.weight, self.bias = (tensor.array for tensor in self.tensors)
        self.recorded = recorded
        self.kept: list[Array | None] = [None] * pieces
        if self.collects:
            self.counts = np.zeros(pieces)
            self.means, self.squares = np.zeros((2, pieces, shape[-1]))
        else:
            self._normalise_by(*(tensor.array for tensor in self.running))

    def collect(self, index: int, piece: Array) -> None:
        rows = piece.reshape(-1, piece.shape[-1])
        rough = column_sums(rows)[0] / len(rows)  # a long sum in float32: what it misses is seen in the deviations
        deviations = rows - rough
        missed = column_sums(deviations)[0] / len(rows)
        deviations -= missed
        self.counts[index] = len(rows)
        self.means[index] = rough.astype(np.float64) + missed
        self.squares[index] = column_sums(np.square(deviations, out=deviations))[0]

    def finish(self) -> None:
        count, mean, squares = self.counts[0], self.means[0], self.squares[0]
        for n, m, s in zip(self.counts[1:], self.means[1:], self.squares[1:], strict=True):
            delta = m - mean
            squares = squares + s + delta * delta * (count * n / (count + n))
            mean = mean + delta * (n / (count + n))
            count = count + n
        self.count, self.batch_mean, self.batch_var = count, mean, squares / count
        self._normalise_by(self.batch_mean, self.batch_var)

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        if self.recorded:
            self.kept[index] = piece
        y: Array = piece - self.mean
        y *= self.scale
        y += self.bias
        return y

    def open_back(self, needs: Needs) -> None:
        self.needs = needs
        self.by_weight, self.by_bias = np.zeros((2, len(self.kept), len(self.weight)))

    def back_collect(self, index: int, g: Array) -> None:
        rows = g.reshape(-1, g.shape[-1])
        self.by_bias[index] = column_sums(rows)[0]
        self.by_weight[index] = column_sums(rows * self._normal(index).reshape(rows.shape))[0]

    def back_finish(self) -> None:
        dtype = self.weight.dtype
        self.mean_g = (merged(self.by_bias) / self.count).astype(dtype)
        self.mean_g_normal = (merged(self.by_weight) / self.count).astype(dtype)

    def back(self, index: int, span: slice, g: Array) -> Array:
        if not self.collects:
            self.back_collect(index, g)
            dz: Array = g * self.scale
            return dz
        dz = self._normal(index)
        dz *= -self.mean_g_normal
        dz += g
        dz -= self.mean_g
        dz *= self.scale
        return dz

    def gradients(self) -> list[Array | None]:
        sums = zip(self.needs, (self.by_weight, self.by_bias), strict=True)
        return [merged(rows).astype(self.weight.dtype) if needed else None for needed, rows in sums]

    def proposals(self) -> list[Proposal]:
        if not self.collects:
            return []
        unbiased = self.batch_var * (self.count / (self.count - 1)) if self.count > 1 else self.batch_var
        targets = (self.batch_mean, unbiased)
        return [
            MoveTowards(buffer, target.astype(buffer.array.dtype), self.momentum)
            for buffer, target in zip(self.running, targets, strict=True)
        ]

    def _normalise_by(self, mean: Array, var: Array) -> None:
        dtype = self.weight.dtype
        inverse = 1.0 / np.sqrt(var.astype(np.float64) + self.epsilon)
        self.mean = mean.astype(dtype)
        self.inverse = inverse.astype(dtype)
        self.scale = (self.weight * inverse).astype(dtype)

    def _normal(self, index: int) -> Array:
        piece = self.kept[index]
        if piece is None:
            raise TypeError("batch_norm: nothing was recorded to walk back through")
        normal: Array = piece - self.mean
        normal *= self.inverse
        return normal
