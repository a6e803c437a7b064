"""Run folders: blank or not, what is swept, and run.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nettrain.errors import CheckpointError, ConfigError, EnvironmentFault
from nettrain.training.store import checkpoint, run_folder
from nettrain.training.store.run_folder import RunFolder

LEFT = ".nettrain-0123456789abcdef.tmp"

PATHS = {
    "config": "config.yaml",
    "resolved": "config.resolved.yaml",
    "run_json": "run.json",
    "timings": "timings.csv",
    "metrics": "metrics.csv",
    "events": "events.jsonl",
    "split": "split.csv",
    "classes": "classes.txt",
    "bad_images": "bad_images.csv",
    "checkpoints": "checkpoints",
    "best": "best.safetensors",
    "evaluate": "evaluate",
}


@pytest.mark.parametrize(("name", "file"), PATHS.items())
def test_paths(name: str, file: str) -> None:
    assert getattr(RunFolder(Path("runs/x")), name) == Path("runs/x", file)


@pytest.mark.parametrize(
    ("files", "blank"),
    [
        ([], True),
        (["lock"], True),
        (["lock", LEFT, f"checkpoints/{LEFT}"], True),
        (["metrics.csv"], False),
        (["checkpoints/step-000000000.safetensors"], False),
        (["notes.tmp"], False),
    ],
)
def test_a_lock_and_leftovers_are_blank(tmp_path: Path, files: list[str], blank: bool) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert RunFolder(tmp_path).is_blank() is blank


def test_a_run_has_begun_with_its_first_checkpoint(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.is_run()
    folder.checkpoints.mkdir()
    checkpoint.save(checkpoint.step_path(folder.checkpoints, 0), {"step": 0}, {})
    assert folder.is_run()


def test_leftovers_are_swept_and_nothing_else(tmp_path: Path) -> None:
    """In ``evaluate`` a process without the lock may be writing at this moment."""
    for folder in ("", "checkpoints", "evaluate", "mine"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / LEFT).touch()
        (tmp_path / folder / "a.tmp").touch()
    RunFolder(tmp_path).sweep()
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.tmp"))
    assert found == ["a.tmp", "checkpoints/a.tmp", f"evaluate/{LEFT}", "evaluate/a.tmp", f"mine/{LEFT}", "mine/a.tmp"]


def test_facts_come_back_and_are_readable(tmp_path: Path) -> None:
    facts: dict[str, Any] = {"state": "running", "best": None, "threads": 2, "host": "ü\x1b"}
    folder = RunFolder(tmp_path)
    folder.write_run(facts)
    assert folder.read_run() == facts
    assert folder.run_json.read_bytes() == (
        b'{\n  "best": null,\n  "format_version": 1,\n  "host": "\\u00fc\\u001b",\n'
        b'  "state": "running",\n  "threads": 2\n}\n'
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON: Expecting value at character 0"),
        (b"[]", "not a JSON object"),
        (b'{"a":1,"a":1}', "key 'a' stands twice"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_damaged_run_json_is_one_line(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "run.json").write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        RunFolder(tmp_path).read_run()
    assert str(caught.value) == f"{tmp_path}/run.json: is damaged ({reason}); put back a copy of it"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"{}", "has format version None; put back a copy of it"),
        (b'{"format_version":true}', "has format version True; put back a copy of it"),
        (b'{"format_version":2}', "has format version 2, this nettrain reads up to 1; use a newer nettrain"),
    ],
)
def test_a_run_json_of_another_version_is_refused(tmp_path: Path, data: bytes, what: str) -> None:
    (tmp_path / "run.json").write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        RunFolder(tmp_path).read_run()
    assert str(caught.value) == f"{tmp_path}/run.json: {what}"


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        RunFolder(tmp_path / "gone").read_run()
    assert str(caught.value) == f"{tmp_path}/gone: holds no run.json; expected the folder of a run, such as runs/name"


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(EnvironmentFault) as caught:
        RunFolder(tmp_path).read_run()
    assert str(caught.value) == f"{tmp_path}/run.json: cannot read: is a folder; expected a file"
    with pytest.raises(EnvironmentFault) as caught:
        run_folder.listed(tmp_path / ("x" * 256))
    assert str(caught.value).endswith(": cannot read: the name is too long; choose a shorter one")


def test_times_sort_as_texts() -> None:
    first, second = run_folder.now(), run_folder.now()
    assert first <= second
    assert len(first) == len("2026-01-31T12:00:00.000Z")
    assert first.endswith("Z")
