"""``fit --repeat`` and ``fit --folds``: whole runs in one folder, a table of what they reached, nothing lost."""

from __future__ import annotations

import csv
import gc
import json
import math
import os
import re
import shutil
import signal
import statistics
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import MLP, Ended, after, process, results, tree, written

from nettrain.data.split import Split
from nettrain.files.lock import Lock
from nettrain.training.pictures import LookedThrough

Call = Callable[..., Ended]
REPEAT = ("fit", "a.yaml", "--run-dir", "all", "--repeat", "3")
FOLDS = ("fit", "a.yaml", "--run-dir", "all", "--folds", "3")
AUTO = ("--resume", "auto")

STOP = """
import os, signal
from nettrain.arrays.blas import ask_for_one_thread
ask_for_one_thread()
from nettrain.training.store.logs import EventLog
event, seen = EventLog.event, []
def stopping(log, kind, **facts):
    event(log, kind, **facts)
    seen.append(kind)
    if len(seen) == {lines}:
        os.kill(os.getpid(), {number})
EventLog.event = stopping"""

STOP_BETWEEN = """
import os, signal
from nettrain.arrays.blas import ask_for_one_thread
ask_for_one_thread()
from nettrain.training.judging import gating
evaluated = gating.evaluated
def stopping(*given):
    os.kill(os.getpid(), signal.SIGKILL)
gating.evaluated = stopping"""


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config: 8 steps and 2 epochs a run, 10 lines of events."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a.yaml", MLP.format(data=small))
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    """A series over three seeds that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    written(folder, "a.yaml", MLP.format(data=small))
    ended = process(*REPEAT, cwd=folder)
    assert ended.code == 0, ended.err
    return folder / "all"


def table(path: Path | str = "all/summary.csv") -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def same(one: Path, other: Path) -> bool:
    """Whether two series have the same runs, byte for byte, and the same table."""
    runs = sorted(path.name for path in other.iterdir() if path.is_dir())
    assert sorted(path.name for path in one.iterdir() if path.is_dir()) == runs
    assert (one / "summary.csv").read_bytes() == (other / "summary.csv").read_bytes()
    return all(results(one / run) == results(other / run) for run in runs)


def test_each_run_is_that_of_its_seed_and_the_table_is_their_mean(here: Path, call: Call, whole: Path) -> None:
    for seed in (1, 2, 3):
        assert call("fit", "a.yaml", "--seed", str(seed), "--run-dir", f"seed-{seed}").code == 0
        assert results(whole / f"seed-{seed}") == results(here / f"seed-{seed}")
    *runs, mean, std, n = table(whole / "summary.csv")
    assert [(row["run"], row["seed"]) for row in runs] == [("seed-1", "1"), ("seed-2", "2"), ("seed-3", "3")]
    assert [mean["run"], std["run"], n["run"]] == ["mean", "std", "n"]
    for column in ("train_loss", "val_accuracy", "test_accuracy"):
        values = [float(row[column]) for row in runs]
        assert float(mean[column]) == pytest.approx(math.fsum(values) / 3)
        assert float(std[column]) == pytest.approx(statistics.stdev(values))
        assert n[column] == "3"
    for row in runs:
        best = json.loads((whole / row["run"] / "run.json").read_text())["best"]
        assert (row["best_epoch"], float(row["val_accuracy"])) == (str(best["epoch"]), best["value"])
        judged = json.loads((whole / row["run"] / "evaluate/test.json").read_text())
        assert float(row["test_accuracy"]) == judged["accuracy"]


def test_stdout_is_the_table_and_stderr_a_line_a_run(here: Path, call: Call, whole: Path) -> None:
    ended = call(*REPEAT)
    assert ended.code == 0
    lines = ended.out.splitlines()
    head = "run seed best_epoch train_loss train_accuracy val_loss val_accuracy test_accuracy test_loss test_macro_f1"
    assert lines[0].split() == head.split()
    assert [line.split()[0] for line in lines[1:7]] == ["seed-1", "seed-2", "seed-3", "mean", "std", "n"]
    *_, mean, std, _ = table(whole / "summary.csv")
    shown = [
        f"mean {column} {float(mean[column]):.4f}, standard deviation {float(std[column]):.4f}"
        for column in ("val_accuracy", "test_accuracy")
    ]
    assert lines[7:] == ["", "  ".join(["all", *shown, "of 3 runs"])]
    told = ended.err.splitlines()
    assert told[0] == "all: 3 runs, seed-1 to seed-3"
    assert told[1] == "nettrain: note: data.train: uses train/, test/ found in it"
    assert [line.split("  ")[0] for line in told[2:]] == [f"seed-{k} ({k} of 3)" for k in (1, 2, 3)]
    assert same(here / "all", whole)


def test_over_folds_each_picture_validates_once(here: Path, call: Call, small: Path) -> None:
    ended = call(*FOLDS)
    assert ended.code == 0
    assert ended.err.startswith("nettrain: note: data.val is not used: each run validates on a fold of its own\n")
    parts = []
    for fold in (1, 2, 3):
        with open(f"all/fold-{fold}/split.csv", encoding="utf-8", newline="") as lines:
            parts.append([row["path"] for row in csv.DictReader(lines) if row["split"] == "val"])
    assert sorted(path for part in parts for path in part) == sorted(
        str(path.relative_to(small / "train")) for path in (small / "train").rglob("*.png")
    )
    assert sorted(map(len, parts)) == [53, 53, 54]
    assert call("fit", "a.yaml", "--run-dir", "two", "--set", "data.val={fold: 2, of: 3}").code == 0
    assert results(here / "two") == results(here / "all/fold-2")
    assert call("evaluate", "all/fold-2", "--split", "val").code == 0
    assert [row["run"] for row in table()] == ["fold-1", "fold-2", "fold-3", "mean", "std", "n"]


@pytest.mark.parametrize(
    ("number", "lines"), [(signal.SIGKILL, 3), (signal.SIGTERM, 10), (signal.SIGTERM, 14), (signal.SIGKILL, 29)]
)
def test_what_is_stopped_anywhere_goes_on_to_the_same_bytes(
    here: Path, call: Call, whole: Path, number: signal.Signals, lines: int
) -> None:
    ended = process(*REPEAT, program=after(STOP.format(lines=lines, number=int(number))))
    assert ended.code == -number
    if number == signal.SIGTERM:
        how = "after the last step; all/seed-1 is complete" if lines == 10 else "and saved"
        go_on = "go on with: the same command and --resume auto --run-dir all"
        assert ended.err.splitlines()[-1] == f"nettrain: stopped by SIGTERM {how}; {go_on}"
    assert not Path("all/summary.csv").exists()
    ended = call(*REPEAT, *AUTO)
    assert ended.code == 0, ended.err
    assert same(here / "all", whole)


def test_killed_before_a_run_has_its_facts_it_goes_on(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "all")
    os.remove("all/seed-2/run.json")  # which comes after the first checkpoint
    ended = call(*REPEAT, *AUTO)
    assert ended.code == 0, ended.err
    assert same(here / "all", whole)


def test_killed_between_two_runs_it_goes_on(here: Path, call: Call, whole: Path) -> None:
    prologue = STOP_BETWEEN.replace("gating.evaluated = stopping", "gating.evaluated = stopping; import numpy")
    assert process(*REPEAT, program=after(prologue)).code == -signal.SIGKILL
    assert sorted(path.name for path in Path("all").iterdir()) == ["lock", "seed-1", "series.json"]
    assert call(*REPEAT, *AUTO).code == 0
    assert same(here / "all", whole)


def test_a_finished_series_is_only_shown_again(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "all")
    before = tree(here / "all")
    ended = call(*REPEAT, *AUTO)
    assert ended.code == 0
    assert ended.out.splitlines()[-1].startswith("all  mean val_accuracy 0.")
    assert tree(here / "all") == before
    assert call("fit", "a.yaml", "--run-dir", "all", "--repeat", "4", *AUTO).code == 0
    assert [row["run"] for row in table()][:5] == ["seed-1", "seed-2", "seed-3", "seed-4", "mean"]


def test_predict_finds_the_newest_run_of_a_series(here: Path, call: Call, whole: Path, small: Path) -> None:
    shutil.copytree(whole, "runs/all")
    ended = call("predict", small / "test/7")
    assert (ended.code, ended.err) == (0, "nettrain: using runs/all/seed-3\n")


def test_time_counts_for_the_whole(here: Path, call: Call) -> None:
    short = ("fit", "a.yaml", "--repeat", "2", "--epochs", "1", "--batch-size", "60")
    assert call(*short, "--run-dir", "whole").code == 0
    codes = []
    while not codes or codes[-1] == 8:
        ended = call(*short, "--run-dir", "all", *AUTO, "--max-time", "0.001s")
        codes.append(ended.code)
        assert len(codes) < 20
    assert codes[-1] == 0
    assert len(codes) == 2 * (2 + 1)  # a call a step, and one for the end of the last epoch
    assert same(here / "all", here / "whole")


def test_gates_are_judged_on_all_runs_together(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "all")
    ended = call(*REPEAT, *AUTO, "--min-accuracy", "1")
    assert ended.code == 7
    told = json.loads(Path("all/gate.json").read_text())
    mean = float(table()[3]["test_accuracy"])
    (gate,) = told["gates"]
    assert (told["met"], told["split"], gate["runs"], gate["n"]) == (False, "test", 3, 50)
    assert gate["value"] == pytest.approx(mean)
    words = f"nettrain: gate not met: accuracy is {mean:.4f}, the mean of 3 runs, on 50 test pictures ("
    assert ended.err.splitlines()[-1].startswith(words)
    assert call(*REPEAT, *AUTO, "--min-accuracy", "0.001").code == 0
    setting = ("--set", f"gate.not_worse_than={{run: {here}/all/seed-1, by: 0.9}}")
    assert call(*REPEAT, *AUTO, *setting).code == 0
    (gate,) = json.loads(Path("all/gate.json").read_text())["gates"]
    assert gate["value"] == pytest.approx(mean - float(table()[0]["test_accuracy"]))


def test_gates_are_judged_on_the_pictures_as_they_are_now(here: Path, call: Call, small: Path) -> None:
    shutil.copytree(small, "data")
    written(here, "a.yaml", MLP.format(data="data"))
    short = ("fit", "a.yaml", "--run-dir", "all", "--repeat", "2", "--epochs", "1")
    assert call(*short, "--min-accuracy", "0.001").code == 0
    (before,) = json.loads(Path("all/gate.json").read_text())["gates"]
    zero = next(Path("data/test/0").iterdir()).read_bytes()
    for picture in sorted(Path("data/test").rglob("*.png")):
        picture.write_bytes(zero)
    assert call(*short, *AUTO, "--min-accuracy", "0.001").code == 0
    (gate,) = json.loads(Path("all/gate.json").read_text())["gates"]
    assert gate["value"] <= 0.1 < before["value"]


def test_gates_on_names_that_cannot_be_printed(here: Path, call: Call, small: Path) -> None:
    shutil.copytree(small / "test", "data")
    Path("data/0").rename("data/0\u200b")
    written(here, "a.yaml", MLP.format(data="data"))
    short = ("fit", "a.yaml", "--run-dir", "all", "--folds", "2", "--epochs", "1")
    assert call(*short, "--min-accuracy", "0.001").code == 0
    setting = ("--set", f"gate.not_worse_than={{run: {here}/all/fold-1, by: 0.9}}")
    assert call(*short, *AUTO, *setting).code == 0
    (gate,) = json.loads(Path("all/gate.json").read_text())["gates"]
    assert (gate["gate"], gate["n"]) == ("not_worse_than", 50)


def test_a_gate_without_pictures_to_judge_on_is_an_error(here: Path, call: Call, small: Path) -> None:
    text = MLP.format(data=small / "train").replace("  val: {from: train, fraction: 0.25}\n", "")
    written(here, "a.yaml", text)
    short = ("fit", "a.yaml", "--run-dir", "all", "--repeat", "2", "--epochs", "1")
    assert call(*short).code == 0
    ended = call(*short, *AUTO, "--min-accuracy", "0.5")
    line = "nettrain: error: all/seed-1: has no pictures to test or validate on, so nothing can be judged"
    assert (ended.code, ended.err.splitlines()[-1]) == (2, line)


def test_over_folds_a_gate_counts_every_picture(here: Path, call: Call, small: Path) -> None:
    written(here, "a.yaml", MLP.format(data=small / "train"))
    lower = ("--set", "gate.use=lower")  # of 160 pictures the lower end can be 0.97, of the 54 of a fold 0.93
    assert call(*FOLDS, "--min-accuracy", "0.95", *lower).code == 7
    (gate,) = json.loads(Path("all/gate.json").read_text())["gates"]
    values = [float(row["val_accuracy"]) for row in table()[:3]]
    assert gate["n"] == 160
    assert gate["value"] == pytest.approx(sum(value * n for value, n in zip(values, (54, 53, 53), strict=True)) / 160)


@pytest.mark.parametrize("runs", ["2", "3"])
def test_a_series_of_other_pictures_is_refused(
    here: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch, runs: str
) -> None:
    """Also where all runs of it are finished, and where it is to become longer."""
    data = shutil.copytree(small, here / "data")
    written(here, "a.yaml", MLP.format(data=data))
    short = ("fit", "a.yaml", "--run-dir", "all", "--epochs", "1", "--repeat")
    assert call(*short, "2").code == 0
    before = tree(here / "all")
    one, other = sorted((data / "train/3").iterdir())[:2]
    kept = one.read_bytes()
    head = f"nettrain: error: {data}/train: the pictures are not those that the run was started with"
    cure = "put them back as they were, or start a new run"
    one.write_bytes(other.read_bytes())
    with monkeypatch.context() as patched:
        patched.setattr("nettrain.training.pictures.decode_all", None)  # the files show it, and the names alone
        what = "the names are the same, but not what is in the files"
        assert call(*short, runs, *AUTO) == Ended(3, "", f"{head}: {what}; {cure}\n")
        one.write_bytes(kept)
        shutil.copy(one, data / "test/3/new.png")
        what = f"1 picture came since ({data}/test/3/new.png)"
        assert call(*short, runs, *AUTO) == Ended(3, "", f"{head}: {what}; {cure}\n")
    assert tree(here / "all") == before
    (data / "test/3/new.png").unlink()
    assert call(*short, runs, *AUTO).code == 0


def test_pictures_to_test_on_are_looked_through_once_where_all_runs_have_the_same(
    here: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nettrain.training import prepare

    look_through, looked = prepare.look_through, list[str]()

    def counted(split: Split, *rest: Any) -> LookedThrough:
        looked.append(split.name)
        return look_through(split, *rest)

    monkeypatch.setattr(prepare, "look_through", counted)
    assert call(*REPEAT).code == 0
    assert looked == ["test"]
    aside = ("--set", f"data.train={small}/train", "--set", "data.test={from: train, fraction: 0.2}")
    assert call("fit", "a.yaml", "--run-dir", "aside", "--repeat", "2", *aside).code == 0
    assert looked == ["test"] * 3  # other seeds set others aside


def test_what_was_skipped_is_said_when_a_series_begins_and_not_when_it_goes_on(
    here: Path, call: Call, small: Path
) -> None:
    data = shutil.copytree(small, here / "data")
    for name in ("train/3/bad.png", "train/4/bad.png", "test/5/bad.png"):
        (data / name).touch()
    written(here, "a.yaml", MLP.format(data=data).replace("data:\n", "data:\n  on_bad_image: skip\n"))
    ended = process(*REPEAT, program=after(STOP.format(lines=3, number=int(signal.SIGTERM))))
    line = "nettrain: warning: 3 bad pictures skipped; see all/seed-1/bad_images.csv"
    assert [told for told in ended.err.splitlines() if "skipped" in told] == [line]
    ended = call(*REPEAT, *AUTO)
    assert ended.code == 0, ended.err
    assert "skipped" not in ended.err
    listed = [Path(f"all/seed-{seed}/bad_images.csv").read_text().splitlines() for seed in (1, 2, 3)]
    assert [sorted(line.rsplit(",", 1)[0] for line in one) for one in listed] == 3 * [
        [
            "3/bad.png,the file is empty (0 bytes)",
            "4/bad.png,the file is empty (0 bytes)",
            "5/bad.png,the file is empty (0 bytes)",
            "path,reason",
        ]
    ]


def test_another_series_or_config_is_refused(here: Path, call: Call, whole: Path) -> None:
    shutil.copytree(whole, "all")
    before = tree(here / "all")
    again = "start a new series in another folder"
    line = f"all: was begun as --repeat 3 from seed 1, not as --folds 3 from seed 1; {again}"
    assert call(*FOLDS, *AUTO).err.endswith(f"nettrain: error: {line}\n")
    line = f"all: was begun as --repeat 3 from seed 1, not as --repeat 2 from seed 1; {again}"
    shorter = ("fit", "a.yaml", "--run-dir", "all", "--repeat", "2", *AUTO)
    assert call(*shorter) == Ended(4, "", f"nettrain: error: {line}\n")
    ended = call(*REPEAT, *AUTO, "--lr", "0.2")
    assert (ended.code, ended.out) == (4, "")
    newest = "all/seed-1/checkpoints/step-000000008.safetensors"
    what = "was made with another config: optimizer.sgd.lr differ; start a new run"
    assert ended.err.splitlines()[-1] == f"nettrain: error: {newest}: {what}"
    assert call("fit", "a.yaml", "--run-dir", "all", "--repeat", "4", *AUTO, "--lr", "0.2").code == 4
    assert json.loads(Path("all/series.json").read_text())["count"] == 3
    go_on = "go on with the command that began it and --resume auto --run-dir all"
    line = f"all: holds a series of runs already; {go_on}, or choose another --run-dir"
    assert call(*REPEAT) == Ended(2, "", f"nettrain: error: {line}\n")
    assert call("fit", "a.yaml", "--run-dir", "all", *AUTO) == Ended(2, "", f"nettrain: error: {line}\n")
    line = f"all: holds a series of runs; {go_on}"
    assert call("resume", "all") == Ended(2, "", f"nettrain: error: {line}\n")
    with Lock("all"):
        line = f"all: is in use by process {os.getpid()}; wait for it to end, or choose another folder"
        assert call(*REPEAT, *AUTO) == Ended(5, "", f"nettrain: error: {line}\n")
    assert tree(here / "all") == before


FAULTS = {
    ("--folds", "3", "--repeat", "2"): "--repeat and --folds are two ways to train several times; expected one of them",
    ("--folds", "3", "--profile"): "--profile is for a single run; expected it without --repeat and --folds",
    ("--repeat", "1"): "invalid value for '--repeat': 1 is not in the range x>=2",
    ("--folds", "1"): "invalid value for '--folds': 1 is not in the range x>=2",
}


@pytest.mark.parametrize("arguments", FAULTS)
def test_a_misused_option_is_one_line(here: Path, call: Call, arguments: tuple[str, ...]) -> None:
    line = f"nettrain: error: {FAULTS[arguments]}; see 'nettrain fit --help'\n"
    assert call("fit", "a.yaml", *arguments) == Ended(2, "", line)


def test_nothing_is_made_where_the_first_run_cannot_begin(here: Path, call: Call, small: Path) -> None:
    ended = call("fit", "a.yaml", "--folds", "17")
    lines = ended.err.splitlines()[1:]
    few = "has 16 pictures, fewer than the 17 folds; add pictures, or ask for fewer folds"
    assert (ended.code, lines[0]) == (3, f"nettrain: error: {small}/train/0: {few}")
    ended = call("fit", "a.yaml", "--repeat", "2", "--seed", "2147483647")
    what = "must be at most 2147483646 for 2 seeds, got 2147483647"
    assert ended == Ended(2, "", f"nettrain: error: --seed:1:1: seed: {what}\n")
    assert call("fit", "a.yaml", "--set", "data.val={fold: 4, of: 3}") == Ended(
        2, "", "nettrain: error: --set[1]:1:8: data.val.fold: must be at most the 3 there are, got 4\n"
    )
    assert sorted(os.listdir()) == ["a.yaml"]


def test_a_run_that_diverges_is_named(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from nettrain.training.prepare import Prepared
    from nettrain.training.run.state import State

    fresh = State.fresh

    def spoilt(prepared: Prepared) -> State:
        state = fresh(prepared)
        if prepared.config.seed == 2:
            state.weights.array[:] = 1e30
        return state

    monkeypatch.setattr(State, "fresh", spoilt)
    ended = call(*REPEAT)
    assert (ended.code, ended.out) == (6, "")
    line = r"nettrain: error: all/seed-2: diverged at step 1 of epoch 1: .* is not finite; try a smaller learning rate"
    assert re.fullmatch(line, ended.err.splitlines()[-1])
    assert sorted(path.name for path in Path("all").iterdir() if path.is_dir()) == ["seed-1", "seed-2"]


def test_a_run_is_gone_from_memory_before_the_next_begins(
    here: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nettrain.training.prepare import Prepared
    from nettrain.training.run.state import State

    fresh, made, seen = State.fresh, [], []

    def counted(prepared: Prepared) -> State:
        gc.collect()
        seen.append(sum(one() is not None for one in made))
        made.append(weakref.ref(prepared))
        return fresh(prepared)

    monkeypatch.setattr(State, "fresh", counted)
    assert call(*REPEAT).code == 0
    assert seen == [0, 0, 0]
