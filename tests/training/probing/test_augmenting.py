"""What is shown of augmentation: the very pictures of the training, spread over the classes, good ones for bad ones."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import CNN, written
from PIL import Image
from training.setting_up import document_of, prepared_for

from nettrain.report.augment_sheet import seen
from nettrain.training.pictures import list_splits
from nettrain.training.probing.augmenting import Shown, augmented, even, spread

U8 = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
ALONE = CNN.format(data="data").replace("  val: {from: train, fraction: 0.25}\n", "")


def shown_by(text: str, folder: Path, pictures: int, epochs: int, shrunk: Callable[[U8], U8] = np.array) -> list[Shown]:
    document = document_of(text, folder)
    return augmented(document.config, list_splits(document).train, pictures, epochs, shrunk)


@pytest.mark.parametrize(
    "augmentation", ["random_crop: 1", "random_resized_crop", "random_erasing: {p: 1.0, value: random}"]
)
def test_it_shows_what_the_training_sees(small: Path, augmentation: str) -> None:
    text = CNN.format(data=small).replace("random_crop: {padding: 1}", augmentation)
    shown = shown_by(text, small, 30, 2)
    prepared = prepared_for(text, small)
    for epoch in range(2):
        batches = prepared.batches(prepared.config.data.augment).training(epoch)
        trained = np.concatenate([batch.images for batch in batches])
        for one in shown:
            (image,) = prepared.normalization.apply(one.after[epoch][None])
            assert (trained == image).all(axis=(1, 2, 3)).any(), one.path
    assert all(one.before.shape == (8, 8, 1) for one in shown)


def test_pictures_are_spread_over_the_classes(small: Path) -> None:
    train = prepared_for(CNN.format(data=small), small).splits.train
    for pictures, of_each in ((30, [3] * 10), (12, [2, 2, *[1] * 8]), (3, [1, 0, 0, 1, 0, 0, 1, 0, 0, 0])):
        places = spread(train, pictures)
        assert np.bincount(train.labels[places], minlength=10).tolist() == of_each
        assert len(set(places.tolist())) == pictures
    assert len(spread(train, 500)) == len(train.files)
    assert even(7, 3).tolist() == [0, 2, 4]


def test_several_labels_a_picture(tmp_path: Path) -> None:
    rows = ["path,label"]
    for number in range(6):
        Image.new("L", (8, 8), 40 * number).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{('cat', 'dog', 'cat|dog')[number % 3]}")
    written(tmp_path, "list.csv", "\n".join(rows) + "\n")
    text = CNN.format(data="list.csv").replace("data:\n", "loss: binary_cross_entropy\ndata:\n  labels: several\n")
    shown = shown_by(text.replace("  val: {from: train, fraction: 0.25}\n", ""), tmp_path, 6, 1)
    assert {one.label for one in shown} == {"cat", "dog", "cat|dog"}


def test_in_the_place_of_a_bad_picture_comes_the_next_good_one_of_its_class(tmp_path: Path) -> None:
    for label, bad in {"cat": [0, 1], "dog": [2]}.items():
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), 40 * number).save(file := tmp_path / f"data/{label}/{number}.png")
            if number in bad:
                file.write_bytes(b"")
    skipping = ALONE.replace("  augment:", "  on_bad_image: skip\n  augment:")
    for pictures, paths in {
        2: ["cat/2.png", "dog/0.png"],
        4: ["cat/3.png", "cat/2.png", "dog/0.png", "dog/3.png"],
        8: ["cat/2.png", "cat/3.png", "dog/0.png", "dog/1.png", "dog/3.png"],
    }.items():
        assert sorted(one.path for one in shown_by(skipping, tmp_path, pictures, 1)) == sorted(paths)


def test_of_large_pictures_only_what_the_sheet_shows_is_kept(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / "data" / str(number % 2)).mkdir(parents=True, exist_ok=True)
        Image.new("L", (600, 600), 20 * number).save(tmp_path / f"data/{number % 2}/{number}.png")
    text = ALONE.replace("size: [8, 8]", "size: [512, 512]")
    tracemalloc.start()
    shown = shown_by(text, tmp_path, 10, 20, seen)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {pixels.shape for one in shown for pixels in (one.before, *one.after)} == {(112, 112, 3)}
    assert peak < 10 * 21 * 512 * 512 / 2  # bytes: half of what the pictures take
