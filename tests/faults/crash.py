"""Power loss (G2): what the disk may hold after one, at any moment of a fit and of its resume, and what is found in it.

A stand-in for the functions of ``nettrain/files/system.py`` records the file calls of a real fit. A model of
the disk then holds, at every moment, what has been synced and what has only been asked for. A crash keeps any part of
the latter: of a file any 512-byte blocks and any of its lengths, of a folder any of the entries made, renamed (the new
name and the end of the old one apart) and removed, in order or not. What no one wrote is zeros or garbage.
"""

from __future__ import annotations

import io
import json
import os
import random
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from faults.forked import die_before, figures, forked, workplace_in_memory
from faults.reference import Figures, Reference, difference

from nettrain.errors import CheckpointError
from nettrain.files import system, whole
from nettrain.files.causes import AnyPath
from nettrain.files.folders import make_folder
from nettrain.files.whole import is_temporary
from nettrain.training.store import checkpoint

STATES = 100_000
RESUMED = 300  # of the states that are made real and resumed
STOP = 11  # the step after which the first process dies: one after a save, in mid-epoch
BLOCK = 512
AHEAD = 1.25  # some moments have fewer states than their share
MISSES = 200  # states in a row that are not new, after which a moment has no more
LOGS = ("metrics.csv", "events.jsonl")
GROWING = (*LOGS, "timings.csv", "lock")  # every other name is only ever a whole file
GARBAGE = bytes(range(128, 256)) * 4

Entry = tuple[str, str, int | None]  # folder, name, inode; None is the end of the name
Tree = dict[str, bytes]  # path -> content, of one state; folders are not in it


@dataclass
class Version:
    """A file as it was after some call."""

    content: bytes
    moment: int


