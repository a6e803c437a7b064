"""``nettrain doctor``: what is wrong with the pictures, before anything is trained on them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from nettrain.cli.completion import file
from nettrain.cli.options import read, tell, threads_option, use_threads
from nettrain.config.words import some
from nettrain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from nettrain.data.config import DataConfig


@click.command(epilog="\b\nExample:\n  nettrain doctor data/digits")
@click.argument("what", metavar="CONFIG|DATA", shell_complete=file)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of CONFIG; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead, with all findings and pictures.")
@click.option("--strict", is_flag=True, help="Exit code 3 if there is any error or warning.")
@click.option(
    "--manifest",
    metavar="FILE",
    help="Compare every picture with a manifest [default: data.manifest of CONFIG].",
    shell_complete=file,
)
@click.option(
    "--write-manifest",
    "new_manifest",
    metavar="FILE",
    help="Write path, size and SHA-256 of every picture to FILE, which must be new.",
    shell_complete=file,
)
@click.option(
    "--sheet", metavar="FILE.png", help="Draw pictures with findings on a contact sheet.", shell_complete=file
)
@threads_option
def doctor(
    what: str,
    settings: tuple[str, ...],
    as_json: bool,
    strict: bool,
    manifest: str | None,
    new_manifest: str | None,
    sheet: str | None,
    threads: int | None,
) -> None:
    """Look at every picture of CONFIG, or of DATA, and tell what is wrong; nothing in the data is ever changed.

    Found are pictures that cannot be read, copies to the byte and to the eye, the same picture in two classes or on
    two sides of a split, folders that are empty, hidden or misplaced, and what all pictures are like together.

    DATA is a folder of pictures or another source, as data.train may name it; the splits of CONFIG are those of fit.
    """
    if sheet is not None and not sheet.endswith(".png"):
        raise click.UsageError(f"--sheet must end in .png, got {sheet!r}")
    if new_manifest is not None and os.path.lexists(new_manifest):
        raise ConfigError("is there already; expected the name of a new file", new_manifest)
    if sheet is not None and new_manifest is not None and os.path.realpath(sheet) == os.path.realpath(new_manifest):
        raise click.UsageError("--sheet and --write-manifest name the same file")
    data, seed = _data(what, settings, threads)
    from nettrain.cli.findings import counted, facts, text
    from nettrain.cli.progress import Decoding
    from nettrain.data.doctor.examine import examine
    from nettrain.data.doctor.finding import Severity
    from nettrain.data.doctor.manifest import manifest_csv
    from nettrain.data.doctor.table import findings
    from nettrain.data.only_read import refuse_inside_data, refuse_pictures
    from nettrain.files import whole
    from nettrain.report.doctor_sheet import doctor_sheet
    from nettrain.training.store.json_text import by_key

    outputs = [path for path in (new_manifest, sheet) if path is not None]
    for path in outputs:
        refuse_inside_data(path, data)
    case = examine(data, seed, Decoding(), manifest or data.manifest)
    for path in outputs:
        refuse_pictures(path, case.material.splits, data)
    found = findings(case)
    tell(*(f"nettrain: note: {note}" for note in case.notes))
    click.echo(by_key(facts(case, found)) if as_json else "\n".join(text(case, found)), nl=not as_json)
    if new_manifest is not None:
        whole.write_atomic(new_manifest, manifest_csv(case.sums()))
        if lost := len(case.material) - int(case.scan.read.sum()):
            tell(f"nettrain: warning: {some(lost, 'picture')} could not be read: not in the manifest")
    if sheet is not None:
        whole.write_atomic(sheet, doctor_sheet(case, found))
    if strict and (grave := [one for one in found if one.kind.severity < Severity.NOTE]):
        raise DataError(f"{counted(grave)}; expected none with --strict", what)


def _data(what: str, settings: tuple[str, ...], threads: int | None) -> tuple[DataConfig, int]:
    """The data of a config and its seed, or a source as a config would name it."""
    from nettrain.config.fields import FilePath
    from nettrain.data.config import DataConfig, ImageConfig
    from nettrain.data.doctor.phash import SIDE
    from nettrain.data.no_folder import what_it_is
    from nettrain.data.sources.table import is_source
    from nettrain.data.tree import DISK

    if is_source(what):
        if settings:
            raise click.UsageError(f"--set changes a key of a config, and {what!r} is none")
        use_threads(threads)
        return DataConfig(FilePath(what), ImageConfig((SIDE, SIDE))), 0
    if not what.lower().endswith((".yaml", ".yml")):
        if not os.path.exists(what):
            raise DataError("no such file or folder; expected pictures, or a config", what)
        if told := what_it_is(DISK, what):
            raise DataError(told, what)
    config = read(what, settings, {"threads": None if threads is None else str(threads)}).config
    return config.data, config.seed
