"""``nettrain predict``: classify pictures, as a filter between other programs."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from nettrain.cli.completion import file
from nettrain.cli.given import STDIN, given_paths, lines_of_stdin
from nettrain.cli.options import tell, threads_option, tta_option, use_threads
from nettrain.config.words import some, together
from nettrain.errors import ExitCode, escape

if TYPE_CHECKING:
    from nettrain.training.judging.classify import Classified


@click.command(epilog="\b\nExample:\n  nettrain predict data/digits/test/7 --top 3 --format jsonl")
@click.argument("paths", metavar="PATH...", nargs=-1, shell_complete=file)
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
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="Write the rows to FILE, whole or not at all, instead of stdout.",
    shell_complete=file,
)
@click.option(
    "--min-confidence",
    "least",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Below X the label is null, and the row says unsure; with several labels a picture, those that have X [0.5].",
)
@click.option(
    "--from-column", "column", metavar="NAME", help="Each PATH is a CSV file that lists pictures in this column."
)
@click.option("--stream", is_flag=True, help="Answer each path on stdin at once with its row, until stdin ends.")
@click.option("-0", "nul", is_flag=True, help="Paths on stdin end with NUL instead of a line break.")
@tta_option
@threads_option
def predict(
    paths: tuple[str, ...],
    model: str | None,
    form: str | None,
    top: int,
    every: bool,
    output: str | None,
    least: float | None,
    column: str | None,
    stream: bool,
    nul: bool,
    tta: bool,
    threads: int | None,
) -> int:
    """Classify pictures, or clips: files, folders, archives, patterns, or - for paths on stdin.

    Of a zip or tar archive, or a file of many pictures (.npz, IDX, CIFAR's), all are taken, or the one that is named:
    a.zip/b.png, a.npz/00007. One row a picture, in input order, also for a file that cannot be used; then the exit
    code is 3.
    """
    from nettrain.cli.label_rows import LABEL_FORMATS
    from nettrain.cli.rows import FORMATS, Prediction
    from nettrain.data.inputs import pictures_named
    from nettrain.data.only_read import guarded, refuse_over
    from nettrain.files.whole import write_atomic
    from nettrain.training.judging.classify import classify, classify_each
    from nettrain.training.model_file import load_model
    from nettrain.training.store.runs import find_model, newest_finished

    form = form or ("jsonl" if stream else _default_format(output))
    if least is not None and math.isnan(least):  # which no bound refuses
        raise click.UsageError("--min-confidence: expected a number from 0 to 1, got nan")
    _refuse_contradictions(paths, form, top, output, column, stream, nul)
    use_threads(threads)
    if model is None:
        model = str(newest_finished().path)
        tell(f"nettrain: using {model}")
    file = find_model(model)
    if output is not None:
        refuse_over(output, [str(file)])
    loaded = load_model(file)
    if tta:
        tell(f"nettrain: note: probabilities are the mean over {loaded.views} (--tta)")
    clips = loaded.config.data.image.frames is not None
    if stream:
        results, first = classify_each(loaded, lines_of_stdin(nul), tta), []
    else:
        apart: Callable[[Iterable[str]], Iterator[str]] = iter if output is None else partial(guarded, output=output)
        given = apart(given_paths(apart(paths), nul, column))
        named = pictures_named(given, clips)
        results = classify(loaded, named if output is None else guarded(named, output, clips), tta)
        first = list(islice(results, 64))  # as many as a table looks at for its widths
    width = max((len(escape(Prediction(found.path).shown_path)) for found in first), default=0)
    formats = LABEL_FORMATS if loaded.config.data.several else FORMATS
    views = loaded.views.count if tta else None
    rows = formats[form](loaded.classes, top=top, all=every, width=width, least=least, views=views)
    seen = bad = unsure = 0

    def texts() -> Iterator[str]:
        nonlocal seen, bad, unsure
        yield rows.head()
        found: Classified
        for found in chain(first, results):
            row = Prediction(found.path, found.probabilities, found.error)
            seen, bad, unsure = seen + 1, bad + (found.error is not None), unsure + rows.is_unsure(row)
            yield rows.row(row)

    if output is not None:
        write_atomic(output, (text.encode() for text in texts()))
    else:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has enough ends us, as it ends cat
        for text in texts():
            sys.stdout.write(text)
            if stream:
                sys.stdout.flush()
        sys.stdout.flush()
    if not seen and not stream:
        tell("nettrain: warning: no picture was found in what was given")
    if unsure:
        are = f"{some(seen, 'picture')} {'is' if unsure == 1 else 'are'}"
        tell(f"nettrain: note: {unsure} of {are} unsure: no class has {least:g}")
    if bad:
        tell(f"nettrain: error: {bad} of the files could not be used; their rows say why")
    return ExitCode.DATA if bad else ExitCode.OK


def _refuse_contradictions(
    paths: tuple[str, ...],
    form: str,
    top: int,
    output: str | None,
    column: str | None,
    stream: bool,
    nul: bool,
) -> None:
    """Errors: ``click.UsageError`` for options that cannot be meant together."""
    if stream:
        others = {
            "PATH": paths not in ((), (STDIN,)),
            "--from-column": column is not None,
            "--output": output is not None,
            "--format table": form == "table",
        }
        if given := [name for name, is_given in others.items() if is_given]:
            out = together(given)
            raise click.UsageError(f"--stream answers paths on stdin, on stdout, as jsonl or csv; leave {out} out")
    elif not paths:
        raise click.UsageError("expected at least one PATH: a file, a folder, a pattern, or - for paths on stdin")
    if paths.count(STDIN) > 1:
        raise click.UsageError("'-' stands for stdin and can be given once")
    if nul and column is not None:
        raise click.UsageError("-0 is for plain paths on stdin; with --from-column they are lines of CSV")
    if nul and STDIN not in paths and not stream:
        raise click.UsageError("-0 says how paths on stdin end; expected '-' among the paths")
    if form == "csv" and top > 1:
        raise click.UsageError("--top is for jsonl and table; CSV has the best class, or with --all every class")


def _default_format(output: str | None) -> str:
    if output is not None:
        return "csv" if output.endswith(".csv") else "jsonl"
    return "table" if sys.stdout.isatty() else "jsonl"
