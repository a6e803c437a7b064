"""Starting from another model: what fits is taken to the bit, what does not is listed, and a resume needs no source."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import CNN, results
from training.setting_up import document_of

from nettrain.errors import ConfigError, NettrainError
from nettrain.training.run.opening import begin, named, take_up
from nettrain.training.run.run import Run
from nettrain.training.store import checkpoint


def nothing(what: str, done: int, total: int) -> None:
    """No report."""


def opened(small: Path, folder: Path, source: str, *changes: tuple[str, str]) -> Run:
    text = CNN.replace("model:\n", f"model:\n  from: {source}\n").replace("epochs: 4", "epochs: 2")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return begin(named(document_of(text.format(data=small), folder), "c.yaml"), nothing, str(folder / "run"))


@pytest.fixture
def here(tmp_path: Path, finished: Path) -> Path:
    """A folder with a finished run called base."""
    shutil.copytree(finished, tmp_path / "base")
    return tmp_path


def test_the_same_layers_take_every_tensor(small: Path, here: Path) -> None:
    run = opened(small, here, "base")
    source = checkpoint.load(here / "base/best.safetensors")
    for name, array in run.prepared.network.state().items():
        np.testing.assert_array_equal(array, source.tensors[name])
    (note,) = [note for note in run.prepared.notes if note.startswith("weights from ")]
    listed = ", ".join(f"{name} {tensor.shape}" for name, tensor in sorted(source.tensors.items()))
    assert note == f"weights from {here}/base/best.safetensors: {len(source.tensors)} tensors fit: {listed}"
    run.mark("running")
    assert json.loads(run.folder.run_json.read_text())["origin"] == {
        "path": str(here / "base"),
        "sha256": source.sha256,
        "fitted": len(source.tensors),
    }
    saved = checkpoint.load(checkpoint.step_path(run.folder.checkpoints, 0))
    assert saved.meta["origin"] == {"sha256": source.sha256, "fitted": len(source.tensors)}
    run.close()


@pytest.mark.parametrize("source", ["base/best.safetensors", "{{path: base/checkpoints/step-000000032.safetensors}}"])
def test_a_file_will_do_and_a_checkpoint_of_a_training(small: Path, here: Path, source: str) -> None:
    opened(small, here, source).close()


HEAD = ("    - dense: classes\n", "    - dense: {{units: 12, activation: relu}}\n    - dense: classes\n")
OTHER = ("    - dense: classes\n", "    - dropout: 0.3\n    - dense: classes\n")


def test_another_last_layer_is_begun_anew_and_said(small: Path, here: Path) -> None:
    run = opened(small, here, "base", HEAD)
    found = [note.partition(": ")[2] for note in run.prepared.notes if note.startswith("weights from ")]
    assert found[1:] == [
        "layers.5.bias does not: (10,) there, (12,) here; begun anew",
        "layers.5.weight does not: (8, 10) there, (8, 12) here; begun anew",
        "layers.6.bias does not: (10,) here, not there; begun anew",
        "layers.6.weight does not: (12, 10) here, not there; begun anew",
    ]
    assert found[0].startswith("10 tensors fit: layers.0.norm.bias (4,), ")
    run.close()


def test_the_last_layer_of_other_classes_is_begun_anew_though_it_would_fit(small: Path, here: Path) -> None:
    others = here / "others"
    for folder in sorted((small / "train").iterdir()):
        shutil.copytree(folder, others / f"digit {folder.name}")
    run = opened(others, here, "base")
    found = [note.partition(": ")[2] for note in run.prepared.notes if note.startswith("weights from ")]
    assert found[1:] == [
        "layers.5.bias does not: (10,) as here, but for other classes; begun anew",
        "layers.5.weight does not: (8, 10) as here, but for other classes; begun anew",
    ]
    run.close()
    (here / "again").mkdir()
    with pytest.raises(ConfigError) as caught:
        opened(others, here / "again", "{{path: ../base, misfits: error}}")
    place = "config.yaml:9:3: model.from: "
    assert str(caught.value).splitlines() == [
        f"{place}{here}/base does not fit this model in 2 tensors; the layers have to be the same",
        f"{place}layers.5.bias does not fit: (10,) as here, but for other classes",
        f"{place}layers.5.weight does not fit: (8, 10) as here, but for other classes",
    ]


FIRST = ("filters: 4, kernel_size: 3", "filters: 4, kernel_size: 5")
MISFITS = {
    "the body": ("base", (FIRST,), (
        "model.from: {here}/base does not fit this model in 1 tensor; the layers have to be the same, but for the "
        "last",
        "model.from: layers.0.weight does not fit: (3, 3, 1, 4) there, (5, 5, 1, 4) here")),
    "the last, which may not": ("{{path: base, misfits: error}}", (HEAD,), (
        "model.from: {here}/base does not fit this model in 4 tensors; the layers have to be the same",
        "model.from: layers.5.bias does not fit: (10,) there, (12,) here",
        "model.from: layers.5.weight does not fit: (8, 10) there, (8, 12) here",
        "model.from: layers.6.bias does not fit: (10,) here, not there",
        "model.from: layers.6.weight does not fit: (12, 10) here, not there")),
    "no such run": ("gone", (), (
        "model.from: {here}/gone: no such file or folder; expected that of a run, such as runs/name, or a "
        ".safetensors file",)),
    "several starts": ("base", (("batch_size: 16", "batch_size: 16, restarts: 2"),), (
        "train.restarts: there is nothing to choose between where model.from gives the weights; leave one of them "
        "out",)),
}  # fmt: skip


@pytest.mark.parametrize(("source", "changes", "lines"), MISFITS.values(), ids=MISFITS)
def test_what_may_not_misfit_is_an_error_that_lists_it(
    small: Path, here: Path, source: str, changes: tuple[tuple[str, str], ...], lines: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(small, here, source, *changes)
    told = [line.split(": ", 1)[1] for line in str(caught.value).splitlines()]
    assert told == [line.format(here=here) for line in lines]


def test_of_very_many_misfits_a_part_is_shown(small: Path, here: Path) -> None:
    blocks = "".join(f"    - dense: {{{{units: {units}}}}}\n" for units in range(20, 33))
    with pytest.raises(ConfigError) as caught:
        opened(small, here, "base", ("    - dense: classes\n", blocks + "    - dense: classes\n"))
    assert len(caught.value.faults) == 1 + 2 * 12  # all but the last layer there, and the last here
    *_, last = shown = caught.value.lines()
    assert (len(shown), last) == (21, "nettrain: error: and 5 more")
    assert max(map(len, shown[1:])) < 120


def test_anything_may_misfit_where_that_is_asked_for(small: Path, here: Path) -> None:
    run = opened(small, here, "{{path: base, misfits: skip}}", FIRST)
    notes = [note for note in run.prepared.notes if "layers.0.weight does not" in note]
    assert [note.partition(": ")[2] for note in notes] == [
        "layers.0.weight does not: (3, 3, 1, 4) there, (5, 5, 1, 4) here; begun anew"
    ]
    run.close()


def test_a_damaged_source_is_exit_code_4(small: Path, here: Path) -> None:
    path = here / "base/best.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(NettrainError) as caught:
        opened(small, here, "base")
    assert caught.value.code == 4


def test_a_resume_needs_no_source(small: Path, here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = opened(small, here, "base", HEAD)
    list(whole.go())
    expected = results(whole.folder.path)
    shutil.rmtree(here / "run")
    run = opened(small, here, "base", HEAD)
    stream = run.go()
    for _ in range(5):
        next(stream)
    stream.close()
    shutil.rmtree(here / "base")
    list(take_up(run.folder.path, nothing).go())
    assert results(run.folder.path) == expected
