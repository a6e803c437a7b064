"""What a command must not do, heard by an audit hook: open a connection, start a program, write where it should not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CONNECTIONS = ("socket.", "http.client.", "urllib.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "telnetlib.", "ssl.")
PROGRAMS = ("subprocess.", "os.exec", "os.system", "os.spawn", "os.posix_spawn", "os.fork", "pty.spawn")
FORBIDDEN = CONNECTIONS + PROGRAMS
CHANGES = {  # events, and which of their arguments are paths that are changed
    "os.rename": (0, 1), "os.remove": (0,), "os.mkdir": (0,), "os.rmdir": (0,), "os.truncate": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,), "os.setxattr": (0,),
    "os.removexattr": (0,), "shutil.rmtree": (0,), "tempfile.mkdtemp": (0,), "tempfile.mkstemp": (0,),
}  # fmt: skip
ASKED_OF_BASH = "${BASH_VERSION}"  # click asks it before it prints the script that completes commands in bash
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Listening:
    """What the hook, which stays for good, does at present: nothing where ``found`` is None."""

    found: list[str] | None = None
    allowed: tuple[str, ...] = ()
    installed = False


def changed(event: str, arguments: tuple[object, ...]) -> list[str]:
    """The paths that an event changes, whole; none for a descriptor, whose file has been opened before."""
    if event == "open":
        path, _, flags = arguments
        changed = [path] if isinstance(flags, int) and flags & WRITING else []
    else:
        changed = [arguments[place] for place in CHANGES.get(event, ())]
    return [os.path.abspath(os.fsdecode(path)) for path in changed if isinstance(path, str | bytes | os.PathLike)]


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    found = _Listening.found
    if found is None:
        return
    if event.startswith(FORBIDDEN):
        if event != "subprocess.Popen" or ASKED_OF_BASH not in repr(arguments):
            found.append(f"{event} {arguments!r}")
    else:
        found += [f"{event} {path!r}" for path in changed(event, arguments) if not _may_change(path)]


def _may_change(path: str) -> bool:
    return path.startswith((*_Listening.allowed, "/dev/", "/proc/self/")) or "__pycache__" in path


@contextmanager
def heard(allowed: Sequence[str | Path]) -> Iterator[list[str]]:
    """Inside, what is done against the rules comes into the list; below the ``allowed`` folders files may change."""
    if not _Listening.installed:
        sys.addaudithook(_hear)
        _Listening.installed = True
    before = _Listening.found, _Listening.allowed
    found: list[str] = []
    real = [part for path in allowed for part in (os.path.abspath(path), os.path.realpath(path))]
    _Listening.found, _Listening.allowed = found, tuple(real)
    try:
        yield found
    finally:
        _Listening.found, _Listening.allowed = before
