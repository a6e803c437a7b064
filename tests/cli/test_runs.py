"""``nettrain runs``: what there is, newest first; and removed, but never a run that is going on or what is no run."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, NETTRAIN, Ended, process, tree, written

from nettrain.files.lock import Lock

Call = Callable[..., Ended]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, small: Path, finished: Path) -> Path:
    """A folder with runs in every state, a series, and what is no run."""
    folder = tmp_path_factory.mktemp("stored")
    written(folder, "a.yaml", MLP.format(data=small))
    shutil.copytree(finished, folder / "runs/old")
    stop = process("fit", "a.yaml", "--run-dir", "runs/stopped", "--max-time", "0.001s", cwd=folder)
    assert stop.code == 8, stop.err
    series = process("fit", "a.yaml", "--run-dir", "runs/many", "--repeat", "2", "--epochs", "1", cwd=folder)
    assert series.code == 0, series.err
    for name, state in (("died", "running"), ("damaged", "")):
        shutil.copytree(folder / "runs/stopped", folder / "runs" / name)
        facts = json.loads((folder / "runs" / name / "run.json").read_text())
        text = json.dumps({**facts, "state": state}) if state else "{"
        (folder / "runs" / name / "run.json").write_text(text)
    (folder / "runs/notes").mkdir()
    (folder / "runs/notes.txt").write_text("a text\n")
    return folder


@pytest.fixture
def here(tmp_path: Path, stored: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_is_newest_first_with_states_and_sizes(here: Path, call: Call) -> None:
    before = tree(here)
    ended = call("runs", "list", "--json")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert list(told) == ["folder", "runs", "format_version"]
    runs = told["runs"]
    assert [(Path(run["path"]).relative_to("runs").as_posix(), run["state"], run["epochs"]) for run in runs] == [
        ("many/seed-2", "finished", 1),
        ("many/seed-1", "finished", 1),
        ("stopped", "stopped", 0),
        ("died", "died", 0),
        ("old", "finished", 4),
        ("damaged", "damaged", None),
    ]
    old = runs[4]
    best = json.loads(Path("runs/old/run.json").read_text())["best"]
    assert (old["monitor"], old["best"], old["best_epoch"]) == ("val_accuracy", best["value"], best["epoch"])
    assert old["bytes"] == sum(path.stat().st_size for path in Path("runs/old").rglob("*") if path.is_file())
    head, *lines = call("runs", "list", "runs").out.splitlines()
    assert head.split() == ["run", "state", "epochs", "best", "at", "epoch", "size", "started"]
    assert [line.split()[:3] for line in lines[:2]] == [[f"runs/many/seed-{k}", "finished", "1"] for k in (2, 1)]
    assert lines[4].split()[3:6] == ["val_accuracy", f"{best['value']:.4f}", str(best["epoch"])]
    assert lines[5].split()[:6] == ["runs/damaged", "damaged", "-", "-", "-", "0.0"]
    assert tree(here) == before


def test_a_run_that_died_is_listed_with_the_epochs_that_it_finished(here: Path, call: Call, finished: Path) -> None:
    facts = json.loads((finished / "run.json").read_text())
    shutil.copytree(finished, "runs/killed")
    begun = {**facts, "state": "running", "epoch": 0, "step": 0}
    begun["best"] = {**facts["best"], "epoch": None, "value": None}
    Path("runs/killed/run.json").write_text(json.dumps(begun))
    with open("runs/killed/metrics.csv", "a") as metrics:
        metrics.write("5,40,0.1,0")  # it died in the middle of a line
    (run,) = [run for run in json.loads(call("runs", "list", "--json").out)["runs"] if run["path"] == "runs/killed"]
    assert (run["state"], run["epochs"]) == ("died", 4)
    assert (run["best"], run["best_epoch"]) == (facts["best"]["value"], facts["best"]["epoch"])
    told = json.loads(call("compare", "runs/killed", "runs/old", "--json").out)["runs"][0]
    assert (told["state"], told["epoch"], told["best"]) == ("died", 4, facts["best"])


def test_one_with_a_process_is_running(here: Path, call: Call) -> None:
    with Lock("runs/died"):
        states = {run["path"]: run["state"] for run in json.loads(call("runs", "list", "--json").out)["runs"]}
    assert states["runs/died"] == "running"


def test_runs_are_removed_whole(here: Path, call: Call) -> None:
    ended = call("runs", "rm", "runs/old", "runs/many", "runs/old/", "runs/damaged", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split("  ")[0] for line in ended.out.splitlines()] == [
        "removed runs/old",
        "removed runs/many",
        "removed runs/damaged",
    ]
    assert sorted(os.listdir("runs")) == ["died", "notes", "notes.txt", "stopped"]


REFUSED = {
    ("runs/notes",): (2, "runs/notes: is not the folder of a run; expected one, such as runs/name"),
    ("runs/notes.txt",): (2, "runs/notes.txt: is not the folder of a run; expected one, such as runs/name"),
    ("runs/nothing",): (2, "runs/nothing: no such file or folder; expected that of a run, such as runs/name"),
    ("runs",): (2, "runs: is not the folder of a run; expected one, such as runs/name"),
    ("runs/old/checkpoints",): (
        2,
        "runs/old/checkpoints: is not the folder of a run; expected one, such as runs/name",
    ),
    ("runs/old", "link"): (2, "link: is a link; expected the folder of a run itself"),
    ("runs/old", "runs/died"): (5, "runs/died: is in use by process {process}; wait for it to end, or {other}"),
    ("runs/many/seed-1/", "runs/many"): (
        2,
        "runs/many/seed-1/: is in runs/many, which is to be removed too; name only one of them",
    ),
    ("runs/many",): (5, "runs/many/seed-2: is in use by process {process}; wait for it to end, or {other}"),
}


@pytest.mark.parametrize("paths", REFUSED)
def test_nothing_is_removed_if_one_may_not_be(here: Path, call: Call, paths: tuple[str, ...]) -> None:
    Path("link").symlink_to("runs/stopped")
    code, line = REFUSED[paths]
    with Lock("runs/died"), Lock("runs/many/seed-2"):
        before = tree(here)
        line = line.format(process=os.getpid(), other="choose another folder")
        assert call("runs", "rm", *paths, "--yes") == Ended(code, "", f"nettrain: error: {line}\n")
        after = tree(here)
    for run in ("runs/old", "runs/many", "runs/many/seed-1"):  # whose lock was taken, and given back
        del before[f"{run}/lock"], after[f"{run}/lock"]
    assert after == before


def test_without_a_terminal_it_needs_yes(here: Path, call: Call) -> None:
    line = "nettrain: error: nobody is here to be asked; expected --yes; see 'nettrain runs rm --help'\n"
    assert process("runs", "rm", "runs/old") == Ended(2, "", line)
    assert Path("runs/old/run.json").exists()


@pytest.mark.parametrize(("answer", "there"), [(b"n\n", True), (b"\n", True), (b"y\n", False)])
def test_on_a_terminal_it_asks(here: Path, answer: bytes, there: bool) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    child = subprocess.Popen([*NETTRAIN, "runs", "rm", "runs/old"], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE)
    out, _ = child.communicate(timeout=60)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert child.returncode == 0
    assert "runs/old  0." in shown
    assert "Remove? [y/N]:" in shown
    assert out.decode().startswith("" if there else "removed runs/old  ")
    assert ("nothing was removed" in shown) == there
    assert Path("runs/old/run.json").exists() == there


def test_a_removal_that_was_killed_can_be_repeated(here: Path, call: Call) -> None:
    prologue = (
        "import os, signal\nfrom nettrain.files import system\nremove = system.remove\n"
        "def dying(path):\n    remove(path)\n    os.kill(os.getpid(), signal.SIGKILL)\nsystem.remove = dying"
    )
    from commands import after

    for _ in range(3):
        assert process("runs", "rm", "runs/old", "--yes", program=after(prologue)).code == -signal.SIGKILL
        assert Path("runs/old").is_dir()
    assert call("runs", "rm", "runs/old", "--yes").code == 0
    assert not Path("runs/old").exists()


def test_a_folder_that_is_not_there(here: Path, call: Call) -> None:
    line = "nettrain: error: nothing: no such folder; expected one that holds runs\n"
    assert call("runs", "list", "nothing") == Ended(2, "", line)
    os.mkdir("empty")
    assert call("runs", "list", "empty").out == "run  state  epochs  best  at epoch  size  started\n"
