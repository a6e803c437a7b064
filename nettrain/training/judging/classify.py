"""A model on picture files: one result a file, in the order asked for, in memory that does not grow with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice

import numpy as np

from nettrain.arrays.threads import Workers, get_threads
from nettrain.autograd.tensor import Array
from nettrain.data.bad_picture import BadPicture
from nettrain.data.config import ImageConfig
from nettrain.data.inputs import load_named, picture_named
from nettrain.training.loop.evaluation import inference_batch
from nettrain.training.model_file import Model

TOGETHER = 16  # pictures that one task decodes

Decoded = tuple[str, Array | BadPicture]


@dataclass(frozen=True)
class Classified:
    """A file with its probabilities, float32 (K,), or with the reason why it has none."""

    path: str
    probabilities: Array | None = None
    error: str | None = None


def classify(model: Model, paths: Iterable[str], tta: bool = False) -> Iterator[Classified]:
    """The result for every path, with ``tta`` over several views; the bits of one do not depend on the others."""
    for batch in _decoded(paths, model.config.data.image):
        good = [picture for _, picture in batch if not isinstance(picture, BadPicture)]
        rows = iter(model.probabilities(np.stack(good), tta) if good else ())
        for path, picture in batch:
            if isinstance(picture, BadPicture):
                yield Classified(path, error=picture.reason)
            else:
                yield Classified(path, next(rows))


def classify_each(model: Model, paths: Iterable[str], tta: bool = False) -> Iterator[Classified]:
    """The same result for every path, before the next path is asked for; an archive stays open up to the next."""
    image = model.config.data.image
    for path in paths:
        ((_, picture),) = _decode([picture_named(path, image.frames is not None)], image)
        if isinstance(picture, BadPicture):
            yield Classified(path, error=picture.reason)
        else:
            yield Classified(path, model.probabilities(picture[None], tta)[0])


def _decoded(paths: Iterable[str], image: ImageConfig) -> Iterator[list[Decoded]]:
    """The files in their order, a batch at a time, decoded on all threads, the next one while one is used."""
    remaining = iter(paths)
    waiting: deque[list[Future[list[Decoded]]]] = deque()
    threads = get_threads()
    together = max(1, TOGETHER // (image.frames or 1))
    ahead = min(1, threads - 1)  # batches: with one thread there is nobody to decode meanwhile
    pool = Workers(threads, "nettrain-decode")
    try:
        while (chunk := list(islice(remaining, inference_batch(image.frames)))) or waiting:
            if chunk:
                starts = range(0, len(chunk), together)
                waiting.append([pool.submit(_decode, chunk[start : start + together], image) for start in starts])
            if len(waiting) > ahead or not chunk:
                yield [one for task in waiting.popleft() for one in task.result()]
    finally:
        pool.shutdown(cancel_futures=True)


def _decode(paths: list[str], image: ImageConfig) -> list[Decoded]:
    found: list[Decoded] = []
    for path in paths:
        try:
            found.append((path, load_named(path, image)))
        except BadPicture as problem:
            found.append((path, problem))
    return found
