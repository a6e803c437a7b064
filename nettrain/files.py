"""The one module that writes: whole files at once, growing logs, locks, folders; every failure is one line with a path.

Each call of the system goes through one of the small functions on top, so that tests can make any of them fail.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from nettrain.errors import CheckpointError, EnvironmentFault

AnyPath = str | os.PathLike[str]
P = ParamSpec("P")
T = TypeVar("T")
Buffer = bytes | bytearray | memoryview

LOCK = "lock"
CHUNK = 1 << 26  # bytes in one call: macOS refuses 2 GiB, Linux cuts it
INTERRUPTIONS = 100  # times that one call may be interrupted before we give up on it
TEMPORARY = (".nettrain-", ".tmp")  # short, so that a name of 255 bytes still has one


def _open(path: str, flags: int) -> int:
    return os.open(path, flags, 0o666)


def _write(handle: int, data: memoryview) -> int:
    return os.write(handle, data)


def _write_at(handle: int, data: memoryview, place: int) -> int:
    return os.pwrite(handle, data, place)


def _sync(handle: int) -> None:
    if sys.platform == "darwin":  # fsync stops at the drive's own cache there
        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOTTY):  # a file system without it
                raise
    os.fsync(handle)


def _truncate(handle: int, length: int) -> None:
    os.ftruncate(handle, length)


def _size(handle: int) -> int:
    return os.fstat(handle).st_size


def _names(handle: int) -> int:
    return os.fstat(handle).st_nlink


def _touch(handle: int) -> None:
    os.utime(handle)


def _close(handle: int) -> None:
    os.close(handle)


def _replace(source: str, target: str) -> None:
    os.replace(source, target)


def _remove(path: str) -> None:
    os.unlink(path)


def _remove_empty(path: str) -> None:
    os.rmdir(path)


def _make(path: str) -> None:
    os.mkdir(path)


def _flock(handle: int, how: int) -> None:
    fcntl.flock(handle, how | fcntl.LOCK_NB)


def _pause() -> None:
    time.sleep(0.01)


_CAUSES = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "the disk quota is used up; free some space and try again",
    errno.EROFS: "the file system is read-only; choose a folder that can be written",
    errno.EACCES: "permission denied; choose a folder that this user may use",
    errno.EPERM: "not permitted; choose a folder that this user may use",
    errno.EMFILE: "this process has too many open files; raise the limit (ulimit -n)",
    errno.ENFILE: "the machine has too many open files; close some programs",
    errno.EIO: "the disk reports an input/output error; check the disk",
    errno.EFBIG: "the file would be larger than is allowed; raise the limit (ulimit -f)",
    errno.ENOENT: "no such file or folder; is the path right?",
    errno.ENOTDIR: "a part of the path is not a folder; expected folders down to the last name",
    errno.EISDIR: "is a folder; expected a file",
    errno.EEXIST: "is there already, and is not a folder; choose another name",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "the links go in a circle; expected a file or folder at their end",
    errno.ENOLCK: "the file system cannot lock files; choose a folder on a local disk",
    errno.ENOTSUP: "the file system cannot do this; choose a folder on a local disk",
    errno.EINTR: "interrupted again and again; try again",
    errno.ENOMEM: "the machine is out of memory; free some and try again",
}


def cause(error: OSError) -> str:
    """Why the system refused, in words, with what would help."""
    number = error.errno or 0
    return _CAUSES.get(number) or f"{os.strerror(number)} (error {number}); expected the system to allow it"


def fault(path: AnyPath, doing: str, error: OSError) -> EnvironmentFault:
    """The one line for a refused call, such as ``run/best: cannot write: the disk is full; free some space ...``."""
    return EnvironmentFault(f"cannot {doing}: {cause(error)}", os.fspath(path))


def _ask(path: str, doing: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one call of the system: again if it was interrupted, otherwise a failure names the path."""
    attempts = 0
    while True:
        try:
            return call(*args, **kwargs)
        except OSError as error:
            attempts += 1
            if not isinstance(error, InterruptedError) or attempts == INTERRUPTIONS:
                raise fault(path, doing, error) from error


