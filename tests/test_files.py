"""Files: whole or not at all, whatever call fails; logs that grow; one process a folder."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nettrain import files
from nettrain.errors import CheckpointError, EnvironmentFault

CALLS = (
    "_open", "_write", "_write_at", "_sync", "_truncate", "_size", "_names", "_close", "_replace", "_remove", "_make",
    "_flock",
)  # fmt: skip

ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EIO: "the disk reports an input/output error; check the disk",
    errno.EDQUOT: "the disk quota is used up; free some space and try again",
    errno.EROFS: "the file system is read-only; choose a folder that can be written",
    errno.EACCES: "permission denied; choose a folder that this user may use",
    errno.EMFILE: "this process has too many open files; raise the limit (ulimit -n)",
}


class Faults:
    """Stands in for every call of the system: the ``at``-th fails, once or from then on; the others are real."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, number: int, *, for_good: bool = False) -> None:
        self.at, self.number, self.for_good = at, number, for_good
        self.names: list[str] = []
        for name in CALLS:
            patch.setattr(files, name, self.wrap(name, getattr(files, name)))

    @property
    def reached(self) -> bool:
        return len(self.names) > self.at

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stand_in(*args: Any) -> Any:
            here = len(self.names)
            self.names.append(name)
            if here == self.at or (self.for_good and here > self.at):
                if name == "_close":
                    call(*args)  # the system lets go of the file even when close fails
                raise OSError(self.number, os.strerror(self.number))
            return call(*args)

        return stand_in


def each_failure(number: int, *, for_good: bool) -> Iterator[Faults]:
    """Fails the first call, the second, ... until the action makes no more calls than that."""
    for at in range(100):
        with pytest.MonkeyPatch.context() as patch:
            faults = Faults(patch, at, number, for_good=for_good)
            yield faults
            if not faults.reached:
                return
    raise AssertionError("the action never came to an end")


def open_descriptors() -> set[str]:
    return set(os.listdir("/dev/fd"))


def save(folder: Path) -> None:
    files.write_atomic(folder / "file", b"new" * 1000)


def save_pieces(folder: Path) -> None:
    files.write_atomic(folder / "file", iter([b"new" * 500, b"", memoryview(b"new" * 500)]))


def save_at_places(folder: Path) -> None:
    with files.Draft(folder / "file", held=True) as draft:
        draft.write_at(b"new" * 500, 1500)
        draft.write_at(b"new" * 500, 0)
        draft.keep()


def refusal(action: Callable[[Path], object], folder: Path) -> EnvironmentFault | None:
    """The fault that an action ends with, if it does."""
    try:
        action(folder)
    except EnvironmentFault as error:
        return error
    return None


@pytest.mark.parametrize("action", [save, save_pieces, save_at_places])
@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("number", ERRORS)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, action: Callable[[Path], None], number: int, for_good: bool
) -> None:
    descriptors = open_descriptors()
    for at, faults in enumerate(each_failure(number, for_good=for_good)):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "file").write_bytes(b"old")
        error = refusal(action, folder)
        if error:
            doing = "lock" if {"_flock", "_names"} & {*faults.names[at : at + 1]} else "write"
            assert error.lines() == [f"nettrain: error: {folder}/file: cannot {doing}: {ERRORS[number]}"]
        else:
            assert faults.names[at:] in ([], ["_close"])  # the folder's, when all is done
        replaced = "_replace" in faults.names[:at]
        assert (folder / "file").read_bytes() == (b"new" * 1000 if replaced else b"old")
        rest = set(os.listdir(folder)) - {"file"}
        assert all(map(files.is_temporary, rest))
        assert not rest or (for_good and "_remove" in faults.names)  # only if not even that was granted
    assert open_descriptors() == descriptors


def test_the_order_of_calls_is_the_safe_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(monkeypatch, 99, errno.EIO)
    save(tmp_path)
    assert faults.names == ["_open", "_open", "_write", "_sync", "_close", "_replace", "_sync", "_close"]


def test_a_failed_sync_is_never_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(monkeypatch, 3, errno.EIO)
    with pytest.raises(EnvironmentFault):
        save(tmp_path)
    assert faults.names == ["_open", "_open", "_write", "_sync", "_close", "_remove", "_close"]


@pytest.mark.parametrize("action", [save, save_pieces, save_at_places])
def test_an_interrupted_call_is_made_again(tmp_path: Path, action: Callable[[Path], None]) -> None:
    for faults in each_failure(errno.EINTR, for_good=False):
        action(tmp_path)
        assert (tmp_path / "file").read_bytes() == b"new" * 1000
        assert os.listdir(tmp_path) == ["file"], faults.names


