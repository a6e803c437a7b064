"""A run of the rig: every chosen row set up, measured in turn, shown as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import in_turn
from benchmarks.plan import OURS, Kept, Row
from benchmarks.results import Result
from benchmarks.runners import Bench, Facts, ready
from benchmarks.sides import SIDES, Missing, installed
from benchmarks.table import GROUPS


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds after the warm-up (None: as the group says), or only a quick look."""

    rounds: int | None = None
    quick: bool = False


def run(
    rows: Sequence[Row], effort: Effort, bench: Bench, peaks: Mapping[int, float], show: Callable[[Result], None]
) -> list[Result]:
    """All rows; ``peaks`` are the machine's by number of threads.

    Errors   ``Fault`` where a side fails; nothing is measured around it.
    """
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


def peaks_for(rows: Sequence[Row], bench: Bench) -> dict[int, float]:
    """The machine's matrix peak in GFLOP/s, float32, by number of threads: the most that any side reaches.

    Notes   only where something is multiplied in a process that is kept; whole programs have no share of it.
    """
    sides = [name for name, side in SIDES.items() if side.products and installed(side.package)]
    counts = sorted({c.threads for row in rows for c in row.contenders if isinstance(c, Kept)})
    return {n: max(float(bench.children.kept(side, n).ask("peak")["gflops"]) for side in sides) for n in counts}
