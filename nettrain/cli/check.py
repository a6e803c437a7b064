"""``nettrain check``: try a config without training; writes nothing."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.options import config_options, read, tell
from nettrain.cli.skipped import skipped_lines
from nettrain.config.words import megabytes, some
from nettrain.errors import Fault, escape

if TYPE_CHECKING:
    from nettrain.config.fields import Chosen
    from nettrain.training.probing.rehearsal import OneBatch, Outlook


@click.command(epilog="\b\nExample:\n  nettrain check configs/digits-cnn.yaml")
@config_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def check(config: str, settings: tuple[str, ...], as_json: bool, **short: str | None) -> None:
    """Check CONFIG: keys, shapes, folders, some steps on one batch; then estimate time, memory and disk."""
    document = read(config, settings, short)
    from nettrain.training.probing.rehearsal import one_batch, outlook

    plan = outlook(document)
    tell(*(f"nettrain: note: {note}" for note in plan.notes), *(f"nettrain: warning: {one}" for one in plan.warnings))
    if not as_json:
        click.echo(expected(plan))
        sys.stdout.flush()  # a batch of a large model takes its time
    found = one_batch(plan)
    tell(*skipped_lines(Fault(bad.reason, split.reader.where(bad.path)) for split, bad in found.skipped))
    if as_json:
        from nettrain.training.store import json_text

        click.echo(json_text.by_key(facts(plan, found)), nl=False)
        return
    classes, epochs = len(plan.splits.classes), plan.config.train.epochs
    trials = plan.config.train.trial_epochs
    seconds = (epochs + trials) * plan.pictures / found.images_per_second
    all_epochs = some(epochs, "epoch") + (f" and {trials} of trials" if trials else "")
    click.echo(f"time    about {duration(seconds)} for {all_epochs} at {found.images_per_second:,.0f} images/s")
    click.echo(f"loss    {found.loss:.4f} on one batch{even_guess(plan.config.loss, classes)}")
    click.echo(f"the config can be trained; {_looked_at(plan)} was read, and nothing written")


def _looked_at(plan: Outlook) -> str:
    if plan.config.data.on_bad_image == "skip":
        return "every picture"
    return "one batch of pictures" if len(plan.splits.all()) == 1 else "one batch of each split"


def expected(plan: Outlook) -> str:
    """What is known before a picture is read: layers, data, memory and disk."""
    from nettrain.cli.summary import layer_table

    steps = f"{some(plan.steps, 'step')} of {plan.batch}"
    pictures, memory = megabytes(plan.cache_bytes), f"memory  about {megabytes(plan.memory_bytes)}"
    lines = [
        layer_table(plan.network),
        "",
        f"data    {some(plan.pictures, 'picture')} in {some(len(plan.splits.classes), 'class')}: {steps} an epoch",
        memory if plan.cache_folder else f"{memory}, {pictures} of it the picture cache",
        f"disk    about {megabytes(plan.disk_bytes)} in the run folder",
    ]
    if plan.cache_folder:
        kept = f"kept for later runs in {escape(plan.cache_folder)}"
        lines.append(f"cache   about {pictures} of decoded pictures, {kept}")
    return "\n".join(lines)


def facts(plan: Outlook, found: OneBatch) -> dict[str, Any]:
    """The same for programs: numbers of the whole training, in bytes and seconds."""
    epochs = plan.config.train.epochs
    return {
        "classes": list(plan.splits.classes),
        "pictures": {split.name: len(split.files) for split in plan.splits.all()},
        "parameters": plan.network.parameter_count,
        "epochs": epochs,
        "steps_per_epoch": plan.steps,
        "batch_size": plan.batch,
        "memory_bytes": plan.memory_bytes,
        "cache_bytes": plan.cache_bytes,
        "cache_folder": plan.cache_folder,
        "disk_bytes": plan.disk_bytes,
        "images_per_second": round(found.images_per_second, 1),
        "seconds": round((epochs + plan.config.train.trial_epochs) * plan.pictures / found.images_per_second, 3),
        "loss": found.loss,
        "skipped": [
            {"split": split.name, "path": escape(bad.path), "reason": escape(bad.reason)}
            for split, bad in found.skipped
        ],
    }


def even_guess(loss: Chosen, classes: int) -> str:
    """What the first loss compares with, where there is such a number: weights make it hang on the batch."""
    if loss.settings.class_weights is not None:
        return ""
    match loss.kind:
        case "cross_entropy":
            return f", in nats; an even guess among {classes} has {math.log(classes):.4f}"
        case "binary_cross_entropy":
            return f", in nats; an even guess of each class has {math.log(2):.4f}"
        case _:
            return ""


def duration(seconds: float) -> str:
    """A time for people: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
