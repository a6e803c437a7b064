"""Small trainings to test with, set up as the commands set them up."""

from __future__ import annotations

from pathlib import Path

from nettrain.config.document import Document
from nettrain.config.reader import read_text
from nettrain.data.batches import Batch
from nettrain.training.config import TABLES, Config
from nettrain.training.loop.objective import training_loss
from nettrain.training.loop.step import Stepper
from nettrain.training.prepare import Prepared, prepare
from nettrain.training.run.state import State


def document_of(text: str, folder: Path) -> Document[Config]:
    """A config as text; its paths are relative to the folder."""
    return read_text(text, "config.yaml", Config, TABLES, str(folder))


def prepared_for(text: str, folder: Path) -> Prepared:
    """A config, prepared."""
    return prepare(document_of(text, folder), lambda what, done, total: None)


class Setup:
    """A state with its stepper and batches."""

    def __init__(self, prepared: Prepared) -> None:
        config = prepared.config
        self.prepared, self.state = prepared, State.fresh(prepared)
        loss = training_loss(config.loss, prepared.class_weights)
        self.stepper = Stepper(prepared.network, self.state.optimizer, loss)
        self.batches = prepared.batches(config.data.augment)

    def first(self, epoch: int = 0) -> Batch:
        """The first batch of an epoch."""
        return next(iter(self.batches.training(epoch)))

    def everything(self) -> dict[str, bytes]:
        """Weights, buffers, optimizer slots and progress, bit for bit."""
        found = {name: array.tobytes() for name, array in self.state.tensors().items()}
        return {**found, "progress": repr(self.state.progress).encode(), "steps": b"%d" % self.state.optimizer.steps}
