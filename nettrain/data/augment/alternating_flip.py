"""Alternating flip: every picture is mirrored every other time, from a side that is drawn for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Chosen, NoSettings
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.random_horizontal_flip import mirrored

MIRRORING = ("random_horizontal_flip", "alternating_flip")


def alternating_flip(images: npt.NDArray[np.uint8], config: NoSettings, draw: Draw) -> npt.NDArray[np.uint8]:
    """Mirror each picture every other time that it comes, so that it is seen from both sides; the first is drawn.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Notes    Where an epoch has each picture once, that is every other epoch.
    Source   Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024, section 3.6.
    """
    return mirrored(images, (draw.lasting(2, 0) + draw.turn()) % 2 == 1)


def undone(augment: Sequence[Chosen]) -> Iterator[tuple[str, str]]:
    """What undoes it in a list of augmentations, for ``Record.faults``."""
    mirrors = [place for place, chosen in enumerate(augment) if chosen.kind in MIRRORING]
    for place in mirrors:
        if augment[place].kind == "alternating_flip" and len(mirrors) > 1:
            other = augment[next(another for another in mirrors if another != place)].kind
            what = f"{other} mirrors pictures too, so that sides would not alternate; leave one of them out"
            yield f"augment.{place}.alternating_flip", what
            return
