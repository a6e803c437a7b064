"""What a run tells beside its steps and epochs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint that SIGUSR1 asked for."""

    step: int


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The training diverged after ``step``, and begins the epoch again at step ``back_to``; see ``train.on_nan``."""

    step: int
    back_to: int
    lr_factor: float
    reason: str

    def __str__(self) -> str:
        return f"{self.reason}; back to step {self.back_to}, with {self.lr_factor:.3g} times the learning rate"


@dataclass(frozen=True, slots=True)
class StartTried:
    """What a start came to, in nats per image, None if it diverged; counted from 1; see ``train.restarts``."""

    start: int
    count: int
    seed: int
    train_loss: float | None
    val_loss: float | None

    def __str__(self) -> str:
        numbers = (("train_loss", self.train_loss), ("val_loss", self.val_loss))
        told = [f"{name} {value:.4f}" for name, value in numbers if value is not None]
        return "  ".join([f"start {self.start} of {self.count}", f"seed {self.seed}", *(told or ["diverged"])])
