"""Whether a checkpoint is of a training, and of this config: where they differ, and how to go on all the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nettrain.config.resolved import to_plain
from nettrain.config.words import some
from nettrain.errors import CheckpointError, ConfigError
from nettrain.training.config import Config
from nettrain.training.run.lineage import Lineage
from nettrain.training.run.parts import META
from nettrain.training.store import runs
from nettrain.training.store.typed import misfits


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
    _refuse_another(config, meta, shown)


def _refuse_another(config: Config, meta: Mapping[str, Any], shown: str) -> None:
    """Errors: ``CheckpointError`` if a checkpoint was made with another config; ``shown`` is its path.

    Notes    Only keys that can change the result count. Where there are more epochs, and nothing else is another, the
             command that adds them is named; not in a series, whose runs are all of one config.
    """
    differing = sorted(_differences(to_plain(config, environment=False), meta["config"]))
    if not differing:
        return
    run, wanted = Path(shown).parent.parent, config.train.epochs
    if differing == ["train.epochs"] and not runs.is_series(run.parent):
        added = meta["lineage"]["extensions"]
        had = int(added[-1]["epochs"]) if added else int(meta["config"]["train"]["epochs"])
        if wanted > had:
            more = f"go on with: nettrain resume {run} --epochs {wanted}"
            raise CheckpointError(f"is of a run of {some(had, 'epoch')}, not {wanted}; {more}", shown)
    raise CheckpointError(f"was made with another config: {', '.join(differing)} differ; start a new run", shown)


def _differences(ours: Any, theirs: Any, key: str = "") -> set[str]:
    """The dotted keys at which two plain configs differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {
            found
            for name in ours.keys() | theirs.keys()
            for found in _differences(ours.get(name), theirs.get(name), f"{key}.{name}" if key else name)
        }
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return {d for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) for d in _differences(a, b, f"{key}.{i}")}
    return set() if ours == theirs else {key}
