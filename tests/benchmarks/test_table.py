"""The rows: every op has one, names choose them, every goal has rows that answer it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import nettrain
from benchmarks import __main__ as program
from benchmarks.cases import augment, mixing
from benchmarks.cases.ops import ACTIVATIONS, OPS
from benchmarks.goals import GOALS
from benchmarks.models import MODELS
from benchmarks.peers import pillow_augment
from benchmarks.plan import OURS, Kept, Settings
from benchmarks.sides import SIDES
from benchmarks.table import GROUPS, chosen
from nettrain.data.augment.mixing import MIXINGS
from nettrain.data.augment.table import AUGMENTATIONS
from nettrain.ops.activations import ACTIVATIONS as KINDS
from nettrain.optim.table import OPTIMIZERS

SETTINGS = Settings((1, 2))
ROWS = [row for group in GROUPS.values() for row in group.rows(SETTINGS)]


def test_every_module_of_ops_has_a_row():
    folder = Path(nettrain.__file__).parent / "ops"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    covered = {module for case in OPS.values() for module in case.covers.split()}
    # left are the loops that run under every op, and two tables
    assert modules - covered == {"parts", "piecewise", "loss_table", "activations"}
    assert covered <= modules


def test_every_activation_and_optimizer_has_a_row():
    assert set(ACTIVATIONS) == set(KINDS) - {"none", "softmax"}
    assert set(KINDS) - {"none"} <= set(OPS)
    assert set(OPTIMIZERS) <= set(OPS)


def test_every_augmentation_has_a_row_and_a_peer():
    assert set(augment.KINDS) == set(AUGMENTATIONS) == set(pillow_augment.AUGMENTATIONS)
    assert set(mixing.KINDS) == set(MIXINGS)


@pytest.mark.parametrize("group", ["steps", "scaling", "memory"])
def test_every_model_has_a_row(group: str):
    assert {row.case for row in ROWS if row.group == group} == set(MODELS)


def test_ours_comes_first_in_every_row_and_no_label_twice():
    for row in ROWS:
        labels = [contender.label for contender in row.contenders]
        assert labels[0] == OURS
        assert len(set(labels)) == len(labels) > 1


def test_no_row_is_there_twice():
    names = [(row.name, row.threads) for row in ROWS]
    assert len(set(names)) == len(names)


def test_every_kept_contender_has_a_side_that_prepares_it():
    for row in ROWS:
        for contender in row.contenders:
            if isinstance(contender, Kept):
                assert contender.job.group in SIDES[contender.side].groups


def test_every_goal_has_rows_that_answer_it():
    for goal in GOALS:
        for name in goal.rows:
            answering = [row for row in ROWS if fnmatchcase(row.name, name)]
            assert answering, name
            assert any(c.label.startswith(goal.peer) for row in answering for c in row.contenders[1:]), goal.work


def test_names_choose_groups_cases_and_patterns():
    assert {row.group for row in chosen(["steps"], SETTINGS)} == {"steps"}
    assert [(row.name, row.threads) for row in chosen(["steps/cnn"], SETTINGS)] == [("steps/cnn", 1), ("steps/cnn", 2)]
    assert {row.case for row in chosen(["memory/cnn*"], SETTINGS)} == {"cnn", "cnn_bn"}
    assert {row.group for row in chosen([], SETTINGS)} == {name for name, group in GROUPS.items() if group.by_default}


def test_one_thread_has_nothing_to_be_compared_with_one():
    assert [row for row in ROWS if row.group == "scaling" and row.threads == 1] == []


def test_fewer_pictures_are_another_row():
    assert "fit/cnn-500" in {row.name for row in chosen(["fit"], Settings((1,), pictures=500))}


def test_the_rows_can_be_listed(capsys: pytest.CaptureFixture[str]):
    assert program.main(["memory", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"memory/{name}" for name in MODELS]


def test_the_list_has_every_row_and_says_which_run_only_where_they_are_named(capsys: pytest.CaptureFixture[str]):
    assert program.main(["--list"]) == 0
    listed = {line.split()[0]: line.split(maxsplit=1)[1:] for line in capsys.readouterr().out.splitlines()}
    assert set(listed) == {row.name for row in chosen(["*"], SETTINGS)}
    named = {name for name, note in listed.items() if note}
    assert {name.split("/")[0] for name in named} == {"whole", "fit"}
    assert all(listed[name] == ["only where it is named"] for name in named)
