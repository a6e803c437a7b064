"""A trained model in a Python program: ``nettrain.load``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.config.words import some
from nettrain.data.inputs import load_named, picture_named
from nettrain.data.splitting import folder_split
from nettrain.data.wanted import Wanted
from nettrain.python.pixels import Picture, each_picture, pixels_of
from nettrain.python.scope import surroundings
from nettrain.training.judging import results
from nettrain.training.judging.judging import judge_split
from nettrain.training.loop.evaluation import inference_batch
from nettrain.training.metrics.scored import THRESHOLD
from nettrain.training.model_file import Model as ModelFile
from nettrain.training.model_file import load_model
from nettrain.training.store.runs import find_model


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the model makes of one picture: the best class, how sure it is of it, and of every class.

    ``labels`` are all classes that it has: the best one or, where a picture may have several, those of at least 0.5.
    ``probabilities`` (K,) float32 are in the order of ``Model.classes``; ``path`` is None for a picture in memory.
    """

    path: str | None
    label: str
    confidence: float
    probabilities: npt.NDArray[np.float32]
    labels: tuple[str, ...]


class Model:
    """A trained classifier. Make one with ``nettrain.load``.

    ``classes`` are the names of its classes; ``sha256`` is that of its file; ``threads`` never change a result.
    """

    def __init__(self, file: ModelFile, threads: int | None = None) -> None:
        self._file = file
        self.threads = threads
        self.classes: tuple[str, ...] = file.classes
        self.path: str = file.path
        self.sha256: str = file.sha256

    def __repr__(self) -> str:
        network = self._file.network
        size = "x".join(map(str, network.input_shape))
        what = f"{some(len(network.layers), 'layer')}, {some(len(self.classes), 'class')}, pictures {size}"
        return f"<nettrain.Model {self.path!r}: {what}>"

    def predict(self, pictures: Picture | Iterable[Picture], *, tta: bool = False) -> list[Prediction]:
        """The class of every picture, in order; the bits of one do not depend on the others.

        ``pictures``  one or several of: a path; an array, uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), of any size;
                      a PIL image; or an array of pictures (N, H, W, C). For a model of clips: a path; an array of
                      frames (T, H, W) or (T, H, W, C); an animated PIL image; or clips (N, T, H, W, C).
        ``tta``       the mean over several views of each, as ``nettrain predict --tta`` has it.
        Errors   ``nettrain.DataError`` names a file that cannot be used; ``ValueError`` for another array,
                 ``TypeError`` for what is no picture at all.
        """
        return list(self.predict_each(pictures, tta=tta))

    def predict_each(self, pictures: Picture | Iterable[Picture], *, tta: bool = False) -> Iterator[Prediction]:
        """The same one after another, for any number of pictures in memory that does not grow with them."""
        data = self._file.config.data
        several, size = data.several, inference_batch(data.image.frames)
        remaining = each_picture(pictures, clips=data.image.frames is not None)
        while batch := list(islice(remaining, size)):
            for picture, row in zip(batch, self.probabilities(batch, tta=tta), strict=True):
                best = int(row.argmax())
                path = os.fspath(picture) if isinstance(picture, (str, os.PathLike)) else None
                there = np.flatnonzero(row >= THRESHOLD).tolist() if several else [best]
                labels = tuple(self.classes[k] for k in there)
                yield Prediction(path, self.classes[best], float(row[best]), row, labels)

    def probabilities(self, pictures: Picture | Iterable[Picture], *, tta: bool = False) -> npt.NDArray[np.float32]:
        """How sure the model is of each class.  Shapes: N pictures -> (N, K). Errors as for ``predict``."""
        clips = self._file.config.data.image.frames is not None
        pixels = [self._pixels(picture) for picture in each_picture(pictures, clips=clips)]
        if not pixels:
            return np.empty((0, len(self.classes)), np.float32)
        with surroundings(self.threads):
            found: npt.NDArray[np.float32] = self._file.probabilities(np.stack(pixels), tta)
        return found

    def evaluate(self, folder: str | os.PathLike[str], *, tta: bool = False) -> dict[str, Any]:
        """What ``nettrain evaluate --data FOLDER --json`` prints: one folder of pictures a class, or a CSV list.

        Errors   ``nettrain.DataError`` if the folder is not one, or its classes are not the model's.
        """
        data = self._file.config.data
        with surroundings(self.threads):
            split = folder_split("data", os.fspath(folder), self.classes, Wanted.by(data))
            judgement = judge_split(self._file, split, lambda what, done, total: None, tta)
        return results.summary(judgement.result, self.sha256, judgement.data_fingerprint, judgement.skipped)

    def _pixels(self, picture: Picture) -> npt.NDArray[np.uint8]:
        image = self._file.config.data.image
        if not isinstance(picture, (str, os.PathLike)):
            return pixels_of(picture, image)
        return load_named(picture_named(os.fspath(picture), image.frames is not None), image)


def load(path: str | os.PathLike[str], *, threads: int | None = None) -> Model:
    """The model of a run's folder (its best epoch), or of a ``.safetensors`` file that nettrain wrote.

    Errors   ``nettrain.ConfigError`` if there is none; ``nettrain.CheckpointError`` if it is damaged, or the run has
             saved none yet.
    """
    return Model(load_model(find_model(path)), threads)
