"""What ``nettrain download`` leaves is a source as it lies: of every set that it knows, for every command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, tree, written
from served import MADE, TEN, downloaded

from nettrain.data.download.sets import SETS

DIGITS = list("0123456789")
NETWORK = "model: {layers: [flatten, dense: classes]}\noptimizer: {sgd: {lr: 0.1}}\ntrain: {epochs: 1}\n"
LEFT = {  # what is named in data.train, its pictures' size and channels, how many to train and to test on, and classes
    "mnist": ("D", "28, 28], channels: 1", 40, 10, DIGITS),
    "fashion-mnist": ("D", "28, 28], channels: 1", 40, 10, DIGITS),
    "cifar10": ("D/cifar-10-binary.tar.gz", "32, 32]", 50, 10, TEN),
}


def test_every_set_has_a_stand_in() -> None:
    assert set(MADE) == set(LEFT) == set(SETS)


@pytest.mark.parametrize("name", LEFT)
def test_what_it_leaves_is_a_source(
    call: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path, image, train, test, classes = LEFT[name]
    monkeypatch.chdir(tmp_path)
    done = downloaded(name, "D", tmp_path / "served", tmp_path)
    assert done.code == 0, done.err
    before = tree(tmp_path / "D", times=True)
    written(tmp_path, "a.yaml", f"data: {{train: {path}, image: {{size: [{image}}}}}\n{NETWORK}")
    checked = call("check", "a.yaml")
    assert checked.code == 0, checked.err
    assert f"{train} pictures in 10 classes" in checked.out
    looked = call("doctor", "a.yaml", "--json")
    assert looked.code == 0, looked.err
    ended = call("fit", "a.yaml", "--run-dir", "run")
    assert ended.code == 0, ended.err
    assert Path("run/classes.txt").read_text().splitlines() == classes
    judged = call("evaluate", "run", "--json")  # on the set's own test pictures, which were found beside the others
    assert (judged.code, json.loads(judged.out)["split"], json.loads(judged.out)["n"]) == (0, "test", test)
    predicted = call("predict", path, "--model", "run")
    assert (predicted.code, len(predicted.out.splitlines())) == (0, train + test)
    proposed = call("init", path)
    assert proposed.code == 0, proposed.err
    assert call("check", written(tmp_path, "b.yaml", proposed.out)).code == 0
    assert tree(tmp_path / "D", times=True) == before


def test_a_folder_with_nothing_but_an_archive_says_what_to_name(call: Callable[..., Ended], tmp_path: Path) -> None:
    assert downloaded("cifar10", "D", tmp_path / "served", tmp_path).code == 0
    text = written(tmp_path, "a.yaml", f"data: {{train: D, image: {{size: [32, 32]}}}}\n{NETWORK}")
    ended = call("check", text)
    folder = tmp_path / "D"
    assert (ended.code, ended.out, ended.err) == (
        3,
        "",
        f"nettrain: error: {folder}: holds no class folders; expected one folder of pictures per class, such as "
        f"{folder}/cat/1.png; to take what is in 'cifar-10-binary.tar.gz', name it: "
        f"{folder}/cifar-10-binary.tar.gz\n",
    )
