"""Test-time augmentation: the views of a picture that a network's probabilities are averaged over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.alternating_flip import MIRRORING
from nettrain.data.config import DataConfig

Array = npt.NDArray[Any]

PART = 32  # a picture is shifted by one of so many parts of its side, at least a pixel
WAYS = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))  # of a shift: as it is, and towards each corner


@dataclass(frozen=True)
class Views:
    """A picture as it is and shifted towards its corners, each mirrored too where ``mirrored``.

    Units   ``shift`` is how far, in pixels, down and to the right.
    """

    shift: tuple[int, int]
    mirrored: bool

    @classmethod
    def known_to(cls, data: DataConfig) -> Views:
        """Those that a network trained so takes for the same picture: mirrored only if it has learnt them.

        Notes    A 2 in a mirror is no 2, and the config knows. A shift of a thirty-second is nothing to any picture.
        """
        height, width = data.image.size
        mirrored = any(chosen.kind in MIRRORING for chosen in data.augment)
        return cls((max(1, height // PART), max(1, width // PART)), mirrored)

    @property
    def count(self) -> int:
        return len(WAYS) * (1 + self.mirrored)

    def of(self, images: Array) -> Iterator[Array]:
        """Every view of N pictures, in the same order each time.

        Shapes   (N,...,H,W,C) -> the same.
        Notes    Where a shift leaves a gap, the pixels at the border stand again.
        """
        for side in (images, np.flip(images, -2)) if self.mirrored else (images,):
            for ways in WAYS:
                shifted = side
                for axis, way, pixels in zip((-3, -2), ways, self.shift, strict=True):
                    length = images.shape[axis]
                    shifted = shifted.take(np.clip(np.arange(length) - way * pixels, 0, length - 1), axis)
                yield shifted

    def row(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"views": self.count, "shift": list(self.shift), "mirrored": self.mirrored}

    def __str__(self) -> str:
        down, right = self.shift
        far = f"{down} pixel{'' if down == 1 else 's'}" if down == right else f"{down} and {right} pixels"
        return f"{self.count} views, shifted by {far}{', and mirrored' if self.mirrored else ''}"
