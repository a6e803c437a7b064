"""Runs: a new folder never touches an old one; the newest finished run is found; a model is found in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nettrain.errors import CheckpointError, ConfigError, EnvironmentFault
from nettrain.files.folders import make_folder
from nettrain.files.lock import Lock
from nettrain.training.store import checkpoint, runs
from nettrain.training.store.run_folder import RunFolder


def make_run(path: Path, best: bool = True, **facts: Any) -> RunFolder:
    make_folder(path)
    folder = RunFolder(path)
    folder.write_run(facts)
    if best:
        checkpoint.save(folder.best, {"step": 1}, {})
    return folder


def message_of(error: pytest.ExceptionInfo[Any]) -> str:
    (line,) = error.value.lines()
    return line.removeprefix("nettrain: error: ")


def test_each_run_of_a_name_gets_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held = [runs.create("digits") for _ in range(3)]
    assert [str(folder.path) for folder, _ in held] == ["runs/digits", "runs/digits-2", "runs/digits-3"]
    for _, lock in held:
        lock.release()
    folder, lock = runs.create("digits")
    assert str(folder.path) == "runs/digits-4"  # also a blank folder is not taken twice
    lock.release()


def test_files_and_dangling_links_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (tmp_path / "a-2").symlink_to("nowhere")
    folder, lock = runs.create("a", tmp_path)
    lock.release()
    assert folder.path == tmp_path / "a-3"
    assert (tmp_path / "a").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/", "a\nb", "a\x1b[2J", "a\0b", "x" * 201, "\u202ea", "\udcff"]
)
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        runs.create(name, tmp_path)
    assert (
        message_of(caught) == f"name: {name!r} cannot be the name of a folder; expected at most 200 bytes without '/'"
    )
    assert os.listdir(tmp_path) == []


def test_an_exact_folder_is_made_and_taken_again_while_blank(tmp_path: Path) -> None:
    for _ in range(2):
        folder, lock = runs.create_at(tmp_path / "a/b")
        (folder.path / ".nettrain-00.tmp").touch()
        lock.release()
    folder, lock = runs.create_at(tmp_path / "a/b")
    lock.release()
    assert os.listdir(folder.path) == ["lock"]


@pytest.mark.parametrize("locked_before", [False, True])
def test_an_exact_folder_with_a_run_is_refused(tmp_path: Path, locked_before: bool) -> None:
    make_run(tmp_path / "a", state="finished")
    if locked_before:
        Lock(tmp_path / "a").release()
    before = sorted(os.listdir(tmp_path / "a"))
    with pytest.raises(ConfigError) as caught:
        runs.create_at(tmp_path / "a")
    path = tmp_path / "a"
    advice = f"go on with it ('nettrain resume {path}'), or choose another --run-dir"
    assert message_of(caught) == f"{path}: holds a run already; {advice}"
    assert sorted(os.listdir(path)) == before
    Lock(path).release()  # it was let go


def test_a_folder_with_other_files_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError) as caught:
        runs.create_at(tmp_path)
    message = "holds other files; expected an empty folder, or one that does not exist yet"
    assert message_of(caught) == f"{tmp_path}: {message}"
    assert os.listdir(tmp_path) == ["thesis.tex"]


@pytest.mark.parametrize("begun", [False, True])
def test_a_folder_in_use_names_the_process(tmp_path: Path, begun: bool) -> None:
    _, lock = runs.create_at(tmp_path)
    if begun:
        make_run(tmp_path, state="running")
    with pytest.raises(EnvironmentFault) as caught:
        runs.create_at(tmp_path)
    advice = "wait for it to end, or choose another folder"
    assert message_of(caught) == f"{tmp_path}: is in use by process {os.getpid()}; {advice}"
    lock.release()


def test_a_stopped_run_is_reopened(tmp_path: Path) -> None:
    make_run(tmp_path / "a", state="stopped")
    (tmp_path / "a/.nettrain-00.tmp").touch()
    folder, lock = runs.reopen(tmp_path / "a")
    assert folder.read_run() == {"state": "stopped"}
    with pytest.raises(EnvironmentFault, match="is in use by process"):
        runs.reopen(tmp_path / "a")
    lock.release()
    assert sorted(os.listdir(tmp_path / "a")) == ["best.safetensors", "lock", "run.json"]


def test_what_is_no_run_is_not_reopened(tmp_path: Path) -> None:
    for path, wrong in (
        (tmp_path, "is not the folder of a run; expected one"),
        (tmp_path / "gone", "no such file or folder; expected that of a run"),
    ):
        for take in (runs.reopen, runs.run_at):
            with pytest.raises(ConfigError) as caught:
                take(path)
            assert message_of(caught) == f"{path}: {wrong}, such as runs/name"
    assert os.listdir(tmp_path) == []


def test_the_newest_finished_run_is_the_one_that_ended_last(tmp_path: Path) -> None:
    make_run(tmp_path / "a", state="finished", ended="2026-01-02T00:00:00.000Z")
    make_run(tmp_path / "b", state="finished", ended="2026-01-01T00:00:00.000Z")
    make_run(tmp_path / "c", state="running", started="2026-01-03T00:00:00.000Z")
    make_run(tmp_path / "d", best=False, state="finished", ended="2026-01-04T00:00:00.000Z")
    assert runs.newest_finished(tmp_path).path == tmp_path / "a"


def test_without_a_finished_run_there_is_a_list(tmp_path: Path) -> None:
    advice = "name a model with --model, or finish a run first"
    with pytest.raises(ConfigError) as caught:
        runs.newest_finished(tmp_path / "runs")
    assert message_of(caught) == f"{tmp_path}/runs: no finished run here; there is: nothing; {advice}"
    make_run(tmp_path / "b", state="stopped")
    make_run(tmp_path / "a\x1b", best=False, state="finished", ended="2026")
    (tmp_path / "c").mkdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "d/run.json").write_bytes(b"{")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        runs.newest_finished(tmp_path)
    there = r"a\x1b (finished, without best.safetensors), b (stopped), c (no run), d (run.json is damaged)"
    assert message_of(caught) == f"{tmp_path}: no finished run here; there is: {there}; {advice}"


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    for number in range(23):
        (tmp_path / f"{number:02}").mkdir()
    with pytest.raises(ConfigError, match=r", 19 \(no run\) and 3 more; name a model"):
        runs.newest_finished(tmp_path)


def test_a_model_is_a_file_or_the_best_of_a_run(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "a")
    assert runs.find_model(folder.path) == folder.best
    assert runs.find_model(folder.best) == folder.best
    make_run(tmp_path / "b", best=False)
    with pytest.raises(CheckpointError) as caught:
        runs.find_model(tmp_path / "b")
    message = "the run has saved no best.safetensors yet; expected one that has"
    assert message_of(caught) == f"{tmp_path}/b: {message}"


def test_what_names_neither_run_nor_model_is_a_usage_error(tmp_path: Path) -> None:
    for path, wrong in (
        (tmp_path, "is not the folder of a run; expected one"),
        (tmp_path / "gone", "no such file or folder; expected that of a run"),
    ):
        with pytest.raises(ConfigError) as caught:
            runs.find_model(path)
        assert message_of(caught) == f"{path}: {wrong}, such as runs/name, or a .safetensors file"
    (tmp_path / "c.yaml").write_text("version: 1\n")
    with pytest.raises(
        ConfigError, match=r"c\.yaml: is a config and no model; expected the folder of its run, such as "
    ):
        runs.find_model(tmp_path / "c.yaml")


def test_a_series_has_no_model_but_its_runs_have(tmp_path: Path) -> None:
    (tmp_path / "all/seed-1").mkdir(parents=True)
    (tmp_path / "all/series.json").touch()
    with pytest.raises(ConfigError) as caught:
        runs.find_model(tmp_path / "all")
    such = f"name one of them, such as {tmp_path}/all/seed-1"
    assert str(caught.value) == f"{tmp_path}/all: holds a series of runs; {such}"
