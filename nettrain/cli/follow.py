"""A run followed to its end on the screen: what ``fit`` and ``resume`` have in common."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nettrain.cli.gates import judge
from nettrain.cli.options import lead_nowhere, tell
from nettrain.errors import ExitCode, escape
from nettrain.training.loop import signals

if TYPE_CHECKING:
    from nettrain.cli.progress import Training
    from nettrain.config.fields import Duration
    from nettrain.training.loop.profile import Profile
    from nettrain.training.loop.time_limit import TimeLimit
    from nettrain.training.run.run import Run


def go_on(run: Run, profile: bool, most: Duration | None, begun: float) -> int:
    """Follow a run that was taken up again; one that is finished is only said to be so."""
    from nettrain.training.run.notes import first_notes

    if run.finished:
        nothing = "; there is nothing left to profile" if profile else ""
        early = ""
        if run.state.patience.stopped_at is not None:
            lineage = run.state.lineage
            more = f"--epochs {lineage.epochs(run.config) + 1}"
            if lineage.schedule(run.config).settings.ends:
                more += " --schedule constant"
            early = f" ({run.reason}); 'nettrain resume {run.folder.path} {more}', or more epochs, goes on"
        tell(*run.notes, f"nettrain: {run.folder.path} is already complete{early}{nothing}")
        run.complete()
        return judge(run.folder, run.config.gate)
    at = run.state.progress
    epochs = run.state.lineage.epochs(run.config)
    place = f"step {at.step}, epoch {at.epoch + 1} of {epochs}"
    if run.trying:
        place = f"step {at.step} of start {len(run.state.starts.tried) + 1}"
    from_here = f"{run.folder.path}: going on from {place}"
    return follow(run, (*first_notes(run), from_here), profile, most, begun)


def follow(run: Run, first: Sequence[str], profile: bool, most: Duration | None, begun: float) -> int:
    """Train to the end; the one line on stdout is the run folder with its best epoch. Returns the exit code.

    Gates of the config are judged on the best model then.

    ``first`` are the lines that stderr begins with. With ``profile`` it ends with where the time went. ``most`` of
    time, or else what the config says, is counted from ``begun``, a moment of ``time.monotonic``.

    Notes   After a signal the process ends as by that signal, saved before, and a line says so: from ``first`` on.
    """
    with signals.stop_between_pieces():
        tell(*first)
        from nettrain.cli.profile_table import profile_lines
        from nettrain.cli.progress import Training
        from nettrain.training.loop.profile import Profile
        from nettrain.training.loop.time_limit import TimeLimit

        most = most or run.config.train.max_time
        limit = None if most is None else TimeLimit(most, begun)
        heard = Profile(made=run.state.progress.step) if profile else None
        with Training(run.state.lineage.epochs(run.config), len(run.prepared.train)) as screen:
            code = train(run, screen, limit, f"nettrain resume {run.folder.path}", heard)
    tell(*profile_lines(heard, run.folder.profile))
    if code:
        return code
    best = run.state.best
    try:
        click.echo(f"{escape(run.folder.path)}  best {run.prepared.monitor} {best.value:.4f} at epoch {best.epoch}")
    except BrokenPipeError:  # a closed stdout does not undo a training
        lead_nowhere(sys.stdout)
    return judge(run.folder, run.config.gate)


def train(
    run: Run,
    screen: Training,
    limit: TimeLimit | None,
    again: str,
    heard: Profile | None = None,
    *,
    more: bool = False,
) -> int:
    """Train to the end, or until the time is up: exit code 8. ``again`` is the command that goes on then.

    ``more`` says that there is more to do when this run is complete.

    Notes   After a signal the process ends as by that signal, saved before.
    """
    from nettrain.cli.profile_table import profile_lines
    from nettrain.training.loop.facts import RolledBack, Saved, StartTried
    from nettrain.training.loop.time_limit import TimeUp
    from nettrain.training.run.closing import EpochRow
    from nettrain.training.run.run import Stopped

    tell(*run.notes)
    try:
        for fact in run.go(heard, limit):
            if isinstance(fact, EpochRow):
                screen.epoch(fact)
            elif isinstance(fact, Saved):
                tell(f"nettrain: saved at step {fact.step}")
            elif isinstance(fact, RolledBack):
                screen.close()
                tell(f"nettrain: warning: {fact}")
            elif isinstance(fact, StartTried):
                screen.close()
                tell(str(fact))
            else:
                progress = run.state.progress
                screen.step(fact, progress.correct / max(progress.position, 1))
    except Stopped as stop:
        screen.close()
        tell(*profile_lines(heard, run.folder.profile))
        path, end = run.folder.path, f"nettrain: stopped by {signal.Signals(stop.signal_number).name}"
        complete = f"{end} after the last step; {path} is complete"
        if not run.finished:
            tell(f"{end} and saved; go on with: {again}")
        else:
            tell(f"{complete}; go on with: {again}" if more else complete)
        signals.die_of(stop.signal_number)
    except TimeUp as up:
        screen.close()
        tell(f"nettrain: stopped after {up} (max_time) and saved; go on with: {again}")
        return ExitCode.STOPPED
    if run.state.patience.stopped_at is not None:
        screen.close()
        tell(f"nettrain: {run.reason}")
    return ExitCode.OK
