"""Which parameters decay, by patterns of their names."""

from __future__ import annotations

import pytest

from nettrain.errors import ConfigError
from nettrain.optim.decay import decayed, unmatched

NAMES = ["layers.0.weight", "layers.0.bias", "layers.1.norm.weight", "layers.1.norm.bias"]
ROWS = [
    ([], [True, True, True, True]),
    (["*.bias"], [True, False, True, False]),
    (["*norm*"], [True, True, False, False]),
    (["layers.0.weight"], [False, True, True, True]),
    (["*.bias", "*.norm.weight"], [True, False, False, False]),
    (["layers.[1-9].*"], [True, True, False, False]),
    (["layers.?.bias"], [True, False, True, True]),
    (["*"], [False, False, False, False]),
]


@pytest.mark.parametrize(("patterns", "expected"), ROWS)
def test_names_that_match_do_not_decay(patterns: list[str], expected: list[bool]) -> None:
    assert decayed(NAMES, patterns) == dict(zip(NAMES, expected, strict=True))


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        decayed(iter(NAMES), ["*.Bias", "*.bias", "bias"])
    shown = ", ".join(NAMES)
    assert str(caught.value).splitlines() == [
        f"no_decay.0: '*.Bias' matches no parameter; the parameters are {shown}",
        f"no_decay.2: 'bias' matches no parameter; the parameters are {shown}",
    ]
    assert [key for key, _ in unmatched(NAMES, ["*.Bias", "*.bias", "bias"])] == ["no_decay.0", "no_decay.2"]


def test_of_many_parameters_a_few_are_named() -> None:
    ((_, message),) = unmatched([f"layers.{i}.weight" for i in range(9)], ["x"])
    named = ", ".join(f"layers.{i}.weight" for i in range(6))
    assert message == f"'x' matches no parameter; the parameters are {named}, ..."
