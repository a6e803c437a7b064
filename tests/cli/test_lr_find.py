"""``nettrain lr-find``: a table, a suggestion as an option, a picture; nothing else is left behind."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, tree, written

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "mlp.yaml", MLP.format(data=small))
    return tmp_path


def test_the_suggestion_can_be_given_to_fit(here: Path, call: Call, small: Path) -> None:
    before = tree(here, times=True), tree(small, times=True)
    ended = call("lr-find", "mlp.yaml")
    assert (ended.code, ended.err) == (0, "")
    rows, _, end = ended.out.partition("\n\n")
    assert rows.splitlines()[0] == "       lr     loss  smoothed"
    assert 10 < len(rows.splitlines()) < 35
    suggestion = end.splitlines()[-1].removeprefix("suggestion, a tenth of that: ")
    assert suggestion.startswith("--set optimizer.sgd.lr=0.0")
    assert call("check", "mlp.yaml", *suggestion.split()).code == 0
    assert (tree(here, times=True), tree(small, times=True)) == before
    assert call("lr-find", "mlp.yaml", "--threads", "1") == ended


def test_json_has_every_step(here: Path, call: Call) -> None:
    found = json.loads(call("lr-find", "mlp.yaml", "--json", "--steps", "40", "--from", "1e-4", "--to", "0.5").out)
    assert [found["trials"][0]["lr"], found["key"]] == [1e-4, "optimizer.sgd.lr"]
    assert found["set"] == f"optimizer.sgd.lr={found['suggestion']:g}"
    assert found["lowest"] in [{"lr": trial["lr"], "smoothed": trial["smoothed"]} for trial in found["trials"]]
    assert len(found["trials"]) == 40 or found["diverged"]


def test_the_picture_is_svg_and_the_same_each_time(here: Path, call: Call) -> None:
    for name in ("a.svg", "b.svg"):
        assert call("lr-find", "mlp.yaml", "--output", name).code == 0
    text = Path("a.svg").read_text()
    assert text == Path("b.svg").read_text()
    words = [element.text for element in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
    assert "Learning-rate range test: mlp" in words
    assert any(word and word.startswith("suggestion 0.0") for word in words)


def test_a_picture_of_a_test_that_ended_at_once(here: Path, call: Call) -> None:
    ended = call("lr-find", "mlp.yaml", "--from", "1e30", "--to", "1e36", "--output", "c.svg")
    assert ended.code == 0
    assert len(list(ET.fromstring(Path("c.svg").read_text()).iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_a_loss_that_falls_to_the_end_or_never_is_said(here: Path, call: Call) -> None:
    ended = call("lr-find", "mlp.yaml", "--to", "1e-2", "--steps", "60")
    assert ended.err == "nettrain: warning: the loss still fell at the highest rate tried; try --to 0.1\n"
    ended = call("lr-find", "mlp.yaml", "--from", "1e8", "--to", "1e9")
    what = "the loss did not fall at any rate; look at data and model, or try a lower --from"
    assert (ended.code, ended.err) == (0, f"nettrain: warning: {what}\n")
    assert "suggestion" not in ended.out


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--from", "1", "--to", "0.1"], "--from must be above 0 and below --to, got 1 and 0.1"),
        (["--from", "nan"], "--from must be above 0 and below --to, got nan and 10"),
        (["--output", "lr.png"], "--output must end in .svg, got 'lr.png'"),
    ],
)
def test_what_cannot_be_asked(here: Path, call: Call, options: list[str], line: str) -> None:
    expected = f"nettrain: error: {line}; see 'nettrain lr-find --help'\n"
    assert call("lr-find", "mlp.yaml", *options) == Ended(2, "", expected)
