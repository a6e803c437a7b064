"""The user's folder of decoded pictures: where it is, what lies in it, and what of that can be removed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from nettrain import files
from nettrain.errors import EnvironmentFault

VARIABLE = "NETTRAIN_CACHE"
SUFFIX = ".pictures"


def cache_folder() -> str:
    """The absolute path of the folder; it need not be there.

    Errors   EnvironmentFault if the environment names no place for it.
    Source   XDG Base Directory Specification 0.8: a path that is not absolute is passed over.
    """
    if named := os.environ.get(VARIABLE):
        return os.path.abspath(named)
    if os.path.isabs(base := os.environ.get("XDG_CACHE_HOME", "")):
        return os.path.join(base, "nettrain")
    if home := os.environ.get("HOME"):
        return os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "nettrain")
    raise EnvironmentFault(
        f"no folder for decoded pictures: {VARIABLE}, XDG_CACHE_HOME and HOME are not set; set {VARIABLE} to a folder"
    )


def refuse_inside(folder: str, root: str) -> None:
    """The data folder is never written to. Errors: EnvironmentFault if the cache's folder lies in it."""
    inner, outer = os.path.realpath(folder), os.path.realpath(root)
    if os.path.commonpath([inner, outer]) == outer:
        message = f"decoded pictures would be written into the data folder {root}; set {VARIABLE} to another folder"
        raise EnvironmentFault(message, folder)


def entry_paths(folder: str) -> list[str]:
    """The files of decoded pictures, in code-point order; none if there is no such folder."""
    return [os.path.join(folder, name) for name in _names(folder) if name.endswith(SUFFIX)]


def sweep(folder: str) -> int:
    """Remove what dead processes left of files that they had begun; the bytes that this freed."""
    return sum(remove(os.path.join(folder, name)) or 0 for name in _names(folder) if files.is_temporary(name))


def remove(path: str) -> int | None:
    """Remove a file that no process uses: the bytes that this freed, or None if one does."""
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        return 0
    return size if files.remove_unused(path) else None


def _names(folder: str) -> Iterator[str]:
    try:
        yield from sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        raise files.fault(folder, "read", error) from error
