"""``nettrain fit`` as its users see it: stdout, stderr, a terminal, closed streams, data left alone, odd sizes."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, MLP, NETTRAIN, ROOT, Ended, pictures, printable, process, results, shell, tree, written

from nettrain.arrays.threads import available_cores

Call = Callable[..., Ended]

EPOCH = (
    r"epoch \d/2  lr 0\.1  train_loss [\d.]+  train_accuracy [\d.]+  val_loss [\d.]+  val_accuracy "
    r"[\d.]+  [\d,]+ images/s(  best)?"
)


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two configs, in which commands run."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "mlp.yaml", MLP.format(data=small))
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


def test_stdout_is_one_line_and_stderr_is_plain_text(here: Path, small: Path) -> None:
    before = tree(small, times=True)
    ended = process("fit", "mlp.yaml")
    assert ended.code == 0
    assert re.fullmatch(r"runs/mlp  best val_accuracy 0\.\d{4} at epoch [12]\n", ended.out)
    assert printable(ended.err)
    note, about, *epochs = ended.err.splitlines()
    assert note == "nettrain: note: data.train: uses train/, test/ found in it"
    assert about == "runs/mlp: 120 training pictures in 10 classes, 40 to validate on; 1,210 parameters"
    assert [bool(re.fullmatch(EPOCH, line)) for line in epochs] == [True, True], epochs
    assert tree(small, times=True) == before


def test_the_folder_holds_everything_of_the_run(here: Path, call: Call, small: Path) -> None:
    assert call("train", "mlp.yaml", "--epochs", "1", "--seed", "7").code == 0
    assert call("fit", "mlp.yaml", "--set", "name=mine", "--lr", "0.01", "--batch-size", "8").code == 0
    assert call("fit", "mlp.yaml", "--epochs", "1").code == 0
    assert sorted(os.listdir("runs")) == ["mine", "mlp", "mlp-2"]
    assert sorted(tree(here / "runs/mlp")) == [
        "best.safetensors",
        "checkpoints",
        "checkpoints/step-000000000.safetensors",
        "checkpoints/step-000000004.safetensors",
        "classes.txt",
        "config.resolved.yaml",
        "config.yaml",
        "events.jsonl",
        "lock",
        "metrics.csv",
        "run.json",
        "split.csv",
        "timings.csv",
    ]
    assert Path("runs/mlp/config.yaml").read_bytes() == Path("mlp.yaml").read_bytes()
    events = [json.loads(line) for line in Path("runs/mlp/events.jsonl").read_text().splitlines()]
    assert [(event["event"], event["epoch"], event["step"]) for event in events] == [
        ("step", 1, 1),
        ("step", 1, 2),
        ("step", 1, 3),
        ("step", 1, 4),
        ("epoch", 1, 4),
    ]
    facts = json.loads(Path("runs/mlp/run.json").read_text())
    assert (facts["state"], facts["reason"], facts["epoch"], facts["step"]) == ("finished", "all epochs done", 1, 4)
    assert "seed: 7\n" in Path("runs/mlp/config.resolved.yaml").read_text()


def test_a_bar_shows_loss_accuracy_and_speed_on_a_terminal(here: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    fit = [*NETTRAIN, "fit", str(ROOT / "configs/digits-cnn.yaml"), "--epochs", "2", "--batch-size", "8"]
    child = subprocess.Popen(fit, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    while block := read(ours):
        seen += block
    assert child.stdout is not None
    out = child.stdout.read().decode()
    child.stdout.close()
    assert child.wait() == 0
    os.close(ours)
    assert re.fullmatch(r"runs/digits-cnn  best val_\w+ 0\.\d{4} at epoch [12]\n", out)
    text = seen.decode()
    assert re.search(r"\repoch 1/2: .*\| \d+/1293 \[.*img/s, accuracy=[\d.]+, loss=[\d.]+\]", text), text
    assert "\r\n" in text
    assert [line[:9] for line in re.split(r"[\r\n]+", text) if "val_loss" in line] == ["epoch 1/2", "epoch 2/2"]


def read(terminal: int) -> bytes:
    """What was written to the terminal since; nothing once the other side is closed."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "2>/dev/full", "| true", "2> >(true)"])
def test_a_fit_goes_on_when_nobody_listens(here: Path, closed: str) -> None:
    ended = shell(f"{{ nettrain fit mlp.yaml --run-dir run {closed}; }}; echo ${{PIPESTATUS[0]}} > code", here)
    assert Path("code").read_text() == "0\n", ended.err
    assert "Traceback" not in ended.err
    facts = json.loads(Path("run/run.json").read_text())
    assert facts["state"] == "finished"


