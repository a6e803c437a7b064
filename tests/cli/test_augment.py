"""``nettrain augment``: one PNG of the very pictures that a fit will see, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, Ended, tree, written
from PIL import Image

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
    what = "not a picture in a known format; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"
    assert ended == Ended(3, "", f"nettrain: error: {here}/data/cat/1.png: {what}\n")
    assert not Path("a.png").exists()
    ended = call("augment", "bad.yaml", "--output", "a.png", "--rows", "8", "--set", "data.on_bad_image=skip")
    assert (ended.code, ended.err) == (0, "nettrain: note: there are 7 pictures to show\n")


ALONE = CNN.format(data="data").replace("  val: {from: train, fraction: 0.25}\n", "")
BAD = "the file is empty (0 bytes)"


def folders(bad: dict[str, list[int]]) -> None:
    """Two classes of four pictures each, some of which are bad."""
    for label in ("cat", "dog"):
        Path("data", label).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), 40 * number).save(f"data/{label}/{number}.png")
        for number in bad.get(label, []):
            Path(f"data/{label}/{number}.png").write_bytes(b"")


def test_the_only_picture_of_a_class_is_bad_and_named(here: Path, call: Call) -> None:
    """Good ones are left, so that nothing may be said of the class."""
    folders({"cat": [0], "dog": [0]})
    written(here, "bad.yaml", ALONE)
    lines = "".join(f"nettrain: error: {here}/data/{label}/0.png: {BAD}\n" for label in ("cat", "dog"))
    assert call("augment", "bad.yaml", "-o", "a.png", "--rows", "2") == Ended(3, "", lines)


def test_a_class_without_a_good_picture_has_no_row(here: Path, call: Call) -> None:
    """Only some pictures are looked at, so nothing is said of the class: fit looks at all."""
    folders({"cat": [0, 1, 2, 3]})
    written(here, "bad.yaml", ALONE)
    ended = call("augment", "bad.yaml", "-o", "a.png", "--rows", "2", "--set", "data.on_bad_image=skip")
    assert ended == Ended(0, "", "nettrain: note: there is 1 picture to show\n")


def test_no_good_picture_at_all_is_said(here: Path, call: Call) -> None:
    folders({label: [0, 1, 2, 3] for label in ("cat", "dog")})
    written(here, "bad.yaml", ALONE)
    line = f"{here}/data: none of the pictures that were looked at is readable"
    ended = call("augment", "bad.yaml", "-o", "a.png", "--set", "data.on_bad_image=skip")
    assert ended == Ended(3, "", f"nettrain: error: {line}\n")
    assert not Path("a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["cnn.yaml", "-o", "a.png", "--rows", "200", "--columns", "11"],
            "--rows 200 with --columns 11 is 2200 pictures; a sheet has room for 2000; see 'nettrain augment --help'",
        ),
        (["cnn.yaml", "-o", "g.svg"], "--output must end in .png, got 'g.svg'; see 'nettrain augment --help'"),
        (["no.yaml", "-o", "a.png"], "no.yaml: no such file"),
        (
            ["cnn.yaml", "-o", "a.png", "--set", "data.augment=[]"],
            "--set[1]:1:1: data.augment: is empty, so there is nothing to show; "
            "see 'nettrain kinds augmentations' for what it may name",
        ),
        (
            ["cnn.yaml", "-o", "a.png", "--set", "train.sampling={weighted: {'0': 2, '1': 1}}"],
            "--set[1]:1:2: train.sampling.weighted: no weight for '2', '3', '4', '5', '6', '7', '8', '9'; expected one "
            "for every class",
        ),
    ],
)
def test_what_cannot_be_asked(here: Path, call: Call, arguments: list[str], line: str) -> None:
    assert call("augment", *arguments) == Ended(2, "", f"nettrain: error: {line}\n")


def test_mixed_pictures_are_shown_with_their_labels_below(here: Path, call: Call) -> None:
    sizes = []
    for augment in ("[{random_crop: 1}, mixup]", "[cutmix]", "[{random_crop: 1}]"):
        assert call("augment", "cnn.yaml", "-o", "a.png", "--set", f"data.augment={augment}") == Ended(0, "", "")
        with Image.open("a.png") as sheet:
            sizes.append(sheet.height)
    assert sizes[0] == sizes[1] == sizes[2] + 10 * 24


def test_the_data_folder_is_only_read(here: Path, call: Call, small: Path) -> None:
    ended = call("augment", "cnn.yaml", "-o", small / "sheet.png")
    line = f"{small}/sheet.png: lies in the data folder {small}, which is only read; choose another place"
    assert ended == Ended(2, "", f"nettrain: error: {line}\n")


@pytest.mark.parametrize(
    ("output", "split"),
    [("pictures/0.png", "train"), ("link.png", "train"), ("far/5.png", "val"), ("pictures/../far/1.png", "train")],
)
def test_a_picture_of_a_list_is_only_read(here: Path, call: Call, output: str, split: str) -> None:
    """Wherever it lies, and by whatever name it is listed or given."""
    rows = ["path,label,split", "far/link.png,a,train"]
    for folder in ("pictures", "far"):
        Path(folder).mkdir()
        for number in range(6):
            Image.new("L", (8, 8), 40 * number).save(f"{folder}/{number}.png")
            if number:
                rows.append(f"{folder}/{number}.png,{'ab'[number % 2]},{'val' if number > 3 else 'train'}")
    Path("far/link.png").symlink_to("../pictures/0.png")
    Path("link.png").symlink_to("pictures/0.png")
    written(here, "list.csv", "\n".join([*rows, ""]))
    written(here, "list.yaml", CNN.format(data="list.csv").replace("  val: {from: train, fraction: 0.25}\n", ""))
    before = tree(here, times=True)
    line = f"{output}: is a picture of {split}, which is only read; choose another place"
    assert call("augment", "list.yaml", "-o", output) == Ended(2, "", f"nettrain: error: {line}\n")
    assert tree(here, times=True) == before
    assert call("augment", "list.yaml", "-o", "pictures/6.png").code == 0


def test_a_picture_of_a_list_that_no_split_takes_is_only_read(here: Path, call: Call) -> None:
    for number in range(7):
        Image.new("L", (8, 8), 40 * number).save(f"{number}.png")
    rows = [f"{number}.png,{'ab'[number % 2]},{'val' if number > 3 else 'train'}" for number in range(6)]
    written(here, "list.csv", "\n".join(["path,label,split", *rows, ""]))
    written(here, "val.csv", "path,label\n5.png,b\n6.png,a\n")
    text = CNN.format(data="list.csv").replace("{from: train, fraction: 0.25}", "val.csv")
    written(here, "list.yaml", text)
    line = f"4.png: is a picture of {here}/list.csv, which is only read; choose another place"
    ended = call("augment", "list.yaml", "-o", "4.png")
    assert (ended.code, ended.err.splitlines()[-1]) == (2, f"nettrain: error: {line}")
