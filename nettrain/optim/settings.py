"""The settings that every optimizer has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from nettrain.config.fields import Positive, Rate, Record


@dataclass(frozen=True)
class GroupConfig(Record):
    """Settings of some parameters: those whose names match ``match``, a pattern such as ``*.bias`` or a list of them.

    ``lr`` and ``weight_decay`` stand in for the optimizer's own; the schedule scales this ``lr`` too. 0 leaves the
    weights as they are.
    """

    match: str | tuple[str, ...]
    lr: Rate | None = None
    weight_decay: Rate | None = None

    @property
    def patterns(self) -> tuple[str, ...]:
        return (self.match,) if isinstance(self.match, str) else self.match

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.match == ():
            yield "match", "expected a name pattern such as '*.bias', got an empty list"
        if self.lr is None and self.weight_decay is None:
            yield "", "sets nothing; give the parameters that match an lr or a weight_decay"


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig(
    Record,
    short="lr",
    aliases={
        "learning_rate": "lr",
        "param_groups": "groups",
        "clip_grad_norm": "clip_norm",
        "global_clipnorm": "clip_norm",
        "clipvalue": "clip_value",
        "clip_grad_value": "clip_value",
    },
):
    """Base of the optimizers' records.

    ``lr`` is the learning rate that the schedule scales; ``no_decay`` lists name patterns such as ``*.bias`` of
    parameters that ``weight_decay`` leaves alone. ``groups`` give some parameters an ``lr`` or ``weight_decay`` of
    their own; of several that match, the first counts. ``clip_norm`` scales the gradients of all parameters together
    down to this Euclidean norm, ``clip_value`` cuts each number off at plus and minus this, before anything else.
    """

    no_decay_scales: ClassVar[bool] = False  # whether no_decay has an effect beside that on weight decay

    lr: Positive
    weight_decay: Rate = 0.0
    no_decay: tuple[str, ...] = ()
    groups: tuple[GroupConfig, ...] = ()
    clip_norm: Positive | None = None
    clip_value: Positive | None = None

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.no_decay and not self.decays and not self.no_decay_scales:
            yield "no_decay", "has no effect when weight_decay is 0; set weight_decay, or leave it out"
        if self.clip_norm is not None and self.clip_value is not None:
            yield "clip_value", "expected clip_norm or clip_value, got both; leave one out"

    @property
    def decays(self) -> bool:
        """Whether weight decay is asked for anywhere."""
        return self.weight_decay > 0 or any(group.weight_decay for group in self.groups)
