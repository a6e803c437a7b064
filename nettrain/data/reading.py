"""The bytes of a picture file: looked at before it is opened, so that nothing blocks and nothing endless is read."""

from __future__ import annotations

import errno
import os
import stat

from nettrain.data.bad_picture import BadPicture
from nettrain.errors import EnvironmentFault

_NOT_A_FILE = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a link that leads back to itself",
    errno.ENAMETOOLONG: "the path is too long",
    errno.EISDIR: "a folder, not a file",
    errno.ENXIO: "a named pipe or device, not a file",
}
PIECE = 1 << 20  # bytes asked for at a time where the length of a file is not known
_NO_WAIT = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read(path: str, most: int) -> bytes:
    """All bytes of a regular file of at most ``most`` bytes; links are followed.

    Errors   BadPicture: not a file, not there, no permission, too long. EnvironmentFault: the system cannot read (no
             descriptors left, a failing disk).
    """
    try:
        handle, status = _opened(path)
        try:
            data = os.read(handle, min(most, status.st_size) + 1)  # room for so many is taken before the first is read
            if len(data) != status.st_size:  # it grew, or came in pieces
                data = _whole(handle, data, most + 1)
        finally:
            os.close(handle)
    except (OSError, ValueError) as problem:
        raise _refused(path, problem) from problem
    if len(data) > most:
        raise too_long(path, most)
    return data


def too_long(path: str, most: int) -> BadPicture:
    """The error for a picture file of more than ``most`` bytes."""
    return BadPicture(path, f"the file is larger than {most} bytes, more than a picture within the pixel cap needs")


def open_file(path: str) -> tuple[int, os.stat_result]:
    """A descriptor for reading a regular file, and what the system says of it. Errors: those of ``read``."""
    try:
        return _opened(path)
    except (OSError, ValueError) as problem:
        raise _refused(path, problem) from problem


def read_at(path: str, handle: int, length: int, place: int) -> bytes:
    """So many bytes of an open file, from a place in it; fewer where it ends. Errors: those of ``read``."""
    try:
        data = os.pread(handle, length, place)
        while len(data) < length and (more := os.pread(handle, length - len(data), place + len(data))):
            data += more
    except OSError as problem:
        raise _refused(path, problem) from problem
    return data


def _opened(path: str) -> tuple[int, os.stat_result]:
    _regular(path, os.stat(path))
    handle = os.open(path, _NO_WAIT)
    try:
        status = os.fstat(handle)
        _regular(path, status)
    except BaseException:
        os.close(handle)
        raise
    return handle, status


def _refused(path: str, problem: OSError | ValueError) -> BadPicture | EnvironmentFault:
    """What a refusal of the system is: the file's fault, or else the machine's."""
    if not isinstance(problem, OSError):
        return BadPicture(path, "the path has a NUL character")
    if problem.errno not in _REASONS:
        return EnvironmentFault(f"cannot read the picture: {problem.strerror}", path)
    if problem.errno == errno.ENOENT and os.path.islink(path):
        return BadPicture(path, "a link to a file that is not there")
    return BadPicture(path, _REASONS[problem.errno])


def _whole(handle: int, data: bytes, most: int) -> bytes:
    """What was read, and what follows, up to so many bytes."""
    pieces, left = [data], most - len(data)
    while left > 0 and (piece := os.read(handle, min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _regular(path: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for test, what in _NOT_A_FILE:
        if test(status.st_mode):
            raise BadPicture(path, f"{what}, not a file")
