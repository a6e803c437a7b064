"""Convolution of clips with filters that reach over frames, too: strided, dilated, grouped, with an epilogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.convolution.clips import clip_kernel_for
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Backward, Dim
from nettrain.ops.conv2d import Convolution, check_channels
from nettrain.ops.piecewise import piecewise


def conv3d_shape(sizes: Mapping[str, Dim], *, window: ClipWindow, groups: int = 1) -> dict[str, Dim]:
    """L, P and Q, the clip out; refuses channels that do not fit the filters, and windows that leave nothing."""
    U, R, S = window.size
    if (sizes["U"], sizes["R"], sizes["S"]) != (U, R, S):
        found = f"U={sizes['U']}, R={sizes['R']} and S={sizes['S']}"
        raise ShapeError(f"weight has {found}, but the window is {U}x{R}x{S}; expected the same")
    check_channels(sizes, groups)
    L, P, Q = window.output_size(int(sizes["T"]), int(sizes["H"]), int(sizes["W"]))
    return {"L": L, "P": P, "Q": Q}


@op("(N,T,H,W,C),(U,R,S,D,K)->(N,L,P,Q,K)", shape=conv3d_shape, flops="2 N L P Q U R S D K")
def conv3d(
    x: Array,
    weight: Array,
    *,
    window: ClipWindow,
    groups: int = 1,
    epilogue: Sequence[Part] = (),
    recorded: bool = False,
) -> tuple[Array, Backward]:
    """Cross-correlation of each clip with K filters of U frames; every output pixel is the weighted sum of a window.

    Shapes   as the signature says; channels last; D = C / groups.
    Errors   ``ShapeError`` if channels and groups do not fit, or the window leaves nothing.
    Cost     2 N L P Q U R S D K flops forward, twice that for both gradients, by the direct method.
    Source   Tran, Bourdev, Fergus, Torresani, Paluri, "Learning Spatiotemporal Features with 3D Convolutional
             Networks", 2015, section 3.1.
    """
    T, H, W = x.shape[1:4]
    kernel = clip_kernel_for((T, H, W), weight.shape, window, groups, x.dtype)
    core = Convolution(x, weight, kernel, (len(x), *window.output_size(T, H, W), weight.shape[4]), recorded)
    return piecewise(core, core.shape, x.dtype, core.pieces, epilogue, recorded)