def _write_all(path: str, handle: int, data: Buffer, place: int | None = None) -> None:
    """Write every byte, however few the system takes at a time: at ``place``, or where the last write ended."""
    rest = memoryview(data).cast("B")
    while rest:
        if place is None:
            taken = _ask(path, "write", _write, handle, rest[:CHUNK])
        else:
            taken = _ask(path, "write", _write_at, handle, rest[:CHUNK], place)
            place += taken
        rest = rest[taken:]
        if not taken:
            raise fault(path, "write", OSError(errno.EIO, "nothing was taken"))


def _shut(path: str, handle: int) -> None:
    """Close a written file: an error here is data that was not stored; an interruption is not, the file is closed."""
    try:
        _close(handle)
    except InterruptedError:
        pass
    except OSError as error:
        raise fault(path, "write", error) from error


def _quietly(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Tidy up behind a fault that is already on its way to the user, and must not be hidden by a second one."""
    with contextlib.suppress(OSError):
        call(*args, **kwargs)


class Draft:
    """A whole file in the making: under a temporary name, written at any place, until ``keep`` puts it under its name.

    Errors   EnvironmentFault names the path and why; the temporary file is gone by then, as it is without ``keep``.
    Notes    ``held`` takes a share of the file, as ``open_shared`` does, so that ``remove_unused`` leaves it alone. A
             link stays a link: the file it leads to is replaced.
    """

    def __init__(self, path: AnyPath, *, held: bool = False) -> None:
        self.path = os.fspath(path)
        self._target = _ask(self.path, "write", os.path.realpath, self.path)
        _refuse_special(self.path, self._target, "write")
        parent = os.path.dirname(self._target)
        self._temporary = ""
        self._folder = _ask(self.path, "write", _open, parent, os.O_RDONLY | os.O_DIRECTORY)
        self.handle = -1
        try:
            while self.handle < 0:
                self._temporary = os.path.join(parent, os.urandom(8).hex().join(TEMPORARY))
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                self.handle = _ask(self.path, "write", _open, self._temporary, flags)
                if held and not _hold(self.path, self.handle, fcntl.LOCK_SH):  # taken for a leftover, and removed
                    handle, self.handle = self.handle, -1
                    _shut(self.path, handle)
        except BaseException:
            self.drop()
            raise

    def append(self, data: Buffer) -> None:
        """Write on from where the last ``append`` ended."""
        _write_all(self.path, self.handle, data)

    def write_at(self, data: Buffer, place: int) -> None:
        """Write at a distance of ``place`` bytes from the start; several threads may do so at once."""
        _write_all(self.path, self.handle, data, place)

    def keep(self) -> None:
        """Put the file under its name. A fault of the last call, the sync of the folder, comes when it has the name."""
        _ask(self.path, "write", _sync, self.handle)
        handle, self.handle = self.handle, -1
        _shut(self.path, handle)
        _ask(self.path, "write", _replace, self._temporary, self._target)
        self._temporary = ""
        _sync_folder(self.path, self._folder)

    def drop(self) -> None:
        """Let go of it: what was not kept is removed."""
        if self.handle >= 0:
            _quietly(_close, self.handle)
        if self._temporary:
            _quietly(_remove, self._temporary)
        _quietly(_close, self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.drop()


def write_atomic(path: AnyPath, data: Buffer | Iterable[Buffer]) -> None:
    """Put a whole file under its name, or leave what was there: never a part of it, not even after a power cut.

    Errors   those of ``Draft``.
    Notes    ``data`` may come in pieces.
    """
    with Draft(path) as draft:
        for piece in [data] if isinstance(data, bytes | bytearray | memoryview) else data:
            draft.append(piece)
        draft.keep()


def _refuse_special(shown: str, path: str, doing: str) -> None:
    """A device, pipe or folder is never replaced by a file (``/dev/null`` would be gone), nor taken for one."""
    with contextlib.suppress(OSError):
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
            message = f"cannot {doing}: is {kind}; expected the name of a plain file"
            raise EnvironmentFault(message, shown) from OSError(errno.EISDIR, kind)


def _sync_folder(shown: str, handle: int) -> None:
    try:
        _ask(shown, "write", _sync, handle)
    except EnvironmentFault as error:
        if getattr(error.__cause__, "errno", None) not in (errno.EINVAL, errno.ENOTSUP):  # cannot sync folders at all
            raise


def fsync_folder(path: AnyPath) -> None:
    """Make the names in a folder survive a power cut."""
    path = os.fspath(path)
    handle = _ask(path, "write", _open, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync_folder(path, handle)
    finally:
        _quietly(_close, handle)


def make_folder(path: AnyPath) -> bool:
    """Make a folder, and those above it; True if it is new, False if it was there."""
    path = os.fspath(path)
    if os.path.isdir(path):
        return False
    parent = os.path.dirname(path.rstrip("/")) or "."
    make_folder(parent)
    try:
        _ask(path, "make the folder", _make, path)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, FileExistsError) and os.path.isdir(path):
            return False  # another process was faster
        raise
    fsync_folder(parent)
    return True


def prune(paths: Iterable[AnyPath]) -> None:
    """Remove files; one that is gone already is as good."""
    for path in paths:
        name = os.fspath(path)
        try:
            _ask(name, "remove", _remove, name)
        except EnvironmentFault as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise


def remove_folder(path: AnyPath, last: Iterable[str] = ()) -> None:
    """Remove a folder with all that is in it, the names ``last`` at the end; links are removed, not followed.

    Errors   EnvironmentFault; what has been removed by then is gone.
    """
    name, at_the_end = os.fspath(path), tuple(last)
    inside = _ask(name, "remove", os.listdir, name)
    for inner in sorted(inside, key=lambda inner: (inner in at_the_end, inner)):
        below = os.path.join(name, inner)
        if os.path.isdir(below) and not os.path.islink(below):
            remove_folder(below)
        else:
            prune([below])
    _ask(name, "remove", _remove_empty, name)


def open_shared(path: AnyPath) -> int | None:
    """A descriptor for reading a file, with a share in it: as long as it is open, ``remove_unused`` keeps the file.

    Notes    None if there is no such file, or it is being removed. A duplicate, or a child, keeps the share too.
    """
    name = os.fspath(path)
    _refuse_special(name, name, "read")
    while True:
        try:
            handle = _ask(name, "read", _open, name, os.O_RDONLY)
        except EnvironmentFault as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        try:
            held = _hold(name, handle, fcntl.LOCK_SH)
        except BaseException:
            _quietly(_close, handle)
            raise
        if held:
            return handle
        _quietly(_close, handle)
        if held is None:
            return None


def remove_unused(path: AnyPath) -> bool:
    """Remove a file in which nobody has a share; False if somebody has."""
    name = os.fspath(path)
    try:
        handle = _ask(name, "remove", _open, name, os.O_RDONLY)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return True
        raise
    try:
        if not _hold(name, handle, fcntl.LOCK_EX):
            return False
        prune([name])
        return True
    finally:
        _quietly(_close, handle)


def mark_used(handle: int) -> None:
    """Set the time of a file's last change to now; where that is not granted, it stays what it is."""
    _quietly(_touch, handle)


def _hold(path: str, handle: int, how: int) -> bool | None:
    """Lock an open file; False if it has lost its name by then, None if another process is in the way."""
    try:
        _ask(path, "lock", _flock, handle, how)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, BlockingIOError):
            return None
        raise
    return _ask(path, "lock", _names, handle) > 0


