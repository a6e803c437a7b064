"""Pictures listed in a CSV: what is read, what is refused and where, and what becomes of its column split."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig, Fold, ImageConfig, SetAside
from nettrain.data.labels import counts, label_text
from nettrain.data.sources.table import list_source
from nettrain.data.split import Splits
from nettrain.data.split_csv import keep_splits, read_split_csv, split_csv
from nettrain.data.splitting import make_splits
from nettrain.data.stratify import stratified
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

IMAGE = ImageConfig((8, 8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with pictures that are only there."""
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c", "d", "in/e"):
        (tmp_path / f"{name}.png").touch()
    return tmp_path


def listed(root: Path, text: str, name: str = "list.csv") -> str:
    path = root / name
    path.write_bytes(text.encode())
    return os.fspath(path)


def faults(path: str, several: bool = False) -> list[str]:
    with pytest.raises(DataError) as caught:
        list_source(path, Wanted(several))
    return [str(fault).removeprefix(f"{path}:").removeprefix(" ") for fault in caught.value.faults]


def test_paths_are_relative_to_the_list_and_come_in_their_order(root: Path) -> None:
    text = "\ufefflabel, path,size\r\n owl ,b.png,1\r\n\r\ncat,in/../a.png,2\r\ncat,in/e.png,3\r\n"
    found = list_source(listed(root, text))
    assert (found.root, found.classes, found.files) == (str(root), ("cat", "owl"), ("a.png", "b.png", "in/e.png"))
    assert found.labels.tolist() == [0, 1, 0]
    assert found.splits is None
    assert str(found.ignored) == "ignored column 'size'"
    above = list_source(listed(root, f"path,label\n../a.png,x\n{root}/b.png,y\n", "in/list.CSV"))
    assert above.files == ("../a.png", "../b.png")  # no absolute path gets any further


def test_several_labels_stand_with_bars_between(root: Path) -> None:
    found = list_source(listed(root, "path,label\na.png,owl | cat\nb.png,\nc.png,e\u0301\n"), Wanted(several=True))
    assert found.classes == ("cat", "owl", "\xe9")
    assert found.labels.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert [label_text(label, found.classes) for label in found.labels] == ["cat|owl", "", "\xe9"]
    assert counts(found.labels, 3).tolist() == [1, 1, 1]


def test_a_folder_gives_each_picture_its_one_label_among_several(root: Path) -> None:
    for kind in ("cat", "owl"):
        (root / "kinds" / kind).mkdir(parents=True)
        (root / "kinds" / kind / "1.png").touch()
    assert list_source(root / "kinds", Wanted(several=True)).labels.tolist() == [[True, False], [False, True]]
    (root / "kinds" / "owl").rename(root / "kinds" / "o|w")
    (fault,) = faults(str(root / "kinds"), several=True)
    assert fault.endswith("o|w: the name of a class must not have a '|', which stands between several labels")


def test_a_folder_may_be_called_like_a_list(root: Path) -> None:
    for kind in ("cat", "owl"):
        (root / "x.csv" / kind).mkdir(parents=True)
        (root / "x.csv" / kind / "1.png").touch()
    assert list_source(root / "x.csv").files == ("cat/1.png", "owl/1.png")


WRONG = [
    ("", False, ["1:1: has no column path; expected a first line such as path,label or path,label,split, got ''"]),
    (
        "file,label\n",
        False,
        ["1:1: has no column path; expected a first line such as path,label or path,label,split, got 'file,label'"],
    ),
    (
        "path,label,label\n",
        False,
        ["1:1: has the column label twice; expected a first line such as path,label or path,label,split"],
    ),
    (
        "path,label,group\na.png,cat, \n",
        False,
        ["2:1: the group is missing; expected a name, its own for a picture that belongs to no other"],
    ),
    ("path,label\n", False, ["lists no pictures; expected a line for each"]),
    ("path,label\na.png,cat\nb.png,cat\n", False, ["has only one class, 'cat'; expected at least 2"]),
    ("path,label\na.png,\n", True, ["has no label; expected at least 1"]),
    (
        "path,label\na.png\nx.png,cat\n,cat\nin,cat\nb.png,cat|owl\na.png,\na.png,owl\n",
        False,
        [
            "2:1: has 1 cells; expected 2, as in the first line",
            "3:1: no such file 'x.png'; paths are relative to the folder of the CSV",
            "4:1: the path is missing; expected that of a picture",
            "5:1: 'in' is a folder; expected the path of a picture, or data.image.frames, for which a folder is a clip",
            "6:1: 2 labels, 'cat|owl'; expected one, or data.labels: several",
            "7:1: a label is missing; expected one, or data.labels: several",
            "8:1: 'a.png' is listed twice, first in line 7; several labels stand in one line, with | between",
        ],
    ),
    (
        "path,label\na.png,cat||owl\nb.png,cat|cat\nc.png,Cat\nd.png,o\u2028wl\n",
        True,
        [
            "2:1: a label is missing; expected a name",
            "3:1: a label is there twice, 'cat|cat'",
            "4:1: the classes 'cat' and 'Cat' differ only in case; write them the same",
            "5:1: the name of a class must not have control characters or line breaks",
        ],
    ),
    ("path,label,split\na.png,cat,valid\n", False, ["2:1: the split is 'valid'; expected train, val or test"]),
    ('path,label\na.png,"cat"s\n', False, ["2:1: is not CSV: ',' expected after '\"'"]),
]


