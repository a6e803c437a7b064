"""What cannot be is one line and exit code 2, before anything is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench_results import FACTS, results, step

from benchmarks import __main__ as program
from benchmarks import options
from benchmarks.results import write

SAVED = "expected one that --save wrote"
NONE = "No such file or directory; expected a file that --save wrote, in benchmarks/results"
DAMAGED = "a damaged file of results"
REFUSED = {
    "--show nofile": f"nofile: {NONE}",
    "--show notes.md": f"notes.md: not a file of results; {SAVED}, in benchmarks/results",
    "--show list.json": f"list.json: not a file of results of version 1; {SAVED}",
    "--show empty.json": f"empty.json: {DAMAGED} (steps/cnn on 2: figures of nettrain); put back a copy of it",
    "--show facts.json": f"facts.json: {DAMAGED} ('nettrain'); put back a copy of it",
    "ops/flatten --quick --against nofile": f"nofile: {NONE}",
    "whole --folder /proc/x": "--folder: /proc/x: No such file or directory; expected a folder to write in",
    "whole --folder notes.md": "--folder: notes.md: File exists; expected a folder to write in",
    "--threads 1000": ("argument --threads: expected at most 2, as this process may use 2 cores, got 1000; see --help"),
    "--threads 0,2": "argument --threads: expected a whole number of at least 1, got '0'; see --help",
    "--lst": "unrecognized arguments: --lst; see --help",
    "stebs": "no group or case is called 'stebs'; did you mean steps?",
    "fit/": "no group or case is called 'fit/'; did you mean fit/mlp or fit/cnn or fit/memory-without-cache?",
    "everything": (
        "no group or case is called 'everything'; expected steps, scaling, ops, decode, augment, mixing, loader, "
        "feeding, start, whole, memory, fit, or a case (--list)"
    ),
    "--show file.json step": "no group or case in file.json is called 'step'; did you mean steps or steps/cnn?",
    "--show file.json --list": "--show measures nothing, so --list has no effect; leave out one of them",
    "--show file.json --quick": "--show measures nothing, so --quick has no effect; leave out one of them",
    "--list --goals": "--list measures nothing, so --goals has no effect; leave out one of them",
    "steps --save --quick": "--quick takes too few rounds for figures to keep; leave out one of it and --save",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_measured(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("notes.md").write_text("# Notes\n")
    Path("list.json").write_text("[]")
    write(Path("file.json"), results(step()))
    Path("facts.json").write_text(json.dumps({"version": 1, "kernel": "", "facts": {}, "rows": []}))
    row = {"group": "steps", "case": "cnn", "threads": 2, "unit": "seconds", "figures": {"nettrain": []}}
    Path("empty.json").write_text(json.dumps({"version": 1, "kernel": "", "facts": FACTS, "rows": [row]}))
    monkeypatch.setattr(options, "cores", lambda: 2)
    monkeypatch.setattr(program, "average", lambda: 0.1)
    monkeypatch.setattr(program, "Children", None)
    assert program.main(line.split()) == 2
    assert capsys.readouterr() == ("", f"benchmarks: error: {REFUSED[line]}\n")


def test_every_option_has_a_help_text(capsys: pytest.CaptureFixture[str]):
    assert all(action.help for action in options._parser()._actions)


def test_one_thread_and_all_cores_are_measured_on_unless_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(options, "cores", lambda: 4)
    assert options.read_options([]).threads == (1, 4)
    assert options.read_options(["--threads", "3,2"]).threads == (2, 3)
    monkeypatch.setattr(options, "cores", lambda: 1)
    assert options.read_options([]).threads == (1,)
