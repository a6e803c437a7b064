"""The embedded data set is what its checksums and its README say."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from nettrain.config.fields import FilePath
from nettrain.data.cache import decode
from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.normalize import measure
from nettrain.data.splitting import make_splits

DATA = Path(__file__).parents[2] / "data"


def test_every_file_has_its_checksum_and_there_is_no_other():
    text = (DATA / "SHA256SUMS").read_bytes()
    sums = dict(reversed(line.split("  ")) for line in text.decode().splitlines())
    assert hashlib.sha256(text).hexdigest() in (DATA / "README.md").read_text()
    files = {str(path.relative_to(DATA)): path for path in (DATA / "digits").rglob("*") if path.is_file()}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums


def test_it_is_listed_and_decoded_whole():
    splits = make_splits(DataConfig(FilePath(DATA / "digits"), ImageConfig((8, 8), 1)), 1)
    assert splits.classes == tuple("0123456789")
    assert splits.val is None
    counts = [np.bincount(split.labels).tolist() for split in splits.all()]
    assert counts == [[142, 146, 142, 146, 145, 146, 145, 143, 139, 144], [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]]
    pictures = decode(splits.train, ImageConfig((8, 8), 1), workers=2)
    pixels = pictures.take(np.arange(len(pictures)))
    assert set(np.unique(pixels)) == {(255 * value + 8) // 16 for value in range(17)}
    assert 0.3 < measure(pictures).mean[0] < 0.31
