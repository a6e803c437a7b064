"""The learning-rate range test: rates, smoothing, when it stops, what it suggests; nothing is left of it."""

from __future__ import annotations

import numpy as np
import pytest
from data.samples import folder

from nettrain.config.fields import Chosen
from nettrain.config.reader import read_text
from nettrain.errors import DataError
from nettrain.optim.lookahead import LookaheadConfig
from nettrain.optim.sgd import SgdConfig
from nettrain.training.config import TABLES, Config
from nettrain.training.probing.lr_range import Range, Trial, lr_key, range_test, rates

TEXT = """\
seed: {seed}
data:
  train: {data}
  image: {{size: [4, 4], channels: 1}}
model:
  activation: relu
  layers: [flatten, dense: 16, dense: classes]
optimizer: {{sgd: {{lr: 0.1, momentum: 0.9}}}}
train: {{epochs: 2, batch_size: {batch}}}
"""


def document(root, batch=8, seed=1):
    return read_text(TEXT.format(data=root, batch=batch, seed=seed), "c.yaml", Config, TABLES, "/")


def report(what, done, total):
    pass


def curve(*smoothed):
    return Range(tuple(Trial(10.0**place, value, value) for place, value in enumerate(smoothed, -5)), False)


def test_rates_rise_by_one_factor():
    lrs = rates(1e-4, 1.0, 5)
    np.testing.assert_allclose(lrs, [1e-4, 1e-3, 1e-2, 1e-1, 1.0], rtol=1e-12)


def test_the_suggestion_is_a_tenth_of_the_lowest():
    assert curve(3.0, 2.9, 2.0, 1.0, 5.0).suggestion == 1e-3
    assert curve(3.0, 3.1, 3.2).suggestion is None
    assert Range((Trial(0.1, 3.0, 3.0), Trial(0.12345, 1.0, 1.0)), False).suggestion == 0.012


def test_the_key_of_the_learning_rate():
    sgd = Chosen("sgd", SgdConfig())
    assert lr_key(sgd) == "optimizer.sgd.lr"
    assert lr_key(Chosen("lookahead", LookaheadConfig(optimizer=sgd))) == "optimizer.lookahead.optimizer.sgd.lr"


def test_a_test_of_more_steps_than_pictures_goes_on_over_epochs(tmp_path, threads):
    root = folder(tmp_path, {"a": 10, "b": 10})
    found = range_test(document(root), rates(1e-5, 1e-1, 30), report)
    assert [trial.lr for trial in found.trials] == rates(1e-5, 1e-1, 30)
    average = 0.0
    for number, trial in enumerate(found.trials, 1):
        average = 0.9 * average + 0.1 * trial.loss
        assert trial.smoothed == pytest.approx(average / (1 - 0.9**number), rel=1e-12)
    for count in (1, 3):
        threads(count)
        assert range_test(document(root), rates(1e-5, 1e-1, 30), report) == found
    assert range_test(document(root, seed=2), rates(1e-5, 1e-1, 30), report) != found


def test_it_stops_where_the_loss_runs_away(tmp_path):
    root = folder(tmp_path, {"a": 10, "b": 10})
    found = range_test(document(root), rates(1e-3, 1e30, 100), report)
    assert found.diverged
    assert len(found.trials) < 60


def test_only_pictures_that_are_needed_are_read(tmp_path):
    root = folder(tmp_path, {"a": 20, "b": 20})
    (root / "a" / "003.png").write_bytes(b"not a picture")
    assert range_test(document(root, batch=1), rates(1e-3, 1e-2, 20), report).trials
    with pytest.raises(DataError):
        range_test(document(root, batch=8), rates(1e-3, 1e-2, 20), report)
