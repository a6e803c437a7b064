"""What a command must not do, heard by an audit hook: open a connection, start a program, write where it should not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CONNECTIONS = ("socket.", "http.client.", "urllib.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "telnetlib.", "ssl.")
PROGRAMS = ("subprocess.", "os.exec", "os.system", "os.spawn", "os.posix_spawn", "os.fork", "pty.spawn")
CHANGES = {  # events, and which of their arguments are paths that are changed
    "os.rename": (0, 1), "os.remove": (0,), "os.mkdir": (0,), "os.rmdir": (0,), "os.truncate": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.chmod": (0,), "os.utime": (0,), "shutil.rmtree": (0,), "tempfile.mkdtemp": (0,),
    "tempfile.mkstemp": (0,),
}  # fmt: skip
ASKED_OF_BASH = "${BASH_VERSION}"  # click asks it before it prints the script that completes commands in bash
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Listening:
    """What the hook, which stays for good, does at present: nothing where ``found`` is None."""

    found: list[str] | None = None
    allowed: tuple[str, ...] = ()
    installed = False


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    found = _Listening.found
    if found is None:
        return
    if event.startswith((*CONNECTIONS, *PROGRAMS)):
        if event == "subprocess.Popen" and ASKED_OF_BASH in repr(arguments):
            return
        found.append(f"{event} {arguments!r}")
    elif event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & WRITING and not _may_change(path):
            found.append(f"open {path!r} to write")
    elif event in CHANGES:
        wrong = [arguments[place] for place in CHANGES[event] if not _may_change(arguments[place])]
        found += [f"{event} {path!r}" for path in wrong]


def _may_change(path: object) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return True  # a descriptor: its file has been opened before
    name = os.path.abspath(os.fsdecode(path))
    return name.startswith((*_Listening.allowed, "/dev/", "/proc/self/")) or "__pycache__" in name


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
