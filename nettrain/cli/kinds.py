"""``nettrain kinds``: what a config may name, each with a line of what it does and its settings."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from nettrain.config.fields import Table

NARROWEST, WIDEST = 60, 120  # columns


@click.command(epilog="\b\nExample:\n  nettrain kinds optimizers")
@click.argument("name", metavar="[TABLE|KIND]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def kinds(name: str | None, as_json: bool) -> None:
    """List what a config may name: layers, activations, norms, initialisers, losses, optimizers and so on.

    Without an argument a line each; with TABLE, such as 'layers', or with the name of a KIND, such as 'conv2d', their
    settings too: what each expects and, in brackets, what stands in for it.
    """
    import json

    from nettrain.training.config import TABLES

    tables = TABLES if name is None else chosen(TABLES, name)
    if as_json:
        click.echo(json.dumps({title: described(table) for title, table in tables.items()}, indent=2))
        return
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    for place, (title, table) in enumerate(tables.items()):
        click.echo(("\n" if place else "") + title)
        for line in lines(table, width, settings=name is not None):
            click.echo(line)


def chosen(tables: dict[str, Table], name: str) -> dict[str, Table]:
    """The table of that name, or every table with the one kind that has it.  Errors: ``click.UsageError``."""
    from dataclasses import replace

    from nettrain.config.suggest import did_you_mean
    from nettrain.config.words import singular

    wanted = {title: table for title, table in tables.items() if name in (title, singular(title))}
    for title, table in () if wanted else tables.items():
        kind = table.aliases.get(name, name)
        if kind in table.rows:
            wanted[title] = replace(table, rows={kind: table.rows[kind]})
    if wanted:
        return wanted
    known = [*tables, *(kind for table in tables.values() for kind in (*table.rows, *table.aliases))]
    every = f"expected one of {', '.join(tables)}, or a kind out of one of them"
    hint = did_you_mean(name, known) or f"; {every}; 'nettrain schema' has the keys of a config"
    raise click.UsageError(f"no table or kind {name!r}{hint}")


def described(table: Table) -> dict[str, Any]:
    """A table as JSON has it."""
    from nettrain.config.settings import aliases_of, settings_of

    return {
        kind: {
            "does": table.does[kind],
            "aliases": list(aliases_of(table.aliases, kind)),
            "settings": {
                setting.key: {
                    "expects": setting.expects,
                    "required": setting.default is None,
                    "default": setting.default,
                    "short": setting.short,
                    "aliases": list(setting.aliases),
                }
                for setting in settings_of(record)
            },
        }
        for kind, record in table.rows.items()
    }


def lines(table: Table, width: int, settings: bool) -> Iterator[str]:
    """The rows of a table for people, at most ``width`` columns wide where words allow."""
    from nettrain.config.settings import aliases_of, settings_of

    wide = max(map(len, table.rows))
    for kind, record in table.rows.items():
        yield from wrapped(f"  {kind:<{wide}}  ", table.does[kind].replace("``", ""), width)
        if not settings:
            continue
        if aliases := aliases_of(table.aliases, kind):
            yield from wrapped("      other names: ", ", ".join(aliases), width)
        keys = settings_of(record)
        key_wide = max((len(setting.key) for setting in keys), default=0)
        for setting in keys:
            default = "required" if setting.default is None else setting.default
            short = ", the bare value" if setting.short else ""
            yield from wrapped(f"      {setting.key:<{key_wide}}  ", f"{setting.expects}{short} ({default})", width)


def wrapped(head: str, text: str, width: int) -> list[str]:
    """``head`` and the text beside it, in as many lines as it takes."""
    indent = " " * len(head)
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=indent, break_long_words=False)
