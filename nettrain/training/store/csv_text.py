"""Tables as CSV text that spreadsheets and scripts read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from nettrain.errors import escape
from nettrain.training.store import json_text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV: shortest numbers (a float32 or float64 reads back as it was), None empty, texts escaped."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        cells = (json_text.plain(cell) for cell in row)
        writer.writerow(["" if cell is None else _text(cell) for cell in cells])
    return out.getvalue()


def _text(cell: object) -> str:
    return repr(cell) if isinstance(cell, float) else escape(cell)
