"""Layer normalisation, as a part of an epilogue."""

from __future__ import annotations

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.lines import Lines
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Needs, Shape, Tensor
from nettrain.ops.norm_shape import check_tensors


class LayerNorm(Part):
    """y = weight (z - mean) / sqrt(var + epsilon) + bias, mean and variance over the channels of each pixel or row.

    With n = (z - mean) / sqrt(var + epsilon) and h = weight g the gradients are: bias sum g; weight sum g n; z
    (h - mean h - n mean(h n)) / sqrt(var + epsilon), the means again over channels.

    Shapes   (n,...,C); weight, bias (C).
    Notes    As Keras by default and as ConvNeXt; PyTorch's takes in as many axes as ``normalized_shape`` has. The same
             in training and at inference. Sums are made row by row (``einsum``), not by a product, so that the bits of
             a row do not depend on how many there are.
    Source   Ba, Kiros, Hinton, "Layer Normalization", 2016, equation 3; over channels alone: Liu et al., "A ConvNet for
             the 2020s", 2022, section 2.6.
    """

    name = "layer_norm"
    keeps = 1.0

    def __init__(self, weight: Tensor, bias: Tensor, *, epsilon: float) -> None:
        self.tensors = (weight, bias)
        self.epsilon = epsilon

    def output_shape(self, shape: Shape) -> Shape:
        check_tensors(self.name, self.tensors, shape)
        if shape[-1] == 1:
            raise ShapeError("layer_norm: one channel, so the result would always be the bias")
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.weight, self.bias = (tensor.array for tensor in self.tensors)
        self.recorded = recorded
        self.share = self.weight.dtype.type(1 / shape[-1])
        self.lines = Lines(shape)
        self.weight_line, self.bias_line = self.lines.repeated(self.weight), self.lines.repeated(self.bias)
        self.kept: list[tuple[Array, Array] | None] = [None] * pieces  # normalised, and 1 / deviation of each row

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        normal = memory.empty(piece.shape, piece.dtype) if self.recorded else out
        rows, lines = self._rows(normal), self.lines.of(out)
        np.subtract(self._rows(piece), self._means(self._rows(piece)), out=rows)
        inverse = 1 / np.sqrt(self._means(rows, rows) + self.weight.dtype.type(self.epsilon))
        rows *= inverse
        np.multiply(self.lines.of(normal), self.weight_line, out=lines)
        lines += self.bias_line
        if self.recorded:
            self.kept[index] = normal, inverse
        return out

    def open_back(self, needs: Needs) -> None:
        self.needs = needs
        self.sums, self.products = (np.empty((len(self.kept), self.lines.length), self.weight.dtype) for _ in range(2))

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        kept = self.kept[index]
        if kept is None:
            raise TypeError("layer_norm: nothing was recorded to walk back through")
        normal, inverse = kept
        terms = np.multiply(g, normal, out=scratch("squares", g.shape, g.dtype))
        self.lines.add_up(g, self.sums[index])
        self.lines.add_up(terms, self.products[index])
        np.multiply(self.lines.of(g), self.weight_line, out=self.lines.of(out))
        h = self._rows(out)
        mean_h, mean_hn = self._means(h), self._means(h, self._rows(normal))
        h -= mean_h
        h -= np.multiply(self._rows(normal), mean_hn, out=self._rows(terms))
        h *= inverse
        return out

    def gradients(self) -> list[Array | None]:
        found = zip(self.needs, (self.products, self.sums), strict=True)
        return [
            self.lines.by_channel(sums.sum(axis=0, dtype=np.float64)).astype(self.weight.dtype) if needed else None
            for needed, sums in found
        ]

    def _rows(self, piece: Array) -> Array:
        """(n,...,C), contiguous -> (rows,C), a view."""
        return piece.reshape(-1, len(self.weight))

    def _means(self, *rows: Array) -> Array:
        """The mean of each row, (rows,C) -> (rows,1), or of the product of two."""
        means: Array = np.einsum(",".join(["rc"] * len(rows)) + "->r", *rows)[:, None]
        means *= self.share
        return means
