"""Writes docs/reference.md from the code: every config key, every kind, every command. ``make docs`` runs it.

python docs/make_reference.py            write the page
python docs/make_reference.py --check    exit 1 if the page is not what the code says
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import click
import yaml

from nettrain.cli.main import COMMANDS, HIDDEN, nettrain
from nettrain.config.describe import describe
from nettrain.config.fields import Record
from nettrain.config.forms import Either, Settings, keys_of
from nettrain.config.settings import aliases_of, default_of, settings_of
from nettrain.training.config import TABLES, Config

PAGE = Path(__file__).with_name("reference.md")
EXAMPLES = Path(__file__).with_name("examples.yaml")
WIDTH = 100  # columns of the help texts
OVERRIDES = """\
On the command line `--set KEY=VALUE` gives a key another value, read as YAML, or as it stands where a path or text is
expected: `optimizer.sgd.lr=0.01`, `model.layers.0.conv2d.filters=8`, `data.val={from: train, fraction: 0.2}`. Another
kind replaces the block (`optimizer.adam.lr=0.01`). `null` takes a key out, as if it had not been written
(`data.val=null`, `train.early_stopping=null`), unless it is required; a path of that name is written `./null`. Of
several for one key the last counts; a short option, such as `--epochs`, and a `--set` of its key have to agree."""


def page() -> str:
    """The whole page."""
    return "\n".join([*_head(), *_keys(), *_kinds(), *_commands()]) + "\n"


def _head() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Generated from the code by `make docs`. How the pieces fit: [the README](../README.md)."


def _keys() -> Iterator[str]:
    yield from ("", "## Config", "", "Keys of the YAML file, version 1. A key marked *free* cannot change the result.")
    yield from ("", OVERRIDES)
    yield from _record("", Config)


def _record(prefix: str, record: type[Record]) -> Iterator[str]:
    """A table of the record's keys, then those of the records inside it."""
    inner: list[tuple[str, type[Record]]] = []
    yield from ("", f"### {prefix.rstrip('.') or 'at the top'}", "", *_prose(record))
    yield from ("| key | value | if absent | also read as it |", "| --- | --- | --- | --- |")
    for name, key in keys_of(record).items():
        default = "required" if key.required else _default(key.default)
        free = " *free*" if key.environment else ""
        yield f"| `{name}` | {describe(key.form)}{free} | {default} | {_aliases(record.aliases, key.field)} |"
        options = key.form.options if isinstance(key.form, Either) else (key.form,)
        inner += [(f"{prefix}{name}.", option.record) for option in options if isinstance(option, Settings)]
    if examples := list(_lines(prefix.rstrip("."))):
        yield from ("", "For example", "", "```yaml", *examples, "```")
    for name, inside in inner:
        yield from _record(name, inside)


def _default(value: object) -> str:
    text = default_of(value)
    return text if text in ("-", "as below") or value == () else f"`{text}`"


def _kinds() -> Iterator[str]:
    yield from ("", "## Kinds", "", "Where the config wants one of these: `name`, `name: value` or `name: {...}`.")
    for title, table in TABLES.items():
        yield from (
            "",
            f"### {title}",
            "",
            "| kind | does | settings | for example | other names |",
            "|" + " --- |" * 5,
        )
        for kind, record in table.rows.items():
            does = re.sub(r"([|*<])", r"\\\1", table.does[kind].replace("``", "`"))
            examples = "<br>".join(f"`{kind}: {text}`" for text in _examples("kinds", title, kind)) or f"`{kind}`"
            yield f"| `{kind}` | {does} | {_settings(record)} | {examples} | {_aliases(table.aliases, kind)} |"
        for text in _examples("kinds", title, "any"):
            yield from ("", f"Any of the {title}, for example: `{text}`")


def _lines(where: str) -> Iterator[str]:
    """The examples of a section, a line each; at the top a line for each key."""
    for text in _examples("sections", where):
        if where:
            yield f"{where.rpartition('.')[2]}: {text}"
        else:
            node = yaml.compose(text, yaml.SafeLoader)
            yield from (text[key.start_mark.index : value.end_mark.index] for key, value in node.value)


def _examples(*way: str) -> list[str]:
    """The examples that stand there in examples.yaml, as they are written."""
    text, node = _examples_page()
    for step in way:
        node = next((value for key, value in node.value if key.value == step), None)
        if node is None:
            return []
    return [text[item.start_mark.index : item.end_mark.index] for item in node.value]


@cache
def _examples_page() -> tuple[str, yaml.Node]:
    text = EXAMPLES.read_text(encoding="utf-8")
    return text, yaml.compose(text, yaml.SafeLoader)


def _settings(record: type[Record]) -> str:
    rows = []
    for setting in settings_of(record):
        default = "required" if setting.default is None else setting.default
        short = ", the bare value" if setting.short else ""
        shown = default if default in ("required", "-", "none") else f"`{default}`"
        rows.append(f"`{setting.key}`: {setting.expects}{short} ({shown})")
    return "<br>".join(rows) or "-"


def _aliases(aliases: Mapping[str, str], meant: str) -> str:
    """Names that other tools use for a key or kind."""
    return ", ".join(f"`{alias}`" for alias in aliases_of(aliases, meant)) or "-"


def _prose(record: type[Record]) -> Iterator[str]:
    """A record's docstring, a paragraph a line; ``Units``, ``Notes`` and the like in bold."""
    for paragraph in inspect.cleandoc(record.__doc__ or "").replace("``", "`").split("\n\n"):
        for label in re.split(r"\n(?=[A-Z][a-z]+ {2,})", paragraph):
            yield " ".join(re.sub(r"^([A-Z][a-z]+) {2,}", r"*\1*: ", label).split())
            yield ""


def _commands() -> Iterator[str]:
    yield from ("", "## Commands", "", "```text", *_help(nettrain, "nettrain"), "```")
    others = "; ".join(f"`{other}` is `{name}`" for other, name in HIDDEN.items())
    yield from ("", f"As other tools call them: {others}.")
    with click.Context(nettrain, info_name="nettrain") as parent:
        for name in COMMANDS:
            command = nettrain.get_command(parent, name)
            if command is not None:
                yield from ("", f"### {name}", "", "```text", *_help(command, name, parent), "```")
                yield from _parts(command, name, parent)


def _parts(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """The commands that a command is made of."""
    parts = command.commands if isinstance(command, click.Group) else {}
    with click.Context(command, info_name=name, parent=parent) as context:
        for part, inner in parts.items():
            yield from ("", f"#### {name} {part}", "", "```text", *_help(inner, part, context), "```")


def _help(command: click.Command, name: str, parent: click.Context | None = None) -> list[str]:
    context = click.Context(command, parent=parent, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    return [line.rstrip() for line in command.get_help(context).splitlines()]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else "docs/reference.md is stale: run 'make docs'")
    PAGE.write_text(page(), encoding="utf-8")
