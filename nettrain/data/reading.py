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
        _regular(path, os.stat(path))
        handle = os.open(path, _NO_WAIT)
        try:
            status = os.fstat(handle)
            _regular(path, status)
            data = os.read(handle, min(most, status.st_size) + 1)  # room for so many is taken before the first is read
            if len(data) != status.st_size:  # it grew, or came in pieces
                data = _whole(handle, data, most + 1)
        finally:
            os.close(handle)
    except OSError as problem:
        if problem.errno not in _REASONS:
            raise EnvironmentFault(f"cannot read the picture: {problem.strerror}", path) from problem
        reason = _REASONS[problem.errno]
        if problem.errno == errno.ENOENT and os.path.islink(path):
            reason = "a link to a file that is not there"
        raise BadPicture(path, reason) from None
    except ValueError:
        raise BadPicture(path, "the path has a NUL character") from None
    if len(data) > most:
        raise BadPicture(path, f"the file is larger than {most} bytes, more than a picture within the pixel cap needs")
    return data


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
