"""``fit --resume auto``, ``checkpoint.every``, SIGUSR1 and more epochs: a run that goes on by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, MLP, NETTRAIN, Ended, after, process, results, tree, written

from nettrain.files.lock import Lock
from nettrain.training.store import checkpoint

Call = Callable[..., Ended]
AUTO = ("fit", "train.yaml", "--resume", "auto", "--run-dir", "run")
EVERY = (
    "checkpoint: {every: 2 steps}\nseed: 5\n"  # 120 pictures to train on in batches of 32: 4 steps an epoch, 8 in all
)

STOP = """
import os, signal
from nettrain.arrays.blas import ask_for_one_thread
ask_for_one_thread()
from nettrain.training.store.logs import EventLog
event = EventLog.event
def stopping(log, kind, **facts):
    event(log, kind, **facts)
    if kind == "step" and facts["step"] == {step}:
        os.kill(os.getpid(), {number})
EventLog.event = stopping"""

DIE_BEFORE_PRUNING = """
import os, signal
from nettrain.arrays.blas import ask_for_one_thread
ask_for_one_thread()
from nettrain.training.store import checkpoint
prune = checkpoint.prune
def dying(folder, step, regular):
    if step == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
    prune(folder, step, regular)
checkpoint.prune = dying"""


WHILE_FINALISED = """
import signal
from nettrain.files import streams
class Last:
    def __del__(self):
        signal.raise_signal({number})
def finalise():
    last = Last()
streams.open_streams = finalise"""


AT_A_LINE = """
import signal
from nettrain.cli import options
tell = options.tell
def telling(*lines):
    tell(*lines)
    if any({words!r} in line for line in lines):
        for _ in range({times}):
            signal.raise_signal({number})
