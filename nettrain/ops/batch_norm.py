"""Batch normalisation, as a part of an epilogue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.arrays.lines import Lines
from nettrain.arrays.pieces import merged
from nettrain.arrays.scratch import scratch
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
             Each piece is kept less its own mean, so that one scale and one shift lose nothing where a channel varies
             little around a large value.
    Source   Ioffe, Szegedy, "Batch Normalization", 2015, algorithms 1 and 2; merging: Chan, Golub, LeVeque, "Updating
             Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979, equation 2.1.
    """

    name = "batch_norm"
    keeps = 1.0
    keeps_input = True

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
        self.lines = Lines(shape)
        self.kept: list[Array | None] = [None] * pieces
        if self.collects:
            self.counts = np.zeros(pieces)
            self.means, self.squares = np.zeros((2, pieces, shape[-1]))
        self.centres = np.zeros((pieces, shape[-1]), self.weight.dtype)  # what was taken from each piece
        if not self.collects:
            self._normalise_by(*(tensor.array for tensor in self.running))

    def collect(self, index: int, piece: Array) -> None:
        count = piece.size // piece.shape[-1]
        self.centres[index] = self.lines.sums(piece) / count
        lines = self.lines.of(piece)
        lines -= self.lines.repeated(self.centres[index])
        missed = self.lines.sums(piece) / count  # what rounding left of the mean
        squares = self.lines.sums(np.square(piece, out=scratch("squares", piece.shape, piece.dtype)))
        self.counts[index] = count
        self.means[index] = self.centres[index] + missed
        self.squares[index] = squares - count * missed * missed

    def finish(self) -> None:
        count, mean, squares = self.counts[0], self.means[0], self.squares[0]
        for n, m, s in zip(self.counts[1:], self.means[1:], self.squares[1:], strict=True):
            delta = m - mean
            squares = squares + s + delta * delta * (count * n / (count + n))
            mean = mean + delta * (n / (count + n))
            count = count + n
        self.count, self.batch_mean, self.batch_var = count, mean, squares / count
        self._normalise_by(self.batch_mean, self.batch_var)

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        if self.recorded:
            self.kept[index] = piece
        lines = self.lines.of(out)
        np.multiply(self.lines.of(piece), self.scale_line, out=lines)
        lines += self._line(self.bias - (self.mean - self.centres[index]) * self.scale)
        return out

    def open_back(self, needs: Needs) -> None:
        self.needs = needs
        self.sums, self.products = np.zeros((2, len(self.kept), len(self.weight)))

    def back_collect(self, index: int, g: Array) -> None:
        z = self._kept(index)
        self.sums[index] = self.lines.sums(g)
        product = np.multiply(g, z, out=scratch("squares", g.shape, g.dtype))
        self.products[index] = self.lines.sums(product)
        self.products[index] += self.sums[index] * self.centres[index]

    def back_finish(self) -> None:
        mean_g, mean_g_normal = merged(self.sums) / self.count, self._by_weight() / self.count
        self.by_z = -self.scale * self.inverse * mean_g_normal
        self.by_one = -self.scale * mean_g - self.by_z * self.mean

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        if not self.collects:
            self.back_collect(index, g)
            np.multiply(self.lines.of(g), self.scale_line, out=self.lines.of(out))
            return out
        # scale (g - mean g - normal mean (g normal)), gathered by g, by z and by neither
        lines = self.lines.of(out)
        scaled = self.lines.of(scratch("squares", g.shape, g.dtype))
        np.multiply(self.lines.of(g), self.scale_line, out=scaled)
        np.multiply(self.lines.of(self._kept(index)), self._line(self.by_z), out=lines)
        lines += self._line(self.by_one + self.by_z * self.centres[index])
        lines += scaled
        return out

    def _by_weight(self) -> Array:
        """The sum of g times the normalised z, from the sums of g z and of g."""
        return self.inverse * (merged(self.products) - self.mean * merged(self.sums))

    def gradients(self) -> list[Array | None]:
        found = (self._by_weight(), merged(self.sums))
        return [
            sums.astype(self.weight.dtype) if needed else None for needed, sums in zip(self.needs, found, strict=True)
        ]

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
        self.mean = mean.astype(np.float64)
        self.inverse = 1.0 / np.sqrt(var.astype(np.float64) + self.epsilon)
        self.scale = self.weight * self.inverse
        self.scale_line = self._line(self.scale)

    def _line(self, by_channel: Array) -> Array:
        return self.lines.repeated(by_channel.astype(self.weight.dtype))

    def _kept(self, index: int) -> Array:
        piece = self.kept[index]
        if piece is None:
            raise TypeError("batch_norm: nothing was recorded to walk back through")
        return piece
