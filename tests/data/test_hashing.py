"""Files hashed without being decoded: the fingerprint is that of a decoding, and what cannot be read is named."""

from __future__ import annotations

import pytest
from data.samples import config, folder

from nettrain.config.fields import FilePath
from nettrain.data import still
from nettrain.data.cache import decode
from nettrain.data.config import DataConfig
from nettrain.data.fingerprint import data_fingerprint
from nettrain.data.hashing import hash_files
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError


def train_of(root):
    return make_splits(DataConfig(FilePath(root), config()), 1).train


@pytest.mark.parametrize("workers", [1, 3])
def test_the_fingerprint_is_that_of_decoded_pictures(tmp_path, monkeypatch, workers):
    train, seen = train_of(folder(tmp_path, {"a": 20, "b": 15})), []
    decoded = data_fingerprint([decode(train, config())])
    monkeypatch.setattr(still, "_decoded", None)
    hashed = hash_files(train, config(), workers, lambda done, total: seen.append((done, total)))
    assert hashed.split is train
    assert data_fingerprint([hashed]) == decoded
    assert sorted(seen)[-1] == (35, 35)


def test_what_is_in_a_file_is_of_no_account(tmp_path):
    root = folder(tmp_path, {"a": 2, "b": 2})
    before = data_fingerprint([hash_files(train_of(root), config(), 1)])
    (root / "a/000.png").write_bytes(b"")
    assert data_fingerprint([hash_files(train_of(root), config(), 1)]) != before


def test_every_file_that_cannot_be_read_is_named(tmp_path):
    root = folder(tmp_path, {"a": 20, "b": 20})
    train = train_of(root)
    for name in ("b/001.png", "a/000.png"):
        (root / name).unlink()
    (root / "a/000.png").mkdir()
    with pytest.raises(DataError) as caught:
        hash_files(train, config(), 2)
    assert str(caught.value).splitlines() == [
        f"{root}/a/000.png: a folder, not a file",
        f"{root}/b/001.png: no such file",
    ]
