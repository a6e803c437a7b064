"""What a checkpoint of a training holds beside its tensors, a row each, and whether one is of this config."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nettrain.errors import CheckpointError, ConfigError
from nettrain.training.config import Config
from nettrain.training.loop.averages import Averaged
from nettrain.training.loop.loop import Progress
from nettrain.training.loop.monitors import best_mode
from nettrain.training.loop.patience import Patience
from nettrain.training.loop.rollback import Rollbacks
from nettrain.training.loop.starts import Starts
from nettrain.training.origin import Origin
from nettrain.training.run.agreement import refuse_another
from nettrain.training.run.lineage import Lineage
from nettrain.training.store.typed import misfits


@dataclass
class Best:
    """The best epoch so far, by the monitored number; None before the first."""

    epoch: int | None = None
    step: int | None = None
    value: float | None = None

    def improves(self, monitor: str, value: float) -> bool:
        """Whether ``value`` is better than the best so far; of equals the first stays."""
        if self.value is None:
            return True
        return value > self.value if best_mode(monitor) == "max" else value < self.value


@dataclass
class History:
    """The monitored number of each finished epoch."""

    values: list[float] = field(default_factory=list)


PARTS: dict[str, type[Any]] = {  # what a checkpoint holds beside the tensors: dataclasses of plain values
    "progress": Progress,
    "history": History,
    "best": Best,
    "lineage": Lineage,
    "patience": Patience,
    "averaged": Averaged,
    "averaged_before": Averaged,
    "rollbacks": Rollbacks,
    "starts": Starts,
    "origin": Origin,
}
META: dict[str, Any] = {  # what the metadata holds, and of which type
    **PARTS,
    "step": int,
    "logs": {"metrics.csv": int, "events.jsonl": int},
    "fingerprint": str,
    "class_weights": list[float] | None,
    "config": dict,
    "classes": list[str],
    "normalization": {"mean": list[float], "std": list[float]},
}


def made(part: type[Any], plain: Mapping[str, Any]) -> Any:
    """A part of its plain values, which are its own afterwards."""
    return part(**copy.deepcopy(dict(plain)))


def compare_configs(config: Config, meta: Mapping[str, Any], shown: str) -> None:
    """Refuse a checkpoint of another config; only keys that can change the result count.

    Errors   ``CheckpointError`` names the keys that differ, or what in the metadata is not of a training.
    """
    if wrong := next(misfits(dict(meta), META, ""), None):
        raise CheckpointError(f"is not the checkpoint of a training ({wrong}); use another one", shown)
    if meta["step"] != meta["starts"]["steps_before"] + meta["progress"]["step"]:
        what = f"step is {meta['step']}, but progress.step {meta['progress']['step']}"
        raise CheckpointError(f"is not the checkpoint of a training ({what}); use another one", shown)
    try:
        Lineage(**meta["lineage"]).schedules()
    except ConfigError as error:
        raise CheckpointError(
            f"is not the checkpoint of a training ({error.faults[0]}); use another one", shown
        ) from error
    refuse_another(config, meta, shown)
