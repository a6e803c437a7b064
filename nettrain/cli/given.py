"""The paths that a command line gives: its words, the lines of stdin, or a column of CSV files."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from nettrain.errors import DataError, escape

STDIN = "-"


def given_paths(words: Iterable[str], nul: bool, column: str | None) -> Iterator[str]:
    """Every path in turn; ``-`` stands for stdin, and with a ``column`` each word is a CSV file that lists them.

    Errors   ``DataError``: those of ``column_of``.
    """
    for word in words:
        if column is not None:
            yield from column_of(word, column)
        elif word == STDIN:
            yield from lines_of_stdin(nul)
        else:
            yield word


def lines_of_stdin(nul: bool = False) -> Iterator[str]:
    """Paths from stdin as they come, one a line, or ended by NUL; bytes that are not UTF-8 stay what they are."""
    if not nul:
        yield from (os.fsdecode(line.rstrip(b"\n")) for line in sys.stdin.buffer if line.strip())
        return
    rest = b""
    while block := os.read(sys.stdin.fileno(), 1 << 16):
        *whole, rest = (rest + block).split(b"\0")
        yield from (os.fsdecode(path) for path in whole if path)
    if rest:
        yield os.fsdecode(rest)


def column_of(file: str, column: str) -> Iterator[str]:
    """The paths in a column of a CSV file whose first line names the columns, read as they are asked for.

    Errors   ``DataError`` with the line: no such file or column, a line with more or fewer cells, an empty cell.
    Notes    Paths are relative to the CSV; with ``-`` it is read from stdin, and they are relative to the current
             folder. Bytes that are not UTF-8 stay what they are.
    """
    if file == STDIN:
        lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="surrogateescape", newline="")
        try:
            yield from _cells(lines, "stdin", column)
        finally:
            lines.detach()  # stdin is not ours to close
        return
    folder = os.path.dirname(file)
    try:
        with open(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            yield from (os.path.join(folder, path) for path in _cells(opened, file, column))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file) from error


def _cells(opened: TextIO, shown: str, column: str) -> Iterator[str]:
    rows = csv.reader(opened, strict=True)
    try:
        head = next(rows, [])
        if head.count(column) != 1:
            there = ", ".join(map(escape, head)) or "nothing"
            twice = "twice" if column in head else "nowhere"
            raise DataError(f"the column {column!r} is {twice} in the first line, which names: {there}", f"{shown}:1")
        place = head.index(column)
        for cells in rows:
            if not cells:  # an empty line
                continue
            where = f"{shown}:{rows.line_num}"
            if len(cells) != len(head):
                raise DataError(f"expected {len(head)} cells, as in the first line, got {len(cells)}", where)
            if not cells[place]:
                raise DataError(f"the cell of the column {column!r} is empty; expected a path", where)
            yield cells[place]
    except csv.Error as error:
        raise DataError(f"is not CSV: {error}", f"{shown}:{rows.line_num}") from error
