"""Where the pictures of a folder lie that nobody has described, and what a sample of them is like."""

from __future__ import annotations

import numpy as np
import pytest
from data.samples import exif, folder, noise, png_of, saved

from nettrain.data.layout import find_layout
from nettrain.data.survey import SAMPLE, survey
from nettrain.errors import DataError


@pytest.mark.parametrize(
    ("folders", "train", "val", "test", "left_out"),
    [
        (["."], "", None, None, ()),
        (["train"], "train", None, None, ()),
        (["train", "valid", "test"], "train", "valid", "test", ()),
        (["Training", "Testing"], "Training", None, "Testing", ()),
        (["train", "val", "dev"], "train", "val", None, ("dev/ is not used beside val/",)),
        (["train", "test", "extra"], "train", None, "test", ("extra/ is not used",)),
        (["one/of/many/train", "one/of/many/test"], "one/of/many/train", None, "one/of/many/test", ()),
        (["archive"], "archive", None, None, ()),
    ],
)
def test_layouts(tmp_path, folders, train, val, test, left_out):
    for name in folders:
        folder(tmp_path / name, {"a": 2, "b": 1})
    found = find_layout(str(tmp_path))
    assert found.train.root == str(tmp_path / train)
    assert (found.train.classes, found.train.labels.tolist()) == (("a", "b"), [0, 0, 1])
    assert (found.val, found.test) == tuple(None if name is None else str(tmp_path / name) for name in (val, test))
    assert found.left_out == left_out


def test_a_class_called_train_is_a_class(tmp_path):
    folder(tmp_path, {"bus": 1, "train": 1, "test": 1})
    assert find_layout(str(tmp_path)).train.classes == ("bus", "test", "train")


def test_a_test_folder_that_cannot_judge_is_passed_by_with_the_reason(tmp_path):
    folder(tmp_path / "train", {"a": 1, "b": 1})
    folder(tmp_path / "test", {"a": 1, "c": 1})
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "x.png").write_bytes(png_of(noise(4, 4)))
    found = find_layout(str(tmp_path))
    assert (found.val, found.test) == (None, None)
    example = f"expected one folder of pictures per class, such as {tmp_path}/val/cat/1.png"
    assert found.left_out == (
        f"val/ is not used: 1 picture lies in the folder itself, such as 'x.png'; {example}",
        "test/ is not used: the classes of test do not match: missing 'b'; not known to the model 'c'",
    )


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda root: None, "{root}: no such folder; expected one folder of pictures per class, such as {layout}"),
        (
            lambda root: root.write_text("x"),
            "{root}: is not a folder; expected one folder of pictures per class, such as {layout}",
        ),
        (
            lambda root: root.mkdir(),
            "{root}: holds no class folders; expected one folder of pictures per class, such as {layout}",
        ),
        (lambda root: folder(root, {"cat": 3}), "{root}: holds only one class, 'cat'; expected at least 2"),
        (
            lambda root: [folder(root / "train", {"a": 1, "b": 1}), (root / "train/c").mkdir()],
            "{root}/train/c: this class folder holds no picture; add some, or remove it",
        ),
    ],
)
def test_a_folder_without_classes_is_one_line(tmp_path, make, line):
    root = tmp_path / "data"
    make(root)
    with pytest.raises(DataError) as caught:
        find_layout(str(root))
    assert str(caught.value) == line.format(root=root, layout=root / "cat/1.png")


def put(root, name: str, data: bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_what_a_sample_is_like(tmp_path):
    grey = np.repeat(noise(40, 30, 1)[:, :, None], 3, axis=2)
    put(tmp_path, "a/0.jpg", saved(grey, "JPEG", exif=b"Exif\0\0" + exif(6)))
    put(tmp_path, "b/0.png", png_of(noise(20, 50, 1)))
    put(tmp_path, "b/1.png", b"not a picture")
    found = survey(str(tmp_path))
    assert found.sizes.tolist() == [[30, 40], [20, 50]]
    assert (found.grey, found.animated, found.sampled, found.counts) == (True, False, 3, [1, 2])
    assert [path for path, _ in found.bad] == [f"{tmp_path}/b/1.png"]
    put(tmp_path, "c/0.png", png_of(noise(9, 9)))
    assert not survey(str(tmp_path)).grey


def test_no_more_than_a_sample_is_read(tmp_path):
    root = folder(tmp_path, {"a": SAMPLE, "b": 40})
    found = survey(str(root))
    assert found.sampled == SAMPLE
    assert found.counts == [SAMPLE, 40]


def test_nothing_that_can_be_read_is_one_line(tmp_path):
    for name in ("a/0.png", "b/0.png"):
        put(tmp_path, name, b"not a picture")
    with pytest.raises(DataError) as caught:
        survey(str(tmp_path))
    first = f"none of 2 pictures that were tried can be read, such as '{tmp_path}/a/0.png': "
    assert str(caught.value).startswith(f"{tmp_path}: {first}")
