"""What stands where a folder of pictures should: an archive of a kind that is not read, or another file, named."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, written
from data.archives.packing import tarred, zipped
from data.samples import config, noise, png_of, saved

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig
from nettrain.data.roots import find_roots
from nettrain.data.sources.table import list_source
from nettrain.errors import DataError

Call = Callable[..., Ended]
ANEW = "which is not read; unpack it and name the folder, or pack it anew as .zip or .tar.gz"
NO_SOURCE = "expected a folder, an archive or a list of pictures"
FILES = {
    "a.rar": (b"Rar!\x1a\7\1\0", f"is a RAR archive, {ANEW}"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c\0\4", f"is a 7z archive, {ANEW}"),
    "a.tar.zst": (b"\x28\xb5\x2f\xfd", f"is a Zstandard archive, {ANEW}"),
    "a": (b"PK\3\4", "is a ZIP archive; expected a name that ends with .zip"),
    "a.gz": (gzip.compress(b"x"), "is a gzip archive; expected a name that ends with .tar.gz or .tgz"),
    "a.bz2": (bz2.compress(b"x"), "is a bzip2 archive; expected a name that ends with .tar.bz2 or .tbz2"),
    "a.xz": (lzma.compress(b"x"), "is an xz archive; expected a name that ends with .tar.xz or .txz"),
    "cat.jpg": (saved(noise(4, 4), "JPEG"), f"is a single picture (JPEG); {NO_SOURCE}"),
    "a.html": (b"<!DOCTYPE html>", f"is an HTML page; {NO_SOURCE}"),
    "a.bin": (b"", f"is empty (0 bytes); {NO_SOURCE}"),
    "data": (b"version https://git-lfs.github.com/spec/v1\n", f"is a Git LFS pointer; {NO_SOURCE}"),
    "a.h5": (b"\x89HDF\r\n\x1a\n", f"is an HDF5 file; {NO_SOURCE}"),
    "a.parquet": (b"PAR1", f"is a Parquet file; {NO_SOURCE}"),
    "a.txt": (b"cat.png 3\n", "is not a folder; expected one folder of pictures per class, such as {}/cat/1.png"),
}


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list_source(path)
    (line,) = caught.value.lines()
    return line.removeprefix(f"nettrain: error: {path}: ")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_called_what_it_is(tmp_path: Path, name: str) -> None:
    data, said = FILES[name]
    path = tmp_path / name
    path.write_bytes(data)
    assert refused(path) == said.format(path)


@pytest.mark.parametrize("name", FILES)
def test_a_path_that_leads_into_a_file_says_what_stands_there(tmp_path: Path, name: str) -> None:
    data, said = FILES[name]
    (tmp_path / name).write_bytes(data)
    path = tmp_path / name / "train/cat"
    told = refused(path)
    if name == "a.txt":
        assert told == f"no such folder; expected one folder of pictures per class, such as {path}/cat/1.png"
        return
    assert told == f"leads into '{tmp_path / name}', which {said}"
    with pytest.raises(DataError) as caught:
        find_roots(DataConfig(FilePath(path), config()))
    (fault,) = caught.value.faults
    assert (fault.key, fault.message) == ("data.train", f"{str(path)!r} {told}")


def test_an_archive_in_an_archive_is_not_gone_into(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "in.zip", {"a/1.png": png_of(noise(4, 4)), "b/1.png": b""}).read_bytes()
    for path in (zipped(tmp_path / "a.zip", {"in.zip": inner}), tarred(tmp_path / "a.tar", {"in.zip": inner})):
        assert refused(path / "in.zip") == "is a ZIP archive in an archive; unpack the outer one"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    layout = f"expected one folder of pictures per class, such as {tmp_path}/pipe/cat/1.png"
    assert refused(tmp_path / "pipe") == f"is not a folder; {layout}"


def test_every_command_that_takes_pictures_says_so(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    data, said = FILES["a.rar"]
    path = tmp_path / "a.rar"
    path.write_bytes(data)
    text = written(tmp_path, "c.yaml", MLP.format(data="a.rar"))
    line = f"nettrain: error: {{}}: {said}\n"
    for command in (("fit", text), ("check", text), ("doctor", text)):
        assert call(*command) == Ended(3, "", line.format(path)), command
    for command in (("init", "a.rar"), ("doctor", "a.rar"), ("evaluate", finished, "--data", "a.rar")):
        assert call(*command) == Ended(3, "", line.format("a.rar")), command
    row = call("predict", "a.rar", "--model", finished)
    assert row.code == 3
    assert '"error":"a RAR archive; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"' in row.out.replace(": ", ":")
    assert path.read_bytes() == data
