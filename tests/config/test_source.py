"""From a path to text: each way in which a file fails to be text is one clear line."""

from __future__ import annotations

import os
import socket

import pytest
from config.sample import TABLES, Root

from nettrain.config.reader import read_config
from nettrain.errors import ConfigError, ExitCode

CONTENT = {
    "utf-16 le": ("\ufeffseed: 1".encode("utf-16-le"), ":1:1: is UTF-16 text; save it as UTF-8"),
    "utf-16 be": ("\ufeffseed: 1".encode("utf-16-be"), ":1:1: is UTF-16 text; save it as UTF-8"),
    "utf-32": ("seed: 1".encode("utf-32"), ":1:1: is UTF-32 text; save it as UTF-8"),
    "utf-16 unmarked": (
        "seed: 1".encode("utf-16-le"),
        ":1:2: a NUL character; a config is text (UTF-16? save it as UTF-8)",
    ),
    "latin-1": (b"seed: 1\nname: caf\xe9\n", ":2:10: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    "cut": (b"name: \xe2\x82", ":1:7: byte 0xe2 is not UTF-8; save the file as UTF-8"),
    "lone surrogate": (
        b"name: \xed\xa0\x80",
        ":1:7: a lone surrogate (bytes ed a0 80) is not UTF-8; save the file as UTF-8",
    ),
    "NUL": (b"name: \0", ":1:7: a NUL character; a config is text (UTF-16? save it as UTF-8)"),
    "empty": (b"", ":1:1: expected keys and values, such as 'seed: 1', got an empty file"),
    "too large": (b"#" * 1_048_577, ": is 1048577 bytes long; a config has at most 1048576 (1 MiB)"),
}


def _line(path):
    with pytest.raises(ConfigError) as caught:
        read_config(path, Root, TABLES)
    assert caught.value.code == ExitCode.USAGE
    (line,) = caught.value.lines()
    return line.removeprefix(f"nettrain: error: {path}")


@pytest.mark.parametrize("name", CONTENT)
def test_bytes_that_are_no_config(tmp_path, name):
    data, fault = CONTENT[name]
    file = tmp_path / "c.yaml"
    file.write_bytes(data)
    assert _line(file) == fault
    assert file.read_bytes() == data


def test_a_file_of_100_mb_is_not_read(tmp_path):
    file = tmp_path / "c.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    assert _line(file) == ": is 100000000 bytes long; a config has at most 1048576 (1 MiB)"


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbfseed: 3\n", b"seed: 3\r\n", b"---\nseed: 3\n...\n", b"%YAML 1.2\n---\nseed: 3"]
)
def test_other_ways_to_write_the_same(tmp_path, data):
    file = tmp_path / "c.yaml"
    file.write_bytes(data)
    assert read_config(file, Root, TABLES).config == Root(seed=3)


def test_a_missing_file(tmp_path):
    assert _line(tmp_path / "c.yaml") == ": no such file"


def test_a_folder(tmp_path):
    assert _line(tmp_path) == ": is a folder; expected a config file"


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "c.yaml")
    assert _line(tmp_path / "c.yaml") == ": is a named pipe; expected a config file"


def test_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("c.yaml")
        assert _line(tmp_path / "c.yaml") == ": is a socket; expected a config file"


def test_a_device():
    assert _line("/dev/zero") == ": is a device; expected a config file"


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    file = tmp_path / "c.yaml"
    file.write_bytes(b"seed: 1")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert _line(file) == ": cannot be read: Permission denied"


def test_a_loop_of_links(tmp_path):
    (tmp_path / "c.yaml").symlink_to("c.yaml")
    assert _line(tmp_path / "c.yaml") == ": cannot be read: Too many levels of symbolic links"


def test_a_path_below_a_file(tmp_path):
    (tmp_path / "c.yaml").write_bytes(b"")
    assert _line(tmp_path / "c.yaml" / "x") == ": cannot be read: Not a directory"


def test_a_path_with_a_nul():
    with pytest.raises(ConfigError) as caught:
        read_config("a\0b", Root, TABLES)
    assert caught.value.lines() == ["nettrain: error: a\\x00b: no such file; a path cannot hold a NUL"]
