"""Where the time of a training goes: every moment belongs to one operation or one other account, so they add up.

A profile is a stopwatch with one hand. Whoever has done something says so, and what has passed since somebody last
did is put down for it; nothing is counted twice, and nothing is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from nettrain.autograd.clock import Clock
from nettrain.files import whole
from nettrain.files.causes import AnyPath
from nettrain.training.store.csv_text import csv_text

BESIDE = {  # what a training does beside the operations of its network and loss
    "data": "waiting for a batch",
    "gather": "gathering gradients",
    "update": "the optimizer's step",
    "logs": "metrics, events, screen",
    "validation": "the validation pictures",
    "checkpoints": "saves, the best model",
    "other": "everything in between",
}
DECIMALS = 6  # of what is written: nanoseconds, as milliseconds


@dataclass(slots=True)
class Account:
    """What one thing took so far, over all steps; ``flops`` are those of the direct method."""

    seconds: float = 0.0
    flops: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a profile: means of a step, None for what it does not have.

    Units    milliseconds; ``share`` of 1; ``gflop`` 1e9 flops of a step, forward and back. Flops are those of the
             direct method, a multiplication and an addition being two, whichever method ran: one that needs fewer
             may show more of them in a second than the processor can do.
    """

    where: str  # the layer, ``loss``, an account of ``BESIDE``, or ``all``
    what: str  # the operation with the parts of its epilogue: ``conv2d+bias+relu``
    forward_ms: float | None
    backward_ms: float | None
    ms: float
    share: float
    gflop: float | None
    gflop_per_second: float | None
    steps: int | None = None  # of ``all`` only, as all that follows
    from_step: int | None = None  # numbers from 1, the first and last that are counted
    to_step: int | None = None
    images: int | None = None
    images_per_second: float | None = None


class Profile(Clock):
    """Listens to a training and adds up; memory does not grow with the number of steps.

    ``made`` is how many steps the run had made before.

    Units    seconds as the thread that trains sees them pass, whatever the others do meanwhile.
    Notes    The first step is to warm up: nothing until its end is counted. Neither is a step that does not come to
             its end, nor what follows it.
    """

    counts_flops = True

    def __init__(self, now: Callable[[], float] = time.perf_counter, made: int = 0) -> None:
        self._now, self._last = now, now()
        self.from_step = made + 2
        self._warm = False
        self._unfinished: list[tuple[Account, float, int]] | None = None  # of a step that has begun
        self._clear()

    def _clear(self) -> None:
        self.steps = self.images = 0
        self._ops: dict[tuple[str, str, tuple[str, ...]], tuple[Account, Account]] = {}  # in the order of the network
        self._beside = {name: Account() for name in BESIDE}

    def lap(self, account: str) -> None:
        self._put(self._beside[account], 0)

    def forward(self, layer: str, op: str, parts: tuple[str, ...], flops: int) -> None:
        self._put(self._op(layer, op, parts)[0], flops)

    def backward(self, layer: str, op: str, parts: tuple[str, ...], flops: int) -> None:
        self._put(self._op(layer, op, parts)[1], flops)

    def begin_step(self) -> None:
        self.lap("other")
        self._unfinished = []

    def end_step(self, pictures: int) -> None:
        self.lap("other")
        done, self._unfinished = self._unfinished or (), None
        for account, seconds, flops in done:
            account.seconds += seconds
            account.flops += flops
        self.steps += 1
        self.images += pictures
        if not self._warm:
            self._warm = True
            self._clear()

    def _op(self, layer: str, op: str, parts: tuple[str, ...]) -> tuple[Account, Account]:
        return self._ops.setdefault((layer, op, parts), (Account(), Account()))

    def _put(self, account: Account, flops: int) -> None:
        now = self._now()
        seconds, self._last = now - self._last, now
        if self._unfinished is not None:
            self._unfinished.append((account, seconds, flops))
        else:
            account.seconds += seconds

    @property
    def to_step(self) -> int:
        """The last step that is counted."""
        return self.from_step + self.steps - 1

    @property
    def seconds(self) -> float:
        """All that was counted."""
        return sum(account.seconds for account in self._accounts())

    @property
    def step_seconds(self) -> float:
        """All but validation and checkpoints."""
        return self.seconds - self._beside["validation"].seconds - self._beside["checkpoints"].seconds

    def _accounts(self) -> Iterator[Account]:
        for accounts in self._ops.values():
            yield from accounts
        yield from self._beside.values()

    def rows(self) -> list[Row]:
        """Every operation in the order of the network, then what was beside them, then all of it; none without steps.

        Notes    An operation that a layer runs twice in the same form is one row.
        """
        if not self.steps:
            return []
        ops = [
            self._row(layer or "loss", "+".join((op, *parts)), *accounts)
            for (layer, op, parts), accounts in self._ops.items()
        ]
        beside = [self._row(name, BESIDE[name], account) for name, account in self._beside.items()]
        forward, backward = (
            Account(sum(one.seconds for one in way), sum(one.flops for one in way))
            for way in zip(*self._ops.values(), strict=True)
        )
        return [*ops, *beside, self._all(forward, backward)]

    def _row(self, where: str, what: str, first: Account, back: Account | None = None) -> Row:
        seconds = first.seconds + (back.seconds if back else 0.0)
        flops = first.flops + (back.flops if back else 0)
        return Row(
            where,
            what,
            forward_ms=self._ms(first.seconds) if back else None,
            backward_ms=self._ms(back.seconds) if back and back.seconds else None,
            ms=self._ms(seconds),
            share=seconds / self.seconds,
            gflop=flops / self.steps / 1e9 if flops else None,
            gflop_per_second=flops / seconds / 1e9 if flops else None,
        )

    def _all(self, forward: Account, backward: Account) -> Row:
        flops = forward.flops + backward.flops
        return Row(
            "all",
            "",
            forward_ms=self._ms(forward.seconds),
            backward_ms=self._ms(backward.seconds),
            ms=self._ms(self.seconds),
            share=1.0,
            gflop=flops / self.steps / 1e9,
            gflop_per_second=flops / self.seconds / 1e9,
            steps=self.steps,
            from_step=self.from_step,
            to_step=self.to_step,
            images=self.images,
            images_per_second=self.images / self.seconds,
        )

    def _ms(self, seconds: float) -> float:
        return 1e3 * seconds / self.steps

    def write(self, path: AnyPath) -> None:
        """The rows as CSV, under the names of their fields; nothing is written without steps.

        Errors   ``EnvironmentFault``.
        """
        if rows := self.rows():
            columns = [field.name for field in fields(Row)]
            cells = [[_rounded(getattr(row, column)) for column in columns] for row in rows]
            whole.write_atomic(path, csv_text([columns, *cells]).encode("ascii"))


def _rounded(cell: object) -> object:
    return round(cell, DECIMALS) if isinstance(cell, float) else cell
