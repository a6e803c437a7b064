"""Whole files: under a temporary name until every byte is on the disk, then under their own at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from typing import Self

from nettrain.files import folders, shared, system
from nettrain.files.causes import AnyPath
from nettrain.files.system import Buffer

TEMPORARY = (".nettrain-", ".tmp")  # short, so that a name of 255 bytes still has one


class Draft:
    """A whole file in the making: under a temporary name, written at any place, until ``keep`` puts it under its name.

    Errors   EnvironmentFault names the path and why; the temporary file is gone by then, as it is without ``keep``.
    Notes    ``held`` takes a share of the file, as ``open_shared`` does, so that ``remove_unused`` leaves it alone. A
             link stays a link: the file it leads to is replaced.
    """

    def __init__(self, path: AnyPath, *, held: bool = False) -> None:
        self.path = os.fspath(path)
        self._target = system.ask(self.path, "write", os.path.realpath, self.path)
        system.refuse_special(self.path, self._target, "write")
        parent = os.path.dirname(self._target)
        self._temporary = ""
        self._folder = system.ask(self.path, "write", system.open_file, parent, os.O_RDONLY | os.O_DIRECTORY)
        self.handle = -1
        try:
            while self.handle < 0:
                self._temporary = os.path.join(parent, os.urandom(8).hex().join(TEMPORARY))
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                self.handle = system.ask(self.path, "write", system.open_file, self._temporary, flags)
                if held and not shared.hold(self.path, self.handle, fcntl.LOCK_SH):  # taken for a leftover, and removed
                    handle, self.handle = self.handle, -1
                    system.shut(self.path, handle)
        except BaseException:
            self.drop()
            raise

    def append(self, data: Buffer) -> None:
        """Write on from where the last ``append`` ended."""
        system.write_all(self.path, self.handle, data)

    def write_at(self, data: Buffer, place: int) -> None:
        """Write at a distance of ``place`` bytes from the start; several threads may do so at once."""
        system.write_all(self.path, self.handle, data, place)

    def keep(self) -> None:
        """Put the file under its name. A fault of the last call, the sync of the folder, comes when it has the name."""
        system.ask(self.path, "write", system.sync, self.handle)
        handle, self.handle = self.handle, -1
        system.shut(self.path, handle)
        system.ask(self.path, "write", system.replace, self._temporary, self._target)
        self._temporary = ""
        folders.sync_open_folder(self.path, self._folder)

    def drop(self) -> None:
        """Let go of it: what was not kept is removed."""
        if self.handle >= 0:
            system.quietly(system.close, self.handle)
        if self._temporary:
            system.quietly(system.remove, self._temporary)
        system.quietly(system.close, self._folder)

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


def is_temporary(name: str) -> bool:
    """Whether a file of this name is a write in progress, or what a dead process left of one."""
    start, end = TEMPORARY
    return name.startswith(start) and name.endswith(end)
