"""``nettrain check``: try a config without training; writes nothing."""

from __future__ import annotations

import click

from nettrain.cli.options import config_options, read, tell


@click.command(epilog="\b\nExample:\n  nettrain check configs/digits-cnn.yaml")
@config_options
def check(config: str, settings: tuple[str, ...], **short: str | None) -> None:
    """Check CONFIG: keys, shapes, folders, one batch forward and back; then estimate time, memory and disk."""
    document = read(config, settings, short)
    from nettrain.cli.summary import layer_table
    from nettrain.training.rehearsal import rehearse

    found = rehearse(document)
    tell(*(f"nettrain: note: {note}" for note in found.notes))
    classes = found.classes
    click.echo(layer_table(found.network))
    click.echo()
    for line in (
        f"data    {found.pictures} pictures in {classes} classes: {found.steps} steps of {found.batch} an epoch",
        f"loss    {found.loss:.4f} on one batch, in nats; an even guess among {classes} has {found.even_guess:.4f}",
        f"time    about {duration(found.seconds)} for {found.epochs} epochs at {found.images_per_second:,.0f} images/s",
        f"memory  about {megabytes(found.memory_bytes)}, {megabytes(found.cache_bytes)} of it the picture cache",
        f"disk    about {megabytes(found.disk_bytes)} in the run folder",
    ):
        click.echo(line)
    click.echo("the config can be trained; nothing was written")


def megabytes(count: int) -> str:
    """A size for people: ``7.3 MB``, ``396 MB``."""
    return f"{count / 1e6:,.1f} MB" if count < 1e8 else f"{count / 1e6:,.0f} MB"


def duration(seconds: float) -> str:
    """A time for people: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
