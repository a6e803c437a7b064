"""Logs that grow and are cut, and files that come in pieces, over several processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from files.failing import ERRORS, each_failure, open_descriptors, refusal

from nettrain.errors import CheckpointError, EnvironmentFault
from nettrain.files.growing import Log, Partial
from nettrain.files.lock import Lock


def test_a_log_grows_and_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with Log(path) as log:
        log.append("äb\n")
        log.append("cd\n")
        assert log.size == 7
        assert path.read_text() == "äb\ncd\n"  # at once, not when it closes
    with Log(path) as log:
        assert log.size == 7
    with Log(path, 4) as log:
        log.append("new\n")
        assert log.size == 8
    assert path.read_text() == "äb\nnew\n"
    with Log(path, 0) as log:
        assert log.size == 0
    assert path.read_bytes() == b""


def test_a_log_shorter_than_recorded_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"123")
    descriptors = open_descriptors()
    with pytest.raises(CheckpointError) as caught:
        Log(tmp_path / "log", 4)
    message = "is 3 bytes long, but the checkpoint was written after 4; put the whole file back, or start a new run"
    assert str(caught.value) == f"{tmp_path}/log: {message}"
    assert (tmp_path / "log").read_bytes() == b"123"
    assert open_descriptors() == descriptors


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    log, lock = Log(tmp_path / "log"), Lock(tmp_path)
    log.close()
    log.close()
    lock.release()
    lock.release()


def two_thirds(folder: Path) -> None:
    with Partial(folder / "part") as partial:
        partial.append(b"first")
        partial.append(b"second")


def the_rest(folder: Path) -> None:
    with Partial(folder / "part") as partial:
        partial.append(b"third")
        partial.keep(folder / "file")


def test_a_log_that_cannot_be_closed_says_so(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", 0)
    os.close(log._handle)
    with pytest.raises(EnvironmentFault, match="cannot write: "):
        log.close()


def test_what_came_is_there_for_the_next(tmp_path: Path) -> None:
    two_thirds(tmp_path)
    assert os.listdir(tmp_path) == ["part"]
    with Partial(tmp_path / "part") as partial:
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
        assert (error is not None) == faults.reached or faults.names[at:] == ["close"]
        there = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
        if "replace" in faults.names[:at]:
            assert there == {"file": b"firstsecondthird"}
        else:
            assert there in ({"part": b"firstsecond"}, {"part": b"firstsecondthird"})
            assert error is not None
            assert str(error).endswith(ERRORS[number])
    assert open_descriptors() == descriptors


def test_a_part_is_in_one_process_at_a_time(tmp_path: Path) -> None:
    first = Partial(tmp_path / "part")
    with pytest.raises(EnvironmentFault) as caught:
        Partial(tmp_path / "part")
    assert str(caught.value) == f"{tmp_path}/part: is being written by another process; wait for it to end"
    first.close()
    Partial(tmp_path / "part").close()


def test_a_part_is_a_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "part")
    with pytest.raises(EnvironmentFault) as caught:
        Partial(tmp_path / "part")
    message = "cannot write: is a device or pipe; expected the name of a plain file"
    assert str(caught.value) == f"{tmp_path}/part: {message}"
