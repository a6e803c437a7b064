"""``nettrain augment``: a sheet of training pictures as they are and as each epoch sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nettrain.cli.completion import file
from nettrain.cli.options import read, tell

if TYPE_CHECKING:
    from nettrain.config.fields import Chosen

EPOCHS = 6
MOST = 2000  # pictures on a sheet, beside those as they are


@click.command(epilog="\b\nExample:\n  nettrain augment configs/digits-cnn.yaml --output sheet.png")
@click.argument("config", metavar="CONFIG", shell_complete=file)
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key, such as seed=2; repeatable."
)
@click.option(
    "--output", "-o", required=True, metavar="FILE.png", help="Write the sheet to FILE.png.", shell_complete=file
)
@click.option(
    "--rows",
    type=click.IntRange(1, 200),
    metavar="N",
    help="Pictures, spread over the classes [default: as many of each, 12 at most].",
)
@click.option(
    "--columns",
    type=click.IntRange(1, 50),
    default=EPOCHS,
    show_default=True,
    metavar="N",
    help="Epochs, from the first.",
)
def augment(config: str, settings: tuple[str, ...], output: str, rows: int | None, columns: int) -> None:
    """Show what data.augment of CONFIG makes of some training pictures, labelled by class, in one PNG.

    Each row is a picture: as it is judged, then as the first epochs are trained on it. What is shown is what 'fit' will
    do with the same seed, as long as no bad picture is skipped; of a clip, four frames. With mixup or cutmix the shares
    of its labels stand below a picture. A place is empty where train.sampling does not draw the picture in an epoch,
    and where it is drawn more than once, the first is shown. Nothing else is written.
    """
    if not output.endswith(".png"):
        raise click.UsageError(f"--output must end in .png, got {output!r}")
    if rows is not None and rows * columns > MOST:
        many = f"--rows {rows} with --columns {columns} is {rows * columns} pictures"
        raise click.UsageError(f"{many}; a sheet has room for {MOST}")
    document = read(config, settings, {})
    data = document.config.data
    if not data.augment:
        what = "is empty, so there is nothing to show; see 'nettrain kinds augmentations' for what it may name"
        raise document.error("data.augment", what)
    from nettrain.config.words import some
    from nettrain.data.only_read import refuse_inside_data, refuse_pictures
    from nettrain.files import whole
    from nettrain.report.augment_sheet import augment_sheet, seen
    from nettrain.training.pictures import list_splits
    from nettrain.training.probing.augmenting import augmented

    refuse_inside_data(output, data)
    splits = list_splits(document)
    refuse_pictures(output, splits.all(), data)
    shown = augmented(document, splits.train, rows, columns, seen)
    whole.write_atomic(output, augment_sheet(shown, str(document.config.name), [*map(described, data.augment)]))
    if rows is not None and len(shown) < rows:
        tell(f"nettrain: note: there {'is' if len(shown) == 1 else 'are'} {some(len(shown), 'picture')} to show")


def described(chosen: Chosen) -> str:
    """An augmentation with the settings that are not its defaults: ``random_crop (padding: 4)``."""
    from nettrain.config.forms import keys_of
    from nettrain.config.resolved import flow, plain_value

    values = {name: (getattr(chosen.settings, key.field), key) for name, key in keys_of(type(chosen.settings)).items()}
    set_ = [f"{name}: {flow(plain_value(value))}" for name, (value, key) in values.items() if value != key.default]
    return f"{chosen.kind} ({', '.join(set_)})" if set_ else chosen.kind
