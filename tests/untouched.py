"""A folder of data that nobody may change: read-only while it is used, and the same after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands import tree


@contextmanager
def untouched(root: Path) -> Iterator[Path]:
    """Makes a folder, and all in it, read-only; at the end every file has the same bytes, and nothing was put there.

    Notes    The times of folders show what is put there and taken away again, also by one whom no permission holds.
    """
    before = _state(root)
    paths = [root, *root.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in reversed(paths):
        path.chmod(modes[path] & ~0o222)
    try:
        yield root
    finally:
        for path in paths:
            path.chmod(modes[path])
    assert _state(root) == before


def _state(root: Path) -> dict[str, str]:
    return {**tree(root, times=True), ".": str(root.stat().st_mtime_ns)}
