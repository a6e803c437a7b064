"""``nettrain schema``: the JSON schema of the config, for editors."""

from __future__ import annotations

import json

import click


@click.command(epilog="\b\nExample:\n  nettrain schema")
def schema() -> None:
    """Print the JSON schema of the config: editors complete, explain and check a YAML file by it.

    With the line "# yaml-language-server: $schema=nettrain.schema.json" on top of a config it is known which to use.
    """
    from nettrain.config.json_schema import json_schema
    from nettrain.training.config import TABLES, Config

    found = json_schema(Config, TABLES, "The config of nettrain, version 1")
    click.echo(json.dumps(found, indent=1, ensure_ascii=False))
