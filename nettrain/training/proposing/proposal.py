"""A config for a folder of pictures that nobody has described: every choice, each with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettrain.config.words import some
from nettrain.data.cache import kept_if_it_fits
from nettrain.data.config import ImageConfig
from nettrain.data.survey import Survey
from nettrain.errors import DataError, escape
from nettrain.training.proposing.shape import Shape

BATCHES = ((300, 16), (2_000, 32), (8_000, 64), (1 << 62, 128))  # up to so many pictures, such a batch
LR_OF_128 = 0.1  # learning rate of a batch of 128; smaller ones get their share
EFFORT = 2e13  # flops of a training that is over in minutes on a few cores
FEWEST_EPOCHS, MOST_EPOCHS, MOST_OF_FEW = 5, 40, 100
FEW = 500  # pictures
FEWEST_FRAMES, MOST_FRAMES = 2, 16  # of a clip
SURE = 1_000  # pictures to validate on, from which on the accuracy tells epochs apart


@dataclass(frozen=True)
class Proposal:
    """The choices for what a survey has found. Sizes are (H, W), in pixels."""

    survey: Survey

    @property
    def parts(self) -> tuple[str, ...]:
        """What has no pictures of its own and is set aside out of train."""
        layout = self.survey.layout
        named = (("test", layout.test), ("val", layout.val))
        return tuple(name for name, path in named if path is None and name not in layout.given)

    @property
    def fraction(self) -> float:
        """The part of the pictures that each of them gets."""
        return 0.1 if self.pictures >= FEW else 0.2

    @property
    def stratify(self) -> bool:
        """Whether every class has a picture for each part."""
        return min(self.survey.counts) > len(self.parts)

    @property
    def why_not_by_class(self) -> str:
        """What is said where a class has too few pictures to give one to each part; empty where all have."""
        if self.stratify:
            return ""
        fewest = int(np.argmin(self.survey.counts))
        name, many = escape(self.survey.classes[fewest]), self.survey.counts[fewest]
        return f" whatever their class, as {name} has but {some(many, self.item)}"

    @property
    def pictures(self) -> int:
        """Pictures in the folder to train on, before anything is set aside."""
        return len(self.survey.layout.train.files)

    @property
    def trained(self) -> int:
        """So many are left to train on, if all of them can be read."""
        if not self.stratify or self.several:
            left = self.pictures - len(self.parts) * int(self.pictures * self.fraction + 0.5)
            return max(left, len(self.survey.counts))
        each = [max(int(count * self.fraction + 0.5), 1) for count in self.survey.counts]
        return sum(max(n - len(self.parts) * part, 1) for n, part in zip(self.survey.counts, each, strict=True))

    @property
    def several(self) -> bool:
        """Whether a picture may have any number of labels."""
        return self.survey.layout.wanted.several

    @property
    def frames(self) -> int | None:
        """So many of each clip are taken: as many as half of the clips have, up to 16; None for pictures."""
        if not self.survey.signs:
            return None
        return int(min(max(np.median(self.survey.frames), FEWEST_FRAMES), MOST_FRAMES))

    @property
    def item(self) -> str:
        """What an item of the data is called."""
        return "picture" if self.frames is None else "clip"

    @cached_property
    def shape(self) -> Shape:
        """What the pictures, or the frames of clips, are made into."""
        return Shape.of(self.survey.sizes, self.pictures * (self.frames or 1))

    @property
    def channels(self) -> int:
        return 1 if self.survey.grey else 3

    @property
    def cache(self) -> str:
        """Where the decoded pictures are kept: in memory, if they take little of it."""
        image = ImageConfig(self.shape.size, 1 if self.survey.grey else 3, frames=self.frames)
        return "ram" if kept_if_it_fits(self.pictures, image) == "ram" else "disk"

    @property
    def crop(self) -> int:
        """By how many pixels augmentation moves a picture."""
        return max(1, min(self.shape.size) // 8)

    @property
    def flips(self) -> bool:
        """Whether left and right are taken to be alike: in colour pictures that are no icons, and do not move."""
        return not self.survey.grey and min(self.shape.size) >= 24 and self.frames is None

    @property
    def batch(self) -> int:
        """As many as suit so many pictures, and never more than there are; a power of two."""
        suits = next(batch for most, batch in BATCHES if self.trained <= most)
        return min(suits, 1 << (self.trained.bit_length() - 1))

    @property
    def lr(self) -> float:
        return LR_OF_128 * self.batch / 128

    @property
    def dropout(self) -> float:
        return 0.1 if self.trained >= FEW else 0.3

    @property
    def monitor(self) -> str:
        return "val_loss" if self.pictures * self.fraction < SURE or self.several else "val_accuracy"

    def epochs(self, flops: int) -> int:
        """So many that a network of ``flops`` a picture, forward, is trained with the effort of some minutes."""
        most = MOST_EPOCHS if self.trained >= FEW else MOST_OF_FEW
        return int(min(most, max(FEWEST_EPOCHS, EFFORT / (3 * flops * self.trained))))

    def check(self) -> None:
        """Errors: DataError where there are too few pictures to set some aside."""
        counts = self.survey.counts
        if self.pictures - len(counts) < len(self.parts):
            many = f"{self.pictures} {self.item}s in {len(counts)} classes"
            what = f"holds {many}, too few to judge a model on some of them"
            raise DataError(f"{what}; expected at least 3 a class", self.survey.layout.train.root)
