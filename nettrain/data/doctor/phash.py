"""The perceptual hash: 64 bits that pictures share which look the same, whatever file, size or quality they come in."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]

SIDE = 32  # pixels each way of the picture that is hashed
WAVES = 8  # frequencies each way, from the lowest but one on
_SCALE = 1 << 12
_GREY = np.array([299.0, 587.0, 114.0])  # of a thousand: ITU-R BT.601
_COSINES = np.array(
    [
        [float(round(_SCALE * math.cos((2 * x + 1) * u * math.pi / (2 * SIDE)))) for x in range(SIDE)]
        for u in range(1, WAVES + 1)
    ]
)  # (8,32), whole numbers


def perceptual_hashes(pictures: U8) -> U64:
    """The hash of each picture: which of its 64 low frequencies are above their median.

    Shapes   (n,32,32,3) -> (n).
    Notes    every number on the way is a whole one below 2^53, so the bits are the same on every machine. Frequencies
             of 0 are left out: brightness, contrast and an even gradient change little.
    Source   Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, section 3.2.1 (pHash's
             DCT hash, without its blur: a picture is shrunk with antialias).
    """
    grey = pictures.astype(np.float64) @ _GREY  # (n,32,32), up to 255,000
    waves = (_COSINES @ grey @ _COSINES.T).reshape(len(pictures), WAVES * WAVES)
    ranked = np.sort(waves, axis=1)
    middle = ranked[:, [WAVES * WAVES // 2 - 1, WAVES * WAVES // 2]].sum(axis=1, keepdims=True)
    bits = np.packbits(2 * waves > middle, axis=1)  # (n,8)
    return bits.view(">u8").astype(np.uint64).reshape(-1)
