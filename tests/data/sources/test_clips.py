"""Clips from every kind of source that may hold them: the same frames, in the same order, with the same names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data.archives.packing import packed
from data.clip_samples import FRAMES, clip_files, taken
from data.samples import config
from data.sources.making import manifest, put
from untouched import untouched

from nettrain.config.fields import FilePath
from nettrain.data.cache import decode
from nettrain.data.config import DataConfig, SetAside
from nettrain.data.listing import Listing
from nettrain.data.sources.table import list_source
from nettrain.data.split import Split
from nettrain.data.splitting import make_splits
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

FILES, CLIPS = clip_files()
LIST = manifest([("path", "label"), *((name, name.split("/")[0]) for name in CLIPS)])
OF_CLIPS = Wanted(frames=FRAMES)


def archive(ending: str, more: dict[str, bytes]) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        root.mkdir()
        return packed(root / f"a{ending}", {f"top/{name}": data for name, data in (FILES | more).items()})

    return make


SOURCES: dict[str, Callable[[Path], Path]] = {
    "folder": lambda root: put(root, FILES),
    "csv": lambda root: put(root, FILES | {"list.csv": LIST}) / "list.csv",
    "zip": archive(".zip", {}),
    "zip of a list": archive(".zip", {"list.csv": LIST}),
    "tar": archive(".tar", {}),
    "tar.gz of a list": archive(".tar.gz", {"list.csv": LIST}),
    "tar.xz": archive(".tar.xz", {}),
}


def pixels(listing: Listing, cache: str) -> np.ndarray:
    split = Split("train", listing.reader, listing.files, listing.labels, listing.classes)
    image = config(5, 4, channels=1, frames=FRAMES)
    found = decode(split, image, cache=cache, workers=2)  # type: ignore[arg-type]
    return found.take(np.arange(len(listing.files)))


@pytest.mark.parametrize("cache", ["ram", "disk", "none"])
@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_the_same_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, cache: str
) -> None:
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    path = SOURCES[kind](tmp_path / "data")
    with untouched(tmp_path / "data"):
        for _ in range(2):  # from the disk cache the second time
            found = list_source(path, OF_CLIPS)
            assert (found.classes, found.files) == (("left", "right"), tuple(sorted(CLIPS)))
            assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
            expected = np.stack([taken(CLIPS[name]) for name in found.files])
            np.testing.assert_array_equal(pixels(found, cache), expected)
            assert sorted(found.reader.ordered(found.files)) == list(range(6))


@pytest.mark.parametrize("kind", [".tar", ".zip"])
def test_clips_of_an_archive_are_read_in_the_order_in_which_they_lie(tmp_path: Path, kind: str) -> None:
    files = dict(reversed(FILES.items()))
    found = list_source(packed(tmp_path / f"a{kind}", files), OF_CLIPS)
    in_place = [found.files[place] for place in found.reader.ordered(found.files)]
    assert in_place == list(reversed(CLIPS))


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_a_clip_stays_a_clip_where_sources_are_joined(tmp_path: Path, ending: str) -> None:
    one = put(tmp_path / "one", FILES)
    listed = put(tmp_path / "two", FILES | {"list.csv": LIST}) / "list.csv"
    third = packed(tmp_path / f"c{ending}", FILES)
    found = list_source((str(one), str(listed), str(third)), OF_CLIPS)
    tags = ("one", "list.csv", third.name)
    assert sorted(found.files) == sorted(f"{tag}/{name}" for tag in tags for name in CLIPS)
    expected = np.stack([taken(CLIPS[name.split("/", 1)[1]]) for name in found.files])
    np.testing.assert_array_equal(pixels(found, "ram"), expected)
    assert [found.classes[label] for label in found.labels] == [name.split("/")[1] for name in found.files]
    rows = manifest([("path", "label"), ("../one/left/a.gif", "left"), ("left/b", "left"), ("right/b", "right")])
    put(tmp_path / "two", {"list.csv": rows})
    with pytest.raises(DataError) as caught:
        list_source((str(one), str(listed)), OF_CLIPS)
    assert str(caught.value) == f"{listed}: the picture '../one/left/a.gif' is in {one} too; leave one of them out"


def error(path: Path, image: object, **settings: object) -> str:
    with pytest.raises(DataError) as caught:
        make_splits(DataConfig(FilePath(path), image, **settings), 1)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_of_a_list_of_clips_is_wrong_is_said_at_its_line(tmp_path: Path) -> None:
    rows = "path,label\nleft/b,left\nleft/b/,left\nleft/day/../b,right\n,right\nright/d,right\n"
    listed = put(tmp_path, FILES | {"list.csv": rows.encode()}) / "list.csv"
    image = config(5, 4, channels=1, frames=FRAMES)
    twice = "is listed twice, first in line 2; several labels stand in one line, with | between"
    relative = "paths are relative to the folder of the CSV"
    assert error(listed, image).replace(f"{listed}:", "").splitlines() == [
        f"3:1: 'left/b/' {twice}",
        f"4:1: 'left/day/../b' {twice}",
        "5:1: the path is missing; expected that of a picture",
        f"6:1: no such file 'right/d'; {relative}",
    ]
    zipped = packed(tmp_path / "a.zip", FILES | {"list.csv": rows.encode()})
    assert error(zipped, image).replace(f"{zipped}/list.csv:", "").splitlines()[2:] == [
        "5:1: the path is missing; expected that of a picture",
        f"6:1: no such file 'right/d'; {relative}",
    ]
    assert error(listed, config(5, 4)).replace(f"{listed}:", "").splitlines()[0] == (
        "2:1: 'left/b' is a folder; expected the path of a picture, or data.image.frames, for which a folder is a clip"
    )


def test_a_clip_to_train_on_is_not_to_judge_on_however_it_is_named(tmp_path: Path) -> None:
    one = put(tmp_path / "one", FILES)
    rows = manifest([("path", "label"), ("one/left/b", "left"), ("one/right/a.gif", "right")])
    other = FilePath(put(tmp_path, {"list.csv": rows}) / "list.csv")
    found = error(one, config(5, 4, channels=1, frames=FRAMES), val=other)
    shared = "2 pictures, such as 'left/b/', are listed to train on and in val; take it out of one"
    assert found == f"{tmp_path}: {shared}"


def test_columns_of_a_list_divide_clips(tmp_path: Path) -> None:
    head = ("path", "label", "split", "group")
    rows = [(name, name.split("/")[0], "val" if "day" in name else "train", name[-3:]) for name in CLIPS]
    listed = put(tmp_path, FILES | {"list.csv": manifest([head, *rows])}) / "list.csv"
    image = config(5, 4, channels=1, frames=FRAMES)
    found = make_splits(DataConfig(FilePath(listed), image), 1)
    assert found.val is not None
    assert found.train.files == ("left/a.gif", "left/b/", "right/a.gif", "right/b/")
    assert found.val.files == ("left/day/c/", "right/day/c/")
    put(tmp_path, {"list.csv": LIST})
    found = make_splits(DataConfig(FilePath(listed), image, val=SetAside("train", 0.3)), 1)
    assert len(found.train.files) == 4
