"""Several sources as one: names, classes, splits; what cannot be joined; what of an archive holds the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data.archives.packing import packed
from data.samples import config
from data.sources.making import as_npz, manifest, mnist, put, sample
from untouched import untouched

from nettrain.config.fields import FilePath
from nettrain.data.cache import decode_all
from nettrain.data.config import DataConfig, SetAside
from nettrain.data.sources.table import list_source
from nettrain.data.split import Splits
from nettrain.data.split_csv import keep_splits, read_split_csv, split_csv
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError

ONE, OTHER = sample(2), sample(1, seed=2, names="1234")


def splits(*train: Path | str, **settings: Any) -> Splits:
    return make_splits(DataConfig(tuple(FilePath(path) for path in train), config(), **settings), 1)


def error(*train: Path | str, **settings: Any) -> str:
    with pytest.raises(DataError) as caught:
        splits(*train, **settings)
    return str(caught.value)


def test_classes_are_united_by_name_and_pictures_keep_their_source(tmp_path: Path) -> None:
    data = tmp_path / "data"
    one, other = put(data / "one", ONE.files), mnist(data / "b", OTHER)
    third = packed(data / "one.zip", {f"top/{name}": png for name, png in OTHER.files.items()})
    with untouched(data):
        found = list_source((str(one), str(third), str(other)))
        assert found.root == str(data)
        assert found.classes == ("0", "1", "2", "3", "4")
        assert len(found.files) == 14
        assert list(found.files) == sorted(found.files)
        assert {file.split("/")[0] for file in found.files} == {"one", "one.zip", "train-images-idx3-ubyte"}
        labels = {file: found.classes[label] for file, label in zip(found.files, found.labels, strict=True)}
        assert labels["one/2/004.png"] == "2"
        assert labels["one.zip/4/003.png"] == "4"
        assert labels["train-images-idx3-ubyte/00003"] == "3"
        for name, data_of in (("one/0/001.png", ONE), ("one.zip/1/000.png", OTHER)):
            assert found.reader.read(name, 1 << 20).data == data_of.files[name.split("/", 1)[1]]
        assert found.reader.where("one.zip/4/003.png") == f"{third}/top/4/003.png"
        order = found.reader.ordered(found.files)
        assert sorted(order) == list(range(14))
        assert found.reader.holding(found.files) == [f"{one}/{name}" for name in sorted(ONE.names)]


@pytest.mark.parametrize(("one", "other"), [("a/x", "b/x"), ("a/xy", "b/xy"), ("1/x/y", "2/x/y"), ("y", "x/y")])
def test_sources_whose_paths_end_alike_keep_all_of_their_pictures(tmp_path: Path, one: str, other: str) -> None:
    paths = [str(put(tmp_path / end, ONE.files)) for end in (one, other)]
    found = list_source(tuple(paths))
    assert [found.classes[label] for label in found.labels] == [file.split("/")[-2] for file in found.files]
    assert sorted(map(found.reader.where, found.files)) == sorted(
        f"{path}/{name}" for path in paths for name in ONE.files
    )


def test_a_run_finds_its_pictures_again(tmp_path: Path) -> None:
    one, other = put(tmp_path / "one", ONE.files), mnist(tmp_path / "b", OTHER)
    found = splits(one, other, val=SetAside("train", 0.3, stratify=False))
    text = split_csv(found)
    assert (
        split_csv(keep_splits(splits(one, other, val=SetAside("train", 0.4, stratify=False)), read_split_csv(text)))
        == text
    )


def test_lists_in_the_same_folders_are_cached_by_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    for folder, made in (("one", ONE), ("two", sample(2, seed=2))):
        rows = [(name, "ab"[place // 2 % 2]) for place, name in enumerate(made.files)]
        lists = {f"{name}.csv": manifest([("path", "label"), *rows[start::2]]) for start, name in enumerate("tv")}
        put(tmp_path / folder, {**made.files, **lists})
    for name, other in ("tv", "vt"):  # the second time each picture is in the cache already, in an entry of the other
        train, val = (
            [FilePath(tmp_path / folder / f"{one}.csv") for folder in ("one", "two")] for one in (name, other)
        )
        every = splits(*train, val=tuple(val)).all()
        cached, plain = (list(decode_all(every, lambda _: config(), cache=cache)) for cache in ("disk", "ram"))
        for one, two in zip(cached, plain, strict=True):
            assert one.take(np.arange(len(one))).tobytes() == two.take(np.arange(len(two))).tobytes()
            assert one.sha256.tobytes() == two.sha256.tobytes()


def test_parts_of_each_are_joined_by_what_they_are_for(tmp_path: Path) -> None:
    for name, made in (("train", ONE), ("val", sample(1, seed=3))):
        put(tmp_path / "one" / name, made.files)
    mnist(tmp_path / "two", ONE)
    mnist(tmp_path / "two", sample(1, seed=4), "t10k")
    found = splits(tmp_path / "one", tmp_path / "two")
    assert [(split.name, len(split.files)) for split in found.all()] == [("train", 12), ("val", 3), ("test", 3)]
    parts = "train/, train-images-idx3-ubyte, val/, t10k-images-idx3-ubyte"
    assert found.notes == (f"data.train: uses {parts} found in it",)


def test_what_cannot_be_joined_is_one_line_each(tmp_path: Path) -> None:
    one = put(tmp_path / "one", ONE.files)
    assert error(one, one) == f"{one}: is named twice; expected each source once"
    (tmp_path / "link").symlink_to(one)
    again = f"{tmp_path}/link: the picture '0/000.png' is in {one} too; leave one of them out"
    assert error(one, tmp_path / "link") == again
    cases = put(tmp_path / "cases", sample(1, names="aA").files)
    both = put(tmp_path / "both", sample(1, names=["a", "x"]).files)
    assert error(put(tmp_path / "upper", sample(1, names=["A", "y"]).files), both) == (
        f"{both}: the classes 'A' and 'a' differ only in case; write them the same"
    )
    assert f"{cases}: the class folders 'A' and 'a' differ only in case" in error(cases, both)
    rows = [("path", "label", "split"), ("0/000.png", "0", "train"), ("1/002.png", "1", "val")]
    put(one, {"list.csv": manifest(rows)})
    what = "has a column split, and what it is joined with has none; take it out, or add one"
    assert error(f"{one}/list.csv", both) == f"{one}/list.csv: {what}"
    single = as_npz(tmp_path / "npz", sample(1, names="z"))
    lone = f"{single}: holds only one class, 'z'; expected at least 2"
    assert error(single, val=SetAside("train", 0.3)) == lone


def test_nothing_to_train_on_is_in_what_is_to_judge_on(tmp_path: Path) -> None:
    files = {f"top/{name}": data for name, data in ONE.files.items()}
    one, other = packed(tmp_path / "a.zip", files), mnist(tmp_path / "b", ONE)
    cure = "name another folder, or set a part aside with {from: train, fraction: 0.1}"
    assert error(one, other, val=(FilePath(one),)) == f"data.val: these are the training pictures; {cure}"
    rows = [("path", "label"), *((name, name[0]) for name in ONE.files)]
    listed = put(tmp_path / "c", {**ONE.files, "a.csv": manifest(rows), "b.csv": manifest(rows[:4] + rows[5:6])})
    found = error(other, listed / "a.csv", val=FilePath(listed / "b.csv"))
    what = "4 pictures, such as 'a.csv/0/000.png', are listed to train on and in val; take it out of one"
    assert found == f"{listed}: {what}"


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
@pytest.mark.parametrize("above", ["", "a/", "a/b/c/"])
def test_the_folders_of_an_archive_are_followed_down(tmp_path: Path, ending: str, above: str) -> None:
    files = {f"{above}{name}": data for name, data in ONE.files.items()}
    path = packed(tmp_path / f"x{ending}", {**files, "__MACOSX/._a": b"x"})
    assert list_source(path).files == tuple(ONE.files)
    parts = {f"{above}{part}/{name}": data for part in ("train", "test") for name, data in ONE.files.items()}
    found = splits(packed(tmp_path / f"y{ending}", parts))
    assert [(split.name, len(split.files)) for split in found.all()] == [("train", 6), ("test", 6)]
    rows = [("path", "label"), *((name, f"class {name[0]}") for name in ONE.files)]
    path = packed(tmp_path / f"z{ending}", {**files, f"{above}labels.csv": manifest(rows)})
    assert list_source(path).classes == ("class 0", "class 1", "class 2")


def test_two_lists_in_an_archive_leave_the_choice_to_the_user(tmp_path: Path) -> None:
    rows = manifest([("path", "label"), *((name, name[0]) for name in ONE.files)])
    path = packed(tmp_path / "x.zip", {**ONE.files, "a.csv": rows, "b.csv": rows, "notes.csv": b"x,y\n"})
    assert error(path) == f"{path}: holds the lists a.csv and b.csv; name one of them: {path}/a.csv"
    assert list_source(f"{path}/a.csv").files == tuple(ONE.files)
