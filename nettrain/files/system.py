"""Every call of the system that changes the disk, each a function of its own, and how one is asked for.

Only these functions write, so that tests can make any of them fail.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from nettrain.errors import EnvironmentFault
from nettrain.files.causes import fault

P = ParamSpec("P")
T = TypeVar("T")
Buffer = bytes | bytearray | memoryview

CHUNK = 1 << 26  # bytes in one call: macOS refuses 2 GiB, Linux cuts it
INTERRUPTIONS = 100  # times that one call may be interrupted before we give up on it


def open_file(path: str, flags: int) -> int:
    return os.open(path, flags, 0o666)


def write(handle: int, data: memoryview) -> int:
    return os.write(handle, data)


def write_at(handle: int, data: memoryview, place: int) -> int:
    return os.pwrite(handle, data, place)


def sync(handle: int) -> None:
    if sys.platform == "darwin":  # fsync stops at the drive's own cache there
        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOTTY):  # a file system without it
                raise
    os.fsync(handle)


def truncate(handle: int, length: int) -> None:
    os.ftruncate(handle, length)


def size(handle: int) -> int:
    return os.fstat(handle).st_size


def names(handle: int) -> int:
    return os.fstat(handle).st_nlink


def touch(handle: int) -> None:
    os.utime(handle)


def close(handle: int) -> None:
    os.close(handle)


def replace(source: str, target: str) -> None:
    os.replace(source, target)


def remove(path: str) -> None:
    os.unlink(path)


def remove_empty(path: str) -> None:
    os.rmdir(path)


def make(path: str) -> None:
    os.mkdir(path)


def flock(handle: int, how: int) -> None:
    fcntl.flock(handle, how | fcntl.LOCK_NB)


def pause() -> None:
    time.sleep(0.01)


def ask(path: str, doing: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one call of the system: again if it was interrupted, otherwise a failure names the path."""
    attempts = 0
    while True:
        try:
            return call(*args, **kwargs)
        except OSError as error:
            attempts += 1
            if not isinstance(error, InterruptedError) or attempts == INTERRUPTIONS:
                raise fault(path, doing, error) from error


def open_to_read(path: str, doing: str) -> int | None:
    """A descriptor for reading; None if there is no such file."""
    try:
        return ask(path, doing, open_file, path, os.O_RDONLY)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def write_all(path: str, handle: int, data: Buffer, place: int | None = None) -> None:
    """Write every byte, however few the system takes at a time: at ``place``, or where the last write ended."""
    rest = memoryview(data).cast("B")
    while rest:
        if place is None:
            taken = ask(path, "write", write, handle, rest[:CHUNK])
        else:
            taken = ask(path, "write", write_at, handle, rest[:CHUNK], place)
            place += taken
        rest = rest[taken:]
        if not taken:
            raise fault(path, "write", OSError(errno.EIO, "nothing was taken"))


def shut(path: str, handle: int) -> None:
    """Close a written file: an error here is data that was not stored; an interruption is not, the file is closed."""
    try:
        close(handle)
    except InterruptedError:
        pass
    except OSError as error:
        raise fault(path, "write", error) from error


def quietly(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Tidy up behind a fault that is already on its way to the user, and must not be hidden by a second one."""
    with contextlib.suppress(OSError):
        call(*args, **kwargs)


def refuse_special(shown: str, path: str, doing: str) -> None:
    """A device, pipe or folder is never replaced by a file (``/dev/null`` would be gone), nor taken for one."""
    with contextlib.suppress(OSError):
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
            message = f"cannot {doing}: is {kind}; expected the name of a plain file"
            raise EnvironmentFault(message, shown) from OSError(errno.EISDIR, kind)
