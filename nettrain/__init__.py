"""nettrain: train image classifiers from one YAML file and a folder of pictures, in NumPy.

In a program: ``nettrain.load("runs/x").predict(paths_or_arrays)``, and ``for fact in nettrain.fit("config.yaml")``. The
names below are loaded when they are first used, so that ``import nettrain`` costs nothing.
"""

from nettrain.version import __version__

TYPE_CHECKING = False  # as type checkers know it; ``typing`` alone would take longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from nettrain.errors import CheckpointError, ConfigError, DataError, Diverged, EnvironmentFault, NettrainError
    from nettrain.python.fitting import Fitting, fit
    from nettrain.python.model import Model, Prediction, load
    from nettrain.training.loop.loop import Step
    from nettrain.training.run.closing import EpochRow

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "Diverged",
    "EnvironmentFault",
    "EpochRow",
    "Fitting",
    "Model",
    "NettrainError",
    "Prediction",
    "Step",
    "__version__",
    "fit",
    "load",
]
_WHERE = {
    **dict.fromkeys(("Fitting", "fit"), "nettrain.python.fitting"),
    **dict.fromkeys(("Model", "Prediction", "load"), "nettrain.python.model"),
    "EpochRow": "nettrain.training.run.closing",
    "Step": "nettrain.training.loop.loop",
    **dict.fromkeys(
        ("CheckpointError", "ConfigError", "DataError", "Diverged", "EnvironmentFault", "NettrainError"),
        "nettrain.errors",
    ),
}


def __getattr__(name: str) -> "Any":
    if name not in _WHERE:
        raise AttributeError(f"module 'nettrain' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