def test_interruptions_without_end_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Faults(monkeypatch, 2, errno.EINTR, for_good=True)
    with pytest.raises(EnvironmentFault) as caught:
        save(tmp_path)
    assert str(caught.value) == f"{tmp_path}/file: cannot write: interrupted again and again; try again"


@pytest.mark.parametrize("taken", [1, 7, 4096])
def test_short_writes_go_on_until_all_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    real = files._write
    monkeypatch.setattr(files, "_write", lambda handle, data: real(handle, data[:taken]))
    save(tmp_path)
    with files.Log(tmp_path / "log") as log:
        log.append("grün\n" * 100)
        assert log.size == 600
    assert (tmp_path / "file").read_bytes() == b"new" * 1000
    assert (tmp_path / "log").read_text() == "grün\n" * 100


def test_a_write_that_takes_nothing_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_write", lambda handle, data: 0)
    with pytest.raises(EnvironmentFault, match="cannot write: the disk reports an input/output error"):
        save(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_fault_of_the_pieces_is_passed_on(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(tmp_path / "file", pieces())
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "a\nb", "-rf"])
def test_any_name_the_system_takes_will_do(tmp_path: Path, name: str) -> None:
    files.write_atomic(tmp_path / name, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, b"new")]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there/real")
    files.write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there/real").read_bytes() == b"new"


def test_the_mode_of_a_file_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_atomic(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


WRITES = {
    "folder": ("", "cannot write: is a folder; expected the name of a plain file"),
    "pipe": ("pipe", "cannot write: is a device or pipe; expected the name of a plain file"),
    "absent": ("no/file", "cannot write: no such file or folder; is the path right?"),
    "below a file": (
        "plain/file",
        "cannot write: a part of the path is not a folder; expected folders down to the last name",
    ),
    "long": ("x" * 256, "cannot write: the name is too long; choose a shorter one"),
}


@pytest.mark.parametrize(("name", "message"), WRITES.values(), ids=WRITES)
def test_what_cannot_be_written_says_why(tmp_path: Path, name: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "plain").write_bytes(b"old")
    with pytest.raises(EnvironmentFault) as caught:
        files.write_atomic(tmp_path / name, b"new")
    assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        files.write_atomic("/dev/null", b"new")
    assert str(caught.value) == "/dev/null: cannot write: is a device or pipe; expected the name of a plain file"


def test_an_error_without_a_row_still_has_words() -> None:
    text = files.cause(OSError(errno.EXDEV, "x"))
    assert text == f"{os.strerror(errno.EXDEV)} (error {errno.EXDEV}); expected the system to allow it"


def test_a_file_system_that_cannot_sync_folders_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Faults(monkeypatch, 6, errno.EINVAL)
    save(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"new" * 1000


# Files that come in pieces, over several processes


def two_thirds(folder: Path) -> None:
    with files.Partial(folder / "part") as partial:
        partial.append(b"first")
        partial.append(b"second")


def the_rest(folder: Path) -> None:
    with files.Partial(folder / "part") as partial:
        partial.append(b"third")
        partial.keep(folder / "file")


def test_what_came_is_there_for_the_next(tmp_path: Path) -> None:
    two_thirds(tmp_path)
    assert os.listdir(tmp_path) == ["part"]
    with files.Partial(tmp_path / "part") as partial:
        assert partial.size == 11
        partial.truncate(5)
    the_rest(tmp_path)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"firstthird"


@pytest.mark.parametrize("number", ERRORS)
def test_a_failed_call_keeps_what_came(tmp_path: Path, number: int) -> None:
    descriptors = open_descriptors()
    for at, faults in enumerate(each_failure(number, for_good=True)):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "part").write_bytes(b"firstsecond")
        error = refusal(the_rest, folder)
        assert (error is not None) == faults.reached or faults.names[at:] == ["_close"]
        there = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
        if "_replace" in faults.names[:at]:
            assert there == {"file": b"firstsecondthird"}
        else:
            assert there in ({"part": b"firstsecond"}, {"part": b"firstsecondthird"})
            assert error is not None
            assert str(error).endswith(ERRORS[number])
    assert open_descriptors() == descriptors


def test_a_part_is_in_one_process_at_a_time(tmp_path: Path) -> None:
    first = files.Partial(tmp_path / "part")
    with pytest.raises(EnvironmentFault) as caught:
        files.Partial(tmp_path / "part")
    assert str(caught.value) == f"{tmp_path}/part: is being written by another process; wait for it to end"
    first.close()
    files.Partial(tmp_path / "part").close()


def test_a_part_is_a_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "part")
    with pytest.raises(EnvironmentFault) as caught:
        files.Partial(tmp_path / "part")
    message = "cannot write: is a device or pipe; expected the name of a plain file"
    assert str(caught.value) == f"{tmp_path}/part: {message}"


