"""CSV: numbers read back to the bit, nothing unprintable, None empty."""

from __future__ import annotations

import csv
import io
import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nettrain.training.store.csv_text import csv_text


def test_cells() -> None:
    row = ["a,b", 'c"d', "e\nf\x1b", None, np.float32(0.1), 0.1, np.float64(1 / 3), 3, np.int64(4), True]
    assert csv_text([row]) == '"a,b","c""d",e\\nf\\x1b,,0.1,0.1,0.3333333333333333,3,4,True\n'


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=3))
def test_any_text_is_one_printable_line_a_row_that_reads_back_as_many_cells(rows: list[list[str]]) -> None:
    text = csv_text(rows)
    assert text.count("\n") == len(rows)
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Cs"} for char in text if char != "\n")
    assert [len(row) for row in csv.reader(io.StringIO(text, newline=""))] == [len(row) for row in rows]
