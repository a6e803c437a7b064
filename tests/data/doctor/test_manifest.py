"""The manifest: what is written is read back, every flipped bit is found, and what is no manifest is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from data.samples import folder

from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.doctor.examine import examine
from nettrain.data.doctor.manifest import COLUMNS, Sum, check_manifest, manifest_csv, read_manifest
from nettrain.data.doctor.material import Material
from nettrain.data.reader import Item
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError, Place

SHA = "0" * 64


def material(root: Path, **data: object) -> Material:
    config = DataConfig(str(root), ImageConfig((8, 8)), **data)  # type: ignore[arg-type]
    return Material(make_splits(config, 1).all(), config.image)


def lines(manifest: str, root: Path, **data: object) -> list[str]:
    """What is wrong, a line each."""
    with pytest.raises(DataError) as caught:
        check_manifest(manifest, material(root, **data), 2)
    return [str(fault) for fault in caught.value.faults]


def write_manifest(root: Path, file: Path) -> str:
    pictures = material(root)
    sums = ((pictures.name(place), Sum.of(pictures.read(place))) for place in range(len(pictures)))
    file.write_bytes(b"".join(manifest_csv(sums)))
    return str(file)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder(tmp_path / "data", {"a": 2, "b": 2})


@pytest.fixture
def manifest(root: Path, tmp_path: Path) -> str:
    return write_manifest(root, tmp_path / "m.csv")


def test_it_is_a_table_that_sha256sum_agrees_with(root: Path, manifest: str) -> None:
    head, *rows = Path(manifest).read_text().splitlines()
    assert head == "source,path,size,sha256"
    assert [row.split(",")[:2] for row in rows] == [["train", f"{label}/00{k}.png"] for label in "ab" for k in (0, 1)]
    for row in rows:
        _, path, size, digest = row.split(",")
        known = Sum.of(Item((root / path).read_bytes()))
        assert (int(size), digest) == (known.size, known.sha256.hex())


def test_what_is_as_it_was_passes(root: Path, manifest: str) -> None:
    check_manifest(manifest, material(root))


def test_every_flipped_bit_is_found(root: Path, manifest: str) -> None:
    path = root / "a/001.png"
    data = bytearray(path.read_bytes())
    found = 0
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        found += any(line.startswith(f"{path}: is not as the manifest says: ") for line in lines(manifest, root))
        data[bit // 8] ^= 1 << bit % 8
    assert found == 8 * len(data) > 500


def test_what_has_changed_gone_or_come_is_named_all_at_once(root: Path, manifest: str) -> None:
    was = Sum.of(Item((root / "a/000.png").read_bytes()))
    (root / "a/000.png").write_bytes(b"other")
    (root / "a/001.png").unlink()
    (root / "b/new.png").write_bytes(b"new")
    assert lines(manifest, root) == [
        f"{root}/a/000.png: is not as the manifest says: {Sum.of(Item(b'other'))}; expected {was}",
        f"{root}/b/new.png: is not in the manifest",
        f"{manifest}: 'train/a/001.png' is in the manifest, but no longer there",
    ]
    assert str(was).startswith(f"{was.size} bytes with SHA-256 {was.sha256.hex()[:12]}")


def test_a_picture_that_cannot_be_read_is_said_to_be(root: Path, manifest: str) -> None:
    (root / "a/001.png").unlink()
    (root / "a/001.png").symlink_to("nothing")
    assert lines(manifest, root) == [f"{root}/a/001.png: a link to a file that is not there"]


def test_a_moved_folder_passes(root: Path, manifest: str, tmp_path: Path) -> None:
    check_manifest(manifest, material(root.rename(tmp_path / "moved")))


def test_how_the_pictures_are_divided_does_not_matter(root: Path, manifest: str) -> None:
    from nettrain.data.config import SetAside

    check_manifest(manifest, material(root, val=SetAside("train", 0.5)))


def test_what_is_in_two_splits_is_written_once(root: Path, tmp_path: Path) -> None:
    judged = str(folder(tmp_path / "judged", {"a": 2, "b": 1}))
    data = DataConfig(str(root), ImageConfig((8, 8)), val=judged, test=judged)  # type: ignore[arg-type]
    case = examine(data, 1, lambda what, done, total: None)
    file = tmp_path / "m.csv"
    file.write_bytes(b"".join(manifest_csv(case.sums())))
    assert len(read_manifest(str(file)).sums) == 4 + 3
    check_manifest(str(file), case.material)


def test_other_folders_are_not_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split in ("train", "test"):
        folder(root / split, {"cat": 2, "dog": 2})
    manifest = write_manifest(root, tmp_path / "m.csv")
    check_manifest(manifest, material(root / "train"))
    (root / "test/cat/000.png").unlink()
    check_manifest(manifest, material(root / "train"))
    assert lines(manifest, root) == [f"{manifest}: 'test/cat/000.png' is in the manifest, but no longer there"]


def test_what_is_only_part_of_the_whole_is_not_missing(root: Path, manifest: str) -> None:
    """Such as pictures that came after a run was started: it goes on without them."""
    (split,) = make_splits(DataConfig(str(root), ImageConfig((8, 8))), 1).all()
    part = Material([split.only(np.arange(3))], ImageConfig((8, 8)))
    check_manifest(manifest, part, whole=material(root))
    with pytest.raises(DataError, match="no longer there"):
        check_manifest(manifest, part)


def test_a_manifest_of_other_folders_says_how_to_make_one(root: Path, manifest: str) -> None:
    again = "write it anew with: nettrain doctor CONFIG --write-manifest FILE"
    assert lines(manifest, root, val=str(folder(root.parent / "val", {"a": 1, "b": 1}))) == [
        f"{manifest}: lists no picture of data.val; {again}"
    ]


@pytest.mark.parametrize(
    "name", ["a b.png", "a,b.png", 'a"b.png', "a\nb.png", "a\x1b[1m.png", "back\\slash.png", "é.png"]
)
def test_odd_names_come_back_and_no_control_character_is_written(root: Path, tmp_path: Path, name: str) -> None:
    (root / "a" / name).write_bytes(b"x")
    manifest = write_manifest(root, tmp_path / "m.csv")
    assert f"train/a/{name}" in read_manifest(manifest).sums
    assert all(line.isprintable() for line in Path(manifest).read_text().split("\n"))
    check_manifest(manifest, material(root))


def test_a_name_that_is_not_utf_8_comes_back(root: Path, tmp_path: Path) -> None:
    with open(os.fsencode(root) + b"/a/\xff.png", "wb"):
        pass
    manifest = write_manifest(root, tmp_path / "m.csv")
    assert "train/a/\udcff.png" in read_manifest(manifest).sums
    check_manifest(manifest, material(root))


HEAD = ",".join(COLUMNS)
ROW = "expected train, val or test, a path, a size in bytes and a SHA-256 of 64 digits, got "
WRONG = {
    "": (1, f"is no manifest; expected the first line {HEAD}"),
    "path,label\n": (1, f"is no manifest; expected the first line {HEAD}"),
    f"{HEAD}\ntrain,a/1.png,5\n": (2, f"{ROW}'train,a/1.png,5'"),
    f"{HEAD}\ndata,a/1.png,5,{SHA}\n": (2, f"{ROW}'data,a/1.png,5,{'0' * 42}...'"),
    f"{HEAD}\ntrain,a/1.png,-5,{SHA}\n": (2, f"{ROW}'train,a/1.png,-5,{'0' * 40}...'"),
    f"{HEAD}\ntrain,a/1.png,5,{SHA[1:]}g\n": (2, f"{ROW}'train,a/1.png,5,{'0' * 41}...'"),
    f"{HEAD}\ntrain,a/1.png,5,{SHA}\ntrain,a/1.png,6,{SHA}\n": (3, "'train/a/1.png' stands there twice"),
    f'{HEAD}\ntrain,"a\n': (2, "is not CSV: unexpected end of data"),
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_is_no_manifest_is_refused_at_its_line(tmp_path: Path, text: str) -> None:
    line, message = WRONG[text]
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_manifest(str(path))
    (fault,) = caught.value.faults
    assert (fault.where, fault.message) == (Place(str(path), line, 1), message)


def test_one_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    with pytest.raises(DataError, match="cannot read the manifest: No such file or directory"):
        read_manifest(str(path))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"is not UTF-8 \(invalid start byte at byte 0\); write it anew with: nettrain"):
        read_manifest(str(path))


def test_a_large_one_comes_in_pieces() -> None:
    rows = [(f"train/{place:06}.png", Sum(place, bytes(32))) for place in range(3000)]
    pieces = list(manifest_csv(rows))
    assert len(pieces) > 2
    assert b"".join(pieces).count(b"\n") == 3001
