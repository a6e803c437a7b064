"""A run from inside: what it writes at which moment, and what is left when it fails."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from commands import CNN, process, results, tree
from training.setting_up import document_of

from nettrain.arrays import interrupt
from nettrain.errors import Diverged, EnvironmentFault
from nettrain.files import system
from nettrain.files.lock import Lock
from nettrain.files.whole import is_temporary
from nettrain.training.loop.loop import Step
from nettrain.training.run.closing import EpochRow
from nettrain.training.run.opening import begin, named, take_up
from nettrain.training.run.run import Run, Stopped
from nettrain.training.store import checkpoint


def nothing(what: str, done: int, total: int) -> None:
    """No report."""


@pytest.fixture
def run(tmp_path: Path, small: Path) -> Iterator[Run]:
    """A run that has not begun, on the very work of the run ``finished``."""
    document = named(document_of(CNN.format(data=small), small), "cnn.yaml")
    opened = begin(document, nothing, str(tmp_path / "run"))
    yield opened
    opened.close()


def facts(run: Run) -> dict[str, object]:
    return dict(json.loads(run.folder.run_json.read_text()))


def test_what_a_run_yields_is_what_it_writes(run: Run, finished: Path) -> None:
    told = list(run.go())
    steps = [fact for fact in told if isinstance(fact, Step)]
    rows = [fact for fact in told if isinstance(fact, EpochRow)]
    assert [type(fact) for fact in told] == 4 * [*8 * [Step], EpochRow]
    with open(run.folder.metrics, encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [float(row["train_loss"]) for row in table] == [row.end.train_loss for row in rows]
    assert [float(row["val_accuracy"]) for row in table] == [row.val_accuracy for row in rows]
    assert [int(row["step"]) for row in table] == [8, 16, 24, 32]
    events = [json.loads(line) for line in run.folder.events.read_text().splitlines()]
    logged = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in logged] == [step.step for step in steps]
    assert [np.float32(event["loss"]) for event in logged] == [np.float32(step.loss) for step in steps]
    values = [row.value for row in rows]
    assert [row.is_best for row in rows] == [
        value > max(values[:place], default=-1) for place, value in enumerate(values)
    ]
    assert facts(run)["best"] == {
        "epoch": values.index(max(values)) + 1,
        "monitor": "val_accuracy",
        "value": max(values),
    }
    best = checkpoint.load(run.folder.best).meta["best"]
    assert (best["epoch"], best["value"]) == (values.index(max(values)) + 1, max(values))
    assert results(run.folder.path) == results(finished)


def test_a_step_0_checkpoint_comes_first_and_two_are_kept(run: Run) -> None:
    saved = [sorted(checkpoint.steps(run.folder.checkpoints))]
    for fact in run.go():
        if isinstance(fact, EpochRow):
            saved.append(sorted(checkpoint.steps(run.folder.checkpoints)))  # an epoch is told once it is saved
    assert saved == [[0], [0, 8], [8, 16], [16, 24], [24, 32]]


def test_the_logs_reach_the_disk_before_the_checkpoint_that_counts_them(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    sync, replace = system.sync, system.replace

    def synced(handle: int) -> None:
        calls.append(os.path.basename(os.readlink(f"/proc/self/fd/{handle}")))
        sync(handle)

    def replaced(source: str, target: str) -> None:
        calls.append(f"-> {os.path.basename(target)}")
        replace(source, target)

    monkeypatch.setattr(system, "sync", synced)
    monkeypatch.setattr(system, "replace", replaced)
    run.save()
    place = calls.index("-> step-000000000.safetensors")
    assert calls[:3] == ["metrics.csv", "events.jsonl", "timings.csv"]
    assert place > 2


@pytest.mark.parametrize("name", ["layers.0.weight", "layers.2.norm.running_var", "layers.5.bias"])
def test_a_run_that_diverges_keeps_all_that_was_good(run: Run, name: str) -> None:
    stream = run.go()
    while not isinstance(next(stream), EpochRow):
        pass
    next(stream)  # the first step of the second epoch, after the first was saved
    before = tree(run.folder.path)
    run.prepared.network.state()[name].flat[0] = np.nan
    with pytest.raises(Diverged) as caught:
        for _ in stream:
            pass
    (line,) = caught.value.lines()
    changed = {path for path, digest in tree(run.folder.path).items() if before.get(path) != digest}
    assert changed <= {"run.json", "events.jsonl", "metrics.csv", "timings.csv", "lock"}
    found = facts(run)
    assert found["state"] == "failed"
    assert f"nettrain: error: {found['reason']}" == line
    Lock(run.folder.path).release()  # it was let go


def test_a_disk_that_fails_is_one_fault_and_the_run_goes_on_later(
    run: Run, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    written = [0]
    real = system.write

    def full(handle: int, data: memoryview) -> int:
        written[0] += len(data)
        if written[0] > 9000:
            raise OSError(28, "No space left on device")
        return real(handle, data)

    with monkeypatch.context() as patch:
        patch.setattr(system, "write", full)
        with pytest.raises(EnvironmentFault) as caught:
            list(run.go())
    assert str(caught.value).endswith(": cannot write: the disk is full; free some space and try again")
    assert not [path for path in run.folder.path.rglob("*") if is_temporary(path.name)]
    list(take_up(run.folder.path, nothing).go())
    assert results(run.folder.path) == results(finished)


def test_whoever_stops_listening_leaves_a_run_that_goes_on(run: Run, finished: Path) -> None:
    stream = run.go()
    for _ in range(13):
        next(stream)
    stream.close()  # type: ignore[attr-defined]
    list(take_up(run.folder.path, nothing).go())
    assert results(run.folder.path) == results(finished)


def stop_at(moment: int, run: Run) -> Iterator[None]:
    """Read the run, and ask for a stop at this fact."""
    for number, _ in enumerate(run.go(), 1):
        if number == moment:
            interrupt.request(15)
        yield


def test_every_fact_is_a_moment_to_stop(tmp_path: Path, small: Path, finished: Path) -> None:
    for moment in (1, 8, 9, 10, 18, 35, 36):
        document = named(document_of(CNN.format(data=small), small), "cnn.yaml")
        run = begin(document, nothing, str(tmp_path / str(moment)))
        with pytest.raises(Stopped) as caught:
            list(stop_at(moment, run))
        assert caught.value.signal_number == 15
        assert facts(run)["state"] == ("finished" if moment == 36 else "stopped")
        if moment < 36:
            list(take_up(run.folder.path, nothing).go())
        assert results(run.folder.path) == results(finished), moment


def test_divergence_is_exit_code_6(tmp_path: Path, small: Path) -> None:
    Path(tmp_path, "a.yaml").write_text(CNN.format(data=small))
    ended = process("fit", "a.yaml", "--lr", "1e30", "--run-dir", "run", cwd=tmp_path)
    assert (ended.code, ended.out) == (6, "")
    line = ended.err.splitlines()[-1]
    assert line.startswith("nettrain: error: diverged at step ")
    assert " of epoch 1: layers." in line
    assert line.endswith(" is not finite; try a smaller learning rate")
    found = json.loads(Path(tmp_path, "run/run.json").read_text())
    assert (found["state"], f"nettrain: error: {found['reason']}") == ("failed", line)
    assert not Path(tmp_path, "run/best.safetensors").exists()


@pytest.mark.parametrize("at", [3, 8])  # in mid-epoch, and at its end, where it would be validated and saved
def test_an_update_that_overflows_is_a_divergence(run: Run, at: int) -> None:
    def overflow() -> None:
        for fact in run.go():
            if isinstance(fact, Step) and fact.step == at:
                run.state.weights.array[...] = np.inf

    with pytest.raises(Diverged, match=r"^diverged at step \d of epoch 1: layers\..*; try a smaller learning rate$"):
        overflow()
    assert not run.folder.best.exists()
    assert list(checkpoint.steps(run.folder.checkpoints)) == [0]
