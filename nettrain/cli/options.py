"""What several commands share: the config with its overrides, threads, notes on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from nettrain.cli.completion import file
from nettrain.errors import escape

if TYPE_CHECKING:
    from nettrain.config.document import Document
    from nettrain.config.fields import Duration
    from nettrain.training.config import Config

F = TypeVar("F", bound=Callable[..., Any])

SHORT = {  # option -> the key that it sets
    "epochs": "train.epochs",
    "batch_size": "train.batch_size",
    "lr": "optimizer.*.lr",
    "seed": "seed",
    "threads": "train.threads",
}
KEYS = {**SHORT, "min_accuracy": "gate.accuracy"}  # with those that only some commands have


def config_options(command: F) -> F:
    """CONFIG, ``--set`` and the short forms of its commonest keys."""
    for option in reversed(SHORT):
        name = f"--{option.replace('_', '-')}"
        command = click.option(name, option, metavar="VALUE", help=f"Short for --set {SHORT[option]}=VALUE.")(command)
    command = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a key, such as optimizer.sgd.lr=0.01, or take it out, as data.val=null; repeatable.",
    )(command)
    return click.argument("config", metavar="CONFIG", shell_complete=file)(command)


def read(config: str, settings: tuple[str, ...], short: dict[str, str | None]) -> Document[Config]:
    """The config file with overrides, named, its notes printed; its number of threads is in use from here on."""
    from nettrain.config.dotted import Override, parse_override
    from nettrain.config.reader import read_config
    from nettrain.training.config import TABLES, Config
    from nettrain.training.run.opening import named

    overrides = [parse_override(text, number) for number, text in enumerate(settings, 1)]
    overrides += [
        Override(KEYS[option], value, f"--{option.replace('_', '-')}", sole=True)
        for option, value in short.items()
        if value is not None
    ]
    document = named(read_config(config, Config, TABLES, overrides), config)
    tell(*document.notes)
    use_threads(document.config.train.threads)
    return document


def use_threads(threads: int | None) -> None:
    """Compute on so many threads; on all cores that are available if None."""
    from nettrain.arrays.threads import available_cores, set_threads

    set_threads(threads or available_cores())
    note_threads()


def note_threads() -> None:
    """Tell of more threads than cores: the results are the same, and later."""
    from nettrain.arrays.threads import available_cores, get_threads
    from nettrain.config.words import some

    threads, cores = get_threads(), available_cores()
    if threads > cores:
        what = "more than the cores only wait for each other"
        tell(f"nettrain: note: {some(threads, 'thread')} on {some(cores, 'core')}: {what}")


def read_time(text: str | None, document: Document[Config] | None = None) -> Duration | None:
    """What ``--max-time`` says, if it was given; a ``--set`` of ``document`` may not say something else."""
    from nettrain.training.loop import time_limit

    return None if text is None else time_limit.read_time(text, document)


threads_option = click.option(
    "--threads", type=click.IntRange(1), metavar="N", help="Threads for computing and decoding [default: all cores]."
)

tta_option = click.option(
    "--tta",
    is_flag=True,
    help="Test-time augmentation: take the mean over each picture shifted by a little to five places, and mirrored or "
    "upside down where the model was trained so.",
)

profile_option = click.option(
    "--profile",
    is_flag=True,
    help="Show at the end where the time of a step went; also in RUN/profile.csv, for the steps of this call only.",
)

max_time_option = click.option(
    "--max-time",
    metavar="TIME",
    help="Stop after this long, such as 30m or 2h, at the next step, saved: exit 8 [default: train.max_time].",
)


def tell(*lines: str) -> None:
    """Lines for people, on stderr, safe to print; where nobody listens any more, the work goes on."""
    try:
        for line in lines:
            click.echo(escape(line), err=True)
    except OSError:
        lead_nowhere(sys.stderr)


def lead_nowhere(stream: TextIO) -> None:
    """After a failed write: what is still in the buffer, and all that comes, is dropped without another fault."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
