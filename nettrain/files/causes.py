"""Why the system refused a call, in words, with what would help."""

from __future__ import annotations

import errno
import os

from nettrain.errors import EnvironmentFault

AnyPath = str | os.PathLike[str]

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
