"""The user's folder of decoded pictures: where it is, what lies in it, and what of that can be removed."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from nettrain.config.paths import is_within
from nettrain.errors import EnvironmentFault
from nettrain.files.causes import fault
from nettrain.files.shared import remove_unused
from nettrain.files.whole import is_temporary

VARIABLE = "NETTRAIN_CACHE"
SUFFIX = ".pictures"

_OWN, _A, _OTHER = "to a folder of your own", "to a folder", "to another folder"
_CURES = {  # refusals that another place for the folder helps against
    errno.EACCES: _OWN,
    errno.EPERM: _OWN,
    errno.EROFS: "to a folder that can be written",
    errno.ENOTDIR: _A,
    errno.EEXIST: _A,
    errno.EISDIR: _OTHER,
    errno.ENOENT: _OTHER,
    errno.ELOOP: _OTHER,
    errno.ENAMETOOLONG: _OTHER,
    errno.ENOLCK: "to a folder on a local disk",
    errno.ENOTSUP: "to a folder on a local disk",
}


def cache_folder() -> str:
    """The absolute path of the folder; it need not be there.

    Errors   EnvironmentFault if the environment names no place for it.
    Source   XDG Base Directory Specification 0.8: a path that is not absolute is passed over.
    """
    return _named()[0]


def _named() -> tuple[str, str]:
    """The folder, and the variable that leads there."""
    if named := os.environ.get(VARIABLE):
        expanded = os.path.expanduser(named)
        if expanded.startswith("~"):
            raise EnvironmentFault(f"{VARIABLE}: no home folder is known for {named!r}; expected an absolute path")
        return os.path.abspath(expanded), VARIABLE
    if os.path.isabs(base := os.environ.get("XDG_CACHE_HOME", "")):
        return os.path.join(base, "nettrain"), "XDG_CACHE_HOME"
    if os.path.isabs(home := os.environ.get("HOME", "")):
        below = "Library/Caches" if sys.platform == "darwin" else ".cache"
        return os.path.join(home, below, "nettrain"), "HOME"
    raise EnvironmentFault(
        f"no folder for decoded pictures: {VARIABLE} is not set, and neither XDG_CACHE_HOME nor HOME is an absolute "
        f"path; set {VARIABLE} to a folder"
    )


def cure(where: str) -> str:
    """Advice for one who wants the folder elsewhere: what to set ``where``, such as ``to another folder``."""
    _, variable = _named()
    return f"set {VARIABLE if variable == VARIABLE else f'{VARIABLE} or {variable}'} {where}"


@contextmanager
def advised() -> Iterator[None]:
    """In here a refusal of the system names the variables that lead to another place, where that would help."""
    try:
        yield
    except EnvironmentFault as error:
        refused = error.__cause__
        if not isinstance(refused, OSError) or refused.errno not in _CURES:
            raise
        (fault,) = error.faults
        what, _, _ = fault.message.partition("; ")
        removed = "remove it, or " if refused.errno == errno.EISDIR else ""
        advice = f"{removed}{cure(_CURES[refused.errno])}"
        raise EnvironmentFault(f"{what}; {advice}", fault.where) from refused


def refuse_inside(folder: str, roots: Iterable[str]) -> None:
    """The data folders are never written to. Errors: EnvironmentFault if the cache's folder lies in one of them."""
    for root in roots:
        if is_within(folder, root):
            message = f"decoded pictures would be written into the data folder {root}; {cure(_OTHER)}"
            raise EnvironmentFault(message, folder)


def nearest(folder: str) -> str:
    """The folder itself, or the lowest above it that is there."""
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    return folder


def check_writable(folder: str) -> None:
    """Find out without writing whether entries can be put there. Errors: EnvironmentFault."""
    there = nearest(folder)
    number = 0
    if not os.path.isdir(there):
        number = errno.ENOTDIR
    elif os.statvfs(there).f_flag & os.ST_RDONLY:
        number = errno.EROFS
    elif not os.access(there, os.W_OK | os.X_OK):
        number = errno.EACCES
    if number:
        refused = OSError(number, os.strerror(number))
        with advised():
            raise fault(folder, "write", refused) from refused


def entry_paths(folder: str) -> list[str]:
    """The files of decoded pictures, in code-point order; none if there is no such folder."""
    return [os.path.join(folder, name) for name in _names(folder) if name.endswith(SUFFIX)]


def sweep(folder: str) -> int:
    """Remove what dead processes left of files that they had begun; the bytes that this freed."""
    return sum(remove(os.path.join(folder, name)) or 0 for name in _names(folder) if is_temporary(name))


def remove(path: str) -> int | None:
    """Remove a file that no process uses: the bytes that this freed, or None if one does."""
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        return 0
    with advised():
        return size if remove_unused(path) else None


def _names(folder: str) -> Iterator[str]:
    """Plain files; what else somebody put there is not ours."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        with advised():
            raise fault(folder, "read", error) from error
    for name in names:
        if os.path.isfile(os.path.join(folder, name)):
            yield name
