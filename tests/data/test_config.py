"""The data block as a user writes it: what is read, and the whole line for what cannot be."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nettrain.config.fields import FilePath, Record, Table
from nettrain.config.reader import read_text
from nettrain.data.augment.random_crop import RandomCropConfig
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig
from nettrain.data.augment.table import AUGMENTATIONS
from nettrain.data.config import DataConfig, ImageConfig, MeanStd, SetAside
from nettrain.errors import ConfigError

TABLES = {"augmentations": Table({kind: record for kind, (record, _) in AUGMENTATIONS.items()})}


@dataclass(frozen=True)
class Top(Record):
    data: DataConfig


def read(text: str) -> DataConfig:
    return read_text(text, "c.yaml", Top, TABLES, "/base").config.data


def test_the_whole_block():
    config = read(
        """
data:
  train: ../cifar/train
  val: {from: train, fraction: 0.1, stratify: false}
  test: /data/test
  image: {size: [32, 24], channels: 1, fit: crop, background: [0, 0, 0], animated: first, max_megapixels: 100}
  normalize: {mean: [0.5], std: [0.25]}
  on_bad_image: skip
  cache: none
  augment:
    - random_crop: {padding: 4}
    - random_crop: 2
    - random_horizontal_flip
"""
    )
    assert config.train == "/cifar/train"
    assert config.val == SetAside("train", 0.1, False)
    assert config.test == "/data/test"
    assert config.image == ImageConfig((32, 24), 1, "crop", (0, 0, 0), "first", 100.0)
    assert config.normalize == MeanStd((0.5,), (0.25,))
    assert (config.on_bad_image, config.cache) == ("skip", "none")
    assert [(chosen.kind, chosen.settings) for chosen in config.augment] == [
        ("random_crop", RandomCropConfig(4)),
        ("random_crop", RandomCropConfig(2)),
        ("random_horizontal_flip", RandomHorizontalFlipConfig(0.5)),
    ]


def test_the_shortest_block():
    config = read("data:\n  train: x\n  val: y\n  image: {size: [8, 8]}\n")
    assert config == DataConfig(FilePath("/base/x"), ImageConfig((8, 8)), FilePath("/base/y"))
    assert (config.image.channels, config.image.load_size) == (3, None)
    assert config.image_of("train") == config.image_of("val") == config.image


HEAD = "data:\n  train: x\n"
FAULTS = {
    "size": ("  image: {size: [0, 8]}", "c.yaml:3:18: data.image.size.0: must be at least 1 and at most 4096, got 0"),
    "mean": (
        "  image: {size: [8, 8]}\n  normalize: {mean: [0.1], std: [1, 1, 1]}",
        "c.yaml:4:15: data.normalize.mean: expected one number a channel, 3 in all (image.channels), got 1",
    ),
    "std": (
        "  image: {size: [8, 8], channels: 1}\n  normalize: {mean: [0.1], std: [0]}",
        "c.yaml:4:34: data.normalize.std.0: must be above 0, got 0",
    ),
    "imagenet": (
        "  image: {size: [8, 8], channels: 1}\n  normalize: imagenet",
        "c.yaml:4:14: data.normalize: imagenet is for 3 channels, but image.channels is 1; use dataset",
    ),
    "background": (
        "  image: {size: [8, 8], channels: 4, background: [0, 0, 0]}",
        "c.yaml:3:38: data.image.background: "
        "has no effect with channels: 4, which keeps transparency, unless fit is pad",
    ),
    "max_megapixels": (
        "  image: {size: [8, 8], max_megapixels: 1e300}",
        "c.yaml:3:41: data.image.max_megapixels: must be above 0 and at most 10000, got 1e300",
    ),
    "padding": (
        "  image: {size: [8, 6]}\n  augment: [{random_crop: 6}]",
        "c.yaml:4:27: data.augment.0.random_crop.padding: must be smaller than the picture's shorter side, 6, got 6",
    ),
    "sides": (
        "  image: {size: [8, 6]}\n  augment: [alternating_flip, {random_crop: 1}, random_horizontal_flip: 0.2]",
        "c.yaml:4:13: data.augment.0.alternating_flip: random_horizontal_flip mirrors pictures too, so that sides "
        "would not alternate; leave one of them out",
    ),
    "sides that alternate twice": (
        "  image: {size: [8, 6]}\n  augment: [alternating_flip, alternating_flip]",
        "c.yaml:4:13: data.augment.0.alternating_flip: alternating_flip mirrors pictures too, so that sides would "
        "not alternate; leave one of them out",
    ),
    "load size": (
        "  image: {size: [8, 8], load_size: [9, 9]}\n  augment: [random_horizontal_flip]",
        "c.yaml:3:25: data.image.load_size: has no effect without random_resized_crop in data.augment",
    ),
    "small load size": (
        "  image: {size: [8, 8], load_size: [9, 7]}\n  augment: [random_resized_crop]",
        "c.yaml:3:25: data.image.load_size: must be at least image.size each way, [8, 8], got [9, 7]",
    ),
    "fraction": (
        "  image: {size: [8, 8]}\n  val: {from: train, fraction: 1}",
        "c.yaml:4:32: data.val.fraction: must be above 0 and below 1, got 1",
    ),
}


def test_training_pictures_are_kept_larger_where_parts_are_cut_out_of_them():
    text = "data:\n  train: x\n  image: {size: [224, 32]}\n  augment: [random_resized_crop]\n"
    config = read(text)
    assert config.image_of("train") == ImageConfig((256, 37))
    assert config.image_of("val") == config.image_of("test") == ImageConfig((224, 32))
    given = read(text.replace("32]", "32], load_size: [300, 400]"))
    assert given.image_of("train") == ImageConfig((300, 400))
    assert given.image_of("val") == ImageConfig((224, 32))


@pytest.mark.parametrize("name", FAULTS)
def test_faults_have_a_place_and_say_what_would_be_right(name):
    text, line = FAULTS[name]
    with pytest.raises(ConfigError) as caught:
        read(HEAD + text + "\n")
    assert caught.value.lines() == [f"nettrain: error: {line}"]
