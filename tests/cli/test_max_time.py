"""``--max-time`` and ``train.max_time``: a run stops at a step, saved, and goes on to the very same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, results, written

Call = Callable[..., Ended]
EVERY = "checkpoint: {every: 2 steps}\n"  # 120 pictures in batches of 32: 4 steps an epoch, 8 in all
AT_ONCE = "0.000001s"


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a.yaml", MLP.format(data=small) + EVERY)
    return tmp_path


def facts() -> dict[str, object]:
    return dict(json.loads(Path("run/run.json").read_text()))


def test_each_call_makes_a_step_and_the_whole_is_the_same_bytes(here: Path, call: Call) -> None:
    assert call("fit", "a.yaml", "--run-dir", "whole").code == 0
    ended = call("fit", "a.yaml", "--run-dir", "run", "--max-time", AT_ONCE)
    line = "nettrain: stopped after 1e-06 seconds (max_time) and saved; go on with: nettrain resume run"
    assert (ended.code, ended.out, ended.err.splitlines()[-1]) == (8, "", line)
    assert (facts()["state"], facts()["reason"], facts()["step"]) == ("stopped", "max_time: 1e-06 seconds", 1)
    calls = 1
    while ended.code == 8:
        ended = call("resume", "run", "--max-time", AT_ONCE)
        calls += 1
    assert (ended.code, calls) == (0, 9)  # the last epoch's end after the last step is one more
    assert (facts()["state"], facts()["reason"]) == ("finished", "all epochs done")
    assert results(here / "run") == results(here / "whole")


def test_the_key_holds_for_each_call_and_the_option_goes_before_it(here: Path, call: Call) -> None:
    key = ("--set", f"train.max_time={AT_ONCE}")
    assert call("fit", "a.yaml", "--run-dir", "run", *key).code == 8
    assert call("resume", "run").code == 8
    assert call("fit", "a.yaml", "--run-dir", "run", "--resume", "auto", *key).code == 8
    assert facts()["step"] == 3
    assert call("resume", "run", "--max-time", "2h").code == 0
    assert call("resume", "run").err == "nettrain: run is already complete\n"


WANTED = "--max-time:1:1: max_time: expected a time such as '90s', '30m' or '2h', got "
TIMES = {
    "200 steps": f"{WANTED}'200 steps'",
    "1 epochs": f"{WANTED}'1 epochs'",
    "5x": f"{WANTED}'5x'",
    "0m": "--max-time:1:1: max_time: must be above 0, got 0m",
    "soon": f"{WANTED}'soon'",
}


@pytest.mark.parametrize("time", TIMES)
def test_what_is_no_time_is_refused_before_anything_is_made(here: Path, call: Call, time: str) -> None:
    line = f"nettrain: error: {TIMES[time]}\n"
    assert call("fit", "a.yaml", "--run-dir", "run", "--max-time", time) == Ended(2, "", line)
    line = line.replace("--max-time:1:1: ", "--set[1]:1:1: train.")
    assert call("fit", "a.yaml", "--run-dir", "run", "--set", f"train.max_time={time}") == Ended(2, "", line)
    assert sorted(path.name for path in here.iterdir()) == ["a.yaml"]


def test_a_time_that_is_taken_out_is_none(here: Path, call: Call) -> None:
    line = "--max-time:1:1: max_time: missing; expected a time such as '90s', '30m' or '2h'"
    ended = call("fit", "a.yaml", "--run-dir", "run", "--max-time", "null")
    assert ended == Ended(2, "", f"nettrain: error: {line}\n")


def test_a_limit_in_words() -> None:
    from nettrain.training.loop.time_limit import TimeLimit, read_time

    shown = [str(TimeLimit(read_time(text), 0.0)) for text in ("30m", "1 hours", "90 minutes", "45 s", "2.5s", "1s")]
    assert shown == ["30 minutes", "1 hour", "90 minutes", "45 seconds", "2.5 seconds", "1 second"]


def test_a_key_on_the_command_line_that_says_another_time_is_refused(here: Path, call: Call) -> None:
    line = "--max-time:1:1: max_time: got '5m', but --set[1] says 1 hour; give one of them"
    ended = call("fit", "a.yaml", "--max-time", "5m", "--set", "train.max_time=1h")
    assert ended == Ended(2, "", f"nettrain: error: {line}\n")
    assert call("fit", "a.yaml", "--max-time", "60m", "--set", "train.max_time=1h").code == 0
