"""Rows of text as columns, each as wide as its longest cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nettrain.errors import escape


def columns(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A line for each row; numbers and words alike to the left. What comes from outside is escaped; None is ``-``."""
    texts = [["-" if cell is None else escape(cell) for cell in row] for row in rows]
    wide = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip()
