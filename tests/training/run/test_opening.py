"""Runs opened: what a new folder holds, what is refused before anything is made, what is let go again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from commands import CNN, MLP, pictures, tree
from training.setting_up import document_of

from nettrain.arrays.threads import get_threads
from nettrain.config.reader import read_config
from nettrain.errors import CheckpointError, ConfigError, DataError, EnvironmentFault, NettrainError
from nettrain.files import whole
from nettrain.files.causes import AnyPath
from nettrain.training.config import TABLES, Config
from nettrain.training.run.opening import begin, begin_or_take_up, named, take_up
from nettrain.training.store import checkpoint


def nothing(what: str, done: int, total: int) -> None:
    """No report."""


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [("a/b/c.yaml", "", "c"), ("c.yml", "", "c"), ("c.d", "", "c.d"), ("c.yaml", "name: mine\n", "mine")],
)
def test_a_run_is_named_by_its_config_or_its_file(small: Path, path: str, text: str, name: str) -> None:
    assert named(document_of(text + MLP.format(data=small), small), path).config.name == name


def test_a_new_folder_can_be_resumed_before_its_first_step(tmp_path: Path, small: Path, finished: Path) -> None:
    text = CNN.format(data=small)
    run = begin(named(document_of(text, small), "cnn.yaml"), nothing, str(tmp_path / "run"))
    run.close()
    folder = run.folder
    assert folder.config.read_bytes() == text.encode()
    assert read_config(folder.resolved, Config, TABLES).config == run.config
    assert folder.split.read_bytes() == (finished / "split.csv").read_bytes()
    assert folder.classes.read_text() == "".join(f"{digit}\n" for digit in range(10))
    assert list(checkpoint.steps(folder.checkpoints)) == [0]
    again = take_up(folder.path, nothing)
    again.close()
    assert again.state.progress.step == 0
    assert not again.finished


def test_a_killed_start_is_told_from_a_run(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off at every write in turn: it can begin anew, or go on, or one line says what is missing."""
    document = named(document_of(CNN.format(data=small), small), "cnn.yaml")
    write = whole.write_atomic
    endings = []
    for last in range(8):
        calls = [0]

        def cut(path: AnyPath, data: bytes, calls: list[int] = calls, last: int = last) -> None:
            if calls[0] == last:
                raise KeyboardInterrupt
            calls[0] += 1
            write(path, data)

        where = tmp_path / str(last)
        with monkeypatch.context() as patch:
            patch.setattr(whole, "write_atomic", cut)
            with suppress(KeyboardInterrupt):
                begin(document, nothing, str(where)).close()
        try:
            take_up(where, nothing).close()
            endings.append("")
        except NettrainError as error:
            text = str(error).removeprefix(str(where)).replace(str(where), "...")
            endings.append(f"{type(error).__name__} {text}")
    begin(document, nothing, str(tmp_path / "0")).close()
    line = (
        "CheckpointError : holds no {}: the run died while it was being made, or they were removed; "
        "go on with: nettrain fit CONFIG --resume auto --run-dir ..."
    )
    assert endings == [
        "ConfigError : is not the folder of a run; expected one, such as runs/name",
        *[line.format("config.resolved.yaml, split.csv")] * 2,
        *[line.format("config.resolved.yaml")] * 2,
        *[""] * 3,
    ]


def test_nothing_is_said_of_names_where_a_killed_start_left_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pictures(tmp_path / "data", 4, 2)
    document = named(document_of(MLP.format(data=data), tmp_path), "a.yaml")
    write = whole.write_atomic

    def cut(path: AnyPath, data: bytes) -> None:
        if Path(path).name == "split.csv":
            raise KeyboardInterrupt
        write(path, data)

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(whole, "write_atomic", cut)
        begin(document, nothing, str(tmp_path / "run"))
    new = shutil.copy(sorted((data / "train/3").iterdir())[0], data / "train/3/new.png")
    with pytest.raises(DataError) as caught:
        begin_or_take_up(document, nothing, str(tmp_path / "run"))
    what = "the pictures are not those that the run was started with; put them back as they were, or start a new run"
    assert str(caught.value) == f"{data}/train: {what}"
    new.unlink()
    begin_or_take_up(document, nothing, str(tmp_path / "run")).close()
    assert (tmp_path / "run/split.csv").exists()


def test_nothing_is_made_before_the_pictures_are_good(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 4, 2)
    (data / "train/3/bad.png").touch()
    document = named(document_of(MLP.format(data=data), tmp_path), "a.yaml")
    before = tree(tmp_path)
    with pytest.raises(DataError):
        begin(document, nothing, str(tmp_path / "run"))
    assert tree(tmp_path) == before


def test_an_occupied_folder_is_refused_before_a_picture_is_decoded(tmp_path: Path, small: Path) -> None:
    (tmp_path / "notes.txt").touch()
    document = named(document_of(MLP.format(data=small), small), "a.yaml")

    def report(what: str, done: int, total: int) -> None:
        raise AssertionError(what)

    with pytest.raises(ConfigError) as caught:
        begin(document, report, str(tmp_path))
    assert (
        str(caught.value) == f"{tmp_path}: holds other files; expected an empty folder, or one that does not exist yet"
    )


def test_a_start_that_fails_lets_the_folder_go(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = named(document_of(MLP.format(data=small), small), "a.yaml")

    def full(path: AnyPath, data: bytes) -> None:
        raise EnvironmentFault("cannot write: the disk is full", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(whole, "write_atomic", full)
        with pytest.raises(EnvironmentFault):
            begin(document, nothing, str(tmp_path / "run"))
    begin(document, nothing, str(tmp_path / "run")).close()


def test_the_threads_of_the_config_are_used_at_resume(
    tmp_path: Path, small: Path, threads: Callable[[int], None]
) -> None:
    threads(1)
    text = MLP.format(data=small).replace("epochs: 2", "epochs: 2, threads: 3")
    begin(named(document_of(text, small), "a.yaml"), nothing, str(tmp_path / "run")).close()
    take_up(tmp_path / "run", nothing).close()
    assert get_threads() == 3
    take_up(tmp_path / "run", nothing, 2).close()
    assert get_threads() == 2


def test_a_resume_that_fails_lets_the_folder_go(tmp_path: Path, small: Path) -> None:
    begin(named(document_of(MLP.format(data=small), small), "a.yaml"), nothing, str(tmp_path / "run")).close()
    saved = (tmp_path / "run/checkpoints/step-000000000.safetensors").read_bytes()
    (tmp_path / "run/checkpoints/step-000000000.safetensors").write_bytes(saved[:-1])
    with pytest.raises(CheckpointError):
        take_up(tmp_path / "run", nothing)
    (tmp_path / "run/checkpoints/step-000000000.safetensors").write_bytes(saved)
    run = take_up(tmp_path / "run", nothing)
    run.close()
    assert json.loads((tmp_path / "run/lock").read_text() or "null") is None
