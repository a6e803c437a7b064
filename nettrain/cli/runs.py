"""``nettrain runs``: the runs in a folder, listed or removed."""

from __future__ import annotations

import sys

import click

from nettrain.cli.completion import folder
from nettrain.cli.options import tell
from nettrain.errors import escape
from nettrain.formats import ROWS
from nettrain.report.columns import columns


@click.group(epilog="\b\nExample:\n  nettrain runs list")
def runs() -> None:
    """List or remove runs."""


@runs.command("list", epilog="\b\nExample:\n  nettrain runs list --json")
@click.argument("where", metavar="[FOLDER]", default="runs", shell_complete=folder)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def list_(where: str, as_json: bool) -> None:
    """Show the runs in FOLDER [default: runs], newest first: state, finished epochs, the best, size on the disk.

    A run that is "running" has a process; one that "died" can be gone on with by nettrain resume, as one that is
    "stopped".
    """
    import json
    from dataclasses import asdict

    from nettrain.config.words import megabytes
    from nettrain.training.run.run_list import list_runs

    found = list_runs(where)
    if as_json:
        click.echo(
            json.dumps({"folder": where, "runs": [asdict(run) for run in found], "format_version": ROWS}, indent=2)
        )
        return
    rows: list[tuple[object, ...]] = [("run", "state", "epochs", "best", "at epoch", "size", "started")]
    for run in found:
        best = None if run.best is None else f"{run.monitor} {run.best:.4f}"
        size = megabytes(run.bytes)
        rows.append((run.path, run.state, run.epochs, best, run.best_epoch, size, run.started.partition(".")[0]))
    for line in columns(rows):
        click.echo(line)


@runs.command(epilog="\b\nExample:\n  nettrain runs rm runs/digits-mlp --yes")
@click.argument("paths", metavar="RUN...", nargs=-1, required=True, shell_complete=folder)
@click.option("--yes", is_flag=True, help="Do not ask.")
def rm(paths: tuple[str, ...], yes: bool) -> None:
    """Remove each RUN, the folder of a run or of a series, with all that is in it.

    Nothing is removed if one of them is no run, or is going on.
    """
    from contextlib import ExitStack

    from nettrain.config.words import megabytes
    from nettrain.training.run.run_list import removable, remove_run

    with ExitStack() as holding:
        found = removable(paths, holding)
        if not yes:
            if not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise click.UsageError("nobody is here to be asked; expected --yes")
            tell(*(f"{escape(path)}  {megabytes(size)}" for path, size in found))
            if not click.confirm("Remove?", err=True):
                tell("nettrain: nothing was removed")
                return
        for path, size in found:
            remove_run(path)
            click.echo(f"removed {escape(path)}  {megabytes(size)}")
