"""``nettrain resume``: go on exactly where a run stopped."""

from __future__ import annotations

import click

from nettrain.cli.follow import follow
from nettrain.cli.options import tell, threads_option


@click.command(epilog="\b\nExample:\n  nettrain resume runs/digits-mlp")
@click.argument("run", metavar="RUN")
@threads_option
def resume(run: str, threads: int | None) -> None:
    """Go on where RUN, the folder of a run, stopped.

    The result is the very bytes of a run that was never stopped. A finished run is left as it is.
    """
    from nettrain.cli.progress import Decoding
    from nettrain.training.opening import take_up

    opened = take_up(run, Decoding(), threads)
    if opened.finished:
        tell(*opened.notes, f"nettrain: {opened.folder.path} is already complete")
        opened.complete()
        return
    at = opened.state.progress
    tell(f"{opened.folder.path}: going on from step {at.step}, epoch {at.epoch + 1} of {opened.config.train.epochs}")
    follow(opened)
