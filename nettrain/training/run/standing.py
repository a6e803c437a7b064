"""How a training stands, as run.json tells it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nettrain.training.run.state import State


def standing(state: State) -> dict[str, Any]:
    """Progress, the best epoch, and what has befallen the training that its config allows for."""
    config, best = state.config, state.best
    found: dict[str, Any] = {
        "best": {"monitor": state.prepared.monitor, "epoch": best.epoch, "value": best.value},
        "epoch": state.progress.epoch,
        "step": state.progress.step,
        "lineage": state.lineage.extensions,
    }
    if config.train.going_back is not None:
        found["rollbacks"] = state.rollbacks.made
    if (source := config.model.from_) is not None:
        found["origin"] = {"path": str(source.path), **asdict(state.origin)}
    if config.train.restarts is not None:
        found["start"] = None if state.starts.chosen is None else state.starts.chosen + 1
    return found
