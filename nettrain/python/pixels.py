"""Pictures that a program has in memory, made into what a model takes, by the path that files go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from nettrain.data.config import ImageConfig
from nettrain.data.pictures import from_frames, from_image

Array: TypeAlias = npt.NDArray[Any]
Picture: TypeAlias = "str | PathLike[str] | Array | Image.Image"
EXPECTED = "uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), or several as (N, H, W, C), 0..255"
EXPECTED_CLIP = "frames, uint8 (T, H, W), (T, H, W, 1), (T, H, W, 3) or (T, H, W, 4), or clips (N, T, H, W, C), 0..255"


def each_picture(pictures: Picture | Iterable[Picture], *, clips: bool = False) -> Iterator[Picture]:
    """One picture after another; a path, a picture, or an array that is not (N, H, W, C), stands for itself.

    With ``clips`` it is clips, and an array that is not (N, T, H, W, C).

    Notes    So does what can be no picture, and not several: ``pixels_of`` says what it is.
    """
    if isinstance(pictures, np.ndarray):
        several = pictures.ndim == (5 if clips else 4)
    else:
        several = isinstance(pictures, Iterable) and not isinstance(pictures, (str, bytes, PathLike, Image.Image))
    if several:
        yield from cast("Iterable[Picture]", pictures)
    else:
        yield cast("Picture", pictures)


def pixels_of(picture: Array | Image.Image, image: ImageConfig) -> npt.NDArray[np.uint8]:
    """A picture in memory as the model takes it, or a clip: resized, with its channels and frames.

    Shapes   (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of any size -> (H, W, C) of the model's; of a clip any number of
             frames, (T, H, W) or (T, H, W, C) -> (T, H, W, C).
    Errors   ``ValueError`` for another array, ``TypeError`` for anything else, say what came and what was expected.
    """
    if isinstance(picture, Image.Image):
        return from_image(picture, image)
    if not isinstance(picture, np.ndarray):
        raise TypeError(f"expected a path, an array or a PIL image, or several of them, got {picture!r:.60}")
    expected = EXPECTED if image.frames is None else EXPECTED_CLIP
    if picture.dtype != np.uint8:
        hint = "; a picture of 0..1 has to be multiplied by 255 and rounded" if picture.dtype.kind == "f" else ""
        raise ValueError(f"expected {expected}, got {picture.dtype}{hint}")
    frames = picture[None] if image.frames is None else picture
    if not _are_frames(frames) or not picture.size:
        raise ValueError(f"expected {expected}, got {picture.dtype} {picture.shape}")
    flat = frames[..., 0] if frames.ndim == 4 and frames.shape[3] == 1 else frames
    return from_frames([Image.fromarray(np.ascontiguousarray(frame)) for frame in flat], image)


def _are_frames(array: Array) -> bool:
    return array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3, 4))
