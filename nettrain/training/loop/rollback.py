"""Going back after a divergence: to the epoch's start, with a smaller learning rate from there on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypedDict

import numpy as np

from nettrain.autograd.tensor import Array
from nettrain.config.fields import Count, Limit, Record


@dataclass(frozen=True)
class RollbackConfig(Record, short="factor"):
    """What ``on_nan: rollback`` does: the learning rate is multiplied by ``factor``, at most ``limit`` times."""

    factor: Annotated[float, Limit(0, 1, open_low=True, open_high=True)] = 0.1
    limit: Count = 3


class Setback(TypedDict):
    """A divergence after so many steps, and the step at which its epoch was begun again."""

    step: int
    back_to: int


@dataclass
class Rollbacks:
    """Every time that the training went back."""

    made: list[Setback] = field(default_factory=list)

    def lr_factor(self, settings: RollbackConfig) -> float:
        """What the learning rate of the schedule is multiplied by."""
        return settings.factor ** len(self.made)


class Snapshot:
    """The tensors of a training as they were when its epoch began; memory is set up once."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.tensors = {name: array.copy() for name, array in tensors.items()}

    def take(self, tensors: Mapping[str, Array]) -> None:
        """Become what they are now."""
        for name, array in tensors.items():
            np.copyto(self.tensors[name], array)

    def give_back(self, tensors: Mapping[str, Array]) -> None:
        """Make them what they were."""
        for name, array in tensors.items():
            np.copyto(array, self.tensors[name])
