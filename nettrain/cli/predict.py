"""``nettrain predict``: classify pictures, as a filter between other programs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from nettrain.cli.completion import file
from nettrain.cli.options import tell, threads_option, use_threads
from nettrain.errors import ExitCode

if TYPE_CHECKING:
    from nettrain.training.classify import Classified


@click.command(epilog="\b\nExample:\n  nettrain predict data/digits/test/7 --top 3 --format jsonl")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=file)
@click.option(
    "--model",
    "-m",
    metavar="RUN|FILE",
    help="Run folder or model file [default: the newest finished run in ./runs].",
    shell_complete=file,
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "table"]),
    help="[default: as --output ends, else table on a terminal, else jsonl]",
)
@click.option(
    "--top", type=click.IntRange(1), default=1, show_default=True, metavar="K", help="Name the K best classes."
)
@click.option("--all", "every", is_flag=True, help="Name every class; in CSV a column p:<class> each.")
@click.option("--output", "-o", metavar="FILE", help="Write the rows to FILE, whole or not at all, instead of stdout.")
@click.option("-0", "nul", is_flag=True, help="Paths on stdin end with NUL instead of a line break.")
@threads_option
def predict(
    paths: tuple[str, ...],
    model: str | None,
    form: str | None,
    top: int,
    every: bool,
    output: str | None,
    nul: bool,
    threads: int | None,
) -> int:
    """Classify pictures: files, folders, patterns, or - for paths on stdin.

    One row a picture, in input order, also for a file that cannot be used; then the exit code is 3.
    """
    from nettrain.cli.rows import FORMATS, Prediction
    from nettrain.data.inputs import pictures_named
    from nettrain.files import write_atomic
    from nettrain.training.classify import classify
    from nettrain.training.model_file import load_model
    from nettrain.training.runs import find_model, newest_finished

    if paths.count("-") > 1:
        raise click.UsageError("'-' stands for stdin and can be given once")
    if nul and "-" not in paths:
        raise click.UsageError("-0 says how paths on stdin end; expected '-' among the paths")
    form = form or _default_format(output)
    if form == "csv" and top > 1:
        raise click.UsageError("--top is for jsonl and table; CSV has the best class, or with --all every class")
    use_threads(threads)
    if model is None:
        model = str(newest_finished().path)
        tell(f"nettrain: using {model}")
    loaded = load_model(find_model(model))
    results = classify(loaded, pictures_named(chain.from_iterable(_lines(nul) if p == "-" else (p,) for p in paths)))
    first = list(islice(results, 64))  # as many as a table looks at for its widths
    width = max((len(found.path) for found in first), default=0)
    rows = FORMATS[form](loaded.classes, top=top, all=every, width=width)
    bad = 0

    def texts() -> Iterator[str]:
        nonlocal bad
        yield rows.head()
        found: Classified
        for found in chain(first, results):
            bad += found.error is not None
            yield rows.row(Prediction(found.path, found.probabilities, found.error))

    if output is not None:
        write_atomic(output, (text.encode() for text in texts()))
    else:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has enough ends us, as it ends cat
        for text in texts():
            sys.stdout.write(text)
        sys.stdout.flush()
    if not first:
        tell("nettrain: warning: no picture was found in what was given")
    if bad:
        tell(f"nettrain: error: {bad} of the files could not be used; their rows say why")
    return ExitCode.DATA if bad else ExitCode.OK


def _default_format(output: str | None) -> str:
    if output is not None:
        return "csv" if output.endswith(".csv") else "jsonl"
    return "table" if sys.stdout.isatty() else "jsonl"


def _lines(nul: bool) -> Iterator[str]:
    """Paths from stdin as they come; bytes that are not UTF-8 stay what they are."""
    import os

    if not nul:
        yield from (os.fsdecode(line.rstrip(b"\n")) for line in sys.stdin.buffer if line.strip())
        return
    rest = b""
    while block := os.read(sys.stdin.fileno(), 1 << 16):
        *whole, rest = (rest + block).split(b"\0")
        yield from (os.fsdecode(path) for path in whole if path)
    if rest:
        yield os.fsdecode(rest)
