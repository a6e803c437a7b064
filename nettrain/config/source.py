"""From a path to the text of a config file: every way in which a file can fail to be text has its own line."""

from __future__ import annotations

import os
import stat

from nettrain.errors import ConfigError, Place

MAX_BYTES = 1 << 20

_SPECIAL = (
    (stat.S_ISDIR, "is a folder; expected a config file"),
    (stat.S_ISFIFO, "is a named pipe; expected a config file"),
    (stat.S_ISSOCK, "is a socket; expected a config file"),
    (stat.S_ISCHR, "is a device; expected a config file"),
    (stat.S_ISBLK, "is a device; expected a config file"),
)
_WIDE_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def read_bytes(path: str) -> bytes:
    """The bytes of a regular file of at most 1 MiB.

    Errors   ConfigError if it is missing, unreadable, too large, or anything but a regular file.
    Notes    A pipe or a device is never opened, so that nothing blocks.
    """
    try:
        _refuse_special(path, os.stat(path))
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _refuse_special(path, status)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError("no such file", path) from None
    except ValueError:  # a NUL in the path
        raise ConfigError("no such file; a path cannot hold a NUL", path) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", path) from None
    if len(data) > MAX_BYTES:
        size = max(status.st_size, len(data))
        raise ConfigError(f"is {size} bytes long; a config has at most {MAX_BYTES} (1 MiB)", path)
    return data


def _refuse_special(path: str, status: os.stat_result) -> None:
    for is_special, message in _SPECIAL:
        if is_special(status.st_mode):
            raise ConfigError(message, path)


def decode(data: bytes, file: str) -> str:
    """The text of a UTF-8 file, without its byte order mark if it has one.

    Errors   ConfigError at the first byte that is not UTF-8, with what the encoding may be.
    """
    for mark, encoding in _WIDE_MARKS.items():
        if data.startswith(mark):
            raise ConfigError(f"is {encoding} text; save it as UTF-8", Place(file, 1, 1))
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = place_at(data[: error.start].decode("utf-8"), file)
        raise ConfigError(f"{_bad_byte(data, error.start)} is not UTF-8; save the file as UTF-8", place) from None


def _bad_byte(data: bytes, at: int) -> str:
    if data[at] == 0xED and data[at + 1 : at + 2] >= b"\xa0":
        return f"a lone surrogate (bytes {data[at : at + 3].hex(' ')})"
    return f"byte 0x{data[at]:02x}"


def place_at(before: str, file: str) -> Place:
    """The place just after a piece of text that begins a file."""
    before = before.removeprefix("\ufeff").replace("\r\n", "\n")
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
