"""Every exit code that ``--help`` documents, from a process of its own; and which one it is where several apply."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import MLP, Ended, process, written

from nettrain.cli.main import EXIT_CODES

KILL = """
import os, signal
from nettrain.arrays.blas import ask_for_one_thread
ask_for_one_thread()
from nettrain.training.store.logs import EventLog
event = EventLog.event
def stopping(log, kind, **facts):
    event(log, kind, **facts)
    if facts["step"] == 3:
        os.kill(os.getpid(), {number})
EventLog.event = stopping"""
BUG = """
from nettrain.cli import main
def broken():
    raise ZeroDivisionError("oh")
main.completion.asked = broken"""


@dataclass(frozen=True)
class Way:
    """How to come by an exit code: lines of bash, and a line of stderr; ``before`` is Python to run first."""

    line: str
    err: str
    before: str = ""


GO_ON = "and saved; go on with: nettrain resume run"
WAYS = {
    0: Way("nettrain fit a.yaml --run-dir run", r"epoch 2/2 .*"),
    1: Way("nettrain env", "nettrain: error: this is a bug in nettrain; please report it with the lines above", BUG),
    2: Way("nettrain fit a.yaml --lr fast", "nettrain: error: --lr:1:1: optimizer.sgd.lr: expected a number, got .*"),
    3: Way("nettrain fit a.yaml --set data.train=nothing", "nettrain: error: .*data.train: no such folder .*"),
    4: Way("head -c 99 base/best.safetensors > cut; nettrain predict -m cut x.png", "nettrain: error: cut: is cut .*"),
    5: Way("nettrain env > /dev/full", "nettrain: error: stdout: cannot write: the disk is full; .*"),
    6: Way("nettrain fit a.yaml --lr 1e30", "nettrain: error: diverged at step .*"),
    7: Way("nettrain evaluate base --min-accuracy 1", "nettrain: gate not met: accuracy is .*"),
    8: Way(
        "nettrain fit a.yaml --run-dir run --max-time 0.001s",
        rf"nettrain: stopped after 0.001 seconds \(max_time\) {GO_ON}",
    ),
    129: Way("nettrain fit a.yaml --run-dir run", f"nettrain: stopped by SIGHUP {GO_ON}", KILL.format(number=1)),
    130: Way("nettrain fit a.yaml --run-dir run", f"nettrain: stopped by SIGINT {GO_ON}", KILL.format(number=2)),
    141: Way("nettrain kinds layers | true; exit ${PIPESTATUS[0]}", ""),
    143: Way("nettrain fit a.yaml --run-dir run", f"nettrain: stopped by SIGTERM {GO_ON}", KILL.format(number=15)),
}
GATE = ("--min-accuracy", "1")
FIRST = {  # where several apply: the command, and the first of 1, 5, 4, 3, 2, 6, 8, 7
    "a gate, and a folder that cannot be written": (5, ("evaluate", "full", *GATE)),
    "a gate, and a model that is damaged": (4, ("evaluate", "cut", *GATE)),
    "a gate, and pictures that are not there": (3, ("evaluate", "base", "--data", "nothing", *GATE)),
    "a gate, and an option that cannot be": (2, ("evaluate", "base", "--data", "x", "--split", "val", *GATE)),
    "a gate, and a training that diverges": (6, ("fit", "a.yaml", "--lr", "1e30", *GATE)),
    "a gate, and time that is up": (8, ("fit", "a.yaml", "--max-time", "0.001s", *GATE)),
}


@pytest.fixture
def here(tmp_path: Path, small: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a.yaml", MLP.format(data=small))
    shutil.copytree(finished, "base")
    return tmp_path


def bash(line: str, here: Path, before: str = "") -> Ended:
    """A line of bash in which ``nettrain`` is the command, after some lines of Python."""
    program = written(here, "program.py", f"{before}\nfrom nettrain.__main__ import main\nmain()\n")
    command = f'nettrain() {{ "{sys.executable}" "{program}" "$@"; }}'
    return process(f"{command}\n{line}\nexit $?", cwd=here, program=("bash", "-c"))


@pytest.mark.parametrize("code", WAYS)
def test_each_code_comes_from_a_process(here: Path, code: int) -> None:
    way = WAYS[code]
    ended = bash(way.line, here, way.before)
    assert ended.code == code, ended.err
    assert any(re.fullmatch(way.err, line) for line in ended.err.split("\n")), ended.err
    assert ("Traceback" in ended.err) == (code == 1)


def test_every_code_of_the_help_has_its_way() -> None:
    heads = re.findall(r"^  ([\d ]+?)  ", EXIT_CODES, re.MULTILINE)
    assert [int(code) for head in heads for code in head.split()] == list(WAYS)


@pytest.mark.parametrize("several", FIRST)
def test_where_several_apply_it_is_the_first(here: Path, call: Callable[..., Ended], several: str) -> None:
    code, command = FIRST[several]
    shutil.copytree("base", "full")
    Path("full/evaluate").touch()
    shutil.copytree("base", "cut")
    Path("cut/best.safetensors").write_bytes(Path("base/best.safetensors").read_bytes()[:99])
    ended = call(*command)
    assert ended.code == code, ended.err
