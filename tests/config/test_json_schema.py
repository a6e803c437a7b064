"""The JSON schema of the config accepts what the reader accepts, and refuses what a schema can know to be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from commands import CNN, MLP, ROOT

from nettrain.config.fields import Record, Table
from nettrain.config.json_schema import json_schema
from nettrain.config.reader import read_text
from nettrain.config.resolved import dump
from nettrain.errors import ConfigError
from nettrain.training.config import TABLES, Config

SCHEMA = json_schema(Config, TABLES, "config")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CORE = {  # YAML 1.2.2, section 10.3.2: how an editor reads a plain scalar
    "null": (re.compile(r"null|Null|NULL|~|"), lambda text: None),
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    "int": (re.compile(r"[-+]?[0-9]+"), int),
    "float": (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
}


def as_editors_read(text: str) -> Any:
    """A YAML text as values of the core schema."""

    def value(node: yaml.Node) -> Any:
        match node:
            case yaml.MappingNode():
                return {key.value: value(inner) for key, inner in node.value}
            case yaml.SequenceNode():
                return [value(item) for item in node.value]
            case _ if node.style is None:
                found = [read(node.value) for form, read in CORE.values() if form.fullmatch(node.value)]
                return found[0] if found else node.value
            case _:
                return node.value

    return value(yaml.compose(text, yaml.BaseLoader))


def configs() -> Iterator[Any]:
    for path in sorted((ROOT / "configs").glob("*.yaml")):
        yield pytest.param(path.read_text(encoding="utf-8"), id=path.name)
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for place, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)):
            if "\noptimizer:" in block and "data:" in block:  # a whole config, not a part of one
                yield pytest.param(block, id=f"{page.name} {place}")
    yield pytest.param(MLP.format(data="digits"), id="mlp")
    yield pytest.param(CNN.format(data="digits"), id="cnn")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", list(configs()))
def test_every_config_here_is_accepted(text: str, tmp_path: Path) -> None:
    VALIDATOR.validate(as_editors_read(text))
    config = read_text(text, "c.yaml", Config, TABLES, str(tmp_path)).config
    VALIDATOR.validate(as_editors_read(dump(config)))  # with every default written out


BASE = MLP.format(data="digits")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("momentum: 0.9", "momentun: 0.9"),
        ("momentum: 0.9", "momentum: fast"),
        ("momentum: 0.9", "momentum: 1.0"),
        ("epochs: 2", "epochs: 0"),
        ("epochs: 2", "epochs: 2.5"),
        ("epochs: 2, ", ""),
        ("- flatten", "- flattn"),
        ("- flatten", "- {flatten: {}, dropout: 0.1}"),
        ("- flatten", "- dropout: 1.5"),
        ("size: [8, 8]", "size: [8]"),
        ("size: [8, 8]", "size: [8, 8, 8]"),
        ("dense: classes", "dense"),
    ],
)
def test_what_is_wrong_for_the_reader_is_wrong_for_the_schema(old: str, new: str, tmp_path: Path) -> None:
    text = BASE.replace(old, new)
    assert text != BASE
    assert not VALIDATOR.is_valid(as_editors_read(text))
    with pytest.raises(ConfigError, match=r"c\.yaml:\d+:\d+: "):
        read_text(text, "c.yaml", Config, TABLES, str(tmp_path))


def test_names_of_other_tools_are_accepted_and_marked() -> None:
    VALIDATOR.validate(as_editors_read(BASE.replace("epochs", "max_epochs").replace("flatten", "Flatten".lower())))
    assert SCHEMA["$defs"]["TrainConfig"]["properties"]["max_epochs"]["deprecated"] is True


@dataclass(frozen=True)
class NoSettings(Record):
    """A record whose name another record has."""


def test_records_that_share_a_name_are_a_mistake_of_ours() -> None:
    tables = {**TABLES, "losses": Table({"cross_entropy": NoSettings})}
    with pytest.raises(TypeError, match="two things are called NoSettings"):
        json_schema(Config, tables, "config")
