"""How numbers of things are put into a message."""

from __future__ import annotations

import pytest

from nettrain.config.words import some


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "epoch", "0 epochs"),
        (1, "epoch", "1 epoch"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
        (10, "class", "10 classes"),
        (2, "batch", "2 batches"),
        (1, "bad picture", "1 bad picture"),
    ],
)
def test_so_many_things_are_named_as_one_of_them_is(number: int, noun: str, text: str) -> None:
    assert some(number, noun) == text
