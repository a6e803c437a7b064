"""The command line of the rig: what is asked for, and the one line for what cannot be."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from benchmarks.faults import Fault
from benchmarks.plan import PICTURES, counted
from benchmarks.results import FOLDER
from benchmarks.surroundings import KERNELS
from benchmarks.table import GROUPS
from benchmarks.workshop import CIFAR10

MEASURING = ("rounds", "quick", "kernel", "folder", "save")  # these say how
USUAL_ROUNDS = max(group.rounds for group in GROUPS.values())
READING = {  # options that measure nothing, and what has no effect beside them
    "show": ("list", "threads", "pictures", *MEASURING),
    "list": ("show", "goals", "against", *MEASURING),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Fault(f"{message}; see --help")


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for. Errors: ``Fault``."""
    options = _parser().parse_args(arguments)
    for reading, without in READING.items():
        given = [f"--{name}" for name in without if getattr(options, name)]
        if getattr(options, reading) and given:
            raise Fault(f"--{reading} measures nothing, so {given[0]} has no effect; leave out one of them")
    if options.save and options.quick:
        raise Fault("--quick takes too few rounds for figures to keep; leave out one of it and --save")
    options.threads = options.threads or tuple(sorted({1, cores()}))
    options.pictures = options.pictures or PICTURES
    return options


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m benchmarks", description="Measure nettrain beside its peers, in turn, in one run.")
    usual = ", ".join(name for name, group in GROUPS.items() if group.by_default)
    rounds = ", ".join(f"{name} {group.rounds}" for name, group in GROUPS.items() if group.rounds != USUAL_ROUNDS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"groups, cases or patterns [default: {usual}]")
    parser.add_argument(
        "--threads", type=_threads, metavar="N,N", help=f"numbers of threads to measure on [default: 1 and {cores()}]"
    )
    parser.add_argument(
        "--rounds", type=_count, metavar="N", help=f"measured, after the warm-up [default: {USUAL_ROUNDS}; {rounds}]"
    )
    parser.add_argument("--quick", action="store_true", help="two short rounds: to see that all works")
    parser.add_argument("--kernel", choices=KERNELS, help="hold every side to kernels of an older CPU")
    parser.add_argument(
        "--pictures", type=_count, metavar="N", help=f"of a whole fit, from the zip in {CIFAR10} [default: {PICTURES}]"
    )
    parser.add_argument("--folder", type=Path, help="for pictures and runs, kept [default: a temporary one]")
    parser.add_argument("--save", action="store_true", help=f"keep the figures in {FOLDER.name}/; on a quiet machine")
    parser.add_argument("--against", type=Path, metavar="FILE", help="print the change of each row since a saved file")
    parser.add_argument("--goals", action="store_true", help="print the table of goals, in Markdown")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print a saved file in place of measuring")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _threads(text: str) -> tuple[int, ...]:
    counts = tuple(sorted({_count(part) for part in text.split(",")}))
    if counts[-1] > cores():
        raise argparse.ArgumentTypeError(
            f"expected at most {cores()}, as this process may use {counted(cores(), 'core')}, got {counts[-1]}"
        )
    return counts