@dataclass
class Disk:
    """What has been synced, and what has only been asked for, of one folder and all below it."""

    root: str
    stored: dict[int, bytes] = field(default_factory=dict)
    waiting: dict[int, list[Version]] = field(default_factory=dict)  # of a file: after each call since its last sync
    entries: dict[tuple[str, str], int] = field(default_factory=dict)
    changes: list[tuple[int, list[Entry]]] = field(default_factory=list)  # moment, what one call asked of folders
    now: dict[tuple[str, str], int] = field(default_factory=dict)  # the entries as processes see them
    folders: set[str] = field(default_factory=set)  # those made below the root: what is in one goes with its name
    moment: int = 0
    inodes: int = 0

    def content(self, inode: int) -> bytes:
        versions = self.waiting.get(inode)
        return versions[-1].content if versions else self.stored[inode]

    def ask(self, *entries: Entry) -> None:
        self.changes.append((self.moment, list(entries)))
        for folder, name, inode in entries:
            _put(self.now, folder, name, inode)

    def create(self, folder: str, name: str) -> int:
        self.inodes += 1
        self.stored[self.inodes] = b""
        self.ask((folder, name, self.inodes))
        return self.inodes

    def change(self, inode: int, content: bytes) -> None:
        self.waiting.setdefault(inode, []).append(Version(content, self.moment))

    def sync_file(self, inode: int) -> None:
        if versions := self.waiting.pop(inode, None):
            self.stored[inode] = versions[-1].content

    def sync_folder(self, folder: str) -> None:
        kept = []
        for moment, entries in self.changes:
            for where, name, inode in entries:
                if where == folder:
                    _put(self.entries, where, name, inode)
            if rest := [entry for entry in entries if entry[0] != folder]:
                kept.append((moment, rest))
        self.changes = kept

    # What a crash may leave

    def in_order(self, chance: random.Random) -> Tree:
        """All that was asked for up to some earlier moment, the last write torn: a journal that keeps the order."""
        last = chance.randint(0, self.moment)
        taken = [entry for moment, entries in self.changes if moment <= last for entry in entries]
        return self._tree(taken, lambda inode: self._up_to(inode, last, chance))

    def any_subset(self, chance: random.Random) -> Tree:
        """Any part of what was asked for, in any order."""
        likely = chance.choice((0.1, 0.5, 0.9))
        taken = [entry for _, entries in self.changes for entry in entries if chance.random() < likely]
        return self._tree(taken, lambda inode: self._torn(inode, chance))

    def _tree(self, taken: list[Entry], content: Callable[[int], bytes]) -> Tree:
        names = dict(self.entries)
        for folder, name, inode in taken:
            _put(names, folder, name, inode)
        gone = {folder for folder in self.folders if os.path.split(folder) not in names}
        return {
            f"{folder}/{name}": content(inode)
            for (folder, name), inode in names.items()
            if folder not in gone and f"{folder}/{name}" not in self.folders
        }

    def _up_to(self, inode: int, last: int, chance: random.Random) -> bytes:
        versions = [version.content for version in self.waiting.get(inode, ()) if version.moment <= last]
        if not versions:
            return self.stored[inode]
        before = versions[-2] if len(versions) > 1 else self.stored[inode]
        cut = chance.randint(0, -(-max(len(before), len(versions[-1])) // BLOCK)) * BLOCK
        return versions[-1][:cut] + before[cut:] if chance.random() < 0.5 else versions[-1]

    def _torn(self, inode: int, chance: random.Random) -> bytes:
        versions = [self.stored[inode], *(version.content for version in self.waiting.get(inode, ()))]
        if len(versions) == 1:
            return versions[0]
        length = len(chance.choice(versions))
        unwritten = chance.choice((bytes(BLOCK), GARBAGE))
        blocks = []
        for start in range(0, length, BLOCK):
            block = chance.choice(versions)[start : start + BLOCK]
            blocks.append(block + unwritten[len(block) :])
        return b"".join(blocks)[:length]


def _put(entries: dict[tuple[str, str], int], folder: str, name: str, inode: int | None) -> None:
    if inode is None:
        entries.pop((folder, name), None)
    else:
        entries[folder, name] = inode


class Recorder:
    """Stands in for the functions of files/system.py: each call is made, and then told to the disk."""

    def __init__(self, root: Path) -> None:
        self.disk = Disk(str(root))
        self.announced: dict[str, list[bytes]] = {}  # path -> the contents of it whose write has returned, in order
        self.asked: dict[str, set[bytes]] = {}  # path -> every content it was ever to have
        self.removed: set[str] = set()
        self._open: dict[int, list[Any]] = {}  # descriptor -> [path or inode, position, whether it appends]
        self._each: Callable[[Recorder], None] = lambda recorder: None

    @contextmanager
    def installed(self, each: Callable[[Recorder], None]) -> Iterator[None]:
        """Inside, every call is recorded; ``each`` is called after every one."""
        self._each = each
        with ExitStack() as stack:
            for name in ("open_file", "write", "sync", "truncate", "replace", "remove", "make"):
                stack.enter_context(patch.object(system, name, self._stand_in(name, getattr(system, name))))
            stack.enter_context(patch.object(whole, "write_atomic", self._announcing(whole.write_atomic)))
            yield

    def _stand_in(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        told = getattr(self, f"told_{name}")

        def stand_in(*arguments: Any) -> Any:
            result = call(*arguments)
            self.disk.moment += 1
            told(result, *arguments)
            self._each(self)
            return result

        return stand_in

    def _announcing(self, call: Callable[..., None]) -> Callable[..., None]:
        def write_atomic(path: AnyPath, data: Any) -> None:
            shown = os.fspath(path)
            self.asked.setdefault(shown, set()).add(bytes(data))
            call(path, data)
            self.announced.setdefault(shown, []).append(bytes(data))
            self._each(self)

        return write_atomic

    def told_open_file(self, handle: int, path: str, flags: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            self._open[handle] = [path, 0, False]
            return
        folder, name = os.path.split(path)
        inode = self.disk.now.get((folder, name))
        if inode is None:
            inode = self.disk.create(folder, name)
        if flags & os.O_TRUNC:
            self.disk.change(inode, b"")
        self._open[handle] = [inode, 0, bool(flags & os.O_APPEND)]

    def told_write(self, taken: int, handle: int, data: memoryview) -> None:
        opened = self._open[handle]
        inode, position, appends = opened
        before = self.disk.content(inode)
        position = len(before) if appends else position
        after = before[:position].ljust(position, b"\0") + bytes(data[:taken]) + before[position + taken :]
        self.disk.change(inode, after)
        opened[1] = position + taken

    def told_sync(self, _: None, handle: int) -> None:
        what = self._open[handle][0]
        if isinstance(what, str):
            self.disk.sync_folder(what)
        else:
            self.disk.sync_file(what)

    def told_truncate(self, _: None, handle: int, length: int) -> None:
        inode = self._open[handle][0]
        self.disk.change(inode, self.disk.content(inode)[:length].ljust(length, b"\0"))

    def told_replace(self, _: None, source: str, target: str) -> None:
        inode = self.disk.now[os.path.split(source)]
        self.disk.ask((*os.path.split(target), inode), (*os.path.split(source), None))

    def told_remove(self, _: None, path: str) -> None:
        self.removed.add(path)
        self.disk.ask((*os.path.split(path), None))

    def told_make(self, _: None, path: str) -> None:
        self.disk.folders.add(path)
        self.disk.create(*os.path.split(path))


@dataclass(frozen=True)
class Moment:
    """One moment of the recorded fit, and what must be found whatever a crash then leaves."""

    last_step: int | None  # of the checkpoints announced
    files: Mapping[str, frozenset[bytes]]  # announced whole files -> the contents that they may have now


class Judge:
    """Looks at states with the reader of the product; says what is wrong with one, or nothing."""

    def __init__(self, run: Path, logs: Mapping[str, bytes]) -> None:
        self.run, self.logs, self.recorder = str(run), logs, Recorder(run)
        self.folder = f"{run}/checkpoints"
        self.tree: Tree = {}
        self._loaded: dict[bytes, checkpoint.Checkpoint | CheckpointError] = {}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Inside, the reader of checkpoints sees ``self.tree`` in place of the disk."""
        shim = SimpleNamespace(
            **{name: getattr(os, name) for name in ("fspath", "path", "PathLike")}, listdir=self._list, stat=self._stat
        )
        with ExitStack() as stack:
            stack.enter_context(patch.object(checkpoint, "os", shim))
            stack.enter_context(patch.object(checkpoint, "open", self._read, create=True))
            stack.enter_context(patch.object(checkpoint, "decode", self._decode_once(checkpoint.decode)))
            yield

    def _list(self, folder: AnyPath) -> list[str]:
        start = f"{os.fspath(folder)}/"
        return [path.removeprefix(start) for path in self.tree if path.startswith(start)]

    def _stat(self, path: AnyPath) -> SimpleNamespace:
        return SimpleNamespace(st_mode=stat.S_IFREG, st_size=len(self.tree[os.fspath(path)]))

    def _read(self, path: AnyPath, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self.tree[os.fspath(path)]))

    def _decode_once(self, decode: Callable[..., checkpoint.Checkpoint]) -> Callable[..., checkpoint.Checkpoint]:
        def remembered(data: bytes, name: AnyPath) -> checkpoint.Checkpoint:
            if data not in self._loaded:
                try:
                    self._loaded[data] = decode(data, name)
                except CheckpointError as error:
                    self._loaded[data] = error
            found = self._loaded[data]
            if isinstance(found, CheckpointError):
                raise found
            return found

        return remembered

    def verdict(self, tree: Tree, moment: Moment) -> str:
        """What is wrong with a state; empty if nothing is."""
        self.tree = tree
        for path, contents in moment.files.items():
            if path not in tree:
                return f"{path} was announced and is not there"
            if os.path.basename(path) in GROWING:
                if not tree[path].startswith(tuple(contents)):
                    return f"{path} does not begin as announced"
            elif tree[path] not in contents:
                return f"{path} was announced and is another"
        for path, content in tree.items():
            name = os.path.basename(path)
            if name in GROWING or is_temporary(name) or content in self.recorder.asked.get(path, ()):
                continue
            return f"{path} is torn, or nobody wrote it"
        try:
            found = checkpoint.newest(self.folder)
        except CheckpointError as error:
            return "" if moment.last_step is None else f"no checkpoint: {error}"
        step = found.checkpoint.meta["step"]
        if moment.last_step is not None and step < moment.last_step:
            return f"step {step} is the newest, but {moment.last_step} was announced"
        if found.passed_over:
            return f"passed over {found.passed_over[0]}"
        for name in LOGS:
            recorded, content = found.checkpoint.meta["logs"][name], tree.get(f"{self.run}/{name}", b"")
            if content[:recorded] != self.logs[name][:recorded] or len(content) < recorded:
                return f"{name} does not begin with the {recorded} bytes that step {step} recorded"
        return ""


def recorded_fit(reference: Reference, run: Path, each: Callable[[Recorder], None]) -> Recorder:
    """A fit that dies after step ``STOP``, and another that goes on to the end, in this process; all calls recorded."""
    recorder = Recorder(run)
    make_folder(run)
    with recorder.installed(each), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
        die_before(STOP, reference, run)
        code = reference.fit(run)
    if code:
        raise RuntimeError(f"the recorded fit ended with {code}: {told.getvalue()}")
    return recorder


def moment_of(recorder: Recorder) -> Moment:
    """What must be found after a crash at this moment."""
    steps, whole = [-1], {}
    for path, contents in recorder.announced.items():
        name = os.path.basename(path)
        if name.startswith("step-"):
            steps.append(int(name[5:14]))
        if not (name.startswith("step-") and path in recorder.removed):  # pruned: newer ones are there
            later = recorder.asked[path] - set(contents)
            whole[path] = frozenset({contents[-1], *later})
    return Moment(max(steps) if max(steps) >= 0 else None, whole)


class Crashes:
    """Draws crash states at every moment of a recorded fit and has each new one judged."""

    def __init__(self, judge: Judge, moments: int, states: int, resumed: int, seed: int = 0) -> None:
        self.judge, self.moments, self.states = judge, moments, states
        self.share = resumed / states
        self.chance = random.Random(seed)
        self.wrong: list[str] = []
        self.kept: list[Tree] = []  # to be resumed in earnest
        self.seen: set[tuple[tuple[str, int], ...]] = set()
        self.visible: set[tuple[tuple[str, int], ...]] = set()  # the same without temporary files
        self.moment = 0
        self._contents: dict[bytes, int] = {}

    def __call__(self, recorder: Recorder) -> None:
        """At one moment: as many states as are due by now, or as there are new ones to be found."""
        self.moment += 1
        self.judge.recorder = recorder
        promised = moment_of(recorder)
        due, misses = min(self.states, round(AHEAD * self.states * self.moment / self.moments)), 0
        with self.judge.reading():
            while len(self.seen) < due and misses < MISSES:
                tree = self.chance.choice((recorder.disk.in_order, recorder.disk.any_subset))(self.chance)
                misses = 0 if self._is_new(tree, promised) else misses + 1

    def _is_new(self, tree: Tree, promised: Moment) -> bool:
        numbers = self._contents
        key = tuple(sorted((path, numbers.setdefault(data, len(numbers))) for path, data in tree.items()))
        if key in self.seen:
            return False
        self.seen.add(key)
        self.visible.add(tuple(item for item in key if not is_temporary(os.path.basename(item[0]))))
        if problem := self.judge.verdict(tree, promised):
            self.wrong.append(f"after call {self.moment}: {problem}")
        if self.chance.random() < self.share:
            self.kept.append(tree)
        return True


def check(reference: Reference, folder: Path, states: int, resumed: int) -> Iterator[Figures]:
    """The figures of G2: of ``states`` crash states, and of about ``resumed`` of them, gone on from in earnest."""
    begun, expected = time.perf_counter(), reference.expected
    logs = {name: (reference.folder / "expected" / name).read_bytes() for name in LOGS}
    run, moments = folder / "crashed", Counter[str]()
    recorded_fit(reference, folder / "counted", lambda recorder: moments.update(["all"]))
    crashes = Crashes(Judge(run, logs), moments["all"], states, resumed)
    recorded_fit(reference, run, crashes)
    wrong = crashes.wrong
    note = f"{len(crashes.seen)} distinct, {len(crashes.visible)} without temporary files, at {crashes.moment} moments"
    count = len(crashes.seen)
    yield figures("G2 power loss", count, wrong, begun, note)
    begun = time.perf_counter()
    bad = [problem for tree in crashes.kept if (problem := _resume(reference, run, tree, expected))]
    count = len(crashes.kept)
    yield figures("G2 gone on with after power loss", count, bad, begun)


def _resume(reference: Reference, run: Path, tree: Tree, expected: Mapping[str, str]) -> str:
    """Put a state on the real disk and go on from it; what is wrong then."""
    for path in sorted(run.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (run / "checkpoints").mkdir()
    for name, content in tree.items():
        Path(name).write_bytes(content)
    ending = forked(lambda: reference.fit(run))
    if ending.code:
        return f"exit {ending.code}: {ending.err}"
    state = json.loads((run / "run.json").read_text())["state"]
    return difference(reference.digest(run), expected) or ("" if state == "finished" else f"run.json says {state}")


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G2."""
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        yield from check(reference, folder, max(200, round(STATES * scale)), max(5, round(RESUMED * scale)))
