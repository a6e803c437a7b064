"""``nettrain fit``: train a classifier as a config file says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from nettrain.cli.completion import folder
from nettrain.cli.follow import follow, go_on
from nettrain.cli.options import config_options, max_time_option, profile_option, read, read_time
from nettrain.cli.series import fit_series

if TYPE_CHECKING:
    from nettrain.training.run.run import Run


@click.command(epilog="\b\nExample:\n  nettrain fit configs/digits-mlp.yaml --set train.epochs=5")
@config_options
@click.option(
    "--run-dir",
    metavar="FOLDER",
    help="Exactly this folder for the run [default: runs/<name>, then runs/<name>-2].",
    shell_complete=folder,
)
@click.option(
    "--resume",
    "mode",
    type=click.Choice(["auto"]),
    metavar="auto",
    help="Go on with the run in --run-dir, if there is one; it has to be of this config and these pictures.",
)
@click.option(
    "--min-accuracy", metavar="X", help="Short for --set gate.accuracy=X: exit code 7 if the best model has less."
)
@click.option(
    "--repeat",
    type=click.IntRange(2),
    metavar="N",
    help="Train N times, with seeds from the config's on; then mean, spread.",
)
@click.option(
    "--folds",
    type=click.IntRange(2),
    metavar="K",
    help="Train K times, each validated on another part of the train pictures; then mean, spread.",
)
@max_time_option
@profile_option
def fit(
    config: str,
    settings: tuple[str, ...],
    run_dir: str | None,
    mode: str | None,
    min_accuracy: str | None,
    repeat: int | None,
    folds: int | None,
    max_time: str | None,
    profile: bool,
    **short: str | None,
) -> int:
    """Train the classifier that CONFIG describes.

    Everything of the run goes into its folder; the one line on stdout names it and its best epoch. With --repeat or
    --folds there is a folder of runs, with a table of what they reached, on stdout and in summary.csv; gates are then
    judged on all of them together.
    """
    if mode is not None and run_dir is None:
        raise click.UsageError("--resume needs --run-dir, the folder to look for a run in")
    if repeat is not None and folds is not None:
        raise click.UsageError("--repeat and --folds are two ways to train several times; expected one of them")
    if profile and (repeat is not None or folds is not None):
        raise click.UsageError("--profile is for a single run; expected it without --repeat and --folds")
    begun = time.monotonic()
    document = read(config, settings, {**short, "min_accuracy": min_accuracy})
    most = read_time(max_time, document)
    if repeat is not None or folds is not None:
        return fit_series(document, repeat, folds, run_dir, mode is not None, most, begun)
    from nettrain.cli.progress import Decoding
    from nettrain.training.run.opening import begin, begin_or_take_up

    if mode is not None and run_dir is not None:
        run = begin_or_take_up(document, Decoding(), run_dir)
        if run.resumed:
            return go_on(run, profile, most, begun)
    else:
        run = begin(document, Decoding(), run_dir)
    return follow(run, _first_lines(run), profile, most, begun)


def _first_lines(run: Run) -> list[str]:
    """What a new run is, for people."""
    from nettrain.config.words import some
    from nettrain.training.run.notes import first_notes

    prepared = run.prepared
    split = f"{some(len(prepared.train), 'training picture')} in {some(len(prepared.classes), 'class')}"
    val = "no validation" if prepared.val is None else f"{len(prepared.val)} to validate on"
    return [
        *first_notes(run),
        f"{run.folder.path}: {split}, {val}; {prepared.network.parameter_count:,} parameters",
    ]
