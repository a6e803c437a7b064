"""Which parameters a learning rate, a weight decay and a group are for, and patterns that have no effect."""

from __future__ import annotations

import pytest
from optim_cases import made

from nettrain.arrays.flat import Flat
from nettrain.errors import ConfigError
from nettrain.optim.adamw import AdamWConfig
from nettrain.optim.groups import Treatment, pattern_faults, treatments
from nettrain.optim.lamb import LambConfig
from nettrain.optim.settings import GroupConfig, OptimizerConfig

NAMES = ["layers.0.weight", "layers.0.bias", "layers.1.norm.weight", "layers.1.norm.bias"]
DECAYED = [
    ([], [True, True, True, True]),
    (["*.bias"], [True, False, True, False]),
    (["*norm*"], [True, True, False, False]),
    (["layers.0.weight"], [False, True, True, True]),
    (["*.bias", "*.norm.weight"], [True, False, False, False]),
    (["layers.[1-9].*"], [True, True, False, False]),
    (["layers.?.bias"], [True, False, True, True]),
]


@pytest.mark.parametrize(("patterns", "expected"), DECAYED)
def test_names_that_match_do_not_decay(patterns: list[str], expected: list[bool]) -> None:
    found = treatments(iter(NAMES), OptimizerConfig(lr=0.1, weight_decay=0.5, no_decay=tuple(patterns)))
    assert found == {n: Treatment(1.0, 0.5 if decays else 0.0) for n, decays in zip(NAMES, expected, strict=True)}


def test_the_first_group_that_matches_counts() -> None:
    groups = (
        GroupConfig("layers.0.bias", lr=0.4),
        GroupConfig(("*.bias", "*.norm.weight"), lr=0.0, weight_decay=0.3),
    )
    found = treatments(
        NAMES, OptimizerConfig(lr=0.2, weight_decay=0.5, no_decay=("layers.1.norm.bias",), groups=groups)
    )
    assert list(found.values()) == [Treatment(1, 0.5), Treatment(2, 0.5), Treatment(0, 0.3), Treatment(0, 0)]


SHOWN = ", ".join(NAMES)
ALL = "lists every parameter, so that no weight decays; set weight_decay: 0 instead, or list fewer"
NO_EFFECT: list[tuple[OptimizerConfig, list[tuple[str, str]]]] = [
    (
        OptimizerConfig(lr=0.1, weight_decay=0.5, no_decay=("*.Bias", "*.bias", "bias")),
        [
            ("no_decay.0", f"'*.Bias' matches no parameter; the parameters are {SHOWN}"),
            ("no_decay.2", f"'bias' matches no parameter; the parameters are {SHOWN}"),
        ],
    ),
    (
        OptimizerConfig(lr=0.1, groups=(GroupConfig("head.*", lr=1), GroupConfig(("*.bias", "x"), lr=1))),
        [
            ("groups.0.match", f"'head.*' matches no parameter; the parameters are {SHOWN}"),
            ("groups.1.match.1", f"'x' matches no parameter; the parameters are {SHOWN}"),
        ],
    ),
    (
        OptimizerConfig(lr=0.1, groups=(GroupConfig("*.bias", lr=1), GroupConfig("layers.0.bias", lr=2))),
        [
            (
                "groups.1.match",
                "every parameter that it matches is in a group before; the first that matches counts",
            )
        ],
    ),
    (
        OptimizerConfig(lr=0.1, no_decay=("*.bias",), groups=(GroupConfig("*0.bias", weight_decay=1),)),
        [("groups.0.weight_decay", "has no effect, because no_decay lists all parameters of the group")],
    ),
    (OptimizerConfig(lr=0.1, weight_decay=0.5, no_decay=("*",)), [("no_decay", ALL)]),
    (OptimizerConfig(lr=0.1, weight_decay=0.5, no_decay=("*.bias", "*.weight")), [("no_decay", ALL)]),
    (
        OptimizerConfig(lr=0.1, no_decay=("*",), groups=(GroupConfig("*0.bias", weight_decay=1),)),
        [("no_decay", ALL)],
    ),
]


@pytest.mark.parametrize(("settings", "expected"), NO_EFFECT)
def test_a_pattern_without_effect_is_an_error(settings: OptimizerConfig, expected: list[tuple[str, str]]) -> None:
    assert list(pattern_faults(iter(NAMES), settings)) == expected
    with pytest.raises(ConfigError) as caught:
        treatments(NAMES, settings)
    assert str(caught.value).splitlines() == [f"{key}: {message}" for key, message in expected]


def test_of_many_parameters_a_few_are_named() -> None:
    settings = OptimizerConfig(lr=0.1, weight_decay=1, no_decay=("x",))
    ((_, message),) = pattern_faults([f"layers.{i}.weight" for i in range(9)], settings)
    named = ", ".join(f"layers.{i}.weight" for i in range(6))
    assert message == f"'x' matches no parameter; the parameters are {named}, ..."


def test_a_group_moves_by_its_own_learning_rate_which_the_schedule_scales_too() -> None:
    weights, gradients = (Flat({"a": (2,), "b": (1,), "c": (1,), "d": (1,)}) for _ in range(2))
    weights.array[:] = 1
    gradients.array[:] = 1
    groups = (GroupConfig("b", lr=0.4), GroupConfig("c", lr=0.0), GroupConfig("d", lr=0.4, weight_decay=0.5))
    made("sgd", weights, lr=0.2, groups=groups).step(gradients, 0.1)  # half of the height
    assert weights.array.tolist() == pytest.approx([0.9, 0.9, 0.8, 1, 1 - 0.2 * 1.5])


def test_decoupled_decay_is_by_the_learning_rate_of_the_group() -> None:
    weights = Flat({"a": (1,), "b": (1,)})
    weights.array[:] = 1
    made("adamw", weights, lr=0.2, weight_decay=0.5, groups=(GroupConfig("b", lr=0.4),)).step(
        Flat({"a": (1,), "b": (1,)}), 0.2
    )
    assert weights.array.tolist() == pytest.approx([1 - 0.2 * 0.5, 1 - 0.4 * 0.5])


def test_settings_that_contradict_each_other() -> None:
    assert dict(GroupConfig("x").faults(frozenset())) == {
        "": "sets nothing; give the parameters that match an lr or a weight_decay"
    }
    both = OptimizerConfig(lr=0.1, clip_norm=1, clip_value=1)
    assert dict(both.faults(frozenset())) == {"clip_value": "expected clip_norm or clip_value, got both; leave one out"}
    without = AdamWConfig(weight_decay=0, no_decay=("*",))
    assert "no_decay" in dict(without.faults(frozenset()))
    of_a_group = AdamWConfig(weight_decay=0, no_decay=("a",), groups=(GroupConfig("*", weight_decay=1),))
    assert not list(of_a_group.faults(frozenset()))


def test_of_lamb_every_parameter_may_be_listed() -> None:
    """It leaves the steps of what is listed as long as they are."""
    assert list(pattern_faults(NAMES, LambConfig(no_decay=("*",)))) == []
    assert list(pattern_faults(NAMES, LambConfig(weight_decay=0, no_decay=("*",)))) == []
