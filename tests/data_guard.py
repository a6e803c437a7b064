"""Guards data in every test: what nettrain lists or reads as pictures it never changes, and puts nothing beside it.

An audit hook hears which folders and files the modules that read data list and open, whatever it is for, and what of
the disk nettrain changes. A change of data, or of anything below a folder of it, is refused as on a read-only disk, and
told; and at the end of a command data is what it was when first seen. What a test does to data is its own affair.

Notes    ``conftest.py`` listens to every test and to every command that it calls; ``in_every_process`` to all processes
         that it starts: of one that is killed, what it had changed by then is told, not what became of its data.
"""

from __future__ import annotations

import atexit
import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from audit import CHANGES, changed

TESTS = os.path.dirname(os.path.abspath(__file__)) + os.sep
READERS = tuple(  # all that lists or opens what a user names as data
    os.path.join(os.sep, "nettrain", "data", *path)
    for path in (("walk.py",), ("reading.py",), ("tree.py",), ("doctor", "folders.py"))
)
TOLD = "DATA_GUARD_TOLD"  # the variable with the name of the file in which processes tell what they have found
SMALL, MOST = 1 << 16, 500  # bytes of a file that is hashed, and how many are
READS = frozenset({"open", "os.scandir"})
State = tuple[object, ...]


class Record:
    """What was read as data since it began, what was changed, and what of that is against the rules.

    ``states``: it compares the data in the end; ``told`` is the file in which it tells what it finds.
    """

    def __init__(self, states: bool, told: str = "") -> None:
        self.states, self.told = states, told
        self.data: dict[str, State] = {}  # paths with what was there when they were first seen
        self.changes: dict[str, str] = {}  # by nettrain: paths with the event
        self.others: set[str] = set()  # paths that a test has changed itself
        self.found: list[str] = []

    def see(self, path: object) -> None:
        """A folder is listed, or a file opened to be read."""
        if not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.path.abspath(os.fsdecode(path))
        if name not in self.data:
            self.data[name] = ()  # at once, because another thread may come
            self.data[name] = _state(name, len(self.data) <= MOST) if self.states else ()
            if os.path.dirname(name) not in self.data:
                self.data.setdefault(os.path.realpath(name), self.data[name])

    def change(self, event: str, path: str) -> None:
        """nettrain changes something.  Errors: OSError for data."""
        self.changes.setdefault(path, event)
        if self.is_data(path):
            self.tell(f"{event} of {path!r}, which is data or lies there")
            raise OSError(errno.EROFS, "data is only read", path)

    def tell(self, what: str) -> None:
        if what in self.found:
            return
        self.found.append(what)
        if self.told:
            with open(self.told, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{what}\n")

    def close(self) -> None:
        """Look at everything once more: data may have been seen after it was changed."""
        for path, event in tuple(self.changes.items()):
            if self.is_data(path):
                self.tell(f"{event} of {path!r}, which is data or lies there")
        for path, before in tuple(self.data.items()) if self.states else ():
            if before and (now := _state(path, isinstance(before[-1], str))) != before and not self.is_of_test(path):
                self.tell(f"{path!r} has changed: it was {before}, and is {now}")

    def is_data(self, path: str) -> bool:
        """Whether something is data, lies below it, or holds it."""
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        seen = tuple(self.data)  # whatever other threads see meanwhile
        return any(
            not self.data.keys().isdisjoint(_upwards(name)) or any(data.startswith(f"{name}/") for data in seen)
            for name in {path, real}
        )

    def is_of_test(self, path: str) -> bool:
        """Whether the test itself has changed this, or something in it."""
        return any(f"{other}/".startswith(f"{path}/") for other in self.others)


class _Present:
    record: Record | None = None
    installed = False


def _state(path: str, hashed: bool) -> State:
    """What tells a changed file or folder: inode, size, times, and the SHA-256 of a small file."""
    try:
        found = os.stat(path)
        state = found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        if not hashed or not stat.S_ISREG(found.st_mode) or found.st_size > SMALL:
            return state
        import hashlib  # not before a file is read: many a process never does

        with open(path, "rb") as file:
            return (*state, hashlib.sha256(file.read()).hexdigest())
    except (OSError, ValueError) as problem:  # it is not there, or may not be read
        return (type(problem).__name__,)


def _upwards(path: str) -> Iterator[str]:
    above = os.path.dirname(path)
    while above != path:
        yield path
        path, above = above, os.path.dirname(above)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    record = _Present.record
    if record is None or (event not in CHANGES and event not in READS):
        return
    caller = sys._getframe().f_back
    if caller is None:  # Python itself, which opens the program
        return
    if paths := changed(event, arguments):
        if _is_by_nettrain(caller):
            for path in paths:
                record.change(event, path)
        else:
            record.others.update(paths)
    elif event in READS and caller.f_code.co_filename.endswith(READERS):
        record.see(arguments[0])


def _is_by_nettrain(frame: FrameType | None) -> bool:
    """Whether it is nettrain, and not a test, that has called what is called there."""
    module = sys.modules.get("nettrain")
    package = os.path.dirname(module.__file__ or "") + os.sep if module is not None else os.devnull
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(package):
            return True
        if name.startswith(TESTS) or name == "<string>":  # a program of a test
            return False
        frame = frame.f_back
    return False


def _listen(record: Record | None) -> Record | None:
    """From now on everything is for this record; returns the one before."""
    if not _Present.installed:
        sys.addaudithook(_hear)
        _Present.installed = True
    before, _Present.record = _Present.record, record
    return before


@contextmanager
def guarded(*, states: bool) -> Iterator[list[str]]:
    """Inside, what is against the rules comes into the list; in the end, with ``states``, what data has changed too."""
    record = Record(states)
    before = _listen(record)
    try:
        yield record.found
    finally:
        _listen(before)
        record.close()


def guard_processes() -> None:
    """Every Python that this process starts is listened to, however it is started."""
    import tempfile  # which takes time, and is not for those processes

    if TOLD not in os.environ:
        os.environ[TOLD] = os.path.join(tempfile.gettempdir(), f"nettrain-data-guard-{os.getpid()}")
        found_by_processes()  # by others, long ago
        paths = [os.path.join(TESTS, "in_every_process"), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def found_by_processes() -> list[str]:
    """What processes have told since the last call of this."""
    from pathlib import Path  # not in those processes, which this would slow down

    with suppress(FileNotFoundError):
        found = Path(os.environ[TOLD]).read_text(encoding="utf-8").splitlines()  # some tests stand in for ``open``
        os.remove(os.environ[TOLD])
        return found
    return []


def unguarded() -> dict[str, str]:
    """The environment of a process of which a test itself changes the data meanwhile."""
    return {name: value for name, value in os.environ.items() if name != TOLD}


def guard_this_process() -> None:
    """For good: called as Python starts, see ``in_every_process``."""
    if told := os.environ.get(TOLD):
        record = Record(True, told)
        _listen(record)
        atexit.register(record.close)