@pytest.mark.parametrize(("text", "several", "messages"), WRONG)
def test_what_is_wrong_is_said_at_its_line(root: Path, text: str, several: bool, messages: list[str]) -> None:
    assert faults(listed(root, text), several) == messages


def test_a_list_that_cannot_be_read(root: Path) -> None:
    (root / "list.csv").write_bytes(b"path,label\na.png,\xff\n")
    assert faults(f"{root}/list.csv") == ["is not UTF-8 (invalid start byte at byte 17); save it as UTF-8"]
    assert faults(f"{root}/none.csv") == ["cannot read the list: No such file or directory"]


def splits(root: Path, text: str, labels: str = "one", **parts: object) -> Splits:
    train = FilePath(listed(root, text))
    return make_splits(DataConfig(train=train, image=IMAGE, labels=labels, **parts), seed=1)  # type: ignore[arg-type]


def test_a_list_that_is_not_there_is_said_at_its_key(root: Path) -> None:
    with pytest.raises(DataError) as caught:
        make_splits(DataConfig(train=FilePath(f"{root}/no.csv"), image=IMAGE, val=FilePath(f"{root}/no")), seed=1)
    assert [str(fault) for fault in caught.value.faults] == [
        f"data.train: no such file '{root}/no.csv'; expected a CSV with the columns path and label",
        f"data.val: no such folder '{root}/no'; expected a folder with one folder of pictures a class, or "
        "{from: train, fraction: 0.1}",
    ]


DIVIDED = "path,label,split\na.png,cat,train\nb.png,owl,train\nc.png,cat,val\nd.png,owl,test\n"


def test_a_column_split_divides_the_pictures(root: Path) -> None:
    found = splits(root, DIVIDED)
    assert [(split.name, split.files) for split in found.all()] == [
        ("train", ("a.png", "b.png")),
        ("val", ("c.png",)),
        ("test", ("d.png",)),
    ]
    assert found.val is not None
    assert found.val.classes == found.classes == ("cat", "owl")
    assert found.notes == (
        "data.train: uses train, val, test of its column split",
        "data.val: has no picture of owl, so it cannot judge them",
        "data.test: has no picture of cat, so it cannot judge them",
    )


def test_what_the_config_names_wins_over_the_column(root: Path) -> None:
    other = FilePath(listed(root, "path,label\nin/e.png,owl\nc.png,cat\n", "other.csv"))
    found = splits(root, DIVIDED, val=other)
    assert found.val is not None
    assert found.val.files == ("c.png", "in/e.png")
    assert found.notes == (
        "data.train: uses train, test of its column split; val is left out",
        "data.test: has no picture of cat, so it cannot judge them",
    )
    with pytest.raises(DataError) as caught:
        splits(root, DIVIDED.replace("c.png", "in/e.png").replace("d.png,owl,test", "c.png,cat,train"), val=other)
    assert str(caught.value) == f"{root}: 'c.png' is listed to train on and in val; take it out of one"
    with pytest.raises(DataError) as caught:
        splits(root, DIVIDED.replace("split", "kind"), val=FilePath(listed(root, DIVIDED, "other.csv")))
    assert str(caught.value) == (
        f"{root}/other.csv: has a column split, which divides the pictures of data.train; take it out here, where all "
        "are used"
    )


def test_every_class_needs_a_picture_to_train_on(root: Path) -> None:
    with pytest.raises(DataError) as caught:
        splits(root, DIVIDED.replace("b.png,owl,train", "b.png,cat,train"))
    assert str(caught.value) == (f"{root}/list.csv: owl: no picture to train on has this label; expected at least one")
    with pytest.raises(DataError) as caught:
        splits(root, DIVIDED.replace("train\n", "val\n"))
    assert str(caught.value) == (
        f"{root}/list.csv: the column split has no picture to train on; expected some with train"
    )


def many(root: Path) -> str:
    """60 pictures with some of three labels: cat 30, dog 20, owl 6, and 20 without."""
    lines = ["path,label"]
    for place in range(60):
        (root / f"{place:02d}.png").touch()
        names = [
            name for name, there in (("cat", place % 2), ("dog", place % 3 == 0), ("owl", place % 10 == 3)) if there
        ]
        lines.append(f"{place:02d}.png,{'|'.join(names)}")
    return "\n".join(lines) + "\n"


