"""``nettrain download``: a well-known data set into a folder; the one command that opens a connection."""

from __future__ import annotations

import math
import signal
import sys

import click

from nettrain.cli.completion import folder as folders
from nettrain.cli.options import tell
from nettrain.data.download.sets import SETS
from nettrain.errors import escape


def show_sets(context: click.Context, option: click.Parameter, asked: bool) -> None:
    """The table of ``--list``."""
    if not asked:
        return
    from nettrain.config.words import megabytes
    from nettrain.report.columns import columns

    rows = [("name", "size", "what it is", "page")]
    rows += [(name, megabytes(row.size), row.what, row.page) for name, row in SETS.items()]
    for line in columns(rows, "<><<"):
        click.echo(line)
    context.exit()


@click.command(epilog="\b\nExample:\n  nettrain download --list")
@click.argument("name", type=click.Choice(list(SETS)))
@click.option("--output", "-o", required=True, metavar="FOLDER", help="Put the files there.", shell_complete=folders)
@click.option(
    "--from",
    "mirror",
    metavar="URL",
    help="Ask URL/FILE instead of the set's own addresses: https, or http on this very machine.",
)
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(0, 3600, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long nothing may come before the file is asked for again.",
)
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=show_sets, help="Show the sets.")
def download(name: str, output: str, mirror: str | None, seconds: float) -> None:
    """Put the files of a well-known data set into a folder: mnist, fashion-mnist or cifar10.

    Size and SHA-256 of each file are known beforehand, so that none is taken that is not the very file, wherever it
    comes from. What breaks off is gone on with by the same command. Only this command opens a connection.

    \b
    nettrain download mnist --output data/mnist
    """
    from nettrain.cli.progress import Fetching
    from nettrain.data.download.connection import host_of
    from nettrain.data.download.fetch import Begun, Came, Setback, There, Whole
    from nettrain.data.download.fetch import download as downloaded
    from nettrain.training.loop.signals import die_of

    if math.isnan(seconds):  # which no bound refuses
        raise click.UsageError("--timeout: expected a number of seconds, got nan")
    if mirror is not None:
        try:
            host_of(mirror)
        except ValueError as error:
            raise click.UsageError(f"--from: {error}, got {mirror!r}") from None
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # so that the last line can say what is kept
    shown = Fetching()
    try:
        for fact in downloaded(SETS[name], output, mirror, seconds):
            match fact:
                case There():
                    tell(f"nettrain: {escape(fact.path)} is there already")
                case Begun():
                    shown.begin(fact.path, fact.start, fact.size)
                case Came():
                    shown.came(fact.done)
                case Setback():
                    shown.close()
                    tell(f"nettrain: note: {escape(f'{fact.address}: {fact.reason}; {fact.next}')}")
                case Whole():
                    shown.close()
                    tell(f"nettrain: wrote {escape(fact.path)}")
    except KeyboardInterrupt:
        shown.close()
        tell("nettrain: stopped by SIGINT; what has come is kept, and the same command goes on from there")
        sys.stderr.flush()
        die_of(signal.SIGINT)
    finally:
        shown.close()
    tell(f"nettrain: {name} is complete in {escape(output)}")
