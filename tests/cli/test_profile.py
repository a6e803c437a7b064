"""``--profile`` as its users see it: a table on stderr, a file in the run, and not one other byte changed."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, NETTRAIN, Ended, printable, process, results, tree, written

Call = Callable[..., Ended]

TABLE = """\
milliseconds of a step, the mean of steps 2 to 32, after one to warm up
where        what                                            forward  backward  ms  share  GFLOP/s
layers.0     conv2d+batch_norm+max_pool2d+relu                     #         #   #    # %        #
layers.2     conv2d+batch_norm+relu+global_avg_pool+dropout        #         #   #    # %        #
layers.5     linear+bias                                           #         #   #    # %        #
loss         cross_entropy                                         #         #   #    # %
loss         mean                                                  #         #   #    # %
data         waiting for a batch                                                 #    # %
gather       gathering gradients                                                 #    # %
update       the optimizer's step                                                #    # %
logs         metrics, events, screen                                             #    # %
validation   the validation pictures                                             #    # %
checkpoints  saves, the best model                                               #    # %
other        everything in between                                               #    # %
all                                                                #         #   #    # %        #
# ms a step, # images/s; # without validation and checkpoints
where: the first layer of an operation; those joined to it (a+b+c) have no row of their own
linear: what a dense layer does; loss mean: the mean of the pictures' losses
GFLOP/s: those of the direct method
also in run/profile.csv, with the numbers of the steps
"""
NONE = "nettrain: warning: no profile: fewer than two steps were made, and the first is to warm up"


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config, in which commands run."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


def words(text: str) -> list[list[str]]:
    """The words of each line, each number that was measured a ``#``."""
    number = re.compile(r"(?<!\S)[\d,]+(\.\d+|(?= images/s| without))")
    return [number.sub("#", line).split() for line in text.splitlines()]


def profile_of(run: str) -> dict[str, dict[str, str]]:
    with open(Path(run, "profile.csv"), encoding="ascii", newline="") as file:
        return {row["where"]: row for row in csv.DictReader(file)}


def test_the_table_ends_stderr_and_stdout_is_as_ever(here: Path) -> None:
    ended = process("fit", "cnn.yaml", "--run-dir", "run", "--profile")
    assert ended.code == 0
    assert re.fullmatch(r"run  best val_accuracy [\d.]+ at epoch \d\n", ended.out)
    lines = ended.err.splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("milliseconds"))
    assert lines[start - 1].startswith("epoch 4/4")
    assert words("".join(lines[start:])) == words(TABLE)
    assert printable(ended.err)
    rows = lines[start + 2 : -5]
    assert sum(float(row.split(" %")[0].split()[-1]) for row in rows[:-1]) == pytest.approx(100, abs=1)
    assert len({row.index(" %") for row in rows}) == 1


def test_no_other_byte_changes(here: Path, call: Call, finished: Path) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "run", "--profile").code == 0
    assert results(here / "run") == results(finished)
    ours, plain = tree(here / "run"), tree(finished)
    assert set(ours) - set(plain) == {"profile.csv"}
    times = {"run.json", "timings.csv", "config.resolved.yaml", "lock"}  # the path of the config is in the resolved one
    assert {name for name in plain if ours[name] != plain[name]} <= times
    assert "profile" not in Path("run/run.json").read_text()


def test_a_fit_that_is_stopped_shows_what_it_did(here: Path) -> None:
    fit = [*NETTRAIN, "fit", "cnn.yaml", "--epochs", "100000", "--run-dir", "run", "--profile"]
    child = subprocess.Popen(fit, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    err = ""
    while not err.endswith("\n") or "epoch      1/" not in err:
        err += child.stderr.read(1)
    child.send_signal(signal.SIGINT)
    out, rest = child.communicate()
    err += rest
    assert (child.returncode, out) == (-signal.SIGINT, "")
    *_, before, last = err.splitlines()
    assert before == "also in run/profile.csv, with the numbers of the steps"
    assert last == "nettrain: stopped by SIGINT and saved; go on with: nettrain resume run"
    everything = profile_of("run")["all"]
    facts = json.loads(Path("run/run.json").read_text())
    assert facts["state"] == "stopped"
    assert int(everything["steps"]) == facts["step"] - 1
    assert f"the mean of steps 2 to {facts['step']:,}, after one to warm up" in err
    assert (everything["from_step"], everything["to_step"]) == ("2", str(facts["step"]))


@pytest.mark.parametrize("command", [["resume", "run"], ["fit", "cnn.yaml", "--resume", "auto", "--run-dir", "run"]])
def test_a_run_that_goes_on_has_a_profile_of_the_steps_from_there(
    here: Path, call: Call, finished: Path, command: list[str], small: Path
) -> None:
    run = here / "run"
    assert call("fit", "cnn.yaml", "--run-dir", run, "--profile").code == 0
    (run / "checkpoints/step-000000032.safetensors").unlink()
    ended = call(*command, "--profile")
    assert ended.code == 0, ended.err
    assert "milliseconds of a step, the mean of steps 26 to 32, after one to warm up\n" in ended.err
    everything = profile_of("run")["all"]
    assert [everything[name] for name in ("steps", "from_step", "to_step")] == ["7", "26", "32"]
    assert results(run) == results(finished)


def test_a_call_without_a_profile_leaves_that_of_an_earlier_one(here: Path, call: Call) -> None:
    """It says itself which steps it is of."""
    assert call("fit", "cnn.yaml", "--run-dir", "run", "--profile", "--epochs", "2").code == 0
    before = Path("run/profile.csv").read_bytes()
    assert call("resume", "run", "--epochs", "3", "--schedule", "constant").code == 0
    assert Path("run/profile.csv").read_bytes() == before
    assert profile_of("run")["all"]["to_step"] == "16"


def test_nothing_is_left_to_profile(here: Path, call: Call) -> None:
    first = call("fit", "cnn.yaml", "--run-dir", "run", "--epochs", "1", "--batch-size", "120", "--profile")
    assert first.code == 0
    assert first.err.splitlines()[-1] == NONE
    again = call("resume", "run", "--profile")
    assert (again.code, again.out) == (0, "")
    assert again.err.splitlines()[-1] == "nettrain: run is already complete; there is nothing left to profile"
    assert not Path("run/profile.csv").exists()


@pytest.mark.parametrize(("columns", "length"), [(72, 16), (80, 16), (120, 14)])
def test_on_a_terminal_no_line_of_the_table_is_broken_and_no_word_cut(here: Path, columns: int, length: int) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    fit = [*NETTRAIN, "fit", "cnn.yaml", "--run-dir", "run", "--profile"]
    child = subprocess.Popen(fit, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while block := read(ours):
        seen += block
    assert child.wait() == 0
    os.close(ours)
    text = seen.decode().replace("\r\n", "\n")
    table = text[text.index("\nwhere  ") :].splitlines()[1:-5]
    assert len(table) >= length if length > 14 else len(table) == 14
    assert max(map(len, table)) <= columns
    what = "".join(line[13:].split("  ")[0] for line in table)
    for whole in ("conv2d+batch_norm+max_pool2d+relu", "conv2d+batch_norm+relu+global_avg_pool+dropout", "linear+bias"):
        assert whole in what


def read(terminal: int) -> bytes:
    """What was written to the terminal since; nothing once the other side is closed."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""
