"""Measure nettrain beside its peers, in one run, A B A B: medians, spreads, ratios. Nothing here asserts on time."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchmarks import report
from benchmarks.children import Children
from benchmarks.faults import Fault
from benchmarks.goals import table
from benchmarks.load import LIMIT, apart, average, busy, loaded, snapshot
from benchmarks.options import read_options
from benchmarks.plan import Row, Settings, counted
from benchmarks.results import FOLDER, PLACE, Results, file_name, read, write
from benchmarks.run import Effort, peaks_for, run
from benchmarks.runners import Bench
from benchmarks.surroundings import environment
from benchmarks.table import chosen, listing, of_names
from benchmarks.workshop import Workshop

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked for an end; what was started is ended on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(arguments: Sequence[str]) -> int:
    """What is asked for. Returns the exit code: 2 for what cannot be, 1 where a side failed, each with a line."""
    try:
        return _main(read_options(arguments))
    except Fault as fault:
        print(f"benchmarks: error: {fault}", file=sys.stderr)
        return fault.code


def _main(options: argparse.Namespace) -> int:
    settings = Settings(options.threads, options.pictures)
    then = _read(options.against) if options.against else None
    if options.show:
        _show(_read(options.show), then, options)
        return 0
    rows = chosen(options.names, settings)
    if options.list:
        _print(listing(rows if options.names else chosen(["*"], settings)))
        return 0
    if options.save and (reasons := loaded()):
        raise Fault("--save keeps figures of a quiet machine only: " + "; ".join(reasons))
    if (load := average()) > LIMIT:
        _warn(f"the load average is {load:.2f}, above {LIMIT}: figures of a busy machine")
    before = snapshot()
    results = _measured(rows, options)
    others = busy(before, snapshot())
    _after(results, then, options)
    if options.save:
        _save(results, others)
    elif others:
        _warn("others were at work meanwhile: " + "; ".join(others))
    if uneven := apart(results.rows):
        _warn(uneven)
    return 0


def _measured(rows: Sequence[Row], options: argparse.Namespace) -> Results:
    surroundings = environment(options.kernel)
    with _folders(options.folder) as (folder, made), _ended_by_signals(), Children(surroundings) as children:
        bench = Bench(children, Workshop(folder, made, surroundings), surroundings)
        facts = children.facts()
        _print(report.head(facts, options.kernel or ""))
        peaks = peaks_for(rows, bench)
        _print(f"  matrix peak on {counted(n, 'thread')}: {gflops:.0f} GFLOP/s" for n, gflops in peaks.items())
        _print(report.LEGEND)
        found = run(rows, Effort(options.rounds, options.quick), bench, peaks, lambda row: _print(report.lines(row)))
    return Results(facts, found, options.kernel or "")


@contextmanager
def _folders(kept: Path | None) -> Iterator[tuple[Path, Path]]:
    """Where pictures go, and what is removed at the end. Errors: ``Fault``."""
    try:
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=kept)
    except OSError as error:
        raise Fault(f"--folder: {error.filename or kept}: {error.strerror}; expected a folder to write in") from error
    with temporary as made:
        yield kept or Path(made), Path(made)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Inside, a signal that ends a process is an exception, so that all that was started is ended too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _save(results: Results, reasons: Sequence[str]) -> None:
    """Into the file of this machine and these versions; rows of it that were not measured now stay."""
    if reasons:
        raise Fault("nothing is saved, others were at work meanwhile: " + "; ".join(reasons), code=1)
    path = FOLDER / file_name(results)
    write(path, results.with_older(read(path).rows if path.exists() else ()))
    print(f"saved in {path}")


def _read(path: Path) -> Results:
    try:
        return read(path)
    except OSError as error:
        raise Fault(f"{path}: {error.strerror}; expected a file that --save wrote, in {PLACE}") from error
    except ValueError as error:
        raise Fault(str(error)) from error


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _warn(text: str) -> None:
    print(f"benchmarks: warning: {text}", file=sys.stderr, flush=True)


def _show(results: Results, then: Results | None, options: argparse.Namespace) -> None:
    """The rows of a file; only what they are compared with, where that is asked for."""
    results = of_names(results, options.names, options.show)
    if not options.goals:
        _print(report.head(results.facts, results.kernel))
    if not options.goals and then is None:
        _print(report.LEGEND)
        for row in results.rows:
            _print(report.lines(row))
    _after(results, then, options)


def _after(results: Results, then: Results | None, options: argparse.Namespace) -> None:
    if then is not None:
        _print(report.changes(results, then))
    if options.goals:
        _print(table(results))


def _end() -> int:
    try:
        return main(sys.argv[1:])
    except (Stopped, KeyboardInterrupt) as stop:
        number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
        print(f"benchmarks: stopped by {signal.Signals(number).name}", file=sys.stderr)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        return 128 + number


if __name__ == "__main__":
    sys.exit(_end())
