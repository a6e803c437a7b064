"""A run stopped at any moment, by any signal, and taken up again: the bytes are those of a run never stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from commands import CNN, NETTRAIN, Ended, after, pictures, process, results, tree, written

from nettrain.files.lock import Lock

Call = Callable[..., Ended]
MOMENTS = {  # name: (module, what is called there, which of its calls)
    "in the first step": ("nettrain.training.loop.step", "backward", 1),
    "inside an epoch": ("nettrain.training.loop.step", "gather", 13),
    "before a commit": ("nettrain.training.loop.step", "commit", 20),
    "between two steps": ("nettrain.training.store.logs", "EventLog.event", 11),
    "after an epoch's last step": ("nettrain.training.store.logs", "EventLog.event", 8),
    "validating": ("nettrain.training.run.closing", "judge", 2),
    "writing an epoch's numbers": ("nettrain.training.store.logs", "CsvLog.row", 3),
    "saving the best": ("nettrain.training.run.saving", "save_best", 1),
    "saving a checkpoint": ("nettrain.training.run.saving", "save_state", 3),
}
STOPS = [(moment, signal.SIGINT) for moment in MOMENTS] + [
    (moment, number)
    for moment in ("inside an epoch", "validating")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
]


def stop_at(module: str, name: str, count: int, number: int, times: int = 1) -> tuple[str, ...]:
    """``nettrain``, which sends itself a signal when something is called for the n-th time."""
    return after(f"""
import importlib, signal
from nettrain.arrays.blas import ask_for_one_thread
ask_for_one_thread()
*path, last = {name!r}.split(".")
place = importlib.import_module({module!r})
for part in path:
    place = getattr(place, part)
function, calls = getattr(place, last), 0
def counted(*arguments, **settings):
    global calls
    calls += 1
    if calls == {count}:
        for _ in range({times}):
            signal.raise_signal({int(number)})
    return function(*arguments, **settings)
