"""``fit --repeat`` and ``fit --folds``: several runs one after another, and what they reached together."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from nettrain.cli.gates import tell_gates
from nettrain.cli.options import lead_nowhere, tell
from nettrain.errors import ExitCode, NettrainError, escape
from nettrain.report.columns import columns
from nettrain.training.loop.signals import stop_between_pieces

if TYPE_CHECKING:
    from nettrain.config.document import Document
    from nettrain.config.fields import Duration
    from nettrain.training.config import Config
    from nettrain.training.loop.time_limit import TimeLimit
    from nettrain.training.series.series import Member, OpenSeries
    from nettrain.training.series.summary import Reached, Summary


def fit_series(
    document: Document[Config],
    repeat: int | None,
    folds: int | None,
    run_dir: str | None,
    auto: bool,
    most: Duration | None,
    begun: float,
) -> int:
    """Train every run of a series that is not finished; a table on stdout at the end. Returns the exit code.

    Notes   A run that is stopped, or fails, ends the whole with its code; what is finished stays.
    """
    from nettrain.cli.progress import Decoding
    from nettrain.training.judging.gating import GATE_JSON, write_gates
    from nettrain.training.judging.judging import changes_since
    from nettrain.training.loop.time_limit import TimeLimit
    from nettrain.training.series.series import Series, open_series
    from nettrain.training.series.summary import SUMMARY, Summary, judge_series, reached

    series = Series("repeat", repeat) if repeat is not None else Series("folds", folds or 0)
    most, gate = most or document.config.train.max_time, document.config.gate
    limit = None if most is None else TimeLimit(most, begun)
    if folds is not None and document.config.data.val is not None:
        tell("nettrain: note: data.val is not used: each run validates on a fold of its own")
    members, rows, trained = series.members(document), [], False
    with open_series(document, series, Decoding(), run_dir, auto=auto) as opened:
        tell(f"{escape(opened.path)}: {series.count} runs, {members[0].name} to {members[-1].name}")
        for place, member in enumerate(members):
            since = time.monotonic()
            if not opened.is_complete(member):
                if trained and limit is not None and limit.reached():
                    tell(
                        f"nettrain: stopped after {limit} (max_time) before {member.name}; go on with: {_again(opened)}"
                    )
                    return ExitCode.STOPPED
                if code := _train(opened, member, limit, first=place == 0):
                    return code
                trained = True  # a call does something, however short its time
            row = reached(member, opened.folder(member), gate, Decoding())
            if (judged := row.predictions) is not None:
                tell(*changes_since(opened.folder(member), judged.split, judged.fingerprint))
            rows.append(row)
            tell(_line(row, f"{member.name} ({place + 1} of {series.count})", time.monotonic() - since))
        summary = Summary(series, tuple(rows))
        summary.write(opened.path / SUMMARY)
        try:
            for line in _tables(summary, escape(opened.path)):
                click.echo(line)
        except BrokenPipeError:  # a closed stdout does not undo a training
            lead_nowhere(sys.stdout)
        if gate is None:
            return ExitCode.OK
        gates = judge_series(rows, [opened.folder(member) for member in members], gate, Decoding())
        write_gates(opened.path / GATE_JSON, gates, {"split": gates[0].split, "n": gates[0].n})
        return tell_gates(gates)


def _again(opened: OpenSeries) -> str:
    return f"the same command and --resume auto --run-dir {escape(opened.path)}"


def _train(opened: OpenSeries, member: Member, limit: TimeLimit | None, *, first: bool) -> int:
    """Train one run to its end; nothing of it is in memory afterwards. Errors: those of ``Run.go``, which name it."""
    from nettrain.cli.follow import train
    from nettrain.cli.progress import Decoding, Training
    from nettrain.training.run.notes import first_notes

    run = opened.open(member, Decoding())
    if run.finished:  # it died just before run.json said so
        run.complete()
        return ExitCode.OK
    screen = Training(run.state.lineage.epochs(run.config), len(run.prepared.train), member.name)
    try:
        with stop_between_pieces(), screen:
            if first:
                tell(*first_notes(run))
            return train(run, screen, limit, _again(opened), more=True)
    except NettrainError as error:
        raise error.at(os.fspath(run.folder.path)) from error


def _line(row: Reached, name: str, seconds: float) -> str:
    numbers = (f"{column} {value:.4f}" for column, value in row.numbers.items() if column.endswith("accuracy"))
    return "  ".join([name, f"best epoch {row.best_epoch}", *numbers, f"{seconds:.0f} s"])


def _tables(summary: Summary, path: str) -> list[str]:
    """The table, and the one line that says it all."""
    head, *rows = summary.table()
    shown = [[f"{cell:.4f}" if isinstance(cell, float) else cell for cell in row] for row in rows]
    words = []
    for column in (summary.rows[0].monitor, "test_accuracy"):
        if column in summary.columns:
            mean, deviation = summary.spread(column)
            words.append(f"mean {column} {mean:.4f}, standard deviation {deviation or 0.0:.4f}")
    return [*columns([head, *shown]), "", "  ".join([path, *words, f"of {len(rows) - 3} runs"])]
