"""Rows of text as columns, each as wide as its longest cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nettrain.errors import escape


def columns(rows: Sequence[Sequence[object]], sides: str = "") -> Iterator[str]:
    """A line for each row. What comes from outside is escaped; None is ``-``.

    Notes    ``sides`` has a character for each column, ``<`` or ``>``; without it all of them are to the left.
    """
    texts = [["-" if cell is None else escape(cell) for cell in row] for row in rows]
    wide = [max(map(len, column)) for column in zip(*texts, strict=True)]
    sides = sides or "<" * len(wide)
    for row in texts:
        yield "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, wide, strict=True)).rstrip()
