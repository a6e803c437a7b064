"""The groups of rows: which there are, how often each is measured, and which are left out unless they are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from benchmarks.cases import decode, fit, memory, ops, scaling, start, steps, whole
from benchmarks.plan import Row, Settings


@dataclass(frozen=True)
class Group:
    """Rows of one kind. ``rounds`` and ``quick`` are how many rounds are measured; ``seconds`` is a round's length."""

    rows: Callable[[Settings], Iterator[Row]]
    rounds: int = 7
    quick: int = 2
    warm_up: int = 1
    seconds: float = 0.3
    by_default: bool = True


GROUPS = {
    "steps": Group(steps.rows),
    "scaling": Group(scaling.rows),
    "ops": Group(ops.rows, seconds=0.03),
    "decode": Group(decode.rows),
    "start": Group(start.rows),
    "whole": Group(whole.rows, by_default=False),
    "memory": Group(memory.rows, rounds=3, quick=1, warm_up=0),
    "fit": Group(fit.rows, rounds=3, quick=1, warm_up=0, by_default=False),
}


def chosen(names: Sequence[str], settings: Settings) -> list[Row]:
    """The rows of these groups, cases or patterns, such as ``steps``, ``ops/conv3x3-*``; without names, the usual.

    Errors   ``ValueError`` for a name that no row has.
    """
    rows = [row for group in GROUPS.values() for row in group.rows(settings)]
    if not names:
        return [row for row in rows if GROUPS[row.group].by_default]
    for name in names:
        if not any(_fits(name, row) for row in rows):
            raise ValueError(f"no group or case is called {name!r}; expected {', '.join(GROUPS)}, or a case (--list)")
    return [row for row in rows if any(_fits(name, row) for name in names)]


def _fits(name: str, row: Row) -> bool:
    return name == row.group or fnmatchcase(row.name, name)
