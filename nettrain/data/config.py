"""The settings of pictures and data: what ``data:`` in a config may say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.config.fields import (
    LARGEST,
    Chosen,
    Count,
    Environment,
    FilePath,
    Limit,
    OneOf,
    Positive,
    Record,
)
from nettrain.data.augment.random_crop import RandomCropConfig

Side = Annotated[int, Limit(1, 4096)]
Byte = Annotated[int, Limit(0, 255)]
Part = Annotated[float, Limit(0, 1, open_low=True, open_high=True)]
Folds = Annotated[int, Limit(2, LARGEST)]
Megapixels = Annotated[float, Limit(0, 10_000, open_low=True)]


@dataclass(frozen=True)
class ImageConfig(Record):
    """What every picture becomes: ``uint8 (H,W,C)``.

    Units   ``size`` is (H, W) in pixels; ``background`` is red, green, blue, 0..255, seen through transparent pixels
            and around padded pictures; ``max_megapixels``, millions of pixels, replaces the caps of ``pictures.py``.
    """

    size: tuple[Side, Side]
    channels: Literal[1, 3, 4] = 3
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    background: tuple[Byte, Byte, Byte] = (255, 255, 255)
    animated: Literal["error", "first"] = "error"
    max_megapixels: Megapixels | None = None

    @property
    def load_size(self) -> tuple[int, int]:
        """The (H, W) that pictures are cached at."""
        return self.size

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        # a stored config names every key: what counts is whether the value is another than the default
        if self.background != ImageConfig.background and self.channels == 4 and self.fit != "pad":
            yield "background", "has no effect with channels: 4, which keeps transparency, unless fit is pad"


@dataclass(frozen=True)
class SetAside(Record):
    """A part of the train pictures, set aside to validate or test on: ``fraction`` of all that are there.

    ``stratify`` takes that part of each class.
    """

    from_: Literal["train"]
    fraction: Part
    stratify: bool = True


@dataclass(frozen=True)
class Fold(Record):
    """One of ``of`` parts of the train pictures to validate on, the ``fold``-th: each picture is in one of them.

    Every class is divided evenly, and as evenly as can be where a picture may have several. ``fit --folds 5`` trains
    once for each.
    """

    fold: Count
    of: Folds

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.fold > self.of:
            yield "fold", f"must be at most the {self.of} there are, got {self.fold}"


@dataclass(frozen=True)
class MeanStd(Record):
    """Numbers to normalise with, one a channel, for pixels scaled to 0..1."""

    mean: tuple[float, ...]
    std: tuple[Positive, ...]


@dataclass(frozen=True)
class DataConfig(Record):
    """Where pictures come from and what is done to them.

    ``train``, ``val`` and ``test`` are folders with one folder a class, or CSV lists with the columns path and label.
    ``labels`` is one a picture, or several: any number, ``|`` between them in a CSV.
    """

    train: Annotated[FilePath, Environment]
    image: ImageConfig
    val: Annotated[FilePath, Environment] | SetAside | Fold | None = None
    test: Annotated[FilePath, Environment] | SetAside | None = None
    labels: Literal["one", "several"] = "one"
    normalize: Literal["dataset", "imagenet", "none"] | MeanStd = "dataset"
    on_bad_image: Literal["error", "skip"] = "error"
    cache: Annotated[Literal["ram", "disk", "none"], Environment] = "ram"
    augment: tuple[Annotated[Chosen, OneOf("augmentations")], ...] = ()

    @property
    def several(self) -> bool:
        """Whether a picture may have any number of labels."""
        return self.labels == "several"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        channels = self.image.channels
        if isinstance(self.normalize, MeanStd):
            for key, values in (("mean", self.normalize.mean), ("std", self.normalize.std)):
                if len(values) != channels:
                    yield (
                        f"normalize.{key}",
                        f"expected one number a channel, {channels} in all (image.channels), got {len(values)}",
                    )
        elif self.normalize == "imagenet" and channels != 3:
            yield "normalize", f"imagenet is for 3 channels, but image.channels is {channels}; use dataset"
        for place, chosen in enumerate(self.augment):
            if isinstance(chosen.settings, RandomCropConfig) and chosen.settings.padding >= min(self.image.size):
                yield (
                    f"augment.{place}.random_crop.padding",
                    f"must be smaller than the picture's shorter side, {min(self.image.size)}, "
                    f"got {chosen.settings.padding}",
                )
