"""Several starts: each with random weights and biases of its own, trained a little; the best is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypedDict

from nettrain.arrays.hash import bits
from nettrain.config.fields import LARGEST, Count, Limit, Record
from nettrain.training.store.csv_text import csv_text

COLUMNS = ("start", "seed", "epochs", "train_loss", "val_loss", "chosen")


@dataclass(frozen=True)
class RestartsConfig(Record, short="count"):
    """Tries ``count`` random sets of weights and biases for ``epochs`` each, and trains from the one with the least
    val_loss (train_loss without validation).

    All see the same pictures in the same order; the first set is that of ``seed``. The training then begins from the
    first weights of the chosen one, so its first epochs are, to the bit, those of the trial (but for the schedule
    ``plateau``, which does not fall in a trial). A start that diverges is out.
    """

    count: Annotated[int, Limit(2, LARGEST)]
    epochs: Count = 1
    keep: Literal["best"] = "best"


class Tried(TypedDict):
    """What a start came to, in nats per image; None for both if it diverged."""

    seed: int
    train_loss: float | None
    val_loss: float | None


@dataclass
class Starts:
    """The starts tried so far, how many steps a trial has, and which start was chosen, counted from 0."""

    tried: list[Tried] = field(default_factory=list)
    steps_before: int = 0
    chosen: int | None = None

    def add(self, seed: int, train_loss: float | None, val_loss: float | None, steps: int) -> None:
        """Note what the start came to whose trial would have had so many steps."""
        self.tried.append({"seed": seed, "train_loss": train_loss, "val_loss": val_loss})
        self.steps_before += steps

    def best(self) -> int | None:
        """The best of those tried, the first among equals; None if every one diverged."""
        values = [
            (one["train_loss"] if one["val_loss"] is None else one["val_loss"], place)
            for place, one in enumerate(self.tried)
        ]
        found = [(value, place) for value, place in values if value is not None]
        return min(found)[1] if found else None

    def table(self, epochs: int) -> str:
        """The text of starts.csv."""
        return csv_text([COLUMNS, *self._rows(epochs)])

    def _rows(self, epochs: int) -> Iterator[list[object]]:
        for place, one in enumerate(self.tried):
            chosen = int(place == self.chosen) if self.chosen is not None else None
            yield [place + 1, one["seed"], epochs, one["train_loss"], one["val_loss"], chosen]


def seed_of(seed: int, start: int) -> int:
    """The seed of a start's weights: the config's for the first, counted from 0, one of its own for each other."""
    return seed if start == 0 else int(bits(seed, "train.restarts", start)[0] >> 33)
