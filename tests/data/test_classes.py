"""Labels are matched by name, and every class that does not match is listed."""

from __future__ import annotations

import numpy as np
import pytest
from data.samples import folder

from nettrain.data.classes import match
from nettrain.data.listing import list_folder
from nettrain.errors import DataError


def refused(model, root) -> str:
    with pytest.raises(DataError) as caught:
        match(model, list_folder(root), "val")
    return str(caught.value)


def test_labels_follow_the_model_not_the_folder(tmp_path):
    listing = list_folder(folder(tmp_path, {"a": 1, "b": 2, "cafe\u0301": 1}))
    np.testing.assert_array_equal(match(["caf\u00e9", "b", "a"], listing, "val"), [2, 1, 1, 0])


def test_missing_classes_are_listed(tmp_path):
    root = folder(tmp_path, {"a": 1, "b": 1})
    assert refused(["a", "b", "c", "d"], root) == f"{root}: the classes of val do not match: missing 'c', 'd'"


def test_extra_classes_are_listed_with_a_hint(tmp_path):
    root = folder(tmp_path, {"Cat": 1, "dog": 1, "rat": 1})
    assert refused(["cat", "dog"], root) == (
        f"{root}: the classes of val do not match: missing 'cat'; not known to the model 'Cat', 'rat' "
        "(is 'Cat' the model's 'cat'?)"
    )


def test_long_lists_are_cut(tmp_path):
    root = folder(tmp_path, {"a": 1, "b": 1})
    model = ["a", "b", *(f"x{number:02d}" for number in range(12))]
    assert refused(model, root).endswith(
        "missing 'x00', 'x01', 'x02', 'x03', 'x04', 'x05', 'x06', 'x07', 'x08', 'x09' and 2 more"
    )


def test_a_substring_is_no_match(tmp_path):
    root = folder(tmp_path, {"rain": 1, "train": 1})
    np.testing.assert_array_equal(match(["train", "rain"], list_folder(root), "val"), [1, 0])
