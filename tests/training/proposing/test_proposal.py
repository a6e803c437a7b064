"""A proposed config: sizes by a table, and texts that the reader takes and that fit the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from data.samples import folder, noise, png_of

from nettrain.config.reader import read_text
from nettrain.data.splitting import make_splits
from nettrain.data.survey import survey
from nettrain.errors import DataError
from nettrain.training.config import TABLES, Config
from nettrain.training.prepare import check_shapes
from nettrain.training.proposing.proposal import Proposal
from nettrain.training.proposing.shape import Shape
from nettrain.training.proposing.text import layers, proposed_config


@pytest.mark.parametrize(
    ("sizes", "pictures", "size", "fit"),
    [
        ([(8, 8)] * 3, 1_797, (8, 8), "stretch"),
        ([(28, 28)] * 3, 60_000, (28, 28), "stretch"),
        ([(32, 48)] * 3, 500, (32, 48), "stretch"),
        ([(5, 5)] * 3, 500, (8, 8), "stretch"),
        ([(480, 640)] * 3, 500, (128, 168), "stretch"),
        ([(640, 480)] * 3, 500, (168, 128), "stretch"),
        ([(480, 640), (640, 480), (500, 500)], 500, (128, 128), "crop"),
        ([(480, 640), (640, 480), (500, 500)], 5_000, (96, 96), "crop"),
        ([(480, 640), (640, 480), (500, 500)], 50_000, (64, 64), "crop"),
        ([(30, 30), (20, 30), (41, 25)], 50_000, (24, 24), "crop"),
        ([(60, 500), (60, 200), (60, 300)], 500, (56, 56), "pad"),
        ([(1, 1000)] * 3, 500, (8, 8), "pad"),
    ],
)
def test_sizes(sizes, pictures, size, fit):
    shape = Shape.of(np.array(sizes), pictures)
    assert (shape.size, shape.fit) == (size, fit)
    assert shape.why


@pytest.mark.parametrize("side", [8, 11, 12, 16, 28, 32, 47, 48, 64, 96, 104, 128])
def test_layers_of_every_size_fit(side):
    text = "".join(f"    - {layer}\n" for layer in layers((side, side + 8), 0.1))
    data = f"data: {{train: x, image: {{size: [{side}, {side + 8}]}}}}\n"
    rest = "optimizer: sgd\ntrain: {epochs: 1}\n"
    document = read_text(f"{data}model:\n  layers:\n{text}{rest}", "c.yaml", Config, TABLES, "/")
    network = check_shapes(document, 3)
    before = network.shapes[-4]
    assert 2 <= before[0] <= 8, "what is left for the mean"


def proposed(root, paths=None, file=None):
    proposal = Proposal(survey(str(root)))
    text = proposed_config(proposal, paths or {"train": str(root)}, file)
    return text, read_text(text, "c.yaml", Config, TABLES, "/").config


def test_the_text_reads_and_parts_the_pictures(tmp_path):
    root = folder(tmp_path / "photos", {"cat": 30, "dog": 30}, size=16)
    text, config = proposed(root)
    splits = make_splits(config.data, config.seed)
    assert [(split.name, len(split.files)) for split in splits.all()] == [("train", 36), ("val", 12), ("test", 12)]
    assert (config.data.image.size, config.data.on_bad_image, config.name) == ((16, 16), "skip", None)
    assert (config.train.batch_size, config.train.epochs, config.checkpoint.monitor) == (16, 100, "val_loss")
    for line in text.splitlines():
        assert len(line) <= 120
    assert "# One folder a class. 2 classes with their pictures: cat (30), dog (30).\n" in text
    assert "# Saved as c.yaml: 'nettrain fit c.yaml' trains, then 'nettrain evaluate runs/c' judges.\n" in text
    assert "largest class" not in text
    assert proposed(root)[0] == text, "the same for the same folder"


def test_folders_of_val_and_test_are_named(tmp_path):
    for name, count in (("train", 4), ("val", 2), ("test", 2)):
        folder(tmp_path / name, {"cat": count, "dog": count}, size=8)
    paths = {name: str(tmp_path / name) for name in ("train", "val", "test")}
    text, config = proposed(tmp_path, paths, "x/pets.yaml")
    assert (config.data.val, config.data.test) == (paths["val"], paths["test"])
    assert "# 'nettrain fit x/pets.yaml' trains, then 'nettrain evaluate runs/pets' judges.\n" in text


def test_uneven_classes_get_weights(tmp_path):
    text, config = proposed(folder(tmp_path, {"cat": 40, "dog": 4}, size=8))
    assert "# The largest class has 10.0 times as many pictures as the smallest; balanced weights" in text
    assert config.loss.settings.class_weights == "balanced"
    assert config.data.val.stratify
    _, config = proposed(folder(tmp_path, {"dog": 14}, size=8))
    assert config.loss.settings.class_weights is None


@pytest.mark.parametrize(("counts", "stratify"), [({"a": 3, "b": 3}, True), ({"a": 2, "b": 9}, False)])
def test_few_pictures_can_still_be_parted(tmp_path, counts, stratify):
    _, config = proposed(folder(tmp_path, counts, size=8))
    assert config.data.val.stratify is config.data.test.stratify is stratify
    assert all(len(split.files) for split in make_splits(config.data, config.seed).all())


@pytest.mark.parametrize(
    ("counts", "batch"),
    [({"a": 13, "b": 8}, 8), ({"a": 3, "b": 3}, 2), ({"a": 2, "b": 9}, 4), ({"a": 20, "b": 20}, 16)],
)
def test_a_batch_is_never_more_than_there_are_pictures(tmp_path, counts, batch):
    root = folder(tmp_path, counts, size=8)
    _, config = proposed(root)
    train = make_splits(config.data, config.seed).train
    assert config.train.batch_size == batch <= len(train.files)
    assert Proposal(survey(str(root))).trained == len(train.files)


def test_too_few_pictures_are_one_line(tmp_path):
    root = folder(tmp_path, {"a": 1, "b": 2}, size=8)
    with pytest.raises(DataError) as caught:
        proposed(root)
    assert str(caught.value) == (
        f"{root}: holds 3 pictures in 2 classes, too few to judge a model on some of them; expected at least 3 a class"
    )


def test_a_name_from_outside_is_no_yaml(tmp_path):
    root = folder(tmp_path / "a: {b} #c\n\x1b", {"- x #": 3, "y": 3}, size=8)
    text, config = proposed(root)
    assert config.data.train == str(root)
    assert "- x # (3), y (3)" in text


def test_what_cannot_be_read_and_what_moves_is_said(tmp_path):
    root = folder(tmp_path, {"a": 5, "b": 5}, size=8)
    (root / "a" / "000.png").write_bytes(b"no")
    (root / "b" / "999.png").write_bytes(png_of(noise(8, 8)))
    text, _ = proposed(root)
    assert f"# 1 of 11 that were looked at cannot be read, such as\n  # {root}/a/000.png: " in text
