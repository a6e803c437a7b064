"""A model judged: on which pictures, and that the numbers are of those."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import pictures

from nettrain.data.splitting import folder_split
from nettrain.errors import ConfigError, DataError
from nettrain.training.judging.judging import judge_split, split_of_run
from nettrain.training.model_file import Model, load_model
from nettrain.training.store.run_folder import RunFolder


@pytest.fixture(scope="module")
def model(finished: Path) -> Model:
    return load_model(finished / "best.safetensors")


def nothing(what: str, done: int, total: int) -> None:
    """No report."""


@pytest.mark.parametrize(("name", "found", "count"), [(None, "test", 50), ("val", "val", 40), ("train", "train", 120)])
def test_a_run_knows_its_splits(finished: Path, name: str | None, found: str, count: int) -> None:
    split = split_of_run(RunFolder(finished), name)
    assert (split.name, len(split.files)) == (found, count)
    listed = [line.split(",") for line in (finished / "split.csv").read_text().splitlines()]
    assert [path for path, _, part in listed if part == found] == [
        ("../test/" if found == "test" else "") + file for file in split.files
    ]


def test_a_split_without_a_name_or_pictures(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    rows = folder.split.read_text().splitlines(keepends=True)
    folder.split.write_text("".join(row for row in rows if not row.endswith((",test\n", ",val\n"))))
    for name, message in (
        (None, "the run has no test pictures; use --data with a folder"),
        ("test", "the run has no test pictures; expected one of train"),
    ):
        with pytest.raises(ConfigError) as caught:
            split_of_run(folder, name)
        assert str(caught.value) == f"{folder.path}: {message}"


def test_the_result_does_not_depend_on_the_order_or_the_threads(
    model: Model, small: Path, threads: Callable[[int], None]
) -> None:
    split = folder_split("data", str(small / "test"), model.classes)
    threads(1)
    whole = judge_split(model, split, nothing)
    threads(3)
    back = judge_split(model, split.only(np.arange(50)[::-1]), nothing)
    assert back.result.paths == whole.result.paths[::-1]
    assert np.array_equal(back.result.probabilities, whole.result.probabilities[::-1])
    assert np.array_equal(back.result.losses, whole.result.losses[::-1])
    assert whole.skipped == ()
    assert whole.result.probabilities.dtype == np.float32


def test_losses_are_of_the_true_class(model: Model, small: Path) -> None:
    result = judge_split(model, folder_split("data", str(small / "test"), model.classes), nothing).result
    chosen = result.probabilities[np.arange(50), result.labels].astype(np.float64)
    np.testing.assert_allclose(result.losses, -np.log(chosen), rtol=1e-5, atol=1e-6)


def test_classes_are_matched_by_name(model: Model, small: Path) -> None:
    """A split of another run may have the classes in another order, or be of other ones."""
    split = folder_split("data", str(small / "test"), model.classes)
    turned = folder_split("data", str(small / "test"), model.classes[::-1])
    assert turned.labels.tolist() != split.labels.tolist()
    expected, found = (judge_split(model, one, nothing) for one in (split, turned))
    assert found.result.classes == model.classes
    assert found.result.labels.tolist() == split.labels.tolist()
    assert np.array_equal(found.result.losses, expected.result.losses)
    assert found.data_fingerprint == expected.data_fingerprint
    other = replace(split, classes=("ant", "bee", *model.classes[2:]))
    with pytest.raises(DataError) as caught:
        judge_split(model, other, nothing)
    assert str(caught.value) == (
        f"{small}/test: the classes of data do not match: missing '0', '1'; not known to the model 'ant', 'bee'"
    )


def test_progress_names_the_split(model: Model, small: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    judge_split(model, folder_split("data", str(small / "test"), model.classes), lambda *report: seen.append(report))
    assert seen[-1] == ("decoding data", 50, 50)


def test_a_bad_picture_is_an_error_as_the_config_says(model: Model, tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 2, 2) / "test"
    (data / "3/z.png").write_bytes(b"<html>")
    with pytest.raises(DataError) as caught:
        judge_split(model, folder_split("data", str(data), model.classes), nothing)
    (line,) = caught.value.lines()
    assert line.startswith(f"nettrain: error: {data}/3/z.png: ")