def open_streams() -> None:
    """Where the caller closed stdin, stdout or stderr, put one that leads nowhere.

    Notes    Else the next file opened would get the number, and what is printed would go there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(handle, mode, encoding="utf-8"))  # noqa: SIM115  it stays open


def is_temporary(name: str) -> bool:
    """Whether a file of this name is a write in progress, or what a dead process left of one."""
    start, end = TEMPORARY
    return name.startswith(start) and name.endswith(end)


class Log:
    """A file that only grows. ``length`` cuts it to so many bytes first, None keeps what is there.

    Errors   CheckpointError if the file is shorter than ``length``; EnvironmentFault if the system refuses.
    Notes    What is appended is the system's at once (a killed process loses nothing), and the disk's after ``sync``.
    """

    def __init__(self, path: AnyPath, length: int | None = None) -> None:
        self.path = os.fspath(path)
        self._handle = _ask(self.path, "open", _open, self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        try:
            self.size = _ask(self.path, "open", _size, self._handle)  # bytes
            if length is not None:
                self.truncate(length)
            fsync_folder(os.path.dirname(self.path) or ".")
        except BaseException:
            _quietly(_close, self._handle)
            raise

    def truncate(self, length: int) -> None:
        """Cut the file back to ``length`` bytes."""
        if length > self.size:
            message = f"is {self.size} bytes long, but the checkpoint was written after {length}"
            raise CheckpointError(f"{message}; put the whole file back, or start a new run", self.path)
        if length < self.size:
            _ask(self.path, "write", _truncate, self._handle, length)
            self.size = length

    def append(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        _write_all(self.path, self._handle, data)
        self.size += len(data)

    def sync(self) -> None:
        """Make all that was appended survive a power cut."""
        _ask(self.path, "write", _sync, self._handle)

    def close(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            _shut(self.path, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()


class Partial(Log):
    """A file that comes in pieces, over several processes maybe, but in one at a time, until ``keep`` names it.

    Errors   EnvironmentFault names the path; what has come stays in it, for the next to go on from.
    """

    def __init__(self, path: AnyPath) -> None:
        _refuse_special(os.fspath(path), os.fspath(path), "write")
        super().__init__(path)
        try:
            if not _hold(self.path, self._handle, fcntl.LOCK_EX):
                raise EnvironmentFault("is being written by another process; wait for it to end", self.path)
            self.size = _ask(self.path, "open", _size, self._handle)  # now that nobody else makes it longer
        except BaseException:
            _quietly(_close, self._handle)
            raise

    def keep(self, target: AnyPath) -> None:
        """Put the file under its final name. A fault of the last call, the sync of the folder, comes when it has it."""
        name = os.fspath(target)
        self.sync()
        _ask(name, "write", _replace, self.path, name)
        self.close()
        fsync_folder(os.path.dirname(name) or ".")


class Lock:
    """The right of one process to write in a folder, held until ``release`` or the end of the process.

    Errors   EnvironmentFault names the process that holds it.
    Notes    flock on a file ``lock``, never removed; a dead process's lock is free. A child made by fork holds it too.
    """

    def __init__(self, folder: AnyPath) -> None:
        self.folder = os.fspath(folder)
        path = os.path.join(self.folder, LOCK)
        self._handle = _ask(path, "lock", _open, path, os.O_RDWR | os.O_CREAT)
        try:
            for _ in range(100):  # the holder may not have written its number yet: wait a second at most
                if self._take(path):
                    return
                if holder := _live_process(path):
                    break
                _pause()
            process = f"process {holder}" if holder else "another process"
            message = f"is in use by {process}; wait for it to end, or choose another folder"
            raise EnvironmentFault(message, self.folder)
        except BaseException:
            _quietly(_close, self._handle)
            raise

    def _take(self, path: str) -> bool:
        try:
            _ask(path, "lock", _flock, self._handle, fcntl.LOCK_EX)
        except EnvironmentFault as error:
            if isinstance(error.__cause__, BlockingIOError):
                return False
            raise
        _ask(path, "lock", _truncate, self._handle, 0)
        _write_all(path, self._handle, f"{os.getpid()}\n".encode())
        return True

    def release(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            _quietly(_truncate, handle, 0)
            _quietly(_close, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.release()


def is_held(folder: AnyPath) -> bool:
    """Whether a process has the lock of a folder; nothing is written. Errors: EnvironmentFault."""
    path = os.path.join(folder, LOCK)
    try:
        handle = _ask(path, "read", _open, path, os.O_RDONLY)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return False
        raise
    try:
        return _hold(path, handle, fcntl.LOCK_SH) is None
    finally:
        _quietly(_close, handle)


def _live_process(path: str) -> int | None:
    """The process named in a lock file, if there is such a process."""
    with contextlib.suppress(OSError, ValueError, OverflowError):
        process = int(Path(path).read_text(encoding="ascii"))
        with contextlib.suppress(PermissionError):  # it lives, but is someone else's
            os.kill(process, 0)
        return process
    return None
