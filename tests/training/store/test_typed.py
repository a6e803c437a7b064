"""Values read from a file, beside the types that a record declares."""

from __future__ import annotations

from typing import Any

import pytest

from nettrain.training.loop.loop import Progress
from nettrain.training.run.lineage import Lineage
from nettrain.training.store.typed import misfits

PROGRESS = {"epoch": 1, "step": 2, "position": 3, "loss_sum": 0.5, "correct": 4}

FITTING: dict[str, tuple[Any, Any]] = {
    "a record": (PROGRESS, Progress),
    "an int for a float": ({**PROGRESS, "loss_sum": 1}, Progress),
    "records in a list": ({"extensions": [{"from_step": 1, "epochs": 2, "schedule": None}]}, Lineage),
    "a dict in one of them": ({"extensions": [{"from_step": 1, "epochs": 2, "schedule": {"x": 1}}]}, Lineage),
    "a mapping of kinds": ({"a": 1, "b": ["x"]}, {"a": int, "b": list[str]}),
    "none": ({"a": None}, {"a": int | None}),
}

MISFITTING: dict[str, tuple[Any, Any, str]] = {
    "no record": ([1], Progress, "at: expected epoch, step, position, loss_sum, correct, and nothing else"),
    "a key too few": ({"epoch": 1}, {"epoch": int, "step": int}, "at: expected epoch, step, and nothing else"),
    "a key too many": ({"epoch": 1, "x": 1}, {"epoch": int}, "at: expected epoch, and nothing else"),
    "text": ({**PROGRESS, "step": "2"}, Progress, "at.step: expected int, got '2'"),
    "a truth value": ({**PROGRESS, "step": True}, Progress, "at.step: expected int, got True"),
    "a negative count": ({**PROGRESS, "step": -1}, Progress, "at.step: expected int, got -1"),
    "a count too large": ({**PROGRESS, "step": 1 << 53}, Progress, "at.step: expected int, got 9007199254740992"),
    "a float for a count": ({**PROGRESS, "step": 2.0}, Progress, "at.step: expected int, got 2.0"),
    "a list of others": ({"a": ["x", 1]}, {"a": list[str]}, "at.a.1: expected str, got 1"),
    "no list": ({"a": "x"}, {"a": list[str]}, "at.a: expected list, got 'x'"),
    "long": ({"a": "x" * 99}, {"a": dict}, f"at.a: expected dict, got '{'x' * 39}..."),
}


@pytest.mark.parametrize(("value", "kind"), FITTING.values(), ids=FITTING)
def test_what_fits_is_passed_over(value: Any, kind: Any) -> None:
    assert list(misfits(value, kind, "at")) == []


@pytest.mark.parametrize(("value", "kind", "message"), MISFITTING.values(), ids=MISFITTING)
def test_what_does_not_fit_is_named(value: Any, kind: Any, message: str) -> None:
    assert list(misfits(value, kind, "at")) == [message]
