"""Gates judged: what counts, how they say it, and limits that could never matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.config.fields import FilePath
from nettrain.errors import ConfigError, DataError
from nettrain.training.judging.gates import GateConfig, NotWorseThan, Seen, judge_gates
from nettrain.training.judging.statistics import wilson_interval

LABELS = np.array([0] * 10 + [1] * 4)
HITS = np.array([1.0] * 9 + [0.0] + [1.0, 1.0, 1.0, 0.0])  # 9 of 10 cats, 3 of 4 dogs
SEEN = Seen("test", ("cat", "dog"), LABELS, HITS)
BASE = NotWorseThan(FilePath("/runs/base"), 0.1)


def test_the_numbers_by_hand() -> None:
    gates = judge_gates(GateConfig(0.9, 0.5, BASE), SEEN, np.ones(14))
    rows = [gate.row() for gate in gates]
    low, high = rows[2].pop("interval")
    assert low <= -2 / 14 <= high <= 0
    interval = list(wilson_interval(12, 14))
    assert rows == [
        {
            "gate": "accuracy",
            "met": False,
            "value": 12 / 14,
            "limit": 0.9,
            "use": "point",
            "n": 14,
            "interval": interval,
        },
        {
            "gate": "worst_class_recall",
            "met": True,
            "value": 0.75,
            "limit": 0.5,
            "use": "point",
            "n": 4,
            "interval": list(wilson_interval(3, 4)),
            "label": "dog",
        },
        {
            "gate": "not_worse_than",
            "met": False,
            "value": -2 / 14,
            "limit": -0.1,
            "use": "point",
            "n": 14,
            "run": "/runs/base",
        },
    ]


def test_in_words() -> None:
    gates = judge_gates(GateConfig(0.9, 0.5, BASE, "lower"), SEEN, HITS)
    assert [str(gate) for gate in gates] == [
        "accuracy is 0.8571 on 14 test pictures (95 % interval 0.6006 to 0.9599); "
        "expected at least 0.9 at its lower end",
        "recall of the worst class, 'dog', is 0.7500 on 4 test pictures (95 % interval 0.3006 to 0.9544); "
        "expected at least 0.5 at its lower end",
        "accuracy less that of /runs/base is 0.0000 on 14 test pictures (95 % interval 0.0000 to 0.0000); "
        "expected at least -0.1 at its lower end",
    ]
    assert [gate.met for gate in gates] == [False, False, True]


def test_several_runs_count_as_their_mean_on_the_pictures_there_are() -> None:
    seen = Seen("val", ("cat", "dog"), LABELS, np.full(14, 0.5), runs=4)
    (gate,) = judge_gates(GateConfig(0.5), seen)
    assert (gate.met, gate.value, gate.n, gate.row()["runs"]) == (True, 0.5, 14, 4)
    assert gate.interval == wilson_interval(7, 14)
    assert str(gate).startswith("accuracy is 0.5000, the mean of 4 runs, on 14 val pictures (")


def test_a_limit_that_is_just_reached_is_met() -> None:
    seen = Seen("val", ("a",), np.zeros(10, int), np.array([1.0] * 9 + [0.0]))
    assert [gate.met for gate in judge_gates(GateConfig(0.9), seen)] == [True]
    gates = judge_gates(GateConfig(not_worse_than=BASE), seen, np.ones(10))
    assert [(gate.value, gate.limit, gate.met) for gate in gates] == [(-0.1, -0.1, True)]


def test_thirds_of_several_runs_add_up_to_a_limit_that_is_just_reached() -> None:
    right = np.array([1, 2, 2, 1, 0, 3, 1, 1, 2, 2] * 9)  # of 3 runs: 135 hits of 270
    shares = np.array([np.mean([1.0] * count + [0.0] * (3 - count)) for count in right])
    labels = np.zeros(90, int)
    assert shares.sum() < 45
    gates = judge_gates(GateConfig(0.5, 0.5), Seen("val", ("a",), labels, shares, runs=3))
    assert [(gate.value, gate.met) for gate in gates] == [(0.5, True)] * 2
    assert gates[0].interval == wilson_interval(45, 90)


def test_the_recall_of_a_class_without_pictures_is_unknown() -> None:
    seen = Seen("data", ("cat", "dog"), np.zeros(3, int), np.ones(3))
    message = "^there are no data pictures of 'dog', so the recall of the worst class is unknown$"
    with pytest.raises(DataError, match=message):
        judge_gates(GateConfig(worst_class_recall=0.5), seen)


FAULTS = {
    "{}": "gate: has no effect: it asks for nothing; name accuracy, worst_class_recall or not_worse_than",
    "{use: lower}": "gate: has no effect: it asks for nothing; name accuracy, worst_class_recall or not_worse_than",
    "{accuracy: 1, use: lower}": "gate.accuracy: 1 can never be met with use: lower, because no interval is "
    "that short; expected less",
    "{accuracy: 0}": "gate.accuracy: must be above 0 and at most 1, got 0",
    "{accuracy: 95}": "gate.accuracy: must be above 0 and at most 1, got 95",
    "{not_worse_than: {run: x, by: 1}}": "gate.not_worse_than.by: must be at least 0 and below 1, got 1",
    "{acuracy: 0.9}": "gate.acuracy: unknown key; did you mean 'accuracy'?",
}


@pytest.mark.parametrize("gate", FAULTS)
def test_a_gate_without_an_effect_is_an_error(tmp_path: Path, gate: str) -> None:
    with pytest.raises(ConfigError) as caught:
        document_of(f"gate: {gate}\n" + MLP.format(data="x"), tmp_path)
    assert [f"{fault.key}: {fault.message}" for fault in caught.value.faults] == [FAULTS[gate]]
