"""Which pictures an epoch has: each once, or its classes as often as is asked for; always as many as there are."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import bits, permutation
from nettrain.config.fields import Positive, Record
from nettrain.config.words import few
from nettrain.data.labels import Labels, counts
from nettrain.data.order import epoch_order
from nettrain.errors import escape

I64 = npt.NDArray[np.int64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # of a turn of 2**64: steps that go round evenly, however many there are
TURN = 1 << 64
SHOWN = 20  # classes that a note names


@dataclass(frozen=True)
class WeightedSampling(Record):
    """How often a picture comes, by its class: with weight 2 twice as often as with 1. Every class has a weight."""

    weighted: Mapping[str, Positive]

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if len(set(self.weighted.values())) == 1:
            yield "weighted", "has no effect: all weights are the same; write shuffle, or leave it out"


Sampling = Literal["shuffle", "balanced"] | WeightedSampling


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What stands at the N positions of an epoch: ``pictures (N,)``, and how often each came before, ``turns (N,)``."""

    pictures: I64
    turns: I64


def sampled_order(labels: Labels, classes: Sequence[str], sampling: Sampling, seed: int, epoch: int) -> Order:
    """Which picture stands at each of the N positions of an epoch: a pure function of (seed, epoch).

    Shapes   labels (N,), or several (N,K) where all are shuffled.
    Notes    Unless they are shuffled, a class has its share of the N, rounded up in some epochs and down in others, so
             that on and on it is right. The pictures of a class stand in a circle, in an order that is drawn, and every
             epoch goes on where the one before stopped: none comes twice before all others have come once.
    """
    n = len(labels)
    shuffled = epoch_order(n, seed, epoch)
    if sampling == "shuffle":
        return Order(shuffled, np.full(n, epoch))
    there = counts(labels, len(classes))
    drawn = permutation(n, seed, "data.sampling.circle")
    circles = np.split(drawn[np.argsort(labels[drawn], kind="stable")], np.cumsum(there)[:-1])
    before, now = _dealt(quotas(sampling, there, classes), seed, epoch)
    taken = [
        (turns, circle[places])
        for circle, begin, many in zip(circles, before, now, strict=True)
        for turns, places in [np.divmod(begin + np.arange(many), max(1, len(circle)))]
    ]
    turns, pictures = (np.concatenate(parts)[shuffled] for parts in zip(*taken, strict=True))
    return Order(pictures, turns)


def quotas(sampling: Sampling, there: I64, classes: Sequence[str]) -> list[Fraction]:
    """How many pictures of each class an epoch has, in the mean; ``there`` are how many each class has.

    Notes    The sum is exactly that of all there are. A class without pictures has none.
    """
    if sampling == "shuffle":
        amounts = [Fraction(many) for many in there.tolist()]
    elif sampling == "balanced":
        amounts = [Fraction(many > 0) for many in there.tolist()]
    else:
        weights = {unicodedata.normalize("NFC", name): Fraction(repr(w)) for name, w in sampling.weighted.items()}
        amounts = [many * weights[name] for many, name in zip(there.tolist(), classes, strict=True)]
    each = int(there.sum()) / Fraction(sum(amounts))
    return [amount * each for amount in amounts]


def _dealt(shares: Sequence[Fraction], seed: int, epoch: int) -> tuple[list[int], list[int]]:
    """How many pictures of each class all epochs before had, and how many this one has.

    Notes    Systematic sampling: with u in [0, 1) for the epoch, the classes end at floor(sum of shares + u). All of it
             is in whole numbers, so nothing hangs on rounding. From epoch to epoch u goes round by the golden ratio.
    """
    turns = bits(seed, "data.sampling.rounding") + np.arange(epoch + 1, dtype=np.uint64) * GOLDEN  # u, times 2**64
    past, turn = np.sort(turns[:-1]), int(turns[-1])
    ends_before, ends_now = [0], [0]
    for end in accumulate(shares):
        whole, rest = divmod(end, 1)
        least = math.ceil((1 - rest) * TURN)  # that a turn must be to round up
        ups = 0 if least >= TURN else epoch - int(np.searchsorted(past, np.uint64(least)))
        ends_before.append(epoch * whole + ups)
        ends_now.append(whole + (turn >= least))
    before, now = ([end - begin for begin, end in pairwise(ends)] for ends in (ends_before, ends_now))
    return before, now


def sampling_note(sampling: Sampling, labels: Labels, classes: Sequence[str]) -> tuple[str, ...]:
    """A note for the user that says how often classes come, if not as often as there are pictures."""
    if sampling == "shuffle":
        return ()
    there = counts(labels, len(classes))
    told = [
        f"{escape(name)} {float(often):.4g} of {many}"
        for name, often, many in zip(classes, quotas(sampling, there, classes), there.tolist(), strict=True)
    ]
    return (f"sampling: an epoch draws {few(told, SHOWN)}",)
