"""The right of one process to write in a folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self

from nettrain.errors import EnvironmentFault
from nettrain.files import shared, system
from nettrain.files.causes import AnyPath

LOCK = "lock"


class Lock:
    """The right of one process to write in a folder, held until ``release`` or the end of the process.

    Errors   EnvironmentFault names the process that holds it.
    Notes    flock on a file ``lock``, never removed; a dead process's lock is free. A child made by fork holds it too.
    """

    def __init__(self, folder: AnyPath) -> None:
        self.folder = os.fspath(folder)
        path = os.path.join(self.folder, LOCK)
        self._handle = system.ask(path, "lock", system.open_file, path, os.O_RDWR | os.O_CREAT)
        try:
            for _ in range(100):  # the holder may not have written its number yet: wait a second at most
                if self._take(path):
                    return
                if holder := _live_process(path):
                    break
                system.pause()
            process = f"process {holder}" if holder else "another process"
            message = f"is in use by {process}; wait for it to end, or choose another folder"
            raise EnvironmentFault(message, self.folder)
        except BaseException:
            system.quietly(system.close, self._handle)
            raise

    def _take(self, path: str) -> bool:
        try:
            system.ask(path, "lock", system.flock, self._handle, fcntl.LOCK_EX)
        except EnvironmentFault as error:
            if isinstance(error.__cause__, BlockingIOError):
                return False
            raise
        system.ask(path, "lock", system.truncate, self._handle, 0)
        system.write_all(path, self._handle, f"{os.getpid()}\n".encode())
        return True

    def release(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            system.quietly(system.truncate, handle, 0)
            system.quietly(system.close, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.release()


def is_held(folder: AnyPath) -> bool:
    """Whether a process has the lock of a folder; nothing is written. Errors: EnvironmentFault."""
    path = os.path.join(folder, LOCK)
    handle = system.open_to_read(path, "read")
    if handle is None:
        return False
    try:
        return shared.hold(path, handle, fcntl.LOCK_SH) is None
    finally:
        system.quietly(system.close, handle)


def _live_process(path: str) -> int | None:
    """The process named in a lock file, if there is such a process."""
    with contextlib.suppress(OSError, ValueError, OverflowError):
        process = int(Path(path).read_text(encoding="ascii"))
        with contextlib.suppress(PermissionError):  # it lives, but is someone else's
            os.kill(process, 0)
        return process
    return None
