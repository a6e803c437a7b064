"""What the benchmarks use of the package is there, and each of their programs starts, with or without the peers."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import benchmarks

FOLDER = Path(benchmarks.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
PROGRAMS = ("benchmarks", "benchmarks.accuracy", "benchmarks.saving")


def taken(text: str) -> Iterator[tuple[str, str]]:
    """Every name that is imported from a module of nettrain."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nettrain":
            yield from ((str(node.module), alias.name) for alias in node.names)


def there(module: str, name: str) -> bool:
    return hasattr(importlib.import_module(module), name) or find_spec(f"{module}.{name}") is not None


@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(FOLDER).as_posix()) for path in FILES])
def test_what_is_imported_of_the_package_is_there(path: Path) -> None:
    assert [name for name in taken(path.read_text(encoding="utf-8")) if not there(*name)] == []


def test_a_name_that_has_moved_is_found() -> None:
    text = "from nettrain.training import checkpoint\nfrom nettrain.training.store import checkpoint"
    assert [name for name in taken(text) if not there(*name)] == [("nettrain.training", "checkpoint")]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_starts(program: str) -> None:
    ended = subprocess.run(
        (sys.executable, "-m", program, "--help"), cwd=FOLDER.parent, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: python -m {program}" if program == "benchmarks" else "usage: ")


def test_every_program_is_tried() -> None:
    """The others are started by these: a side, and the keeper of its processes."""
    with_main = {path.stem for path in FOLDER.glob("*.py") if 'if __name__ == "__main__"' in path.read_text()}
    assert with_main == {"__main__", "accuracy", "saving", "child", "processes"}
