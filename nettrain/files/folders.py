"""Folders: made, emptied and removed, and their names put on the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from nettrain.errors import EnvironmentFault
from nettrain.files import system
from nettrain.files.causes import AnyPath


def sync_open_folder(shown: str, handle: int) -> None:
    """Make the names in an open folder survive a power cut, where the file system can do that at all."""
    try:
        system.ask(shown, "write", system.sync, handle)
    except EnvironmentFault as error:
        if getattr(error.__cause__, "errno", None) not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sync_folder(path: AnyPath) -> None:
    """Make the names in a folder survive a power cut."""
    path = os.fspath(path)
    handle = system.ask(path, "write", system.open_file, path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_open_folder(path, handle)
    finally:
        system.quietly(system.close, handle)


def make_folder(path: AnyPath) -> bool:
    """Make a folder, and those above it; True if it is new, False if it was there."""
    path = os.fspath(path)
    if os.path.isdir(path):
        return False
    parent = os.path.dirname(path.rstrip("/")) or "."
    make_folder(parent)
    try:
        system.ask(path, "make the folder", system.make, path)
    except EnvironmentFault as error:
        if isinstance(error.__cause__, FileExistsError) and os.path.isdir(path):
            return False  # another process was faster
        raise
    sync_folder(parent)
    return True


def prune(paths: Iterable[AnyPath]) -> None:
    """Remove files; one that is gone already is as good."""
    for path in paths:
        name = os.fspath(path)
        try:
            system.ask(name, "remove", system.remove, name)
        except EnvironmentFault as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise


def remove_folder(path: AnyPath, last: Iterable[str] = ()) -> None:
    """Remove a folder with all that is in it, the names ``last`` at the end; links are removed, not followed.

    Errors   EnvironmentFault; what has been removed by then is gone.
    """
    name, at_the_end = os.fspath(path), tuple(last)
    inside = system.ask(name, "remove", os.listdir, name)
    for inner in sorted(inside, key=lambda inner: (inner in at_the_end, inner)):
        below = os.path.join(name, inner)
        if os.path.isdir(below) and not os.path.islink(below):
            remove_folder(below)
        else:
            prune([below])
    system.ask(name, "remove", system.remove_empty, name)
