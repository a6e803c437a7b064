"""What an open run goes on with otherwise than planned: from before a divergence, or up to more epochs."""

from __future__ import annotations

from typing import Protocol

from nettrain.config.words import some
from nettrain.errors import SMALLER_RATE, Diverged
from nettrain.files.folders import prune
from nettrain.training.loop.facts import RolledBack
from nettrain.training.run.run_logs import RunLogs
from nettrain.training.run.state import State
from nettrain.training.store import checkpoint
from nettrain.training.store.run_folder import RunFolder


class OpenRun(Protocol):
    """What is needed of a run that is open."""

    state: State
    folder: RunFolder
    logs: RunLogs
    notes: list[str]

    def save(self) -> bool: ...

    def mark(self, state: str) -> None: ...


def go_back(run: OpenRun, error: Diverged) -> RolledBack:
    """Begin the epoch again after a divergence, saved at once. Errors: the divergence, if it is to stop the run."""
    settings, rollbacks = run.state.config.train.going_back, run.state.rollbacks
    if settings is None:
        raise error
    if len(rollbacks.made) == settings.limit:
        before = f"rolled back {some(settings.limit, 'time')} before (train.rollback.limit)"
        raise Diverged(f"{error.what}; {before}", cure=SMALLER_RATE) from error
    run.state.go_back()
    made, factor = rollbacks.made[-1], rollbacks.lr_factor(settings)
    run.logs.events.event("rollback", epoch=run.state.progress.epoch + 1, **made, lr_factor=factor)
    run.save()
    later = (path for step, path in checkpoint.steps(run.folder.checkpoints).items() if step > run.state.number)
    prune(later)  # of the way that led to the divergence
    return RolledBack(made["step"], made["back_to"], factor, error.what)


def extend(run: OpenRun, epochs: int, schedule: str | None) -> None:
    """Add epochs to a run, saved at once; the learning rates before and after go to its ``notes``.

    Errors   ``ConfigError``: see ``Lineage.extend``.
    """
    state, config, steps = run.state, run.state.config, run.state.prepared.steps_per_epoch
    start, history = state.lineage.epochs(config) * steps, state.history.values
    before = state.learning_rate()(start - 1, history[:-1])
    state.lineage.extend(config, steps, epochs, schedule)
    state.patience.go_on()
    after = state.learning_rate()(start, history)
    run.mark("running")  # run.json first: a checkpoint from before the extension is then known for one
    run.save()
    was, will_be = f"{before:.3g}", f"{after:.3g}"
    goes = "stays" if state.lineage.schedule(config).kind == "constant" else "goes on from"
    if state.number < start:  # it stopped early
        told = f"lr as planned up to step {start}, {was} there, then {will_be}"
    else:
        told = f"lr {goes} {was}" if was == will_be else f"lr {was} up to step {start}, then {will_be}"
    run.notes.append(f"nettrain: extended to {some(epochs, 'epoch')}: {told}")
