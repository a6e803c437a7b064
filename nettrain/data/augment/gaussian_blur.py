"""Gaussian blur: every picture is blurred, more or less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.filters import blurred, kernels
from nettrain.data.augment.settings import AugmentConfig, Faults, Size, range_faults

Sigma = Annotated[float, Limit(0.01, 1000)]


@dataclass(frozen=True)
class GaussianBlurConfig(AugmentConfig, short="kernel_size"):
    """Units   pixels. ``kernel_size`` is an odd number; ``sigma`` the width of the bell, between two numbers or one."""

    kernel_size: Annotated[int, Limit(3, 255)]
    sigma: Sigma | tuple[Sigma, Sigma] = (0.1, 2.0)

    @property
    def between(self) -> tuple[float, float]:
        return self.sigma if isinstance(self.sigma, tuple) else (self.sigma, self.sigma)

    def faults(self, given: frozenset[str]) -> Faults:
        yield from range_faults("sigma", self.between)
        if self.kernel_size % 2 == 0:
            yield "kernel_size", f"expected an odd number, which has a middle, got {self.kernel_size}"

    def misfits(self, size: Size, channels: int) -> Faults:
        if self.kernel_size // 2 >= min(size):
            most = 2 * min(size) - 1
            yield "kernel_size", f"must be at most {most} for pictures of {size[0]}x{size[1]}, got {self.kernel_size}"


def gaussian_blur(images: npt.NDArray[np.uint8], config: GaussianBlurConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Blur each picture with a bell whose width is drawn from a range; its edges are mirrored.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    return blurred(images, kernels(config.kernel_size, draw.between(*config.between, 0)))
