"""A run followed to its end on the screen: what ``fit`` and ``resume`` have in common."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from nettrain.cli.gates import judge
from nettrain.cli.options import lead_nowhere, tell
from nettrain.errors import ExitCode

if TYPE_CHECKING:
    from nettrain.config.fields import Duration
    from nettrain.training.run import Run


def go_on(run: Run, profile: bool, most: Duration | None, begun: float) -> int:
    """Follow a run that was taken up again; one that is finished is only said to be so."""
    if run.finished:
        tell(*run.notes, f"nettrain: {run.folder.path} is already complete")
        run.complete()
        return judge(run.folder, run.config.gate)
    tell(*(f"nettrain: note: {note}" for note in run.prepared.cache_notes))
    at = run.state.progress
    epochs = run.state.lineage.epochs(run.config)
    tell(f"{run.folder.path}: going on from step {at.step}, epoch {at.epoch + 1} of {epochs}")
    return follow(run, profile, most, begun)


def follow(run: Run, profile: bool, most: Duration | None, begun: float) -> int:
    """Train to the end; the one line on stdout is the run folder with its best epoch. Returns the exit code.

    Gates of the config are judged on the best model then.

    With ``profile`` stderr ends with where the time went. ``most`` of time, or else what the config says, is counted
    from ``begun``, a moment of ``time.monotonic``.

    Notes   After a signal the process ends as by that signal, saved before.
    """
    from nettrain.cli.profile_table import profile_lines
    from nettrain.cli.progress import Training
    from nettrain.training.closing import EpochRow
    from nettrain.training.profile import Profile
    from nettrain.training.run import Saved, Stopped
    from nettrain.training.signals import die_of
    from nettrain.training.time_limit import TimeLimit, TimeUp

    most = most or run.config.train.max_time
    limit = None if most is None else TimeLimit(most, begun)
    prepared, progress = run.prepared, run.state.progress
    tell(*run.notes)
    heard = Profile() if profile else None
    try:
        with Training(run.state.lineage.epochs(run.config), len(prepared.train)) as screen:
            for fact in run.go(heard, limit):
                if isinstance(fact, EpochRow):
                    screen.epoch(fact)
                elif isinstance(fact, Saved):
                    tell(f"nettrain: saved at step {fact.step}")
                else:
                    screen.step(fact, progress.correct / max(progress.position, 1))
    except Stopped as stop:
        tell(*profile_lines(heard, run.folder.profile))
        path, end = run.folder.path, f"nettrain: stopped by {signal.Signals(stop.signal_number).name}"
        tell(
            f"{end} after the last step; {path} is complete"
            if run.finished
            else f"{end} and saved; go on with: nettrain resume {path}"
        )
        die_of(stop.signal_number)
    except TimeUp as up:
        tell(*profile_lines(heard, run.folder.profile))
        tell(f"nettrain: stopped after {up} (max_time) and saved; go on with: nettrain resume {run.folder.path}")
        return ExitCode.STOPPED
    tell(*profile_lines(heard, run.folder.profile))
    best = run.state.best
    try:
        click.echo(f"{run.folder.path}  best {prepared.monitor} {best.value:.4f} at epoch {best.epoch}")
    except BrokenPipeError:  # a closed stdout does not undo a training
        lead_nowhere(sys.stdout)
    return judge(run.folder, run.config.gate)
