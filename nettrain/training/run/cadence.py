"""When a checkpoint is due, and which ones are kept."""

from __future__ import annotations

import time

from nettrain.config.fields import Duration


class Cadence:
    """Due every so many steps, epochs or seconds, at step 0 and at the end.

    Notes    Steps and epochs count from the start of the training, so that a run that was stopped saves at the same
             steps as one that was not. Seconds count from the last save.
    """

    def __init__(self, every: Duration, steps_per_epoch: int) -> None:
        self._unit = every.unit
        self._seconds = every.amount
        self._steps = round(every.amount) * (steps_per_epoch if every.unit == "epochs" else 1)
        self._saved = time.monotonic()
        self.damaged: set[int] = set()  # steps whose checkpoints were passed over: no spare ones

    def is_due(self, step: int, *, last: bool) -> bool:
        """Whether to save after this step; ``last`` at the end of the training."""
        if self._unit == "seconds":
            return last or time.monotonic() - self._saved >= self._seconds
        return last or step % self._steps == 0

    def saved(self) -> None:
        """A save was made: seconds count from here."""
        self._saved = time.monotonic()

    def is_regular(self, step: int) -> bool:
        """Whether every run of the config saves at this step, not only one that a signal asked to."""
        return step not in self.damaged and (self._unit == "seconds" or step % self._steps == 0)
