"""One process a folder."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from nettrain.errors import EnvironmentFault
from nettrain.files import system
from nettrain.files.lock import Lock


def test_a_held_lock_names_its_process(tmp_path: Path) -> None:
    with Lock(tmp_path):
        with pytest.raises(EnvironmentFault) as caught:
            Lock(tmp_path)
        message = f"is in use by process {os.getpid()}; wait for it to end, or choose another folder"
        assert str(caught.value) == f"{tmp_path}: {message}"
    Lock(tmp_path).release()
    assert os.listdir(tmp_path) == ["lock"]


@pytest.mark.parametrize("text", [b"", b"\x00", b"-", b"9" * 400, b"4194999\n"])
def test_a_lock_file_without_a_live_process_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    with Lock(tmp_path):
        (tmp_path / "lock").write_bytes(text)
        pauses: list[None] = []
        monkeypatch.setattr(system, "pause", lambda: pauses.append(None))
        with pytest.raises(EnvironmentFault) as caught:
            Lock(tmp_path)
        assert len(pauses) == 100
        message = "is in use by another process; wait for it to end, or choose another folder"
        assert str(caught.value) == f"{tmp_path}: {message}"
    (tmp_path / "lock").write_bytes(text)
    with Lock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_holder_that_has_just_begun_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lock(tmp_path):
        (tmp_path / "lock").write_bytes(b"")
        monkeypatch.setattr(system, "pause", lambda: (tmp_path / "lock").write_text(f"{os.getpid()}\n"))
        with pytest.raises(EnvironmentFault, match=f"in use by process {os.getpid()};"):
            Lock(tmp_path)


def hold_and_die(folder: Path, ready: Any) -> None:
    Lock(folder)
    ready.send(os.getpid())
    ready.recv()
    os._exit(9)


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=hold_and_die, args=(tmp_path, theirs))
    child.start()
    number = ours.recv()
    with pytest.raises(EnvironmentFault, match=f"is in use by process {number};"):
        Lock(tmp_path)
    ours.send(None)
    child.join()
    Lock(tmp_path).release()
