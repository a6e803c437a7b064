"""``make faults``: every goal with its full counts, as a table of figures; exit 1 if a promise did not hold."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import time
from collections.abc import Iterator

from faults.reference import Figures

from nettrain.arrays.blas import ask_for_one_thread

MODULES = (  # each has ``goals(scale) -> Iterator[Figures]``
    "kills",
    "signals",
    "matrix",
    "sharing",
    "crash",
    "calls",
    "disks",
    "memory",
    "corruption",
    "pictures",
    "flips",
    "scale",
    "injection",
    "planted",
)
SHOWN = 5  # failures of a goal


def rows(names: list[str], scale: float) -> Iterator[Figures]:
    """The figures of these modules; one that is not there yet, or that breaks, is a goal that did not hold."""
    for name in names:
        if importlib.util.find_spec(f"faults.{name}") is None:
            yield Figures(name, 0, 0, "no such module")
            continue
        begun, count = time.perf_counter(), 0
        try:
            for count, row in enumerate(importlib.import_module(f"faults.{name}").goals(scale), 1):  # noqa: B007
                yield row
            if not count:
                yield Figures(name, 0, 0, "tried nothing")
        except Exception as error:  # noqa: BLE001  the other goals are still to be tried
            seconds = time.perf_counter() - begun
            yield Figures(name, 0, 0, f"broke: {type(error).__name__}: {error}", seconds)


def main() -> int:
    """Run them all, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full counts, such as 0.1")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"only these of {', '.join(MODULES)}")
    options = parser.parse_args()
    if unknown := sorted(set(options.modules) - set(MODULES)):
        parser.error(f"unknown modules {', '.join(unknown)}; expected {', '.join(MODULES)}")
    ask_for_one_thread()
    begun, lost = time.perf_counter(), 0
    print(f"{'goal':5} {'cases':>9} {'held':>9} {'seconds':>8}  note")
    for row in rows(options.modules or list(MODULES), options.scale):
        lost += not row.promise_held
        mark = "SKIPPED: " + row.skipped + "; " if row.skipped else "" if row.promise_held else "BROKEN: "
        print(f"{row.goal:5} {row.cases:9,} {row.held:9,} {row.seconds:8.1f}  {mark}{row.note}", flush=True)
        for failure in row.failures[:SHOWN]:
            print(f"{'':35}{' '.join(failure.split())}", flush=True)
        if len(row.failures) > SHOWN:
            print(f"{'':35}and {len(row.failures) - SHOWN} more", flush=True)
    print(f"{time.perf_counter() - begun:.0f} s; {f'{lost} rows did not hold' if lost else 'every promise held'}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
