"""What stands on the screen at an epoch's end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nettrain.cli.progress import Training
from nettrain.training.loop.loop import EpochEnd
from nettrain.training.run.closing import EpochRow

END = EpochEnd(epoch=2, step=40, lr=0.05, train_loss=0.5, train_accuracy=0.75)
ROW = EpochRow(END, None, None, {}, 0.5, is_best=False, seconds=2.0, images_per_second=1234.0)


def test_an_epoch_that_was_trained_before_has_no_speed(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a run killed between an epoch's last step and its end, which a resume only validates."""
    screen = Training(10, 100)
    screen.epoch(ROW)
    screen.epoch(replace(ROW, images_per_second=0.0, is_best=True))
    head = "epoch  2/10  lr 0.05  train_loss 0.5000  train_accuracy 0.7500"
    assert capsys.readouterr().err.splitlines() == [f"{head}  1,234 images/s", f"{head}  best"]
