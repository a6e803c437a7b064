"""The logs of a run, open: the two that are the same bytes in every repetition, and the one of times."""

from __future__ import annotations

from collections.abc import Mapping

from nettrain.training.config import Config
from nettrain.training.store.logs import CsvLog, EventLog
from nettrain.training.store.run_folder import RunFolder

TIMINGS = ("epoch", "seconds", "images_per_second", "val_seconds")
NOTHING_LOGGED = {"metrics.csv": 0, "events.jsonl": 0}


def metric_columns(config: Config) -> tuple[str, ...]:
    """The columns of metrics.csv, which hang on the config alone."""
    accuracy = config.accuracy
    head = ("epoch", "step", "lr", "train_loss", f"train_{accuracy}", "val_loss", f"val_{accuracy}")
    return (*head, *(f"val_{name}" for name in config.measured))


class RunLogs:
    """metrics.csv, events.jsonl and timings.csv of a run; ``sizes`` cut the first two, as a checkpoint recorded them.

    Errors   those of ``CsvLog`` and ``EventLog``.
    """

    def __init__(self, folder: RunFolder, sizes: Mapping[str, int], config: Config) -> None:
        self.metrics = CsvLog(folder.metrics, metric_columns(config), sizes.get("metrics.csv", 0))
        self.events = EventLog(folder.events, sizes.get("events.jsonl", 0))
        self.timings = CsvLog(folder.timings, TIMINGS)

    def sync(self) -> dict[str, int]:
        """Bring all to the disk; returns the bytes of those that a checkpoint records."""
        for log in (self.metrics, self.events, self.timings):
            log.sync()
        return {"metrics.csv": self.metrics.size, "events.jsonl": self.events.size}

    def close(self) -> None:
        """Close all."""
        for log in (self.metrics, self.events, self.timings):
            log.close()
