"""``nettrain cache``: the decoded pictures that ``data.cache: disk`` keeps between runs, listed or removed."""

from __future__ import annotations

import click

from nettrain.cli.completion import folder
from nettrain.cli.options import tell
from nettrain.errors import escape


@click.group(epilog="\b\nExample:\n  nettrain cache list")
def cache() -> None:
    """List or remove the decoded pictures that data.cache: disk keeps.

    They lie in NETTRAIN_CACHE, or in nettrain/ in the user's cache folder; nothing is lost with them but time.
    """


@cache.command("list", epilog="\b\nExample:\n  nettrain cache list --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def list_(as_json: bool) -> None:
    """Show the data folder of each entry, its pictures, their size, bytes on the disk, and when it was last used."""
    import json

    from nettrain.data.cache_folder import cache_folder, entry_paths
    from nettrain.data.entry import describe

    folder = cache_folder()
    entries = list(describe(entry_paths(folder)))
    total = sum(entry.bytes for entry in entries)
    if as_json:
        rows = [
            {
                "root": entry.root,
                "pictures": entry.pictures,
                "shape": entry.shape,
                "bytes": entry.bytes,
                "last_used": entry.last_used,
                "path": entry.path,
            }
            for entry in entries
        ]
        click.echo(json.dumps({"folder": folder, "entries": rows, "bytes": total}, indent=2))
        return
    table = [("pictures", "size", "bytes", "last used", "data")]
    for entry in entries:
        size = "-" if entry.shape is None else "x".join(map(str, entry.shape))
        pictures = "-" if entry.pictures is None else f"{entry.pictures:,}"
        data = f"{entry.path} (damaged)" if entry.root is None else entry.root
        table.append((pictures, size, f"{entry.bytes:,}", entry.last_used, escape(data)))
    table.append(("", "", f"{total:,}", "", f"all in {escape(folder)}"))
    wide = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, wide, strict=False))
        click.echo("  ".join([*cells, row[4]]))


@cache.command(epilog="\b\nExample:\n  nettrain cache clear data/digits")
@click.argument("root", required=False, shell_complete=folder)
def clear(root: str | None) -> None:
    """Remove every entry, or those of the data folder ROOT and of the folders in it.

    An entry that a running command uses is kept. Nothing is asked: the next fit decodes the pictures again.
    """
    import os

    from nettrain.config.words import megabytes
    from nettrain.data.cache_folder import cache_folder, entry_paths, remove, sweep
    from nettrain.data.entry import describe

    folder = cache_folder()
    gone, freed = 0, sweep(folder)
    for entry in list(describe(entry_paths(folder))):
        if root is not None and not (entry.root and _is_within(entry.root, os.path.abspath(root))):
            continue
        if (size := remove(entry.path)) is None:
            tell(f"nettrain: note: {escape(entry.root or entry.path)}: in use by a running command, so it is kept")
        else:
            gone, freed = gone + 1, freed + size
    click.echo(f"{gone} {'entry' if gone == 1 else 'entries'} removed, {megabytes(freed)} freed in {escape(folder)}")


def _is_within(path: str, folder: str) -> bool:
    import os

    return os.path.commonpath([path, folder]) == folder
