"""A run of the rig: every chosen row set up, measured in turn, shown as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.measure import in_turn
from benchmarks.plan import OURS, Row
from benchmarks.results import Result
from benchmarks.runners import Bench, Facts, ready
from benchmarks.sides import SIDES, Missing, installed
from benchmarks.table import GROUPS


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds after the warm-up (None: as the group says), or only a quick look."""

    rounds: int | None = None
    quick: bool = False


def run(rows: Sequence[Row], effort: Effort, bench: Bench, show: Callable[[Result], None]) -> list[Result]:
    """All rows. Errors: ``ChildFailed`` or ``CalledProcessError`` where a side fails; nothing is measured around it."""
    peaks = {count: peak(bench, count) for count in sorted({row.threads for row in rows if row.unit == "seconds"})}
    found = []
    for row in rows:
        found.append(measure(row, effort, bench, peaks.get(row.threads, 0)))
        bench.children.drop()
        show(found[-1])
    return found


def measure(row: Row, effort: Effort, bench: Bench, gflops: float = 0) -> Result:
    """One row: its contenders A B A B ...; one that lacks something is left out and says what."""
    group = GROUPS[row.group]
    seconds = group.seconds / (10 if effort.quick else 1)
    runs, missing, facts = {}, {}, Facts()
    for contender in row.contenders:
        try:
            prepared = ready(contender, row.unit, seconds, bench)
        except Missing as reason:
            missing[contender.label] = str(reason)
            continue
        runs[contender.label] = prepared.run
        facts = prepared.facts if contender.label == OURS else facts
    rounds = effort.rounds or (group.quick if effort.quick else group.rounds)
    figures = in_turn(runs, rounds, group.warm_up)
    return Result(row.group, row.case, row.threads, row.unit, figures, missing, facts.flops, facts.images, gflops)


def peak(bench: Bench, threads: int) -> float:
    """The machine's matrix peak in GFLOP/s, float32: the most that any side reaches on so many threads."""
    sides = [name for name, side in SIDES.items() if side.products and installed(side.package)]
    return max(float(bench.children.kept(side, threads).ask("peak")["gflops"]) for side in sides)