setattr(place, last, counted)""")


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    """A run stopped in its third epoch; copy it to go on with it."""
    folder = tmp_path_factory.mktemp("stopped")
    written(folder, "cnn.yaml", CNN.format(data=small))
    program = stop_at("nettrain.training.loop.step", "gather", 21, signal.SIGINT)
    ended = process("fit", "cnn.yaml", "--run-dir", "run", cwd=folder, program=program)
    assert ended.code == -signal.SIGINT, ended.err
    return folder / "run"


@pytest.mark.parametrize(("moment", "number"), STOPS)
def test_a_stopped_run_goes_on_to_the_same_bytes(
    here: Path, call: Call, finished: Path, moment: str, number: signal.Signals
) -> None:
    ended = process("fit", "cnn.yaml", "--run-dir", "run", program=stop_at(*MOMENTS[moment], number))
    assert (ended.code, ended.out) == (-number, "")
    assert "Traceback" not in ended.err
    state = json.loads(Path("run/run.json").read_text())
    if number is signal.SIGKILL:
        assert state["state"] == "running"
    else:
        last = f"nettrain: stopped by {number.name} and saved; go on with: nettrain resume run"
        assert ended.err.splitlines()[-1] == last
        assert (state["state"], state["reason"]) == ("stopped", number.name)
        steps = max(int(path.stem[5:]) for path in Path("run/checkpoints").iterdir())
        assert state["step"] == steps
    went_on = call("resume", "run")
    assert went_on.code == 0, went_on.err
    assert went_on.out.startswith("run  best val_accuracy 0.")
    assert results(here / "run") == results(finished)
    assert json.loads(Path("run/run.json").read_text())["state"] == "finished"


def test_a_run_may_be_stopped_again_and_again(here: Path, call: Call, finished: Path) -> None:
    program = partial(stop_at, "nettrain.training.loop.step", "gather", 5, signal.SIGTERM)
    assert process("fit", "cnn.yaml", "--run-dir", "run", program=program()).code == -signal.SIGTERM
    for _ in range(3):
        assert process("resume", "run", program=program()).code == -signal.SIGTERM
    assert call("resume", "run").code == 0
    assert results(here / "run") == results(finished)


def test_a_signal_from_outside(here: Path, call: Call) -> None:
    def begin(run: str) -> subprocess.Popen[bytes]:
        command = [*NETTRAIN, "fit", "cnn.yaml", "--epochs", "40", "--run-dir", run]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    whole, events = begin("whole"), Path("run/events.jsonl")
    child = begin("run")
    while not events.exists() or events.stat().st_size < 2000:
        assert child.poll() is None
        os.sched_yield()
    child.send_signal(signal.SIGINT)
    assert child.wait() == -signal.SIGINT
    assert whole.wait() == 0
    assert json.loads(Path("run/run.json").read_text())["state"] == "stopped"
    assert call("resume", "run").code == 0
    assert results(here / "run") == results(here / "whole")


def test_a_signal_after_the_last_step_finishes_the_run_and_ends_the_process(here: Path, finished: Path) -> None:
    program = stop_at("nettrain.training.run.saving", "save_state", 5, signal.SIGINT)
    ended = process("fit", "cnn.yaml", "--run-dir", "run", program=program)
    assert (ended.code, ended.out) == (-signal.SIGINT, "")
    assert ended.err.splitlines()[-1] == "nettrain: stopped by SIGINT after the last step; run is complete"
    assert json.loads(Path("run/run.json").read_text())["state"] == "finished"
    assert results(here / "run") == results(finished)


def test_a_second_signal_leaves_at_once(here: Path, call: Call, finished: Path) -> None:
    program = stop_at("nettrain.training.loop.step", "gather", 13, signal.SIGINT, 2)
    ended = process("fit", "cnn.yaml", "--run-dir", "run", program=program)
    assert ended.code == -signal.SIGINT
    assert "stopped" not in ended.err
    assert json.loads(Path("run/run.json").read_text())["state"] == "running"
    assert call("resume", "run").code == 0
    assert results(here / "run") == results(finished)


def test_an_ignored_signal_stays_ignored(here: Path, finished: Path) -> None:
    ended = process(
        "fit",
        "cnn.yaml",
        "--run-dir",
        "run",
        program=stop_at("nettrain.training.loop.step", "gather", 13, signal.SIGHUP),
        start=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # as nohup does
    )
    assert ended.code == 0
    assert results(here / "run") == results(finished)


def test_a_finished_run_is_left_as_it_is(here: Path, call: Call, finished: Path) -> None:
    shutil.copytree(finished, "run")
    before = tree(here)
    assert call("resume", "run") == Ended(0, "", "nettrain: run is already complete\n")
    assert tree(here) == before


def test_a_run_that_died_just_before_it_said_so_is_complete(here: Path, call: Call, finished: Path) -> None:
    shutil.copytree(finished, "run")
    facts = json.loads(Path("run/run.json").read_text())
    Path("run/run.json").write_text(json.dumps({**facts, "state": "running"}))
    assert call("resume", "run").code == 0
    assert json.loads(Path("run/run.json").read_text())["state"] == "finished"
    assert results(here / "run") == results(finished)


def test_the_newest_whole_checkpoint_is_used(here: Path, call: Call, stopped: Path, finished: Path) -> None:
    shutil.copytree(stopped, "run")
    older, newest = sorted(Path("run/checkpoints").iterdir())
    data = newest.read_bytes()
    newest.write_bytes(data[:-100])
    ended = call("resume", "run")
    assert ended.code == 0
    assert ended.err.splitlines()[:2] == [
        f"run: going on from step {int(older.stem[5:])}, epoch 3 of 4",
        f"nettrain: warning: passed over {newest}: is damaged or cut short: the SHA-256 of its {len(data) - 100} bytes "
        "is not the one written in it; use an earlier checkpoint, or another copy of this one",
    ]
    assert results(here / "run") == results(finished)


def test_without_a_whole_checkpoint_nothing_is_started(here: Path, call: Call, stopped: Path) -> None:
    shutil.copytree(stopped, "run")
    for path in Path("run/checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:2000])
    before = tree(here)
    ended = call("resume", "run")
    assert (ended.code, ended.out) == (4, "")
    lines = ended.err.splitlines()
    assert len(lines) == 3
    assert all("is cut short: its header alone takes " in line for line in lines[:2])
    assert lines[2] == (
        "nettrain: error: run/checkpoints: no checkpoint in it is whole; start a new run in another folder"
    )
    assert tree(here) == before


CHANGED = {
    "the learning rate": ("lr: 0.1", "lr: 0.2", "optimizer.sgd.lr differ"),
    "two keys": ("seed: 3", "seed: 4", "seed differ"),
    "a layer": ("filters: 4", "filters: 5", "model.layers.0.conv2d.filters differ"),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_config_is_named(here: Path, call: Call, stopped: Path, change: str) -> None:
    shutil.copytree(stopped, "run")
    old, new, what = CHANGED[change]
    resolved = Path("run/config.resolved.yaml")
    assert old in resolved.read_text()
    resolved.write_text(resolved.read_text().replace(old, new))
    before = tree(here)
    ended = call("resume", "run")
    newest = max(Path("run/checkpoints").iterdir())
    line = f"nettrain: error: {newest}: was made with another config: {what}; start a new run\n"
    assert ended == Ended(4, "", line)
    assert tree(here) == before


def test_surroundings_may_change(here: Path, call: Call, stopped: Path, small: Path, finished: Path) -> None:
    shutil.copytree(stopped, "run")
    shutil.copytree(small, "moved")
    resolved = Path("run/config.resolved.yaml")
    text = resolved.read_text().replace(str(small), str(here / "moved")).replace("cache: ram", "cache: none")
    resolved.write_text(text)
    assert call("resume", "run", "--threads", "3").code == 0
    assert results(here / "run") == results(finished)


def test_other_pictures_are_an_error(here: Path, call: Call, stopped: Path) -> None:
    shutil.copytree(stopped, "run")
    data = pictures(here / "data", 16, 5)
    resolved = Path("run/config.resolved.yaml")
    source = next(line.split("train: ")[1] for line in resolved.read_text().splitlines() if "train: /" in line)
    resolved.write_text(resolved.read_text().replace(source, str(data)))
    one, other = sorted((data / "train/3").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    what = (
        "the pictures are not those that the run was started with: the names are the same, but not what is in the files"
    )
    cure = "put them back as they were, or start a new run"
    assert call("resume", "run") == Ended(3, "", f"nettrain: error: {data / 'train'}: {what}; {cure}\n")
    one.unlink()
    what = "the run was started with this picture, but it is no longer there"
    assert call("resume", "run") == Ended(3, "", f"nettrain: error: {one}: {what}\n")


def test_pictures_that_came_later_are_left_out_and_said(
    here: Path, call: Call, stopped: Path, finished: Path, small: Path
) -> None:
    shutil.copytree(stopped, "run")
    data = shutil.copytree(small, here / "data")
    resolved = Path("run/config.resolved.yaml")
    resolved.write_text(resolved.read_text().replace(str(small), str(data)))
    for folder in ("train/3", "test/4"):
        shutil.copy(sorted((data / folder).iterdir())[0], data / folder / "new.png")
    line = "nettrain: warning: data: 2 pictures came after the run was started, and are left out"
    for _ in range(2):  # stopped, and finished
        ended = call("resume", "run")
        assert ended.code == 0
        assert ended.err.splitlines().count(line) == 1
        assert results(here / "run") == results(finished)


@pytest.mark.parametrize("command", [("resume", "run"), ("fit", "cnn.yaml", "--run-dir", "run")])
def test_a_run_that_another_process_has_is_left_alone(
    here: Path, call: Call, stopped: Path, command: tuple[str, ...]
) -> None:
    shutil.copytree(stopped, "run")
    with Lock("run"):
        before = tree(here)
        line = f"run: is in use by process {os.getpid()}; wait for it to end, or choose another folder"
        assert call(*command) == Ended(5, "", f"nettrain: error: {line}\n")
        assert tree(here) == before


def test_logs_cut_short_are_an_error(here: Path, call: Call, stopped: Path) -> None:
    shutil.copytree(stopped, "run")
    events = Path("run/events.jsonl")
    size = events.stat().st_size
    events.write_bytes(events.read_bytes()[:-200])
    ended = call("resume", "run")
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.splitlines()[-1] == (
        f"nettrain: error: run/events.jsonl: is {size - 200} bytes long, but the checkpoint was written after {size}; "
        "put the whole file back, or start a new run"
    )


def test_a_torn_line_of_the_timings_is_cut(here: Path, call: Call, stopped: Path) -> None:
    shutil.copytree(stopped, "run")
    timings = Path("run/timings.csv")
    before = timings.read_text()
    timings.write_text(before + "3,0.")
    assert call("resume", "run").code == 0
    after = timings.read_text()
    assert after.startswith(before)
    assert [line.split(",")[0] for line in after.splitlines()] == ["epoch", "1", "2", "3", "4"]


def test_other_surroundings_are_a_warning(here: Path, call: Call, stopped: Path) -> None:
    shutil.copytree(stopped, "run")
    facts = json.loads(Path("run/run.json").read_text())
    Path("run/run.json").write_text(json.dumps({**facts, "numpy": "2.0.0"}))
    ended = call("resume", "run")
    assert ended.code == 0
    assert ended.err.splitlines()[1] == (
        "nettrain: warning: the bits may differ from an uninterrupted run: "
        f"numpy 2.0.0, now {json.loads(Path('run/run.json').read_text())['numpy']}"
    )
