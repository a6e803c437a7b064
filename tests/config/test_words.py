"""How numbers of things are put into a message."""

from __future__ import annotations

import pytest

from nettrain.config.words import few, some, together


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


def test_a_few_are_named_and_the_others_counted() -> None:
    assert [few("abcde"[:many], 3) for many in range(6)] == [
        "", "a", "a, b", "a, b, c", "a, b, c and 1 more", "a, b, c and 2 more",
    ]  # fmt: skip
    assert [together("abc"[:many]) for many in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
