"""A model on picture files: one result a file, in the order asked for, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from nettrain.arrays.threads import parallel
from nettrain.autograd.tensor import Array
from nettrain.data.bad_picture import BadPicture
from nettrain.data.pictures import load
from nettrain.training.evaluation import INFERENCE_BATCH
from nettrain.training.model_file import Model


@dataclass(frozen=True)
class Classified:
    """A file with its probabilities, float32 (K,), or with the reason why it has none."""

    path: str
    probabilities: Array | None = None
    error: str | None = None


def classify(model: Model, paths: Iterable[str]) -> Iterator[Classified]:
    """The result for every path; the bits of one do not depend on the others."""
    remaining = iter(paths)
    while chunk := list(islice(remaining, INFERENCE_BATCH)):
        pictures: list[Array | BadPicture] = [np.empty(0)] * len(chunk)

        def decode(place: int, chunk: list[str] = chunk, pictures: list[Array | BadPicture] = pictures) -> None:
            try:
                pictures[place] = load(chunk[place], model.config.data.image)
            except BadPicture as problem:
                pictures[place] = problem

        parallel(len(chunk), decode)
        good = [picture for picture in pictures if not isinstance(picture, BadPicture)]
        rows = iter(model.probabilities(np.stack(good)) if good else ())
        for path, picture in zip(chunk, pictures, strict=True):
            if isinstance(picture, BadPicture):
                yield Classified(path, error=picture.reason)
            else:
                yield Classified(path, next(rows))