# Files that are written at any place, and shared


def test_what_is_not_kept_is_not_there(tmp_path: Path) -> None:
    with files.Draft(tmp_path / "file") as draft:
        draft.append(b"new")
        assert all(map(files.is_temporary, os.listdir(tmp_path)))
    assert os.listdir(tmp_path) == []


def test_a_share_keeps_a_file_that_is_read_or_in_the_making(tmp_path: Path) -> None:
    with files.Draft(tmp_path / "file", held=True) as draft:
        draft.append(b"new")
        (temporary,) = tmp_path.iterdir()
        assert not files.remove_unused(temporary)
        draft.keep()
    first, second = files.open_shared(tmp_path / "file"), files.open_shared(tmp_path / "file")
    assert first is not None
    assert second is not None
    for handle in (first, second):
        assert not files.remove_unused(tmp_path / "file")
        assert os.pread(handle, 9, 0) == b"new"
        os.close(handle)
    assert files.remove_unused(tmp_path / "file")
    assert os.listdir(tmp_path) == []
    assert files.remove_unused(tmp_path / "file")  # gone is as good
    assert files.open_shared(tmp_path / "file") is None


def test_a_second_descriptor_keeps_the_share_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    handle = files.open_shared(tmp_path / "file")
    assert handle is not None
    second = os.dup(handle)
    os.close(handle)
    assert not files.remove_unused(tmp_path / "file")
    assert os.pread(second, 4, 3) == b"3456"
    os.close(second)
    assert files.remove_unused(tmp_path / "file")


def test_only_a_plain_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("folder", "is a folder"), ("pipe", "is a device or pipe")):
        with pytest.raises(EnvironmentFault) as caught:
            files.open_shared(tmp_path / name)
        assert str(caught.value) == f"{tmp_path}/{name}: cannot read: {what}; expected the name of a plain file"


def test_a_file_that_is_being_removed_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with open(tmp_path / "file", "rb") as remover:
        fcntl.flock(remover, fcntl.LOCK_EX)
        assert files.open_shared(tmp_path / "file") is None


def test_a_file_that_is_replaced_while_it_is_opened_is_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    real = files._flock

    def late(handle: int, how: int) -> None:
        monkeypatch.setattr(files, "_flock", real)
        save(tmp_path)
        real(handle, how)

    monkeypatch.setattr(files, "_flock", late)
    handle = files.open_shared(tmp_path / "file")
    assert handle is not None
    assert os.pread(handle, 3, 0) == b"new"
    os.close(handle)
    monkeypatch.setattr(files, "_flock", late)
    assert not files.remove_unused(tmp_path / "file")  # the new one may have a user
    assert (tmp_path / "file").exists()


def test_a_draft_that_was_taken_for_a_leftover_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files._flock

    def late(handle: int, how: int) -> None:
        monkeypatch.setattr(files, "_flock", real)
        for path in tmp_path.iterdir():
            path.unlink()
        real(handle, how)

    monkeypatch.setattr(files, "_flock", late)
    save_at_places(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"new" * 1000
    assert os.listdir(tmp_path) == ["file"]


def test_a_use_is_marked_and_where_that_is_not_granted_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.utime(tmp_path / "file", (1, 1))
    with open(tmp_path / "file", "rb") as file:
        files.mark_used(file.fileno())
        assert (tmp_path / "file").stat().st_mtime > 1

        def refused(handle: int) -> None:
            raise OSError(errno.EROFS, "read-only")

        monkeypatch.setattr(files, "_touch", refused)
        files.mark_used(file.fileno())


# Folders and removal


def test_a_folder_is_made_once_with_those_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.make_folder(tmp_path / "a/b/")
    assert not files.make_folder(tmp_path / "a/b")
    monkeypatch.chdir(tmp_path)
    assert files.make_folder("c")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "c"]


def test_another_process_may_be_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(path: str) -> None:
        os.mkdir(path)
        raise FileExistsError(errno.EEXIST, "there")

    monkeypatch.setattr(files, "_make", late)
    assert not files.make_folder(tmp_path / "a")


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(EnvironmentFault) as caught:
        files.make_folder(tmp_path / "a/b")
    message = "cannot make the folder: is there already, and is not a folder; choose another name"
    assert str(caught.value) == f"{tmp_path}/a: {message}"


def test_prune_removes_and_does_not_mind_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    files.prune([tmp_path / "gone", tmp_path / "a"])
    assert os.listdir(tmp_path) == []
    (tmp_path / "a").mkdir()
    with pytest.raises(EnvironmentFault, match=r"/a: cannot remove: "):
        files.prune([tmp_path / "a"])


