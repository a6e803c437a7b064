"""``nettrain resume``: go on exactly where a run stopped."""

from __future__ import annotations

import time

import click

from nettrain.cli.completion import folder
from nettrain.cli.follow import go_on
from nettrain.cli.options import max_time_option, note_threads, profile_option, read_time, threads_option


@click.command(epilog="\b\nExample:\n  nettrain resume runs/digits-mlp")
@click.argument("run", metavar="RUN", shell_complete=folder)
@click.option("--epochs", type=click.IntRange(1), metavar="N", help="Go on to N epochs in all, more than the run has.")
@click.option(
    "--schedule",
    metavar="YAML",
    help="A schedule for the epochs added, from their first step on, such as 'cosine: {final: 0.1}'.",
)
@max_time_option
@threads_option
@profile_option
def resume(
    run: str, epochs: int | None, schedule: str | None, max_time: str | None, threads: int | None, profile: bool
) -> int:
    """Go on where RUN, the folder of a run, stopped.

    The result is the very bytes of a run that was never stopped. A finished run is left as it is, unless it is given
    more epochs.
    """
    if schedule is not None and epochs is None:
        raise click.UsageError("--schedule is for the epochs that --epochs adds; expected both")
    from nettrain.cli.progress import Decoding
    from nettrain.training.run.opening import take_up

    begun, most = time.monotonic(), read_time(max_time)
    extension = None if epochs is None else (epochs, schedule)
    taken = take_up(run, Decoding(), threads, extension=extension)
    note_threads()
    return go_on(taken, profile, most, begun)
