"""The example that ends each --help runs as it stands, beside configs/, data/ and a finished run."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, process, site

from nettrain.cli.main import COMMANDS

STDOUT = {
    "schema": '{\n "$schema": ',  # how the stdout of each command's example begins
    "": "runs/digits-mlp  best val_accuracy 0.9",
    "fit": "runs/digits-mlp-2  best val_accuracy 0.9",
    "resume": "",
    "predict": '{"path":"data/digits/test/7/0017.png","label":"7","confidence":0.9',
    "evaluate": '{\n  "split": "test",\n  "n": 359,\n  "accuracy": 0.9',
    "graph": "",
    "compare": "run                state ",
    "init": "# Written by 'nettrain init' after a look at 256 of the 1,438 pictures.",
    "runs": "run ",
    "check": "layer ",
    "augment": "",
    "doctor": "1,797 pictures in 10 classes: train 1,438, test 359\n\nnothing found\n",
    "lr-find": "       lr     loss  smoothed",
    "gradcheck": "parameter  ",
    "summary": "layer ",
    "kinds": "optimizers\n  sgd",
    "completion": "_nettrain_completion() {",
    "download": "name ",
    "cache": "pictures  size ",
    "env": "* nettrain ",
}
ALONE = (
    "",
    "init",
    "check",
    "augment",
    "doctor",
    "lr-find",
    "gradcheck",
    "summary",
    "kinds",
    "completion",
    "download",
    "cache",
    "env",
)  # which need no finished run

RUNS = {"compare": ("runs/digits-mlp", "runs/digits-mlp-2")}  # those that more than one run is needed for


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_example_runs(here: Path, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(here)
    monkeypatch.setenv("NETTRAIN_CACHE", str(here / "cache"))
    help_text = call(*filter(None, [command]), "--help").out
    example = help_text.rstrip().splitlines()[-1]
    name, *arguments = shlex.split(example)
    assert name == "nettrain"
    for run in RUNS.get(command, () if command in ALONE else ("runs/digits-mlp",)):
        if not Path(run).exists():
            assert process("fit", "configs/digits-mlp.yaml", "--run-dir", run, cwd=here).code == 0
    ended = call(*arguments)
    assert ended.code == 0, ended.err
    assert ended.out.startswith(STDOUT[command])


def test_every_command_has_its_row() -> None:
    assert set(STDOUT) == {"", *COMMANDS}
