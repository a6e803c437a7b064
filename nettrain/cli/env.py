"""``nettrain env``: the surroundings that results depend on."""

from __future__ import annotations

import click


@click.command(epilog="\b\nExample:\n  nettrain env")
def env() -> None:
    """Show versions, processor and BLAS kernel, and whether equal bits can be promised here."""
    from nettrain.cli.options import use_threads
    from nettrain.training.store.platform import DECIDING, bits_hold, surroundings

    use_threads(None)
    for key, value in surroundings().items():
        mark = "*" if key in DECIDING else " "
        click.echo(f"{mark} {key:<13} {value}")
    click.echo(
        "  * equal here, equal bits for any number of threads"
        if bits_hold()
        else "  bits may vary: this BLAS cannot be held to one thread"
    )
