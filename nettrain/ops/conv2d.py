"""Convolution of pictures with filters: strided, dilated, grouped, with an epilogue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.convolution.choice import kernel_for
from nettrain.arrays.convolution.kernel import Kernel
from nettrain.arrays.pieces import Lanes, Pieces, Sum
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Backward, Dim, Needs
from nettrain.ops.piecewise import piecewise


def conv2d_shape(sizes: Mapping[str, Dim], *, window: Window, groups: int = 1) -> dict[str, Dim]:
    """P and Q, the picture out; refuses channels that do not fit the filters, and windows that leave no pixels."""
    R, S = window.size
    if (sizes["R"], sizes["S"]) != (R, S):
        raise ShapeError(f"weight has R={sizes['R']} and S={sizes['S']}, but the window is {R}x{S}; expected the same")
    check_channels(sizes, groups)
    P, Q = window.output_size(int(sizes["H"]), int(sizes["W"]))
    return {"P": P, "Q": Q}


def check_channels(sizes: Mapping[str, Dim], groups: int) -> None:
    """Refuse channels in and out that do not fit the filters and their groups.  Errors: ``ShapeError``."""
    C, D, K = sizes["C"], sizes["D"], sizes["K"]
    if isinstance(C, int) and isinstance(D, int) and D * groups != C:
        raise ShapeError(
            f"weight has D={D} channels a group, but x has C={C} in {groups} groups; expected D = C / groups"
        )
    if isinstance(K, int) and K % groups:
        raise ShapeError(f"{K} filters do not divide into {groups} groups")


@op("(N,H,W,C),(R,S,D,K)->(N,P,Q,K)", shape=conv2d_shape, flops="2 N P Q R S D K")
def conv2d(
    x: Array, weight: Array, *, window: Window, groups: int = 1, epilogue: Sequence[Part] = (), recorded: bool = False
) -> tuple[Array, Backward]:
    """Cross-correlation of each picture with K filters; every output pixel is the weighted sum of a window.

    Shapes   as the signature says; channels last; D = C / groups.
    Errors   ``ShapeError`` if channels and groups do not fit, or the window leaves no pixels.
    Cost     2 N P Q R S D K flops forward, twice that for both gradients, by the direct method; Winograd's makes do
             with a quarter in the products at the points, beside its transforms. ``arrays/convolution/choice.py`` says
             which kernel does which shape.
    Source   Dumoulin, Visin, "A guide to convolution arithmetic for deep learning", 2016, sections 2 and 4.
    """
    size = x.shape[1], x.shape[2]
    kernel = kernel_for(size, weight.shape, window, groups, x.dtype)
    core = Convolution(x, weight, kernel, (len(x), *window.output_size(*size), weight.shape[3]), recorded)
    return piecewise(core, core.shape, x.dtype, core.pieces, epilogue, recorded)


class Convolution:
    """A kernel over the pieces of a batch; ``shape`` is that of the result."""

    inputs = 2

    def __init__(self, x: Array, weight: Array, kernel: Kernel, shape: tuple[int, ...], recorded: bool) -> None:
        self.x, self.weight = np.ascontiguousarray(x), np.ascontiguousarray(weight)
        self.kernel, self.shape = kernel, shape
        self.apart = not recorded
        self.pieces = Pieces(len(x), self.kernel.pictures)
        self.lanes = Lanes.of(len(self.pieces), math.prod(self.kernel.accumulator) * weight.itemsize)
        self._weights = self.kernel.weights(self.weight)

    def forward(self, span: slice, out: Array) -> None:
        self.kernel.forward(self.x[span], self._weights, out, apart=self.apart)

    def open_back(self, needs: Needs) -> None:
        self.onto = needs.onto[0]
        self.dx = self.onto
        if self.dx is None and needs[0]:
            self.dx = memory.empty(self.x.shape, self.x.dtype)
        self.dw = Sum(self.lanes, self.kernel.accumulator, self.weight.dtype) if needs[1] else None
        self._weights = self.kernel.weights_back(self.weight) if needs[0] else None

    def backward(self, lane: int, span: slice, g: Array) -> None:
        x, dx = self.x[span], None if self.dx is None else self.dx[span]
        dw, add = (None, False) if self.dw is None else self.dw.place(lane)
        into = dx if self.onto is None else scratch("dx", x.shape, x.dtype)
        self.kernel.backward(x, np.ascontiguousarray(g), self._weights, into, dw, add)
        if dx is not None and into is not None and self.onto is not None:
            dx += into

    def gradients(self) -> tuple[Array | None, Array | None]:
        return self.dx, None if self.dw is None else self.kernel.weight_gradient(self.dw.total())
