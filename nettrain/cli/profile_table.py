"""A profile as a table for people: a line an operation, then what was beside them, as wide as the terminal allows."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nettrain.training.profile import Profile, Row

HEAD = ("where", "what", "forward", "backward", "ms", "share", "GFLOP/s")
TEXTS = 2  # columns of text, on the left; those of numbers are on the right
LEAST = 12  # columns of the terminal that ``what`` is left with


def profile_lines(profile: Profile | None, path: Path) -> list[str]:
    """The table between lines of prose, none of a profile that was not asked for; ``path`` is where it was written."""
    if profile is None:
        return []
    rows = profile.rows()
    if not rows:
        return ["nettrain: warning: no profile: fewer than two steps were made, and the first is to warm up"]
    images, fewer = profile.images / profile.seconds, profile.images / profile.step_seconds
    return [
        f"milliseconds of a step, the mean of {profile.steps:,} after one to warm up",
        *_table([HEAD, *map(_cells, rows)], terminal_columns()),
        f"{rows[-1].ms:,.2f} ms a step, {images:,.0f} images/s; {fewer:,.0f} without validation and checkpoints",
        f"GFLOP/s are those of the direct method; also in {path}",
    ]


def terminal_columns() -> int | None:
    """How wide the terminal is that stderr goes to; None where it goes elsewhere."""
    if not sys.stderr.isatty():
        return None
    return os.get_terminal_size(sys.stderr.fileno()).columns


def _cells(row: Row) -> tuple[str, ...]:
    times = (row.forward_ms, row.backward_ms, row.ms)
    return (
        row.where,
        row.what,
        *("" if time is None else f"{time:,.3f}" for time in times),
        f"{100 * row.share:.1f} %",
        "" if row.gflop_per_second is None else f"{row.gflop_per_second:,.1f}",
    )


def _table(rows: list[tuple[str, ...]], columns: int | None) -> list[str]:
    """Lines of equal columns; on a terminal ``what`` is cut short, so that no line is broken."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    excess = sum(widths) + 2 * (len(widths) - 1) - (columns or sys.maxsize)
    widths[1] = max(widths[1] - max(excess, 0), min(widths[1], LEAST))
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    texts = [_shortened(cell, width).ljust(width) for cell, width in zip(row[:TEXTS], widths, strict=False)]
    return texts + [cell.rjust(width) for cell, width in zip(row[TEXTS:], widths[TEXTS:], strict=True)]


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
