"""Files that processes share: nobody removes one while another reads it."""

from __future__ import annotations

import fcntl
import os

from nettrain.errors import EnvironmentFault
from nettrain.files import folders, system
from nettrain.files.causes import AnyPath


def open_shared(path: AnyPath) -> int | None:
    """A descriptor for reading a file, with a share in it: as long as it is open, ``remove_unused`` keeps the file.

    Notes    None if there is no such file, or it is being removed. A duplicate, or a child, keeps the share too.
    """
    name = os.fspath(path)
    system.refuse_special(name, name, "read")
    while (handle := system.open_to_read(name, "read")) is not None:
        try:
            held = hold(name, handle, fcntl.LOCK_SH)
        except BaseException:
            system.quietly(system.close, handle)
            raise
        if held:
            return handle
        system.quietly(system.close, handle)
        if held is None:
            break
    return None


def remove_unused(path: AnyPath) -> bool:
    """Remove a file in which nobody has a share; False if somebody has."""
    name = os.fspath(path)
    handle = system.open_to_read(name, "remove")
    if handle is None:
        return True
    try:
        if not hold(name, handle, fcntl.LOCK_EX):
            return False
        folders.prune([name])
        return True
    finally:
        system.quietly(system.close, handle)


def mark_used(handle: int) -> None:
    """Set the time of a file's last change to now; where that is not granted, it stays what it is."""
    system.quietly(system.touch, handle)


def hold(path: str, handle: int, how: int) -> bool | None:
    """Lock an open file; False if it has lost its name by then, None if another process is in the way."""
    try:
        system.ask(path, "lock", system.flock, handle, how)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, BlockingIOError):
            return None
        raise
    return system.ask(path, "lock", system.names, handle) > 0
