"""The bytes of a picture file: all of them, and room for no more than them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from nettrain.data import reading
from nettrain.data.bad_picture import BadPicture


def test_a_small_file_takes_little_room_however_much_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"small")
    assert reading.read(str(tmp_path / "x.png"), 1 << 60) == b"small"


@pytest.mark.parametrize(("most", "fits"), [(10, True), (9, False)])
def test_a_file_that_grows_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, fits: bool
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"0123456789")
    mode = path.stat().st_mode
    real = ("stat", "open", "read", "close", "path", "stat_result")
    fake = SimpleNamespace(**{name: getattr(os, name) for name in real})
    fake.fstat = lambda handle: SimpleNamespace(st_mode=mode, st_size=4)
    monkeypatch.setattr(reading, "os", fake)
    if fits:
        assert reading.read(str(path), most) == b"0123456789"
    else:
        with pytest.raises(BadPicture, match="larger than 9 bytes"):
            reading.read(str(path), most)


def test_a_file_that_comes_in_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"0123456789")
    read = os.read
    monkeypatch.setattr(reading.os, "read", lambda handle, count: read(handle, min(count, 3)))
    assert reading.read(str(path), 10) == b"0123456789"
