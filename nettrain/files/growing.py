"""Files that only grow: a log, which a resume cuts back, and a file that comes in pieces."""

from __future__ import annotations

import fcntl
import os
from typing import Self

from nettrain.errors import CheckpointError, EnvironmentFault
from nettrain.files import folders, shared, system
from nettrain.files.causes import AnyPath


class Log:
    """A file that only grows. ``length`` cuts it to so many bytes first, None keeps what is there.

    Errors   CheckpointError if the file is shorter than ``length``; EnvironmentFault if the system refuses.
    Notes    What is appended is the system's at once (a killed process loses nothing), and the disk's after ``sync``.
    """

    def __init__(self, path: AnyPath, length: int | None = None) -> None:
        self.path = os.fspath(path)
        self._handle = system.ask(self.path, "open", system.open_file, self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        try:
            self.size = system.ask(self.path, "open", system.size, self._handle)  # bytes
            if length is not None:
                self.truncate(length)
            folders.sync_folder(os.path.dirname(self.path) or ".")
        except BaseException:
            system.quietly(system.close, self._handle)
            raise

    def truncate(self, length: int) -> None:
        """Cut the file back to ``length`` bytes."""
        if length > self.size:
            message = f"is {self.size} bytes long, but the checkpoint was written after {length}"
            raise CheckpointError(f"{message}; put the whole file back, or start a new run", self.path)
        if length < self.size:
            system.ask(self.path, "write", system.truncate, self._handle, length)
            self.size = length

    def append(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        system.write_all(self.path, self._handle, data)
        self.size += len(data)

    def sync(self) -> None:
        """Make all that was appended survive a power cut."""
        system.ask(self.path, "write", system.sync, self._handle)

    def close(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            system.shut(self.path, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()


class Partial(Log):
    """A file that comes in pieces, over several processes maybe, but in one at a time, until ``keep`` names it.

    Errors   EnvironmentFault names the path; what has come stays in it, for the next to go on from.
    """

    def __init__(self, path: AnyPath) -> None:
        system.refuse_special(os.fspath(path), os.fspath(path), "write")
        super().__init__(path)
        try:
            if not shared.hold(self.path, self._handle, fcntl.LOCK_EX):
                raise EnvironmentFault("is being written by another process; wait for it to end", self.path)
            self.size = system.ask(self.path, "open", system.size, self._handle)  # now that nobody else makes it longer
        except BaseException:
            system.quietly(system.close, self._handle)
            raise

    def keep(self, target: AnyPath) -> None:
        """Put the file under its final name. A fault of the last call, the sync of the folder, comes when it has it."""
        name = os.fspath(target)
        self.sync()
        system.ask(name, "write", system.replace, self.path, name)
        self.close()
        folders.sync_folder(os.path.dirname(name) or ".")
