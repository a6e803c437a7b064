"""Early stopping: when a number has not become better for so many epochs, the training is at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from nettrain.config.fields import Count, Rate, Record
from nettrain.config.words import some
from nettrain.training.loop.monitors import MONITORS, best_mode


@dataclass(frozen=True)
class EarlyStoppingConfig(Record, short="patience"):
    """Ends the training when ``monitor`` has not become better for ``patience`` epochs in a row.

    Better is by more than ``min_delta``; the best model is the one that ``checkpoint.monitor`` chose, as ever.

    Source   Prechelt, "Early Stopping - But When?", 1998, section 2.
    """

    patience: Count = 10
    monitor: Annotated[str, MONITORS] = "val_loss"
    min_delta: Rate = 0.0


@dataclass
class Patience:
    """The best number that early stopping has seen, the epochs since then, and the epoch that it stopped after."""

    best: float | None = None
    waited: int = 0
    stopped_at: int | None = None

    def look(self, settings: EarlyStoppingConfig, epoch: int, value: float) -> None:
        """Take in the number of an epoch."""
        sign = 1 if best_mode(settings.monitor) == "max" else -1
        if self.best is None or sign * (value - self.best) > settings.min_delta:
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited >= settings.patience:
            self.stopped_at = epoch

    def go_on(self) -> None:
        """Begin to wait anew, as when epochs are added to the run."""
        self.waited, self.stopped_at = 0, None

    def reason(self, settings: EarlyStoppingConfig) -> str:
        """Why the training stopped, for run.json."""
        what = f"{settings.monitor} was no better than {self.best:.6g} for {some(self.waited, 'epoch')}"
        return f"early stopping after epoch {self.stopped_at}: {what}"
