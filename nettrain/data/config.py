"""The settings of pictures and data: what ``data:`` in a config may say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from nettrain.config.words import joined
from nettrain.data.augment.alternating_flip import undone
from nettrain.data.augment.mixing import misplaced
from nettrain.data.augment.random_resized_crop import RandomResizedCropConfig
from nettrain.data.augment.settings import AugmentConfig, Byte

Side = Annotated[int, Limit(1, 4096)]
Part = Annotated[float, Limit(0, 1, open_low=True, open_high=True)]
Folds = Annotated[int, Limit(2, LARGEST)]
Source = FilePath | Annotated[tuple[FilePath, ...], Limit(1)]
Megapixels = Annotated[float, Limit(0, 10_000, open_low=True)]
Frames = Annotated[int, Limit(2, 10_000)]

LARGER = 256, 224  # pictures are kept at so many pixels for so many of the result, where parts of them are cut out


@dataclass(frozen=True)
class ImageConfig(Record):
    """What every picture becomes: ``uint8 (H,W,C)``; with ``frames`` what every clip becomes, (frames,H,W,C).

    A clip is an animation (GIF, APNG, WebP), a TIFF of several pages, or a folder of frames. Frame i of N is number
    floor((i + 0.5) M / N) of its M; one with fewer gives all of them, then its last again and again. A file of a single
    picture is an error, unless ``stills`` is ``repeat``: then it is every frame.

    Units   ``size`` is (H, W) in pixels; ``background`` is red, green, blue, 0..255, seen through transparent pixels
            and around padded pictures; ``max_megapixels``, millions of pixels, replaces the caps of 25, and of 64 for
            a JPEG that is shrunk while it is decoded; ``load_size`` is the (H, W) of training pictures that
            random_resized_crop cuts parts out of, 256/224 of ``size`` if not given.
    """

    size: tuple[Side, Side]
    channels: Literal[1, 3, 4] = 3
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    background: tuple[Byte, Byte, Byte] = (255, 255, 255)
    animated: Literal["error", "first"] = "error"
    max_megapixels: Megapixels | None = None
    load_size: tuple[Side, Side] | None = None
    frames: Frames | None = None
    stills: Literal["error", "repeat"] = "error"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what every picture or clip becomes: (H,W,C), or (T,H,W,C)."""
        picture = (*self.size, self.channels)
        return picture if self.frames is None else (self.frames, *picture)

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        # a stored config names every key: what counts is whether the value is another than the default
        if self.background != ImageConfig.background and self.channels == 4 and self.fit != "pad":
            yield "background", "has no effect with channels: 4, which keeps transparency, unless fit is pad"
        if self.load_size is not None and not (self.load_size[0] >= self.size[0] and self.load_size[1] >= self.size[1]):
            least, got = (f"[{height}, {width}]" for height, width in (self.size, self.load_size))
            yield "load_size", f"must be at least image.size each way, {least}, got {got}"
        if self.frames is not None and self.animated != ImageConfig.animated:
            yield "animated", "has no effect with frames, which takes animations as clips; leave it out"
        if self.frames is None and self.stills != ImageConfig.stills:
            yield "stills", "has no effect without frames; leave it out"


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

    ``train``, ``val`` and ``test`` are folders with one folder a class, CSV lists with the columns path and label, zip
    or tar archives of either, or files of pixels (IDX, CIFAR's, .npz); several in a list are joined (docs/data.md).
    ``labels`` is one a picture, or several: any number, ``|`` between them in a CSV. ``manifest`` is a file of
    ``nettrain doctor --write-manifest``, with which fit compares every picture before the first step.
    """

    train: Annotated[Source, Environment]
    image: ImageConfig
    val: Source | SetAside | Fold | None = None
    test: Source | SetAside | None = None
    labels: Literal["one", "several"] = "one"
    normalize: Literal["dataset", "imagenet", "none"] | MeanStd = "dataset"
    on_bad_image: Literal["error", "skip"] = "error"
    cache: Annotated[Literal["ram", "disk", "none"], Environment] = "ram"
    manifest: Annotated[FilePath, Environment] | None = None
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
        yield from undone(self.augment)
        yield from misplaced(self.augment)
        size = self.image_of("train").size
        for place, chosen in enumerate(self.augment):
            if isinstance(chosen.settings, AugmentConfig):
                for key, message in chosen.settings.misfits(size, channels):
                    yield joined(f"augment.{place}.{chosen.kind}", key), message
            if isinstance(chosen.settings, RandomResizedCropConfig):
                size = self.image.size
        if self.image.load_size is not None and not self.cuts_parts:
            yield "image.load_size", "has no effect without random_resized_crop in data.augment"

    @property
    def cuts_parts(self) -> bool:
        """Whether training is on parts of pictures, which are kept larger for that."""
        return any(isinstance(chosen.settings, RandomResizedCropConfig) for chosen in self.augment)

    def image_of(self, split: str) -> ImageConfig:
        """What pictures of the split ``train``, ``val`` or ``test`` are decoded to.

        Notes    those of train are larger where augmentation cuts parts out; judged are all at ``image.size``.
        """
        image = replace(self.image, load_size=None)
        if split != "train" or not self.cuts_parts:
            return image
        height, width = ((2 * side * LARGER[0] + LARGER[1]) // (2 * LARGER[1]) for side in image.size)
        return replace(image, size=self.image.load_size or (height, width))
