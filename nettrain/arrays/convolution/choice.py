"""Which kernel does a convolution: chosen by the shape of one picture and of the filters, never by their number."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy.typing as npt

from nettrain.arrays.convolution import depthwise, pixels, planes, winograd
from nettrain.arrays.convolution.depthwise import Depthwise
from nettrain.arrays.convolution.kernel import Kernel
from nettrain.arrays.convolution.patches import Patches
from nettrain.arrays.convolution.pixels import Pixels
from nettrain.arrays.convolution.planes import Planes
from nettrain.arrays.convolution.winograd import Winograd
from nettrain.arrays.windows import Pair, Window

KERNELS: tuple[tuple[Callable[..., bool], Callable[..., Kernel]], ...] = (
    (depthwise.fits, Depthwise),
    (pixels.fits, Pixels),
    (winograd.fits, Winograd),
    (planes.fits, Planes),
)


@lru_cache(maxsize=1024)
def kernel_for(size: Pair, weight: tuple[int, ...], window: Window, groups: int, dtype: npt.DTypeLike) -> Kernel:
    """The kernel for pictures of (H,W) and filters (R,S,D,K): the first that fits, ``Patches`` if none does.

    Notes    A kernel has nothing of a pass in it, so the same shapes share one.
    """
    for fits, kind in KERNELS:
        if fits(size, weight, window, groups):
            return kind(size, weight, window, dtype)
    return Patches(size, weight, window, groups, dtype)
