"""What of a training reaches the disk whole or not at all: its state as a checkpoint, its best model."""

from __future__ import annotations

from collections.abc import Mapping

from nettrain.training.model_file import model_meta
from nettrain.training.run.cadence import Cadence
from nettrain.training.run.state import State
from nettrain.training.store import checkpoint
from nettrain.training.store.run_folder import RunFolder


def save_state(folder: RunFolder, state: State, logs: Mapping[str, int], cadence: Cadence) -> None:
    """Write the checkpoint of this step; beside it the newest regular one before stays, all other earlier ones go."""
    step = state.number
    checkpoint.save(checkpoint.step_path(folder.checkpoints, step), state.meta(logs), state.tensors())
    cadence.damaged.discard(step)
    checkpoint.prune(folder.checkpoints, step, cadence.is_regular)


def save_best(folder: RunFolder, state: State) -> None:
    """Write the model as it is, the best so far: the file to ship."""
    prepared, best = state.prepared, state.best
    meta = {
        **model_meta(prepared.config, prepared.classes, prepared.normalization),
        "best": {"epoch": best.epoch, "step": best.step, "monitor": prepared.monitor, "value": best.value},
    }
    checkpoint.save(folder.best, meta, prepared.network.state())