def test_each_label_keeps_its_share_where_there_are_several(root: Path) -> None:
    found = splits(root, many(root), "several", val=SetAside("train", 0.2))
    assert found.val is not None
    assert counts(found.val.labels, 3).tolist() == [6, 4, 1]
    assert len(found.val.files) == 12
    assert sorted((*found.train.files, *found.val.files)) == [f"{place:02d}.png" for place in range(60)]
    again = splits(root, many(root), "several", val=SetAside("train", 0.2))
    assert again.val is not None
    assert again.val.files == found.val.files
    plain = splits(root, many(root), "several", val=SetAside("train", 0.2, stratify=False))
    assert plain.val is not None
    assert len(plain.val.files) == 12
    fold = splits(root, many(root), "several", val=Fold(2, 5))
    assert fold.val is not None
    assert len(fold.val.files) == 12


def test_no_label_is_taken_from_train_altogether() -> None:
    labels = np.array([[1, 1], [1, 0], [1, 0], [0, 0]], bool)
    chosen = stratified(labels, np.array([2, 1]), 3, range(4))
    assert chosen == [1, 2, 3]  # the only picture with the second label stays


def test_a_run_keeps_its_pictures_with_all_their_labels(root: Path) -> None:
    found = splits(root, many(root), "several", val=SetAside("train", 0.2))
    text = split_csv(found)
    kept = keep_splits(splits(root, many(root), "several", val=SetAside("train", 0.3)), read_split_csv(text))
    assert kept.classes == found.classes
    for ours, theirs in zip(kept.all(), found.all(), strict=True):
        assert (ours.name, ours.files, ours.labels.tolist()) == (theirs.name, theirs.files, theirs.labels.tolist())
    other = many(root).replace("03.png,cat|dog|owl", "03.png,cat|owl")
    with pytest.raises(DataError) as caught:
        keep_splits(splits(root, other, "several", val=SetAside("train", 0.2)), read_split_csv(text))
    assert str(caught.value) == (
        f"{root}/03.png: the run was started with label 'cat|dog|owl', but now it is 'cat|owl'"
    )
    with pytest.raises(DataError) as caught:
        keep_splits(splits(root, other, "several", val=SetAside("train", 0.2)), read_split_csv(text), exactly=True)
    told = f"1 picture has another label ({root}/03.png: 'cat|owl', which was 'cat|dog|owl')"
    assert f"the run was started with: {told}; put them back" in str(caught.value)


def test_a_run_goes_on_where_lists_in_one_folder_share_pictures_to_judge_on(root: Path) -> None:
    train = "path,label\na.png,cat\nb.png,owl\n"
    judge = FilePath(listed(root, "path,label\nc.png,cat\nd.png,owl\n", "judge.csv"))
    found = splits(root, train, val=judge, test=judge)
    kept = keep_splits(splits(root, train, val=judge, test=judge), read_split_csv(split_csv(found)))
    assert split_csv(kept) == split_csv(found)
    assert [(split.name, split.files) for split in kept.all()][1:] == [
        ("val", ("c.png", "d.png")),
        ("test", ("c.png", "d.png")),
    ]
    assert kept.notes == found.notes


def test_a_picture_to_train_on_is_found_in_a_list_of_another_folder(root: Path) -> None:
    other = FilePath(listed(root / "in", "path,label\n../b.png,owl\ne.png,cat\n", "val.csv"))
    with pytest.raises(DataError) as caught:
        splits(root, "path,label\na.png,cat\nb.png,owl\n", val=other)
    assert str(caught.value) == f"{root}/in: 'b.png' is listed to train on and in val; take it out of one"


def test_what_holds_the_pictures_of_a_list_is_not_what_holds_the_list(tmp_path: Path) -> None:
    """Else a list in a home folder would make all of it a data folder, and one that also names a disk everything."""
    for path in ("home/pics/a.png", "home/other/b.png", "home/data/x/a.png", "home/data/y/b.png", "disk/c.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for names, folders in {
        ("pics/a.png", "other/b.png"): ["home/other", "home/pics"],
        ("pics/a.png", "../disk/c.png"): ["disk", "home/pics"],
        ("data/x/a.png", "data/y/b.png"): ["home/data"],
        ("pics/a.png",): ["home/pics"],
    }.items():
        text = "path,label\n" + "".join(f"{name},{place}\n" for place, name in enumerate(names))
        found = list_source(listed(tmp_path / "home", text), least_classes=1)
        assert found.reader.holding(found.files) == [str(tmp_path / folder) for folder in folders]
