"""``nettrain cache``: the decoded pictures that ``data.cache: disk`` keeps between runs, listed or removed."""

from __future__ import annotations

import click

from nettrain.cli.completion import folder
from nettrain.cli.options import tell
from nettrain.errors import EnvironmentFault, Fault, escape


@click.group(epilog="\b\nExample:\n  nettrain cache list")
def cache() -> None:
    """List or remove the decoded pictures that data.cache: disk keeps.

    They lie in the folder NETTRAIN_CACHE; where that is not set in nettrain/ in XDG_CACHE_HOME, else in
    .cache/nettrain/ in HOME (Library/Caches/nettrain/ on a Mac). NETTRAIN_CACHE may begin with ~, and is relative to
    the current folder otherwise; XDG_CACHE_HOME and HOME count only as absolute paths. Nothing is lost with the
    pictures but time.
    """


@cache.command("list", epilog="\b\nExample:\n  nettrain cache list --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def list_(as_json: bool) -> None:
    """Show the data folder of each entry, its pictures, their size, bytes on the disk, and when it was last used."""
    import json

    from nettrain.data.cache_folder import cache_folder, entry_paths
    from nettrain.data.entry import describe
    from nettrain.report.columns import columns

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
                "fault": entry.fault or None,
            }
            for entry in entries
        ]
        click.echo(json.dumps({"folder": folder, "entries": rows, "bytes": total}, indent=2))
        return
    table = [("pictures", "size", "bytes", "last used", "data")]
    for entry in entries:
        size = "-" if entry.shape is None else "x".join(map(str, entry.shape))
        pictures = "-" if entry.pictures is None else f"{entry.pictures:,}"
        data = f"{entry.path} ({entry.fault})" if entry.root is None else entry.root
        table.append((pictures, size, f"{entry.bytes:,}", entry.last_used, data))
    table.append(("", "", f"{total:,}", "", f"all in {folder}"))
    for line in columns(table, ">>>><"):
        click.echo(line)


@cache.command(epilog="\b\nExample:\n  nettrain cache clear data/digits")
@click.argument("root", required=False, shell_complete=folder)
def clear(root: str | None) -> None:
    """Remove every entry, or those of the data folder ROOT and of the folders in it.

    An entry that a running command uses is kept. Nothing is asked: the next fit decodes the pictures again.
    """
    import os

    from nettrain.config.paths import is_within
    from nettrain.config.words import megabytes, some
    from nettrain.data.cache_folder import cache_folder, entry_paths, remove, sweep
    from nettrain.data.entry import describe

    folder = cache_folder()
    entries = list(describe(entry_paths(folder)))
    if root is not None:
        entries = [entry for entry in entries if entry.root and is_within(entry.root, root)]
        if not entries and not os.path.exists(root):
            raise click.UsageError(f"no such folder, and no entry is of one there: {root!r}; see 'nettrain cache list'")
        if not entries:
            tell(f"nettrain: note: no entry is of the data folder {escape(root)}; see 'nettrain cache list'")
    gone, freed = 0, sweep(folder)
    kept: list[Fault] = []
    for entry in entries:
        try:
            size = remove(entry.path)
        except EnvironmentFault as error:  # the others go first
            kept += error.faults
            continue
        if size is None:
            tell(f"nettrain: note: {escape(entry.root or entry.path)}: in use by a running command, so it is kept")
        else:
            gone, freed = gone + 1, freed + size
    click.echo(f"{some(gone, 'entry')} removed, {megabytes(freed)} freed in {escape(folder)}")
    if kept:
        raise EnvironmentFault(faults=kept)
