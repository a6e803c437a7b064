"""``nettrain compare``: runs beside each other, and whether two of them can be told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.completion import folder
from nettrain.cli.options import tell
from nettrain.config.words import some
from nettrain.errors import escape
from nettrain.formats import ROWS
from nettrain.report.columns import columns

if TYPE_CHECKING:
    from nettrain.training.judging.comparing import Compared, Pair

NUMBERS = ("n", "accuracy", "accuracy_ci95", "subset_accuracy", "subset_accuracy_ci95", "loss", "macro_f1")
LONGEST = 40  # characters of a config's value in the table


@click.command(epilog="\b\nExample:\n  nettrain compare runs/digits-mlp runs/digits-mlp-2")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, shell_complete=folder)
@click.option(
    "--split",
    type=click.Choice(["test", "val", "train", "data"]),
    help="What both were judged on [default: the first of these that all were]; data is evaluate --data.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def compare(runs: tuple[str, ...], split: str | None, as_json: bool) -> None:
    """Show how the configs of some runs differ and what their best models reached.

    Of two runs that evaluate has judged on the same pictures: the difference of accuracy with its 95 % interval
    (paired bootstrap), McNemar's exact test, and in words whether they can be told apart. Runs that were judged on
    different pictures are shown beside each other all the same, with a line that says so.
    """
    if len(runs) < 2:
        raise click.UsageError("expected at least two runs")
    from nettrain.training.judging.comparing import common_split, compare_pair, differing, other_pictures, read_run
    from nettrain.training.store.json_text import by_key

    found = [read_run(path) for path in runs]
    split, first = common_split(found, split)
    apart = other_pictures(found, split)
    if apart is not None:
        cure = "judge each with 'nettrain evaluate RUN --data FOLDER' on the same folder, then compare --split data"
        tell(f"nettrain: note: to compare picture by picture, {cure}")
    tell(*(f"nettrain: note: to compare on the {split} pictures, run first: {escape(command)}" for command in first))
    keys, pair = differing(found), None
    if len(found) == 2 and not first and apart is None:
        pair = compare_pair(found[0].predictions[split], found[1].predictions[split])
    if as_json:
        click.echo(by_key(described(found, split, keys, pair, apart)), nl=False)
        return
    for line in tables(found, split, keys):
        click.echo(line)
    if apart is not None:
        click.echo(f"\nnot comparable picture by picture: {escape(apart)}")
    if pair is not None:
        click.echo()
        for line in verdict(pair, runs[0], runs[1], split):
            click.echo(line)


def described(
    runs: Sequence[Compared], split: str, keys: list[str], pair: Pair | None, apart: str | None
) -> dict[str, Any]:
    """All of it as JSON has it; ``apart`` is why there is no pair, where runs were judged on different pictures."""
    rows = []
    for run in runs:
        judged = run.predictions.get(split)
        numbers = None if judged is None else {name: judged.numbers[name] for name in NUMBERS if name in judged.numbers}
        facts = {name: run.facts.get(name) for name in ("state", "epoch", "best")}
        rows.append(
            {"run": run.path, **facts, "metrics": numbers, "config": {key: run.config.get(key) for key in keys}}
        )
    told: dict[str, Any] = {"split": split, "differing": keys, "runs": rows, "pair": None, "not_comparable": apart}
    if pair is not None:
        told["pair"] = {
            "n": pair.both + pair.only_first + pair.only_second + pair.neither,
            "both": pair.both,
            "only_first": pair.only_first,
            "only_second": pair.only_second,
            "neither": pair.neither,
            "difference": pair.difference,
            "interval": list(pair.interval),
            "p": pair.p,
            "distinguishable": pair.distinguishable,
        }
    return {**told, "format_version": ROWS}


def tables(runs: Sequence[Compared], split: str, keys: list[str]) -> Iterator[str]:
    """The runs with their numbers, then the keys in which they differ."""
    rows: list[Sequence[object]] = [
        ("run", "state", "epochs", "best", "at epoch", f"{split} accuracy", "95 % interval", "loss", "macro F1")
    ]
    for run in runs:
        best = run.facts.get("best") or {}
        reached = None if best.get("value") is None else f"{best['monitor']} {best['value']:.4f}"
        head = (run.path, run.facts.get("state"), run.facts.get("epoch"), reached, best.get("epoch"))
        judged = run.predictions.get(split)
        if judged is None:
            rows.append((*head, None, None, None, None))
            continue
        low, high = judged.numbers[f"{judged.accuracy}_ci95"]
        values = (judged.numbers[name] for name in (judged.accuracy, "loss", "macro_f1"))
        accuracy, loss, macro_f1 = (None if value is None else f"{value:.4f}" for value in values)
        rows.append((*head, accuracy, f"{low:.4f} to {high:.4f}", loss, macro_f1))
    yield from columns(rows)
    yield ""
    if not keys:
        yield "config: the same"
        return
    yield from columns([("config", *(run.path for run in runs)), *((key, *_cells(runs, key)) for key in keys)])


def _cells(runs: Sequence[Compared], key: str) -> Iterator[str | None]:
    """The values of a key, long ones cut at an end that leaves what differs different."""
    values = [run.config.get(key) for run in runs]
    texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    head = [text and (text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...") for text in texts]
    tail = [text and (text if len(text) <= LONGEST else f"...{text[3 - LONGEST :]}") for text in texts]
    yield from next(cells for cells in (head, tail, texts) if len(set(cells)) == len(set(texts)))


def verdict(pair: Pair, first: str, second: str, split: str) -> Iterator[str]:
    """Two runs on the same pictures, in words."""
    n = pair.both + pair.only_first + pair.only_second + pair.neither
    a, b = escape(first), escape(second)
    one_only = f"{pair.only_first} only by {a}, {pair.only_second} only by {b}"
    yield f"{some(n, f'{split} picture')}: {pair.both} right by both, {one_only}, {pair.neither} by neither"
    low, high = pair.interval
    yield f"accuracy of {b} less that of {a}: {pair.difference:.4f} (95 % interval {low:.4f} to {high:.4f})"
    chance = f"McNemar's exact test: p = {pair.p:.4f}"
    if pair.only_first == pair.only_second == 0:
        yield f"not distinguishable: both are right on the same pictures ({chance})"
    elif not pair.distinguishable:
        yield f"not distinguishable: a difference like this comes up by chance ({chance})"
    elif pair.difference > 0:
        yield f"{b} is better than {a} ({chance})"
    else:
        yield f"{a} is better than {b} ({chance})"
