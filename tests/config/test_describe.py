"""What a field expects, in the words of errors and docs."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from config.sample import Dropout, Layers, Split

from nettrain.config.describe import describe
from nettrain.config.fields import (
    Chosen,
    Count,
    Duration,
    FilePath,
    Fraction,
    Limit,
    OneOf,
    Positive,
    Rate,
    Whole,
)

WORDS = [
    (Count, "a whole number of at least 1"),
    (Whole, "a whole number of at least 0"),
    (int, "a whole number"),
    (Annotated[int, Limit(1, 100)], "a whole number of at least 1 and at most 100"),
    (Rate, "a number of at least 0"),
    (Positive, "a number above 0"),
    (Fraction, "a number of at least 0 and below 1"),
    (float, "a number"),
    (bool, "true or false"),
    (str, "text"),
    (FilePath, "a path"),
    (Duration, "a duration such as '200 steps', '1 epochs' or '30 minutes'"),
    (Literal["a"], "'a'"),
    (Literal["a", "b", 3, True], "'a', 'b', 3 or true"),
    (Literal["a", "b"] | Count, "'a', 'b' or a whole number of at least 1"),
    (Count | None, "a whole number of at least 1"),
    (Annotated[Count | None, "anything"], "a whole number of at least 1"),
    (tuple[Count, Count], "a list of 2, each a whole number of at least 1"),
    (tuple[float, str], "a list of a number, text"),
    (tuple[float, ...], "a list, each a number"),
    (Annotated[tuple[float, ...], Limit(1)], "a list with at least 1 item, each a number"),
    (Layers, "a list of layers"),
    (Annotated[Chosen, OneOf("layers")], "a layer"),
    (Annotated[Chosen, OneOf("losses")], "a loss"),
    (Annotated[Chosen | None, OneOf("optimizers")], "an optimizer"),
    (Annotated[Literal["none"] | Chosen, OneOf("policies")], "'none' or a policy"),
    (Split, "a mapping"),
    (FilePath | Split, "a path or a mapping"),
    (Dropout, "a mapping or a number of at least 0 and below 1"),
]


@pytest.mark.parametrize(("annotation", "words"), WORDS, ids=[words for _, words in WORDS])
def test_a_type_in_words(annotation, words):
    assert describe(annotation) == words


def test_a_type_that_no_config_can_hold_is_a_mistake_of_the_record():
    with pytest.raises(TypeError, match="no config value has the type <class 'complex'>"):
        describe(complex)
