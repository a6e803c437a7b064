"""The groups of rows: which there are, how often each is measured, and which are left out unless they are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from benchmarks.cases import augment, decode, feeding, fit, loader, memory, mixing, ops, scaling, start, steps, whole
from benchmarks.faults import Fault
from benchmarks.plan import Row, Settings
from benchmarks.results import Result, Results


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
    "augment": Group(augment.rows, seconds=0.1),
    "mixing": Group(mixing.rows, seconds=0.1),
    "loader": Group(loader.rows),
    "feeding": Group(feeding.rows, seconds=1),
    "start": Group(start.rows),
    "whole": Group(whole.rows, by_default=False),
    "memory": Group(memory.rows, rounds=3, quick=1, warm_up=0),
    "fit": Group(fit.rows, rounds=3, quick=1, warm_up=0, by_default=False),
}


def chosen(names: Sequence[str], settings: Settings) -> list[Row]:
    """The rows of these groups, cases or patterns, such as ``steps``, ``ops/conv3x3-*``; without names, the usual.

    Errors   ``Fault`` for a name that no row has.
    """
    rows = [row for group in GROUPS.values() for row in group.rows(settings)]
    if not names:
        return [row for row in rows if GROUPS[row.group].by_default]
    return _fitting(names, rows, "")


def of_names(results: Results, names: Sequence[str], path: Path) -> Results:
    """The rows of a file that these names choose; all of them without names. Errors: ``Fault``, as for ``chosen``."""
    return replace(results, rows=_fitting(names, results.rows, f" in {path}")) if names else results


def listing(rows: Sequence[Row]) -> Iterator[str]:
    """The name of each, once; those that are measured only where they are named say so."""
    for name, group in {row.name: GROUPS[row.group] for row in rows}.items():
        yield name if group.by_default else f"{name:<40}  only where it is named"


AnyRow = TypeVar("AnyRow", Row, Result)


def _fitting(names: Sequence[str], rows: Sequence[AnyRow], where: str) -> list[AnyRow]:
    known = list(dict.fromkeys([*GROUPS, *(row.name for row in rows)]))
    for name in names:
        if not any(_fits(name, row) for row in rows):
            near = [one for one in known if one.startswith(name)][:3] or get_close_matches(name, known, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"expected {', '.join(GROUPS)}, or a case (--list)"
            raise Fault(f"no group or case{where} is called {name!r}; {hint}")
    return [row for row in rows if any(_fits(name, row) for name in names)]


def _fits(name: str, row: Row | Result) -> bool:
    return name == row.group or fnmatchcase(row.name, name)
