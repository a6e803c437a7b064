"""The nearest right name for a wrong one."""

from __future__ import annotations

import pytest

from nettrain.config.suggest import LONGEST, did_you_mean, hint, nearest
from nettrain.training.config import TABLES

METRICS = ("val_loss", "val_auroc", "val_balanced_accuracy", "val_accuracy")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("momentun", "momentum"),
        ("Momentum", "momentum"),
        ("weight-decay", "weight_decay"),
        ("lr", None),
        ("m" * (LONGEST + 1), None),
    ],
)
def test_a_slip_leads_to_the_name_that_was_meant(wrong: str, right: str | None) -> None:
    assert nearest(wrong, ("momentum", "weight_decay")) == right


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("val_acc", "val_accuracy"), ("val_bal_acc", "val_balanced_accuracy"), ("val_los", "val_loss")],
)
def test_a_name_of_several_words_cut_short_leads_to_the_whole_one(wrong: str, right: str) -> None:
    assert nearest(wrong, METRICS) == right


def test_a_word_that_was_left_out_is_found_again() -> None:
    rows = TABLES["augmentations"].rows
    assert did_you_mean("random_flip", rows) == "; did you mean 'random_horizontal_flip'?"


def test_a_name_like_none_gets_an_alias_or_all_there_are() -> None:
    assert hint("nestrov", ("lr",), ("nesterov",), "the keys are") == "; did you mean 'nesterov'?"
    assert hint("size", ("lr", "rate"), (), "the keys are") == "; the keys are 'lr', 'rate'"
