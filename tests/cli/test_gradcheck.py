"""``nettrain gradcheck``: a table or JSON, and exit code 1 without a traceback where a derivative is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, Ended, tree, written

from nettrain.training.probing import gradcheck as module

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


def test_every_derivative_passes_and_nothing_is_written(here: Path, call: Call) -> None:
    before = tree(here, times=True)
    ended = call("gradcheck", "cnn.yaml")
    assert (ended.code, ended.err) == (0, "")
    head, *rows, _, end = ended.out.splitlines()
    assert head.split() == ["parameter", "shape", "derivative", "difference", "error"]
    assert [row.split()[-1] for row in rows] == ["pass"] * 8
    assert end.startswith("8 of 8 pass; the worst relative error is ")
    assert tree(here, times=True) == before
    assert call("gradcheck", "cnn.yaml", "--classes", "10", "--set", "data.train=nowhere") == ended


def test_json(here: Path, call: Call) -> None:
    found = json.loads(call("gradcheck", "cnn.yaml", "--json", "--classes", "3").out)
    assert (found["passed"], found["limit"], len(found["parameters"])) == (True, 1e-5, 8)
    assert found["worst"] == max(row["error"] for row in found["parameters"])
    last = found["parameters"][-1]
    assert (last["name"], last["shape"], last["passed"]) == ("layers.5.bias", [3], True)


def test_a_wrong_derivative_is_a_bug_without_a_traceback(
    here: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = module.backward
    monkeypatch.setattr(module, "backward", lambda loss: {leaf: 1.01 * g for leaf, g in right(loss).items()})
    ended = call(
        "gradcheck", "cnn.yaml", "--set", "model={layers: [flatten, dense: classes]}", "--set", "data.augment=[]"
    )
    what = "wrong derivative by layers.1.weight, layers.1.bias"
    line = f"nettrain: error: {what}: this is a bug in nettrain; please report it with the config"
    assert (ended.code, ended.err.splitlines()[-1]) == (1, line)
    assert "Traceback" not in ended.err
    assert [row.split()[-1] for row in ended.out.splitlines()[1:3]] == ["FAIL", "FAIL"]


def test_numbers_that_are_not_finite_are_no_bug(here: Path, call: Call) -> None:
    ended = call("gradcheck", "cnn.yaml", "--set", "model.init={normal: 1e200}")
    assert ended.code == 6
    line = "the derivative by layers.2.weight is not finite; look at model.init"
    assert ended.err == f"nettrain: error: {line}\n"