ACTIONS: dict[str, Callable[[Path], object]] = {
    "folder": lambda folder: files.make_folder(folder / "a/b"),
    "log": lambda folder: log_twice(folder / "log"),
    "lock": lambda folder: files.Lock(folder).release(),
    "prune": lambda folder: files.prune([folder / "old"]),
    "share": lambda folder: share(folder / "old"),
    "remove unused": lambda folder: files.remove_unused(folder / "old"),
}


def share(path: Path) -> None:
    path.write_bytes(b"")
    if (handle := files.open_shared(path)) is not None:
        os.close(handle)


def log_twice(path: Path) -> None:
    with files.Log(path, 0) as log:
        log.append("one\n")
        log.sync()
        log.append("two\n")
        log.truncate(4)


@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_every_call_that_fails_is_one_line(tmp_path: Path, action: Callable[[Path], object], number: int) -> None:
    descriptors = open_descriptors()
    for at, faults in enumerate(each_failure(number, for_good=False)):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "old").write_bytes(b"")
        if error := refusal(action, folder):
            (line,) = error.lines()
            assert line.startswith(f"nettrain: error: {folder}")
            assert line.endswith(ERRORS[number])
        else:
            assert faults.names[at : at + 1] in ([], ["_close"], ["_truncate"])  # tidying up
    assert open_descriptors() == descriptors


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_every_interrupted_call_succeeds(tmp_path: Path, action: Callable[[Path], object]) -> None:
    for at, _ in enumerate(each_failure(errno.EINTR, for_good=False)):
        folder = tmp_path / str(at)
        folder.mkdir()
        action(folder)


# Logs


def test_a_log_grows_and_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with files.Log(path) as log:
        log.append("äb\n")
        log.append("cd\n")
        assert log.size == 7
        assert path.read_text() == "äb\ncd\n"  # at once, not when it closes
    with files.Log(path) as log:
        assert log.size == 7
    with files.Log(path, 4) as log:
        log.append("new\n")
        assert log.size == 8
    assert path.read_text() == "äb\nnew\n"
    with files.Log(path, 0) as log:
        assert log.size == 0
    assert path.read_bytes() == b""


def test_a_log_shorter_than_recorded_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"123")
    descriptors = open_descriptors()
    with pytest.raises(CheckpointError) as caught:
        files.Log(tmp_path / "log", 4)
    message = "is 3 bytes long, but the checkpoint was written after 4; put the whole file back, or start a new run"
    assert str(caught.value) == f"{tmp_path}/log: {message}"
    assert (tmp_path / "log").read_bytes() == b"123"
    assert open_descriptors() == descriptors


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    log, lock = files.Log(tmp_path / "log"), files.Lock(tmp_path)
    log.close()
    log.close()
    lock.release()
    lock.release()


# Locks


def test_a_held_lock_names_its_process(tmp_path: Path) -> None:
    with files.Lock(tmp_path):
        with pytest.raises(EnvironmentFault) as caught:
            files.Lock(tmp_path)
        message = f"is in use by process {os.getpid()}; wait for it to end, or choose another folder"
        assert str(caught.value) == f"{tmp_path}: {message}"
    files.Lock(tmp_path).release()
    assert os.listdir(tmp_path) == ["lock"]


@pytest.mark.parametrize("text", [b"", b"\x00", b"-", b"9" * 400, b"4194999\n"])
def test_a_lock_file_without_a_live_process_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    with files.Lock(tmp_path):
        (tmp_path / "lock").write_bytes(text)
        pauses: list[None] = []
        monkeypatch.setattr(files, "_pause", lambda: pauses.append(None))
        with pytest.raises(EnvironmentFault) as caught:
            files.Lock(tmp_path)
        assert len(pauses) == 100
        message = "is in use by another process; wait for it to end, or choose another folder"
        assert str(caught.value) == f"{tmp_path}: {message}"
    (tmp_path / "lock").write_bytes(text)
    with files.Lock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_holder_that_has_just_begun_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with files.Lock(tmp_path):
        (tmp_path / "lock").write_bytes(b"")
        monkeypatch.setattr(files, "_pause", lambda: (tmp_path / "lock").write_text(f"{os.getpid()}\n"))
        with pytest.raises(EnvironmentFault, match=f"in use by process {os.getpid()};"):
            files.Lock(tmp_path)


def hold_and_die(folder: Path, ready: Any) -> None:
    files.Lock(folder)
    ready.send(os.getpid())
    ready.recv()
    os._exit(9)


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=hold_and_die, args=(tmp_path, theirs))
    child.start()
    number = ours.recv()
    with pytest.raises(EnvironmentFault, match=f"is in use by process {number};"):
        files.Lock(tmp_path)
    ours.send(None)
    child.join()
    files.Lock(tmp_path).release()
