"""``nettrain graph``: text, DOT or a drawing of a config or a model, and by what it is chosen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, ROOT, Ended, tree, written

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "cnn.yaml", CNN.format(data="nowhere"))
    shutil.copytree(finished, "run")
    return tmp_path


def test_a_config_and_its_model_have_one_graph(here: Path, call: Call) -> None:
    before = tree(here, times=True)
    ended = call("graph", "cnn.yaml", "--classes", "10", "--backward")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1].split() == ["0", "pictures", "(N,", "8,", "8,", "1)"]
    assert call("graph", "run", "--backward") == call("graph", "run/best.safetensors", "--backward") == ended
    assert tree(here, times=True) == before


def test_the_ending_of_the_file_chooses_the_format(here: Path, call: Call) -> None:
    for name, start in (("g.txt", "   operation "), ("g.dot", "digraph "), ("g.gv", "digraph "), ("g.svg", "<svg ")):
        assert call("graph", "cnn.yaml", "--output", name) == Ended(0, "", "")
        assert Path(name).read_text().startswith(start)
    assert call("graph", "cnn.yaml", "--format", "svg").out == Path("g.svg").read_text()
    assert call("graph", "cnn.yaml", "--format", "dot", "-o", "any").code == 0
    assert Path("any").read_text() == Path("g.dot").read_text()


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_that_ships_can_be_drawn(call: Call, config: Path) -> None:
    ended = call("graph", config, "--format", "svg", "--backward", "--classes", "10")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count('class="box"') > 3
    costs = json.loads(call("summary", config, "--classes", "10", "--json").out)
    assert costs["flops"] > 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["cnn.yaml", "-o", "g.png"],
            "--output must end in .txt, .dot, .gv, .svg, or --format be given, got 'g.png'; "
            "see 'nettrain graph --help'",
        ),
        (["run", "--set", "seed=1"], "--set is for a config; a model is what it is; see 'nettrain graph --help'"),
        (["no.yaml"], "no.yaml: no such file"),
    ],
)
def test_what_cannot_be_asked(here: Path, call: Call, arguments: list[str], line: str) -> None:
    assert call("graph", *arguments) == Ended(2, "", f"nettrain: error: {line}\n")
