"""Batch normalisation, as a part of an epilogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettrain.arrays.lines import Lines
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Needs, Proposal, Shape, Tensor
from nettrain.ops.norm_shape import check_tensors


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

    def by(self, share: float) -> MoveTowards:
        return replace(self, momentum=share)


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
        check_tensors(self.name, (*self.tensors, *self.running), shape)
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.weight, self.bias = (tensor.array for tensor in self.tensors)
        self.recorded = recorded
        self.lines = Lines(shape)
        self.kept: list[Array | None] = [None] * pieces
        self.centres = self._rows(pieces if self.collects else 1)  # what was taken from the lines of each piece
        if self.collects:
            self.counts = np.zeros((pieces, 1))  # of lines
            self.missed, self.squares = self._rows(pieces), self._rows(pieces)
        else:
            mean, var = (tensor.array.astype(np.float64) for tensor in self.running)
            self._set_apart(mean)
            self._normalise_by(var)

    def _rows(self, pieces: int) -> Array:
        return np.zeros((pieces, self.lines.length), self.weight.dtype)

    def collect(self, index: int, piece: Array) -> None:
        lines, centre = self.lines.of(piece), self.centres[index]
        self.lines.add_up(piece, centre)
        centre *= centre.dtype.type(1 / len(lines))
        lines -= centre
        self.counts[index] = len(lines)
        self.lines.add_up(piece, self.missed[index])  # what rounding left of a long sum in float32
        self.lines.add_up(np.square(piece, out=scratch("squares", piece.shape, piece.dtype)), self.squares[index])

    def finish(self) -> None:
        counts = self.counts.astype(self.weight.dtype)
        lines, by_channel = self.counts.sum(), self.lines.by_channel
        self.count = lines * self.lines.repeat
        sums = (self.counts * self.centres).sum(axis=0) + self.missed.sum(axis=0, dtype=np.float64)
        self.batch_mean = by_channel(sums) / self.count
        self._set_apart(self.batch_mean)
        # of each piece: squares about its centre, and what the centre is apart from the mean
        squares = self.squares + self.apart * (counts * self.apart + 2 * self.missed)
        self.batch_var = np.maximum(by_channel(squares.sum(axis=0)) / self.count, 0)
        self._normalise_by(self.batch_var)

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        if self.recorded:
            self.kept[index] = piece
        lines = self.lines.of(out)
        np.multiply(self.lines.of(piece), self.scale_line, out=lines)
        lines += self.shifts[index]
        return out

    def open_back(self, needs: Needs) -> None:
        self.needs = needs
        self.sums, self.products = self._rows(len(self.kept)), self._rows(len(self.kept))

    def back_collect(self, index: int, g: Array) -> None:
        self.lines.add_up(g, self.sums[index])
        product = np.multiply(g, self._kept(index), out=scratch("squares", g.shape, g.dtype))
        self.lines.add_up(product, self.products[index])

    def back_finish(self) -> None:
        self.sum_g, self.sum_g_normal = self._sums()
        by_z = -self.scale * self.inverse * (self.sum_g_normal / self.count)
        self.by_z = self._line(by_z)
        self.by_one = self.apart * self.by_z
        self.by_one += self._line(by_z * self.rounded - self.scale * (self.sum_g / self.count))

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        if not self.collects:
            self.back_collect(index, g)
            np.multiply(self.lines.of(g), self.scale_line, out=self.lines.of(out))
            return out
        # scale (g - mean g - normal mean (g normal)), gathered by g, by z and by neither
        lines = self.lines.of(out)
        scaled = self.lines.of(scratch("squares", g.shape, g.dtype))
        np.multiply(self.lines.of(g), self.scale_line, out=scaled)
        np.multiply(self.lines.of(self._kept(index)), self.by_z, out=lines)
        lines += self.by_one[index]
        lines += scaled
        return out

    def _sums(self) -> tuple[Array, Array]:
        """For each channel the sum of g, and that of g times the normalised z."""
        by_channel = self.lines.by_channel
        sum_g = by_channel(self.sums.sum(axis=0, dtype=np.float64))
        sum_gz = by_channel((self.products + self.sums * self.apart).sum(axis=0, dtype=np.float64))
        return sum_g, self.inverse * (sum_gz + self.rounded * sum_g)

    def gradients(self) -> list[Array | None]:
        if not self.collects:
            self.sum_g, self.sum_g_normal = self._sums()
        found = zip(self.needs, (self.sum_g_normal, self.sum_g), strict=True)
        return [sums.astype(self.weight.dtype) if needed else None for needed, sums in found]

    def proposals(self) -> list[Proposal]:
        if not self.collects:
            return []
        unbiased = self.batch_var * (self.count / (self.count - 1)) if self.count > 1 else self.batch_var
        targets = (self.batch_mean, unbiased)
        return [
            MoveTowards(buffer, target.astype(buffer.array.dtype), self.momentum)
            for buffer, target in zip(self.running, targets, strict=True)
        ]

    def _set_apart(self, mean: Array) -> None:
        """What each piece's centre is apart from the mean: the mean rounded, which loses nothing, and the rest."""
        nearest = mean.astype(self.weight.dtype)
        self.rounded = nearest - mean
        self.apart = self.centres - self.lines.repeated(nearest)

    def _normalise_by(self, var: Array) -> None:
        self.inverse = 1.0 / np.sqrt(var + self.epsilon)
        self.scale = self.weight * self.inverse
        self.scale_line = self._line(self.scale)
        shifts = self.apart * self.scale_line
        shifts += self._line(self.bias + self.rounded * self.scale)
        self.shifts = np.broadcast_to(shifts, (len(self.kept), self.lines.length))

    def _line(self, by_channel: Array) -> Array:
        return self.lines.repeated(by_channel.astype(self.weight.dtype))

    def _kept(self, index: int) -> Array:
        piece = self.kept[index]
        if piece is None:
            raise TypeError("batch_norm: nothing was recorded to walk back through")
        return piece
