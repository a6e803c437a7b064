"""``nettrain compare``: numbers beside each other, whether two runs can be told apart, and when it refuses."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, written

Call = Callable[..., Ended]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, small: Path, finished: Path) -> Path:
    """A folder with two runs that were judged on the test pictures; copy it to write there."""
    from commands import process

    folder = tmp_path_factory.mktemp("judged")
    shutil.copytree(finished, folder / "a")
    written(folder, "mlp.yaml", MLP.format(data=small))
    assert process("fit", "mlp.yaml", "--run-dir", "b", cwd=folder).code == 0
    for run in "ab":
        assert process("evaluate", run, cwd=folder).code == 0
    return folder


@pytest.fixture
def here(tmp_path: Path, judged: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(judged, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rewrite(run: str, wrong: set[int]) -> None:
    """Predictions as if the model had been wrong at these places of its table, and right at all others."""
    path = Path(run, "evaluate/predictions_test.csv")
    with open(path, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with open(path, "w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows({**row, "correct": int(place not in wrong)} for place, row in enumerate(rows))
    numbers = json.loads(Path(run, "evaluate/test.json").read_text())
    Path(run, "evaluate/test.json").write_text(json.dumps({**numbers, "accuracy": 1 - len(wrong) / 50}))


def test_two_that_can_be_told_apart(here: Path, call: Call) -> None:
    rewrite("a", set(range(9)))  # 8 alone, and one together with b
    rewrite("b", {8, 49})
    ended = call("compare", "a", "b", "--json")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert list(told) == ["split", "differing", "runs", "pair", "not_comparable", "format_version"]
    assert told["not_comparable"] is None
    pair = told["pair"]
    low, high = pair.pop("interval")
    assert pair == {
        "n": 50,
        "both": 40,
        "only_first": 1,
        "only_second": 8,
        "neither": 1,
        "difference": 7 / 50,
        "p": 2 * (1 + 9) / 2**9,
        "distinguishable": True,
    }
    assert 0 < low < 7 / 50 < high < 0.3
    assert [run["metrics"]["accuracy"] for run in told["runs"]] == pytest.approx([0.82, 0.96])
    lines = call("compare", "a", "b").out.splitlines()
    assert lines[-3:] == [
        "50 test pictures: 40 right by both, 1 only by a, 8 only by b, 1 by neither",
        f"accuracy of b less that of a: 0.1400 (95 % interval {low:.4f} to {high:.4f})",
        "b is better than a (McNemar's exact test: p = 0.0391)",
    ]
    assert call("compare", "b", "a").out.splitlines()[-1] == "b is better than a (McNemar's exact test: p = 0.0391)"


def test_two_that_cannot(here: Path, call: Call) -> None:
    rewrite("a", {1, 2, 3})
    rewrite("b", {3, 4})
    assert call("compare", "a", "b").out.splitlines()[-1] == (
        "not distinguishable: a difference like this comes up by chance (McNemar's exact test: p = 1.0000)"
    )


def test_two_that_are_right_on_the_same_pictures(here: Path, call: Call) -> None:
    assert call("compare", "a", "a").out.splitlines()[-1] == (
        "not distinguishable: both are right on the same pictures (McNemar's exact test: p = 1.0000)"
    )


def test_the_tables(here: Path, call: Call) -> None:
    shutil.copytree("b", "c")
    ended = call("compare", "a", "b", "c")
    head, *rows = ended.out.split("\n\n")[0].splitlines()
    assert head.split("  ")[0] == "run"
    assert "test accuracy" in head
    found = json.loads(Path("a/evaluate/test.json").read_text())
    low, high = found["accuracy_ci95"]
    numbers = [f"{found['accuracy']:.4f}", f"{low:.4f}", "to", f"{high:.4f}", f"{found['loss']:.4f}"]
    assert rows[0].split()[6:-1] == numbers
    config = ended.out.split("\n\n")[1].splitlines()
    assert config[0].split() == ["config", "a", "b", "c"]
    assert [line.split() for line in config if line.startswith(("seed", "train.epochs"))] == [
        ["train.epochs", "4", "2", "2"],
        ["seed", "3", "1", "1"],
    ]
    assert not any(line.startswith("data.image") for line in config)  # in which they agree
    assert len(ended.out.split("\n\n")) == 2  # of three runs no pair
    assert call("compare", "b", "c").out.split("\n\n")[1] == "config: the same"


def test_what_was_not_judged_is_said_with_the_command(here: Path, call: Call) -> None:
    shutil.rmtree("b/evaluate")
    ended = call("compare", "a", "b")
    assert ended.code == 0
    what = "to compare on the test pictures, run first: nettrain evaluate b --split test"
    assert ended.err == f"nettrain: note: {what}\n"
    assert ended.out.split("\n\n")[0].splitlines()[2].split()[-4:] == ["-", "-", "-", "-"]
    assert "McNemar" not in ended.out
    line = "b: the best model has not been judged on test; run: nettrain evaluate b --split test"
    assert call("compare", "a", "b", "--split", "test") == Ended(2, "", f"nettrain: error: {line}\n")
    line = "a: the best model has not been judged on data; run: nettrain evaluate a --data FOLDER"
    assert call("compare", "a", "b", "--split", "data").err.splitlines()[0] == f"nettrain: error: {line}"


def test_predictions_of_an_earlier_model_do_not_count(here: Path, call: Call) -> None:
    shutil.copy("a/best.safetensors", "b/best.safetensors")
    assert "run first: nettrain evaluate b --split test\n" in call("compare", "a", "b").err


def test_on_different_pictures_there_are_tables_and_no_verdict(here: Path, call: Call) -> None:
    for run in "ab":  # each set aside pictures of its own: their seeds are not the same
        assert call("evaluate", run, "--split", "val").code == 0
    ended = call("compare", "a", "b", "--split", "val")
    cure = "judge each with 'nettrain evaluate RUN --data FOLDER' on the same folder, then compare --split data"
    assert (ended.code, ended.err) == (0, f"nettrain: note: to compare picture by picture, {cure}\n")
    numbers, config, last = ended.out.split("\n\n")
    assert [line.split()[0] for line in numbers.splitlines()] == ["run", "a", "b"]
    assert "-" not in numbers.splitlines()[2].split()  # every number is there
    assert config.startswith("config ")
    told = r"(a was judged on 40 val pictures, b on 40 others \(\d+ have the same path\))"
    apart = re.fullmatch(f"not comparable picture by picture: {told}", last.removesuffix("\n"))
    assert apart is not None
    found = json.loads(call("compare", "a", "b", "--split", "val", "--json").out)
    assert (found["pair"], found["not_comparable"]) == (None, apart[1])


def test_the_same_paths_with_other_contents_are_different_pictures(here: Path, call: Call, small: Path) -> None:
    other = here / "data"
    shutil.copytree(small / "test", other)
    assert call("evaluate", "a", "--data", other).code == 0
    one, two = sorted((other / "3").iterdir())[:2]
    two.write_bytes(one.read_bytes())
    assert call("evaluate", "b", "--data", other).code == 0
    what = "a was judged on 50 data pictures, b on 50 others (the paths are the same, but not what is in them)"
    ended = call("compare", "a", "b", "--split", "data")
    assert ended.out.splitlines()[-1] == f"not comparable picture by picture: {what}"


def test_where_the_pictures_come_from_is_among_the_differences(here: Path, call: Call, small: Path) -> None:
    long = here / ("x" * 40)
    for name in ("one", "two"):
        shutil.copytree(small, long / name)
        text = MLP.format(data=long / name).replace("{from: train, fraction: 0.25}", f"{long}/{name}/test")
        written(here, "more.yaml", text)
        assert call("fit", "more.yaml", "--run-dir", name, "--epochs", "1").code == 0
    found = json.loads(call("compare", "one", "two", "--json").out)
    assert found["differing"] == ["data.train", "data.val"]
    assert [run["config"]["data.train"] for run in found["runs"]] == [f"{long}/one", f"{long}/two"]
    (line,) = [line for line in call("compare", "one", "two").out.splitlines() if line.startswith("data.train ")]
    assert line.split() == ["data.train", *("..." + f"{long}/{name}"[-37:] for name in ("one", "two"))]


def test_each_of_several_sources_is_among_the_differences(here: Path, call: Call) -> None:
    resolved = Path("b/config.resolved.yaml")
    one = re.search(r"^  train: (.*)$", resolved.read_text(), re.M)
    assert one is not None
    resolved.write_text(resolved.read_text().replace(one[0], f"  train: [{one[1]}, {here}/more.zip]"))
    found = json.loads(call("compare", "a", "b", "--json").out)
    assert [key for key in found["differing"] if key.startswith("data.train")] == [
        "data.train",
        "data.train.0",
        "data.train.1",
    ]
    assert found["runs"][1]["config"]["data.train.1"] == f"{here}/more.zip"


FAULTS = {
    ("a",): (2, "expected at least two runs; see 'nettrain compare --help'"),
    ("a", "nothing"): (2, "nothing: no such file or folder; expected that of a run, such as runs/name"),
    ("a", "mlp.yaml"): (2, "mlp.yaml: is not the folder of a run; expected one, such as runs/name"),
}


@pytest.mark.parametrize("runs", FAULTS)
def test_what_is_no_run_is_refused(here: Path, call: Call, runs: tuple[str, ...]) -> None:
    code, line = FAULTS[runs]
    assert call("compare", *runs) == Ended(code, "", f"nettrain: error: {line}\n")


def test_a_damaged_table_is_named(here: Path, call: Call) -> None:
    table = Path("b/evaluate/predictions_test.csv")
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    what = "is damaged, or not what belongs to test.json (49 pictures for 50); evaluate the run again"
    assert call("compare", "a", "b") == Ended(4, "", f"nettrain: error: {table}: {what}\n")


def test_an_evaluation_that_lacks_a_number_is_named(here: Path, call: Call) -> None:
    judged = json.loads(Path("b/evaluate/test.json").read_text())
    del judged["data_fingerprint"], judged["loss"]
    Path("b/evaluate/test.json").write_text(json.dumps(judged))
    what = (
        "is damaged, or not what belongs to test.json (test.json has no loss, data_fingerprint); evaluate the run again"
    )
    line = f"nettrain: error: b/evaluate/predictions_test.csv: {what}\n"
    assert call("compare", "a", "b") == Ended(4, "", line)