def test_a_full_stdout_is_a_fault_of_the_surroundings(here: Path) -> None:
    ended = shell("nettrain env > /dev/full", here)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == "nettrain: error: stdout: cannot write: the disk is full; free some space and try again\n"


def test_data_that_may_not_be_written_is_enough(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = pictures(tmp_path / "data", 4, 2)
    for path in [*data.rglob("*"), data]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = tree(data, times=True)
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    try:
        for command in (
            ("check", "a.yaml"),
            ("fit", "a.yaml", "--run-dir", "run"),
            ("evaluate", "run"),
            ("predict", "data", "-m", "run"),
            ("resume", "run"),
        ):
            assert call(*command).code == 0
        assert tree(data, times=True) == before
    finally:
        for path in [data, *data.rglob("*")]:
            path.chmod(0o755)


def test_bad_pictures_are_skipped_where_asked_and_listed(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pictures(tmp_path / "data", 8, 2)
    (data / "train/3/a,b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (data / "train/4/empty.png").touch()
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    ended = call("fit", "a.yaml", "--set", "data.on_bad_image=skip", "--run-dir", "run")
    assert ended.code == 0
    assert "nettrain: warning: 2 bad pictures skipped; see run/bad_images.csv\n" in ended.err
    assert Path("run/bad_images.csv").read_text() == (
        "path,reason,split\n"
        "4/empty.png,the file is empty (0 bytes),train\n"
        '"3/a,b.png",cut off: the PNG file has no end chunk (IEND),val\n'
    )
    assert call("fit", "a.yaml", "--run-dir", "strict").code == 3
    assert not Path("strict").exists()


def test_bad_pictures_to_test_on_are_found_before_the_first_step(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data, skip = pictures(tmp_path / "data", 8, 2), ("--set", "data.on_bad_image=skip")
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    assert call("fit", "a.yaml", "--run-dir", "good", *skip).code == 0
    bad = data / "test/3/a.png"
    bad.touch()
    reason = "the file is empty (0 bytes)"
    for command in (("fit", "a.yaml", "--run-dir", "run"), ("fit", "a.yaml", "--repeat", "2"), ("check", "a.yaml")):
        ended = call(*command)
        assert (ended.code, ended.err.splitlines()[-1]) == (3, f"nettrain: error: {bad}: {reason}")
    assert not Path("run").exists()
    assert not Path("runs").exists()
    ended = call("fit", "a.yaml", "--run-dir", "run", *skip)
    assert ended.code == 0
    assert "nettrain: warning: 1 bad picture skipped; see run/bad_images.csv" in ended.err.splitlines()
    assert Path("run/bad_images.csv").read_text() == f"path,reason,split\n3/a.png,{reason},test\n"
    fingerprints = {json.loads(Path(run, "run.json").read_text())["data_fingerprint"] for run in ("good", "run")}
    assert len(fingerprints) == 1  # it is of the pictures to train and validate on
    ended = call("fit", "a.yaml", "--run-dir", "all", "--repeat", "2", *skip)
    (line,) = (line for line in ended.err.splitlines() if "skipped" in line)
    assert line == "nettrain: warning: 1 bad picture skipped; see all/seed-1/bad_images.csv"
    listed = [Path(f"all/seed-{seed}/bad_images.csv").read_text() for seed in (1, 2)]
    assert listed == [f"path,reason,split\n3/a.png,{reason},test\n"] * 2


def test_one_of_a_thing_is_said_as_one(here: Path, call: Call, small: Path, tmp_path: Path) -> None:
    data = shutil.copytree(small, tmp_path / "data")
    (data / "train/4/empty.png").touch()
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    one = ("--epochs", "1", "--set", "data.on_bad_image=skip")
    assert "nettrain: warning: 1 bad picture skipped; see " in call("fit", "a.yaml", "--run-dir", "run", *one).err
    assert re.search(r"^time    about \d+ s for 1 epoch at ", call("check", "a.yaml", *one).out, re.MULTILINE)


def test_more_threads_than_cores_are_said_and_change_nothing(here: Path, call: Call, small: Path) -> None:
    written(here, "threads.yaml", MLP.format(data=small))
    cores = available_cores()
    said = f"threads on {cores} core{'' if cores == 1 else 's'}: more than the cores only wait for each other\n"
    for run, threads in (("few", cores), ("many", cores + 1), ("most", 1000)):
        ended = call("fit", "threads.yaml", "--run-dir", run, "--threads", str(threads))
        assert ended.code == 0
        assert (f"nettrain: note: {threads} {said}" in ended.err) == (threads > cores)
        assert results(here / run) == results(here / "few")
    assert f"nettrain: note: 1000 {said}" in call("resume", "few", "--threads", "1000").err


def test_batch_norm_of_one_number_trains(here: Path, call: Call, small: Path) -> None:
    """After flatten a batch of one picture is one number a channel, without a variance of its own."""
    text = MLP.format(data=small).replace("activation: relu", "norm: batch_norm, activation: relu")
    written(here, "norm.yaml", text)
    ended = call("fit", "norm.yaml", "--batch-size", "7", "--run-dir", "run")
    assert ended.code == 0, ended.err
    assert json.loads(Path("run/events.jsonl").read_text().splitlines()[17])["step"] == 18


SAME = {
    "no cache": ["--set", "data.cache=none"],
    "one thread": ["--threads", "1"],
    "two threads": ["--threads", "2"],
    "three threads": ["--threads", "3"],
    "another name": ["--set", "name=other"],
    "again": [],
}


@pytest.mark.parametrize("variant", SAME)
def test_what_is_no_part_of_the_result_changes_no_byte_of_it(
    here: Path, call: Call, finished: Path, variant: str
) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "run", *SAME[variant]).code == 0
    assert results(here / "run") == results(finished)


def test_a_resolved_config_repeats_the_run(here: Path, call: Call, finished: Path) -> None:
    shutil.copy(finished / "config.resolved.yaml", "again.yaml")
    assert call("fit", "again.yaml", "--run-dir", "run").code == 0
    assert results(here / "run") == results(finished)
    assert Path("run/config.resolved.yaml").read_bytes() == Path("again.yaml").read_bytes()


@pytest.mark.parametrize("batch_size", [1, 7, 119, 120, 10_000])
@pytest.mark.parametrize("config", ["mlp.yaml", "cnn.yaml"])
def test_any_batch_size_trains(here: Path, call: Call, config: str, batch_size: int) -> None:
    """The last batch may be one picture, also under batch norm; a batch may be larger than the split."""
    ended = call("fit", config, "--batch-size", str(batch_size), "--epochs", "1", "--lr", "0.001", "--run-dir", "run")
    assert ended.code == 0, ended.err
    events = Path("run/events.jsonl").read_text().splitlines()
    assert len(events) == -(-120 // batch_size) + 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_before_the_first_step_leaves_nothing(here: Path, number: int, code: int) -> None:
    prologue = f"import os, nettrain.data.cache as c; c._check_classes = lambda *_: os.kill(os.getpid(), {int(number)})"
    line = f"{NETTRAIN[0]} -c '{prologue}\nfrom nettrain.__main__ import main\nmain()' fit mlp.yaml"
    ended = shell(line, here)
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    assert sorted(os.listdir()) == ["cnn.yaml", "mlp.yaml"]


@pytest.mark.parametrize(("schedule", "more"), [("constant", []), ("cosine", ["--schedule", "constant"])])
def test_a_training_that_stops_early_says_so_and_why(
    small: Path, tmp_path: Path, call: Call, schedule: str, more: list[str]
) -> None:
    config = written(tmp_path, "mlp.yaml", MLP.format(data=small))
    stopping = "train.early_stopping={monitor: train_loss, patience: 1, min_delta: 100}"
    config = [config, "--set", f"schedule={schedule}", "--set", stopping]
    ended = call("fit", *config, "--epochs", "9", "--run-dir", tmp_path / "run")
    assert ended.code == 0
    reason = json.loads((tmp_path / "run/run.json").read_text())["reason"]
    assert reason.startswith("early stopping after epoch 2: train_loss was no better than ")
    assert ended.err.splitlines()[-1] == f"nettrain: {reason}"
    run = tmp_path / "run"
    resumed = ["resume", str(run), "--epochs", "10", *more]
    goes_on = f"'nettrain {' '.join(resumed)}', or more epochs, goes on"
    assert call("resume", run) == Ended(0, "", f"nettrain: {run} is already complete ({reason}); {goes_on}\n")
    assert call(*resumed).err.splitlines()[-1].startswith("nettrain: early stopping after epoch 3")
