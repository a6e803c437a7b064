"""Measure nettrain beside its peers, in one run, A B A B: medians, spreads, ratios. Nothing here asserts on time."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.children import Children
from benchmarks.goals import table
from benchmarks.load import busy, loaded, snapshot
from benchmarks.plan import PICTURES, Settings
from benchmarks.results import FOLDER, Results, file_name, read, write
from benchmarks.run import Effort, peaks_for, run
from benchmarks.runners import Bench
from benchmarks.surroundings import KERNELS, environment
from benchmarks.table import GROUPS, chosen
from benchmarks.workshop import CIFAR10, Workshop


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    settings = Settings(options.threads, options.pictures)
    try:
        rows = chosen(options.names, settings)
    except ValueError as error:
        sys.exit(f"benchmarks: error: {error}")
    if options.list:
        print("\n".join(dict.fromkeys(row.name for row in rows)))
        return 0
    if options.show:
        _show(read(options.show), options)
        return 0
    if options.save and options.quick:
        sys.exit("benchmarks: error: --quick takes too few rounds for figures to keep; leave out one of it and --save")
    if options.save and (reasons := loaded()):
        sys.exit("benchmarks: error: --save keeps figures of a quiet machine only: " + "; ".join(reasons))
    before = snapshot()
    surroundings = environment(options.kernel or None)
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as made, Children(surroundings) as children:
        workshop = Workshop(options.folder or Path(made), Path(made), surroundings)
        bench = Bench(children, workshop, surroundings)
        facts = children.facts()
        _print(report.head(facts, options.kernel))
        peaks = peaks_for(rows, bench)
        _print(f"  matrix peak on {count} threads: {gflops:.0f} GFLOP/s" for count, gflops in peaks.items())
        effort = Effort(options.rounds, options.quick)
        found = run(rows, effort, bench, peaks, lambda row: _print(report.lines(row)))
    results = Results(facts, found, options.kernel)
    _after(results, options)
    if options.save:
        _save(results, busy(before, snapshot()))
    return 0


def _save(results: Results, reasons: Sequence[str]) -> None:
    """Into the file of this machine and these versions; rows of it that were not measured now stay."""
    if reasons:
        sys.exit("benchmarks: error: nothing is saved, others were at work meanwhile: " + "; ".join(reasons))
    path = FOLDER / file_name(results)
    write(path, results.with_older(read(path).rows if path.exists() else ()))
    print(f"saved in {path}")


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _show(results: Results, options: argparse.Namespace) -> None:
    _print(report.head(results.facts, results.kernel))
    for row in results.rows:
        _print(report.lines(row))
    _after(results, options)


def _after(results: Results, options: argparse.Namespace) -> None:
    if options.against:
        _print(report.changes(results, read(options.against)))
    if options.goals:
        _print(table(results))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    usual = ", ".join(name for name, group in GROUPS.items() if group.by_default)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"groups, cases or patterns [default: {usual}]")
    parser.add_argument("--threads", type=_numbers, default=(1, cores) if cores > 1 else (1,), metavar="1,2")
    parser.add_argument("--rounds", type=_count, help="measured, after the warm-up [default: 7; memory and fit 3]")
    parser.add_argument("--quick", action="store_true", help="two short rounds: to see that all works")
    parser.add_argument("--kernel", choices=KERNELS, default="", help="hold every side to kernels of an older CPU")
    parser.add_argument("--pictures", type=_count, default=PICTURES, help=f"of a whole fit, from the zip in {CIFAR10}")
    parser.add_argument("--folder", type=Path, help="for pictures and runs, kept [default: a temporary one]")
    parser.add_argument(
        "--save", action="store_true", help=f"keep the figures in {FOLDER.name}/; not on a loaded machine"
    )
    parser.add_argument("--against", type=Path, metavar="FILE", help="print the change of each row since a saved file")
    parser.add_argument("--goals", action="store_true", help="print the table of goals, in Markdown")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print a saved file in place of measuring")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted({_count(part) for part in text.split(",")}))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
