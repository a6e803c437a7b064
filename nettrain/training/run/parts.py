"""What a checkpoint of a training holds beside its tensors, a row each."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nettrain.training.loop.averages import Averaged
from nettrain.training.loop.loop import Progress
from nettrain.training.loop.monitors import best_mode
from nettrain.training.loop.patience import Patience
from nettrain.training.loop.rollback import Rollbacks
from nettrain.training.loop.starts import Starts
from nettrain.training.origin import Origin
from nettrain.training.run.lineage import Lineage


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
