"""Whether the machine is quiet enough for figures that are kept: its load average, and what other processes use."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import Result

PROC = Path("/proc")
LIMIT = 0.5  # load average over one minute, before anything is measured
FACTOR = 2  # between the lowest and highest figure of a contender, before it is said
NAMED = 5  # of a list
SHARE = 0.1  # of one core: more than that, and another process is busy
LOOK = 2.0  # seconds that others are watched for


@dataclass(frozen=True)
class Snapshot:
    """Seconds of processor time that every process of other people has used, at a moment."""

    moment: float
    used: dict[tuple[int, str], float]


def snapshot(proc: Path = PROC) -> Snapshot:
    """Every process but this one and those below it."""
    parents, used, tick = dict[int, int](), dict[tuple[int, str], float](), os.sysconf("SC_CLK_TCK")
    for stat in proc.glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it has ended
        name, fields = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        used[pid, name] = (int(fields[11]) + int(fields[12])) / tick
    ours = _below(os.getpid(), parents)
    return Snapshot(time.monotonic(), {key: seconds for key, seconds in used.items() if key[0] not in ours})


def busy(before: Snapshot, after: Snapshot) -> list[str]:
    """The processes that used more than a small share of a core between two moments, a phrase each, the busiest first.

    Notes   After a few there is only their number.
    """
    passed = max(after.moment - before.moment, 1e-9)
    earlier = {pid: seconds for (pid, _), seconds in before.used.items()}  # a process may have changed its name
    shares = {key: (seconds - earlier.get(key[0], 0.0)) / passed for key, seconds in after.used.items()}
    found = sorted(((share, key) for key, share in shares.items() if share > SHARE), reverse=True)
    phrases = [f"process {pid} ({name}) uses {share:.0%} of a core" for share, (pid, name) in found[:NAMED]]
    return phrases + ([f"and {len(found) - NAMED} more"] if len(found) > NAMED else [])


def average() -> float:
    """The load average over one minute."""
    return os.getloadavg()[0]


def loaded(load: float | None = None, before: Snapshot | None = None) -> list[str]:
    """Why the machine is not quiet, a phrase a reason; nothing if it is."""
    load = average() if load is None else load
    reasons = [f"the load average is {load:.2f}, above {LIMIT}"] if load > LIMIT else []
    if before is None:
        before = snapshot()
        time.sleep(LOOK)  # what is measured is this interval
    return reasons + busy(before, snapshot())


def apart(rows: Sequence[Result]) -> str | None:
    """The rows in which the figures of a contender lie too far apart, as a sentence; None if there are none."""
    names = [row.key for row in rows if any(max(taken) > FACTOR * min(taken) for taken in row.figures.values())]
    if not names:
        return None
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    return f"figures of one contender lie more than {FACTOR} times apart: {shown}; measure again on a quiet machine"


def _below(root: int, parents: dict[int, int]) -> set[int]:
    """A process and all that it started."""
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
