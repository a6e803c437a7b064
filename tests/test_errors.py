"""What can go wrong, said at another place: each class of error stays what it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import nettrain
from nettrain.data.bad_picture import BadPicture
from nettrain.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    Diverged,
    EnvironmentFault,
    Fault,
    NettrainError,
    Place,
)

MADE = {  # class: one of it without a place, or with the only place that it can have
    "NettrainError": NettrainError("is wrong"),
    "ConfigError": ConfigError(faults=[Fault("is wrong"), Fault("too", Place("a.yaml", 1, 2), "seed")]),
    "DataError": DataError("is wrong"),
    "CheckpointError": CheckpointError("is wrong"),
    "EnvironmentFault": EnvironmentFault("is wrong"),
    "Diverged": Diverged("is wrong", cure="try again"),
    "BadPicture": BadPicture("a.png", "is wrong"),
}
TOLD = {
    "ConfigError": "run: is wrong\na.yaml:1:2: seed: too",
    "Diverged": "run: is wrong; try again",
    "BadPicture": "a.png: is wrong",
}


def test_every_class_of_error_is_here() -> None:
    names = {"NettrainError"}
    for path in sorted(Path(nettrain.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & MADE.keys():
                names.add(node.name)
    assert names == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_an_error_at_a_place_is_the_same_but_for_the_place(name: str) -> None:
    error = MADE[name]
    before = str(error)
    placed = error.at("run")
    assert type(placed) is type(error)
    assert str(placed) == "\n".join(str(fault) for fault in placed.faults) == TOLD.get(name, "run: is wrong")
    assert placed.code == error.code
    others = [{key: value for key, value in vars(one).items() if key != "faults"} for one in (placed, error)]
    assert others[0] == others[1]
    assert str(error) == before
