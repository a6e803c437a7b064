"""Gates at ``fit`` and ``evaluate``: exit code 7 after the results, lines that say why, and the numbers as JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, MLP, Ended, results, written

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, small: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished run without gates, and a config."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "base")
    written(tmp_path, "a.yaml", MLP.format(data=small))
    return tmp_path


def gate_lines(ended: Ended) -> list[str]:
    return [line for line in ended.err.splitlines() if line.startswith("nettrain: gate")]


def test_fit_ends_with_7_after_its_result(here: Path, call: Call) -> None:
    ended = call("fit", "a.yaml", "--run-dir", "run", "--min-accuracy", "1", "--set", "gate.worst_class_recall=0.001")
    assert ended.code == 7
    assert ended.out.startswith("run  best val_accuracy 0.")
    told = json.loads(Path("run/gate.json").read_text())
    assert list(told) == ["met", "gates", "split", "n", "model_sha256", "data_fingerprint"]
    accuracy, recall = told["gates"]
    assert (told["met"], told["split"], told["n"]) == (False, "test", 50)
    assert (accuracy["gate"], accuracy["met"], accuracy["limit"], accuracy["n"]) == ("accuracy", False, 1.0, 50)
    found = json.loads(Path("run/evaluate/test.json").read_text())
    assert (found["accuracy"], found["accuracy_ci95"]) == (accuracy["value"], accuracy["interval"])
    assert min(row["recall"] for row in found["per_class"]) == recall["value"]
    assert found["gates"] == told["gates"]
    low, high = accuracy["interval"]
    words = f"accuracy is {accuracy['value']:.4f} on 50 test pictures (95 % interval {low:.4f} to {high:.4f})"
    first, second = gate_lines(ended)
    assert first == f"nettrain: gate not met: {words}; expected at least 1"
    assert second.startswith(f"nettrain: gate {'met' if recall['met'] else 'not met'}: recall of the worst class, '")
    assert json.loads(Path("run/run.json").read_text())["state"] == "finished"


def test_a_finished_run_is_judged_again_whoever_asks(here: Path, call: Call) -> None:
    fit = ("fit", "a.yaml", "--run-dir", "run", "--resume", "auto")
    first = call(*fit, "--min-accuracy", "0.9999")
    again = call(*fit, "--min-accuracy", "0.9999")
    assert (first.code, again.code) == (7, 7)
    assert again.err.splitlines() == ["nettrain: run is already complete", *gate_lines(first)]
    assert call("resume", "run").code == 7
    assert call(*fit, "--min-accuracy", "0.01").code == 0
    assert call(*fit).code == 0


def test_a_gate_changes_no_byte_of_the_training(here: Path, call: Call, small: Path, finished: Path) -> None:
    written(here, "cnn.yaml", CNN.format(data=small) + "gate: {accuracy: 0.99}\n")
    assert call("fit", "cnn.yaml", "--run-dir", "run").code == 7
    assert results(here / "run") == results(finished)


def test_without_test_pictures_it_is_those_to_validate_on(here: Path, call: Call, small: Path) -> None:
    written(here, "val.yaml", MLP.format(data=small / "train"))
    ended = call("fit", "val.yaml", "--run-dir", "run", "--min-accuracy", "0.01")
    assert ended.code == 0
    assert " on 40 val pictures (" in gate_lines(ended)[0]
    facts = json.loads(Path("run/run.json").read_text())
    assert json.loads(Path("run/gate.json").read_text())["gates"][0]["value"] == facts["best"]["value"]


def test_evaluate_prints_the_results_and_ends_with_7(here: Path, call: Call) -> None:
    plain = call("evaluate", "base")
    ended = call("evaluate", "base", "--min-accuracy", "1")
    assert ended.code == 7
    (line,) = ended.err.splitlines()
    assert line.startswith("nettrain: gate not met: accuracy is ")
    told = ended.out.splitlines()
    told.remove(f"{'gate':<19}" + line.removeprefix("nettrain: gate "))
    assert told == plain.out.splitlines()
    ended = call("evaluate", "base", "--min-accuracy", "0.01", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert [gate["met"] for gate in json.loads(ended.out)["gates"]] == [True]
    assert Path("base/evaluate/test.json").read_text() == ended.out


def test_evaluate_judges_the_gates_of_the_run(here: Path, call: Call, small: Path) -> None:
    assert call("fit", "a.yaml", "--run-dir", "run", "--set", "gate.accuracy=0.9999").code == 7
    assert call("evaluate", "run", "--split", "val").code == 7
    assert call("evaluate", "run", "--data", small / "test").code == 7
    assert call("evaluate", "run", "--min-accuracy", "0.01").code == 0
    assert call("evaluate", "run/best.safetensors", "--data", small / "test").code == 0
    assert call("evaluate", "run/best.safetensors", "--data", small / "test", "--min-accuracy", "1").code == 7


def test_not_worse_than_another_run(here: Path, call: Call) -> None:
    one_epoch = ("fit", "a.yaml", "--epochs", "1", "--lr", "0.001")
    ended = call(*one_epoch, "--run-dir", "worse", "--set", "gate.not_worse_than.run=base")
    assert ended.code == 7
    (gate,) = json.loads(Path("worse/gate.json").read_text())["gates"]
    assert (gate["gate"], gate["run"], gate["limit"], gate["n"]) == ("not_worse_than", str(here / "base"), 0.0, 50)
    ours, theirs = (json.loads(call("evaluate", run, "--json").out)["accuracy"] for run in ("worse", "base"))
    assert gate["value"] == pytest.approx(ours - theirs)
    assert gate["interval"][0] <= gate["value"] <= gate["interval"][1]
    limit = ("--set", f"gate.not_worse_than={{run: {here}/base, by: 0.999}}")
    assert call(*one_epoch, "--run-dir", "good-enough", *limit).code == 0
    limit = ("--set", "gate.not_worse_than=worse/best.safetensors")
    assert call(*one_epoch, "--run-dir", "same", *limit, "--set", "gate.use=lower").code == 0


def test_another_run_that_is_gone_since_is_named_with_its_place(here: Path, call: Call) -> None:
    shutil.copytree("base", "other")
    assert call("fit", "a.yaml", "--run-dir", "run", "--set", "gate.not_worse_than={run: other, by: 0.99}").code == 0
    shutil.rmtree("other")
    lines = Path("run/config.resolved.yaml").read_text().splitlines()
    place = lines.index(f"    run: {here}/other") + 1
    what = f"{here}/other: no such file or folder; expected that of a run, such as runs/name, or a .safetensors file"
    line = f"run/config.resolved.yaml:{place}:10: gate.not_worse_than.run: {what}"
    assert call("evaluate", "run") == Ended(2, "", f"nettrain: error: {line}\n")


PLACED = {  # what to set: exit code, and the line after the place
    ("gate.accuracy=0.95", "gate.use=lower"): (
        2,
        "--set[1]:1:1: gate.accuracy: 0.95 cannot be met: with 50 test pictures the lower end is at most 0.9287; "
        "expected less, or more pictures",
    ),
    ("gate.worst_class_recall=0.7", "gate.use=lower"): (
        2,
        "--set[1]:1:1: gate.worst_class_recall: 0.7 cannot be met: with 5 test pictures of '0' the lower end is at "
        "most 0.5655; expected less, or more pictures",
    ),
    ("gate.not_worse_than=nothing",): (
        2,
        "--set[1]:1:1: gate.not_worse_than.run: {here}/nothing: no such file or folder; expected that of a run, such "
        "as runs/name, or a .safetensors file",
    ),
    ("gate.not_worse_than=.",): (
        2,
        "--set[1]:1:1: gate.not_worse_than.run: {here}: is not the folder of a run; expected one, such as runs/name, "
        "or a .safetensors file",
    ),
    ("gate.not_worse_than=young",): (
        2,
        "--set[1]:1:1: gate.not_worse_than.run: {here}/young: the run has saved no best.safetensors yet; expected one "
        "that has",
    ),
    ("gate.not_worse_than=renamed",): (
        3,
        "--set[1]:1:1: gate.not_worse_than.run: {here}/renamed: the classes of test do not match: missing 'zero'; not "
        "known to the model '0'",
    ),
    ("gate.not_worse_than=a.yaml",): (
        2,
        "--set[1]:1:1: gate.not_worse_than.run: {here}/a.yaml: is a config and no model; expected the folder of its "
        "run, such as runs/name, or a .safetensors file",
    ),
}


@pytest.mark.parametrize("settings", PLACED)
@pytest.mark.parametrize("command", ["fit", "check"])
def test_what_cannot_be_judged_is_told_before_a_picture_is_read(
    here: Path, call: Call, command: str, settings: tuple[str, ...]
) -> None:
    from nettrain.training.store import checkpoint

    base = checkpoint.load("base/best.safetensors")
    classes = ["zero", *base.meta["classes"][1:]]
    checkpoint.save("renamed", {**base.meta, "classes": classes}, base.tensors)
    shutil.copytree("base", "young")
    Path("young/best.safetensors").unlink()
    code, line = PLACED[settings]
    given = [part for setting in settings for part in ("--set", setting)]
    assert call(command, "a.yaml", *given) == Ended(code, "", f"nettrain: error: {line.format(here=here)}\n")
    assert not Path("runs").exists()


def test_nothing_to_judge_on_is_an_error(here: Path, call: Call, small: Path) -> None:
    text = MLP.replace("  val: {{from: train, fraction: 0.25}}\n", "").format(data=small / "train")
    written(here, "b.yaml", text)
    ended = call("fit", "b.yaml", "--min-accuracy", "0.5")
    line = "nettrain: error: --min-accuracy:1:1: gate: there are no pictures to judge on; set data.test or data.val\n"
    assert ended == Ended(2, "", line)
    assert call("evaluate", "base", "--min-accuracy", "2") == Ended(
        2, "", "nettrain: error: --min-accuracy:1:1: gate.accuracy: must be above 0 and at most 1, got 2\n"
    )