options.tell = telling"""


def stop(step: int, number: int) -> tuple[str, ...]:
    """``nettrain``, which sends itself a signal when a step has been logged."""
    return after(STOP.format(step=step, number=int(number)))


def steps(run: Path | str = "run") -> list[int]:
    """The checkpoints that are kept."""
    return sorted(checkpoint.steps(Path(run, "checkpoints")))


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "train.yaml", MLP.format(data=small) + EVERY)
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    """A run that was never stopped; copy it to write there."""
    folder = tmp_path_factory.mktemp("whole")
    written(folder, "train.yaml", MLP.format(data=small) + EVERY)
    ended = process(*AUTO, cwd=folder)
    assert ended.code == 0, ended.err
    return folder / "run"


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a lock", "what a dead start left"])
def test_auto_begins_where_there_is_no_run(here: Path, call: Call, whole: Path, there: str) -> None:
    run = here / "run"
    if there != "nothing":
        run.mkdir()
    if there == "a lock":
        (run / "lock").write_text("1\n")
    if there == "what a dead start left":
        (run / "checkpoints").mkdir()
        (run / "checkpoints/.nettrain-0123456789abcdef.tmp").write_bytes(b"half a checkpoint")
    ended = call(*AUTO)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("run  best val_accuracy 0.")
    assert "going on" not in ended.err
    assert results(run) == results(whole)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("step", [1, 3, 4, 5, 8])
def test_auto_goes_on_with_an_unfinished_run(
    here: Path, call: Call, whole: Path, number: signal.Signals, step: int
) -> None:
    assert process(*AUTO, program=stop(step, number)).code == -number
    from_step = steps()[-1]
    ended = call(*AUTO)
    assert ended.code == 0, ended.err
    first = f"run: going on from step {from_step}, epoch {1 + from_step // 4} of 2"
    assert ended.err.splitlines()[0].startswith(first.split(",")[0])
    assert results(here / "run") == results(whole)


def test_auto_leaves_a_finished_run_as_it_is(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "run")
    before = tree(here, times=True)
    assert call(*AUTO) == Ended(0, "", "nettrain: run is already complete\n")
    after_it = tree(here, times=True)
    del before["run/lock"], after_it["run/lock"]  # taken, and given back
    assert after_it == before


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (("--lr", "0.2"), "optimizer.sgd.lr"),
        (("--seed", "6", "--epochs", "3"), "seed, train.epochs"),
        (("--set", "loss.cross_entropy.label_smoothing=0.1"), "loss.cross_entropy.label_smoothing"),
    ],
)
def test_another_config_is_named(here: Path, call: Call, whole: Path, settings: tuple[str, ...], what: str) -> None:
    shutil.copytree(whole, "run")
    before = results(here / "run")
    newest = "run/checkpoints/step-000000008.safetensors"
    line = f"nettrain: error: {newest}: was made with another config: {what} differ; start a new run\n"
    assert call(*AUTO, *settings) == Ended(4, "", line)
    assert results(here / "run") == before


def test_more_epochs_are_what_resume_adds(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "run")
    newest = "run/checkpoints/step-000000008.safetensors"
    line = f"{newest}: is of a run of 2 epochs, not 3; go on with: nettrain resume run --epochs 3"
    assert call(*AUTO, "--epochs", "3") == Ended(4, "", f"nettrain: error: {line}\n")
    fewer = f"{newest}: was made with another config: train.epochs differ; start a new run"
    assert call(*AUTO, "--epochs", "1") == Ended(4, "", f"nettrain: error: {fewer}\n")
    assert results(here / "run") == results(whole)
    assert call("resume", "run", "--epochs", "3").code == 0
    newest = "run/checkpoints/step-000000012.safetensors"
    line = f"{newest}: is of a run of 3 epochs, not 5; go on with: nettrain resume run --epochs 5"
    assert call(*AUTO, "--epochs", "5") == Ended(4, "", f"nettrain: error: {line}\n")


def add_to_train(data: Path) -> str:
    shutil.copy(data / "train/3" / sorted(os.listdir(data / "train/3"))[0], data / "train/3/new.png")
    return f"1 picture came since ({data}/train/3/new.png)"


def add_to_test(data: Path) -> str:
    for number in range(2):
        shutil.copy(data / "test/3" / sorted(os.listdir(data / "test/3"))[0], data / f"test/3/new-{number}.png")
    return f"2 pictures came since (such as {data}/test/3/new-0.png)"


def take_away(data: Path) -> str:
    lost = data / "train/3" / sorted(os.listdir(data / "train/3"))[0]
    lost.unlink()
    return f"1 picture is gone ({lost})"


def change(data: Path) -> str:
    one, other = sorted((data / "train/3").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    return "the names are the same, but not what is in the files"


OTHER_PICTURES = (add_to_train, add_to_test, take_away, change)


@pytest.mark.parametrize("state", ["stopped", "finished"])
@pytest.mark.parametrize("harm", OTHER_PICTURES, ids=lambda harm: harm.__name__)
def test_other_pictures_are_named(
    here: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch, state: str, harm: Callable[[Path], str]
) -> None:
    data = shutil.copytree(small, here / "data")
    written(here, "train.yaml", MLP.format(data=data) + EVERY)
    code = process(*AUTO, program=stop(3, signal.SIGTERM) if state == "stopped" else NETTRAIN).code
    assert code == (-signal.SIGTERM if state == "stopped" else 0)
    before = results(here / "run")
    told = harm(data)
    if harm is not change:  # then it is known before a picture is read
        monkeypatch.setattr("nettrain.training.pictures.decode_all", None)
    what = f"the pictures are not those that the run was started with: {told}"
    line = f"nettrain: error: {data}/train: {what}; put them back as they were, or start a new run\n"
    assert call(*AUTO) == Ended(3, "", line)
    assert results(here / "run") == before


def test_a_folder_that_was_moved_is_of_the_same_pictures(here: Path, call: Call, whole: Path, small: Path) -> None:
    assert process(*AUTO, program=stop(3, signal.SIGTERM)).code == -signal.SIGTERM
    shutil.copytree(small, here / "moved")
    written(here, "train.yaml", MLP.format(data="moved") + EVERY)
    assert call(*AUTO).code == 0
    assert results(here / "run") == results(whole)


def test_what_cannot_change_the_result_may_be_another(here: Path, call: Call, whole: Path) -> None:
    assert process(*AUTO, program=stop(3, signal.SIGTERM)).code == -signal.SIGTERM
    ended = call(*AUTO, "--threads", "3", "--set", "data.cache=none", "--set", "name=other")
    assert ended.code == 0, ended.err
    assert results(here / "run") == results(whole)


def test_a_run_that_another_process_has_is_left_alone(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "run")
    with Lock("run"):
        before = tree(here)
        line = f"run: is in use by process {os.getpid()}; wait for it to end, or choose another folder"
        assert call(*AUTO) == Ended(5, "", f"nettrain: error: {line}\n")
        assert tree(here) == before


def test_other_files_are_never_written_among(here: Path, call: Call) -> None:
    Path("run").mkdir()
    Path("run/notes.txt").touch()
    line = "nettrain: error: run: holds other files; expected an empty folder, or one that does not exist yet\n"
    assert call(*AUTO) == Ended(2, "", line)


def test_auto_needs_a_folder(here: Path, call: Call) -> None:
    line = "nettrain: error: --resume needs --run-dir, the folder to look for a run in; see 'nettrain fit --help'\n"
    assert call("fit", "train.yaml", "--resume", "auto") == Ended(2, "", line)


def test_without_auto_a_run_is_never_gone_on_with(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "run")
    ended = call("fit", "train.yaml", "--run-dir", "run")
    what = "run: holds a run already; go on with it ('nettrain resume run'), or choose another --run-dir"
    assert ended == Ended(2, "", f"nettrain: error: {what}\n")


@pytest.mark.parametrize(
    ("every", "left"),
    [
        ("1 steps", [7, 8]),
        ("3 steps", [6, 8]),
        ("100 steps", [0, 8]),
        ("1 epochs", [4, 8]),
        ("2 epochs", [0, 8]),
        ("30 minutes", [0, 8]),
        ("2h", [0, 8]),
    ],
)
def test_the_two_checkpoints_that_are_kept(here: Path, call: Call, whole: Path, every: str, left: list[int]) -> None:
    ended = call("fit", "train.yaml", "--run-dir", "run", "--set", f"checkpoint.every={every}")
    assert ended.code == 0, ended.err
    assert steps() == left
    logs = ("metrics.csv", "events.jsonl", "best.safetensors", f"checkpoints/step-{8:09d}.safetensors")
    assert {name: results(here / "run")[name] for name in logs} == {name: results(whole)[name] for name in logs}


@pytest.mark.parametrize(
    ("every", "message"),
    [
        ("0 steps", "must be above 0, got 0 steps"),
        ("1.5 steps", "expected a whole number of steps, got '1.5 steps'"),
        ("2.5 epochs", "expected whole epochs, got 2.5 epochs"),
        ("0 minutes", "must be above 0, got 0 minutes"),
        ("3", "expected a duration such as '200 steps', '1 epochs' or '30 minutes', got '3'"),
    ],
)
def test_a_cadence_that_is_none_is_named(here: Path, call: Call, every: str, message: str) -> None:
    line = f"nettrain: error: --set[1]:1:1: checkpoint.every: {message}\n"
    assert call("fit", "train.yaml", "--set", f"checkpoint.every={every}") == Ended(2, "", line)


def test_sigusr1_saves_and_goes_on(here: Path, whole: Path) -> None:
    ended = process(*AUTO, program=stop(5, signal.SIGUSR1))
    assert ended.code == 0, ended.err
    assert "nettrain: saved at step 5" in ended.err.splitlines()
    assert results(here / "run") == results(whole)


def test_sigusr1_before_the_first_step_does_nothing(here: Path, whole: Path) -> None:
    early = (
        "import signal\nfrom nettrain.files import streams\n"
        "streams.open_streams = lambda: signal.raise_signal(signal.SIGUSR1)"
    )
    ended = process(*AUTO, program=after(early))
    assert ended.code == 0, ended.err
    assert "saved" not in ended.err
    assert results(here / "run") == results(whole)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_there_is_a_run_ends_the_process(here: Path, number: int) -> None:
    """Also where Python would drop a KeyboardInterrupt: while an object is finalised."""
    ended = process(*AUTO, program=after(WHILE_FINALISED.format(number=int(number))))
    assert ended == Ended(-number, "", "")
    assert not Path("run").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_from_the_first_line_on_ends_with_a_line(here: Path, whole: Path, number: signal.Signals) -> None:
    """Also where no step has been made, of a run that begins and of one that goes on."""
    end = f"nettrain: stopped by {number.name} and saved; go on with: nettrain resume run"
    for command, words in ((AUTO, "training pictures"), (("resume", "run"), "going on from step 0")):
        ended = process(*command, program=after(AT_A_LINE.format(words=words, number=int(number), times=1)))
        assert (ended.code, ended.out) == (-number, "")
        *_, before, last = ended.err.splitlines()
        assert words in before
        assert last == end
        assert json.loads(Path("run/run.json").read_text())["state"] == "stopped"
    assert process(*AUTO).code == 0
    assert results(here / "run") == results(whole)


def test_a_second_signal_before_the_first_step_leaves_at_once(here: Path, whole: Path) -> None:
    twice = AT_A_LINE.format(words="training pictures", number=int(signal.SIGINT), times=2)
    ended = process(*AUTO, program=after(twice))
    assert ended.code == -signal.SIGINT
    assert ended.err.splitlines()[-1].endswith("parameters")
    assert process(*AUTO).code == 0
    assert results(here / "run") == results(whole)


def test_the_checkpoint_of_a_signal_goes_with_the_next_regular_one(here: Path, whole: Path) -> None:
    assert process(*AUTO, program=stop(5, signal.SIGTERM)).code == -signal.SIGTERM
    assert steps() == [4, 5]
    assert process(*AUTO, program=stop(7, signal.SIGKILL)).code == -signal.SIGKILL
    assert steps() == [4, 6]
    assert process(*AUTO).code == 0
    assert steps() == [6, 8]
    assert results(here / "run") == results(whole)


@pytest.mark.parametrize("step", [6, 8])
def test_a_checkpoint_that_should_have_gone_goes_at_resume(here: Path, call: Call, whole: Path, step: int) -> None:
    program = after(DIE_BEFORE_PRUNING.format(step=step))
    assert process(*AUTO, program=program).code == -signal.SIGKILL
    assert steps() == [step - 4, step - 2, step]
    assert call(*AUTO).code == 0
    assert results(here / "run") == results(whole)


def test_a_run_gets_more_epochs(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "run")
    ended = call("resume", "run", "--epochs", "3")
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[:2] == [
        "run: going on from step 8, epoch 3 of 3",
        "nettrain: extended to 3 epochs: lr stays 0.1",
    ]
    assert steps() == [10, 12]
    rows = Path("run/metrics.csv").read_text().splitlines()
    assert rows[:3] == (whole / "metrics.csv").read_text().splitlines()
    assert len(rows) == 4
    lineage = [{"from_step": 8, "epochs": 3, "schedule": None}]
    assert json.loads(Path("run/run.json").read_text())["lineage"] == lineage
    assert call(*AUTO) == Ended(0, "", "nettrain: run is already complete\n")


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("constant", "lr stays 0.1"),
        ("cosine", "lr goes on from 0.1"),
        ("cosine: {warmup: 2 steps}", "lr 0.1 up to step 8, then 0.05"),
    ],
)
def test_a_rate_that_will_change_is_not_said_to_stay(
    here: Path, call: Call, whole: Path, schedule: str, told: str
) -> None:
    shutil.copytree(whole, "run")
    ended = call("resume", "run", "--epochs", "3", "--schedule", schedule)
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[1] == f"nettrain: extended to 3 epochs: {told}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("step", [9, 11])
def test_a_run_with_more_epochs_may_be_stopped(
    here: Path, call: Call, whole: Path, number: signal.Signals, step: int
) -> None:
    more = ("--epochs", "3", "--schedule", "cosine: {warmup: 1 steps}")
    for run in ("run", "left-alone"):
        shutil.copytree(whole, run)
    assert call("resume", "left-alone", *more).code == 0
    assert process("resume", "run", *more, program=stop(step, number)).code == -number
    assert call(*AUTO).code == 0
    assert results(here / "run") == results(here / "left-alone")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", "2"), "--epochs: must be more than the 2 epochs that the run has, got 2"),
        (
            ("--schedule", "constant"),
            "--schedule is for the epochs that --epochs adds; expected both; see 'nettrain resume --help'",
        ),
        (
            ("--epochs", "3", "--schedule", "cosine: {warmup: 9 steps}"),
            "schedule.cosine.warmup: must not be longer than the training of 4 steps, got 9 steps",
        ),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    here: Path, call: Call, whole: Path, arguments: tuple[str, ...], message: str
) -> None:
    shutil.copytree(whole, "run")
    before = tree(here)
    assert call("resume", "run", *arguments) == Ended(2, "", f"nettrain: error: {message}\n")
    assert tree(here) == before


def test_a_finished_run_without_its_facts_is_still_complete(here: Path, call: Call, finished: Path) -> None:
    shutil.copytree(finished, "run")
    for facts in (None, '{"format_version": 1}'):
        Path("run/run.json").unlink()
        if facts is not None:
            Path("run/run.json").write_text(facts)
        ended = call("resume", "run")
        assert (ended.code, ended.err.splitlines()[-1]) == (0, "nettrain: run is already complete")


def test_a_best_model_that_is_gone_is_said(here: Path, call: Call, finished: Path) -> None:
    shutil.copytree(finished, "run")
    Path("run/best.safetensors").unlink()
    assert "nettrain: warning: run/best.safetensors is gone; it comes back only with" in call("resume", "run").err


def test_a_file_is_no_folder_to_look_for_a_run_in(here: Path, call: Call, small: Path) -> None:
    config = here / "c.yaml"
    config.write_text(CNN.format(data=small))
    ended = call("fit", config, "--resume", "auto", "--run-dir", config)
    assert ended == Ended(2, "", f"nettrain: error: {config}: is a file; expected the path of a folder\n")
