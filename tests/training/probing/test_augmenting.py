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
from nettrain.training.probing.augmenting import Shown, augmented
from nettrain.training.probing.choosing import even, spread

U8 = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
NEAR = 0.02  # a level of 255 is this much, or more, after normalising; what is mixed is rounded to a level
ALONE = CNN.format(data="data").replace("  val: {from: train, fraction: 0.25}\n", "")


def shown_by(text: str, folder: Path, pictures: int, epochs: int, shrunk: Callable[[U8], U8] = np.array) -> list[Shown]:
    document = document_of(text, folder)
    return augmented(document, list_splits(document).train, pictures, epochs, shrunk)


@pytest.mark.parametrize(
    "augmentation",
    [
        "random_crop: 1",
        "random_resized_crop",
        "random_erasing: {p: 1.0, value: random}",
        "random_crop: 1\n    - mixup",
        "random_crop: 1\n    - cutmix\n    - mixup: {p: 0.5}",
    ],
)
@pytest.mark.parametrize("sampling", ["shuffle", "balanced"])
def test_it_shows_what_the_training_sees(small: Path, augmentation: str, sampling: str) -> None:
    """Every picture that is shown is one of the epoch's, with its very labels; one that is not is not drawn."""
    text = CNN.format(data=small).replace("random_crop: {padding: 1}", augmentation)
    text = text.replace("train: {", f"train: {{sampling: {sampling}, ")
    shown = shown_by(text, small, 30, 2)
    prepared = prepared_for(text, small)
    for epoch in range(2):
        batches = [*prepared.batches(prepared.config.data.augment).training(epoch)]
        trained = np.concatenate([batch.images for batch in batches])
        targets = np.concatenate([batch.targets for batch in batches])
        drawn = {prepared.train.paths[place] for place in prepared.batches(()).order(epoch).pictures}
        for one in shown:
            seen_as = one.after[epoch]
            assert (seen_as is not None) == (one.path in drawn)
            if seen_as is None:
                continue
            (image,) = prepared.normalization.apply(seen_as.pixels[None])
            found = np.flatnonzero(np.abs(trained - image).max(axis=(1, 2, 3)) < NEAR)
            assert len(found), one.path
            assert dict(seen_as.shares) in [shares_of(targets[place], prepared.classes) for place in found]
    assert all(one.before.shape == (8, 8, 1) for one in shown)


def shares_of(target: np.ndarray, classes: tuple[str, ...]) -> dict[str, float]:
    """What a target says of the classes; one is a class alone."""
    if target.ndim == 0:
        return {classes[target]: 1.0}
    return {classes[k]: float(target[k]) for k in np.flatnonzero(target)}


def test_an_epoch_that_does_not_draw_a_picture_shows_none(tmp_path: Path) -> None:
    """Of ten cats and two dogs, balanced, an epoch draws six cats."""
    for label, many in {"cat": 10, "dog": 2}.items():
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(many):
            Image.new("L", (8, 8), 20 * number).save(tmp_path / f"data/{label}/{number}.png")
    shown = shown_by(ALONE.replace("train: {", "train: {sampling: balanced, "), tmp_path, 20, 5)
    cats, dogs = ([one for one in shown if one.label == label] for label in ("cat", "dog"))
    for epoch in range(5):
        assert sum(cat.after[epoch] is not None for cat in cats) == 6
        assert all(dog.after[epoch] is not None for dog in dogs)


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
    assert {
        pixels.shape for one in shown for pixels in (one.before, *(seen_as.pixels for seen_as in one.after if seen_as))
    } == {(112, 112, 3)}
    assert peak < 10 * 21 * 512 * 512 / 2  # bytes: half of what the pictures take
