"""A profile as a table for people: a line an operation, then what was beside them, as wide as the terminal allows."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nettrain.training.loop.profile import Profile, Row

HEAD = ("where", "what", "forward", "backward", "ms", "share", "GFLOP/s")
TEXTS = 2  # columns of text, on the left; those of numbers are on the right
NOTES = (
    "where: the first layer of an operation; those joined to it (a+b+c) have no row of their own",
    "linear: what a dense layer does; loss mean: the mean of the pictures' losses",
    "GFLOP/s: those of the direct method",
)
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
        f"milliseconds of a step, the mean of {_covered(profile)}",
        *_table([HEAD, *map(_cells, rows)], terminal_columns()),
        f"{rows[-1].ms:,.2f} ms a step, {images:,.0f} images/s; {fewer:,.0f} without validation and checkpoints",
        *NOTES,
        f"also in {path}, with the numbers of the steps",
    ]


def _covered(profile: Profile) -> str:
    """``steps 2 to 32, after one to warm up``."""
    first, last = profile.from_step, profile.to_step
    return f"{f'steps {first:,} to {last:,}' if last > first else f'step {last:,}'}, after one to warm up"


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
    """Lines of equal columns; on a terminal ``what`` goes on in the next line where it is too long for its column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    excess = sum(widths) + 2 * (len(widths) - 1) - (columns or sys.maxsize)
    widths[1] = max(widths[1] - max(excess, 0), min(widths[1], LEAST))
    return [line for row in rows for line in _lines(row, widths)]


def _lines(row: tuple[str, ...], widths: list[int]) -> list[str]:
    where, what, *numbers = row
    first, *more = _broken(what, widths[1])
    texts = (where.ljust(widths[0]), first.ljust(widths[1]))
    cells = (cell.rjust(width) for cell, width in zip(numbers, widths[TEXTS:], strict=True))
    return ["  ".join((*texts, *cells)).rstrip(), *("  ".join((" " * widths[0], rest)) for rest in more)]


def _broken(text: str, width: int) -> list[str]:
    """A text in lines of at most so many characters, where its words allow: after a space or a ``+``."""
    lines = [""]
    for word in re.findall(r"[^ +]*[ +]?", text):
        if lines[-1] and len((lines[-1] + word).rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]
