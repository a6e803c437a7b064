"""The fingerprint: computed by hand, blind to place and division, changed by any byte, label or name."""

from __future__ import annotations

import hashlib

import pytest
from data.samples import config, folder, noise, png_of

from nettrain.config.fields import FilePath
from nettrain.data.cache import decode
from nettrain.data.config import DataConfig, SetAside
from nettrain.data.fingerprint import data_fingerprint, refuse_other_contents
from nettrain.data.split_csv import keep_splits, read_split_csv, split_csv
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError


def fingerprint(root, **settings) -> str:
    splits = make_splits(DataConfig(FilePath(root), config(), **settings), 1)
    return data_fingerprint(decode(split, config()) for split in splits.all())


def test_it_is_the_digest_of_sorted_rows(tmp_path):
    folder(tmp_path, {"b": 1, "a": 1})
    rows = b""
    for name in ("a", "b"):
        digest = hashlib.sha256((tmp_path / name / "000.png").read_bytes()).hexdigest()
        rows += f"{name}/000.png\0{name}\0{digest}\n".encode()
    assert fingerprint(tmp_path) == hashlib.sha256(rows).hexdigest()


def test_place_and_division_do_not_matter(tmp_path):
    counts = {"a": 6, "b": 6}
    one, other = folder(tmp_path / "one", counts), folder(tmp_path / "other", counts)
    divided = fingerprint(other, val=SetAside("train", 0.5))
    assert fingerprint(one) == fingerprint(other) == divided


@pytest.mark.parametrize("change", ["byte", "name", "label", "gone"])
def test_any_change_shows(tmp_path, change):
    root = folder(tmp_path, {"a": 3, "b": 3})
    before = fingerprint(root)
    file = root / "a" / "000.png"
    if change == "byte":
        file.write_bytes(png_of(noise(4, 4, 1, seed=77)))
    elif change == "name":
        file.rename(root / "a" / "x.png")
    elif change == "label":
        file.rename(root / "b" / "x.png")
    else:
        file.unlink()
    assert fingerprint(root) != before


@pytest.mark.parametrize(
    ("recorded", "why"), [(True, ": the names are the same, but not what is in the files"), (False, "")]
)
def test_other_contents_are_refused_with_what_is_known_of_them(tmp_path, recorded, why):
    root = folder(tmp_path, {"a": 1, "b": 1})
    splits = make_splits(DataConfig(FilePath(root), config()), 1)
    if recorded:
        splits = keep_splits(splits, read_split_csv(split_csv(splits)))
    refuse_other_contents("a", "a", splits)
    with pytest.raises(DataError) as caught:
        refuse_other_contents("a", "b", splits)
    cure = "put them back as they were, or start a new run"
    assert str(caught.value) == f"{root}: the pictures are not those that the run was started with{why}; {cure}"
