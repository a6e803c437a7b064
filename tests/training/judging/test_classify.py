"""Files to probabilities: one result a file, in order, a chunk at a time."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nettrain.training.judging.classify import classify
from nettrain.training.loop.evaluation import INFERENCE_BATCH
from nettrain.training.model_file import Model, load_model


@pytest.fixture(scope="module")
def model(finished: Path) -> Model:
    return load_model(finished / "best.safetensors")


@pytest.fixture(scope="module")
def files(small: Path) -> list[str]:
    return [str(path) for path in sorted((small / "test").rglob("*.png"))]


def test_bad_files_have_a_reason_and_disturb_nobody(model: Model, files: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    mixed = [files[0], str(tmp_path / "empty.png"), files[1], str(tmp_path), str(tmp_path / "gone"), files[2]]
    found = list(classify(model, mixed))
    assert [result.path for result in found] == mixed
    assert [result.error is None for result in found] == [True, False, True, False, False, True]
    assert [result.probabilities is None for result in found] == [False, True, False, True, True, False]
    assert found[3].error == "a folder, not a file"
    assert found[4].error == "no such file"
    alone = [next(classify(model, [path])).probabilities for path in files[:3]]
    for together, single in zip((found[0], found[2], found[5]), alone, strict=True):
        assert np.array_equal(together.probabilities, single)


@pytest.mark.parametrize("bad", [0, 1, INFERENCE_BATCH, INFERENCE_BATCH + 1])
def test_only_bad_files(model: Model, bad: int) -> None:
    found = list(classify(model, ["gone"] * bad))
    assert [result.error for result in found] == ["no such file"] * bad


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_chunks_do_not_show(model: Model, files: list[str], threads: Callable[[int], None], count: int) -> None:
    paths = list(itertools.islice(itertools.cycle(files), count))
    threads(3)
    found = [result.probabilities for result in classify(model, paths)]
    threads(1)
    expected = {path: next(classify(model, [path])).probabilities for path in set(paths)}
    assert len(found) == count
    for path, probabilities in zip(paths, found, strict=True):
        assert np.array_equal(probabilities, expected[path])


@pytest.mark.parametrize(("count", "batches"), [(1, 1), (2, 2), (3, 2)])
def test_no_more_is_read_than_a_batch_ahead(
    model: Model, files: list[str], threads: Callable[[int], None], count: int, batches: int
) -> None:
    threads(count)
    read = [0]

    def endless() -> Iterator[str]:
        for path in itertools.cycle(files):
            read[0] += 1
            yield path

    results = classify(model, endless())
    for _ in range(3):
        next(results)
    assert read[0] == batches * INFERENCE_BATCH
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("nettrain-decode")]


def test_a_picture_of_another_size_and_kind_is_made_to_fit(model: Model, files: list[str], tmp_path: Path) -> None:
    shutil.copy(files[0], tmp_path / "no suffix at all")
    (result,) = classify(model, [str(tmp_path / "no suffix at all")])
    assert np.array_equal(result.probabilities, next(classify(model, files[:1])).probabilities)
