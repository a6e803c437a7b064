"""``nettrain augment``: one PNG of the very pictures that a fit will see, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import CNN, Ended, tree, written
from PIL import Image
from training.setting_up import document_of, prepared_for

from nettrain.report.augment_sheet import augment_sheet, fitting, seen
from nettrain.training.probing.augmenting import Shown, augmented, even, spread

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


def test_it_writes_one_picture_the_same_each_time_and_nothing_else(here: Path, call: Call, small: Path) -> None:
    before = tree(here, times=True), tree(small, times=True)
    for name in ("a.png", "b.png"):
        assert call("augment", "cnn.yaml", "--output", name) == Ended(0, "", "")
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    with Image.open("a.png") as sheet:
        assert (sheet.format, sheet.mode) == ("PNG", "RGB")
        size = sheet.size
    assert (
        call("augment", "cnn.yaml", "--output", "c.png", "--rows", "20", "--columns", "3", "--set", "seed=9").code == 0
    )
    with Image.open("c.png") as sheet:
        assert sheet.width < size[0]
        assert sheet.height > size[1]
    for name in ("a.png", "b.png", "c.png"):
        Path(name).unlink()
    assert (tree(here, times=True), tree(small, times=True)) == before


@pytest.mark.parametrize(
    "augmentation", ["random_crop: 1", "random_resized_crop", "random_erasing: {p: 1.0, value: random}"]
)
def test_it_shows_what_the_training_sees(small: Path, augmentation: str) -> None:
    text = CNN.format(data=small).replace("random_crop: {padding: 1}", augmentation)
    shown = augmented(document_of(text, small), 30, 2)
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


def test_several_labels_a_picture(here: Path, call: Call) -> None:
    rows = ["path,label"]
    for number in range(6):
        Image.new("L", (8, 8), 40 * number).save(f"{number}.png")
        rows.append(f"{number}.png,{('cat', 'dog', 'cat|dog')[number % 3]}")
    written(here, "list.csv", "\n".join(rows) + "\n")
    text = CNN.format(data="list.csv").replace("data:\n", "loss: binary_cross_entropy\ndata:\n  labels: several\n")
    written(here, "several.yaml", text.replace("  val: {from: train, fraction: 0.25}\n", ""))
    shown = augmented(document_of(Path("several.yaml").read_text(), here), 6, 1)
    assert {one.label for one in shown} == {"cat", "dog", "cat|dog"}
    assert call("augment", "several.yaml", "--output", "s.png").code == 0


def test_fewer_pictures_than_rows_is_said(here: Path, call: Call) -> None:
    ended = call("augment", "cnn.yaml", "--output", "a.png", "--rows", "200")
    assert (ended.code, ended.err) == (0, "nettrain: note: there are 120 pictures to show\n")


def test_a_bad_picture_is_an_error_or_left_out(here: Path, call: Call) -> None:
    for label in ("cat", "dog"):
        Path("data", label).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), 40 * number).save(f"data/{label}/{number}.png")
    Path("data/cat/1.png").write_bytes(b"no picture")
    text = CNN.format(data="data").replace("  val: {from: train, fraction: 0.25}\n", "")
    written(here, "bad.yaml", text)
    ended = call("augment", "bad.yaml", "--output", "a.png")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"nettrain: error: {here}/data/cat/1.png: ")
    assert not Path("a.png").exists()
    ended = call("augment", "bad.yaml", "--output", "a.png", "--rows", "8", "--set", "data.on_bad_image=skip")
    assert (ended.code, ended.err) == (0, "nettrain: note: there are 7 pictures to show\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["cnn.yaml", "-o", "g.svg"], "--output must end in .png, got 'g.svg'; see 'nettrain augment --help'"),
        (["no.yaml", "-o", "a.png"], "no.yaml: no such file"),
        (
            ["cnn.yaml", "-o", "a.png", "--set", "data.augment=[]"],
            "--set[1]:1:1: data.augment: is empty, so there is nothing to show; "
            "see 'nettrain kinds augmentations' for what it may name",
        ),
    ],
)
def test_what_cannot_be_asked(here: Path, call: Call, arguments: list[str], line: str) -> None:
    assert call("augment", *arguments) == Ended(2, "", f"nettrain: error: {line}\n")


def test_the_data_folder_is_only_read(here: Path, call: Call, small: Path) -> None:
    ended = call("augment", "cnn.yaml", "-o", small / "sheet.png")
    line = f"{small}/sheet.png: lies in the data folder {small}, which is only read; choose another place"
    assert ended == Ended(2, "", f"nettrain: error: {line}\n")


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (32, 48), (224, 224), (300, 20), (1, 300)])
def test_pictures_of_every_shape_have_a_sheet(size: tuple[int, int], channels: int) -> None:
    pixels = np.full((*size, channels), 120, np.uint8)
    rows = [Shown(label, "", pixels, (pixels, pixels)) for label in ("a", "a", "b" * 300, "\x1b[31m")]
    with Image.open(io.BytesIO(augment_sheet(rows, "name\n", ["random_crop"] * 30))) as sheet:
        assert max(sheet.size) < 2000
        assert sheet.width > 400


def test_what_is_transparent_shows_checks() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255
    shown = np.asarray(seen(pixels, (64, 64)))
    assert (shown[:32] == 0).all()
    assert set(np.unique(shown[32:])) == {224, 255}


def test_long_words_are_cut_off_with_dots() -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(13)
    assert fitting("short", 500, font) == "short"
    assert fitting("a long word", 50, font).endswith("...")
    assert font.getlength(fitting("a long word", 50, font)) <= 50
