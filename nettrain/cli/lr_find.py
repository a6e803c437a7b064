"""``nettrain lr-find``: a short training with a rising learning rate, and which one it suggests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.completion import file
from nettrain.cli.options import config_options, read, tell

if TYPE_CHECKING:
    from nettrain.training.probing.lr_range import Range

ROWS_A_DECADE = 4
BAR = 40  # columns of the longest


@click.command("lr-find", epilog="\b\nExample:\n  nettrain lr-find configs/digits-cnn.yaml --output lr.svg")
@config_options
@click.option("--from", "low", type=click.FLOAT, default=1e-6, show_default=True, metavar="LR", help="The first rate.")
@click.option("--to", "high", type=click.FLOAT, default=10.0, show_default=True, metavar="LR", help="The last rate.")
@click.option(
    "--steps", type=click.IntRange(20, 10_000), default=100, show_default=True, metavar="N", help="Steps in all."
)
@click.option("--output", "-o", metavar="FILE.svg", help="Write a picture of it to FILE.svg.", shell_complete=file)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
def lr_find(
    config: str,
    settings: tuple[str, ...],
    low: float,
    high: float,
    steps: int,
    output: str | None,
    as_json: bool,
    **short: str | None,
) -> None:
    """Find a learning rate for CONFIG: a few steps from fresh weights, each with a higher rate than the one before.

    The suggestion is a tenth of the rate at which the smoothed loss is lowest: there an update undoes what the one
    before did, a tenth below it the loss still falls fast. A schedule that warms up and then falls, which is not used
    here, bears more, up to the lowest point. Weights are thrown away, and nothing is written but --output. (Smith
    2017, section 3.3.)
    """
    if not (0 < low < high < math.inf):
        raise click.UsageError(f"--from must be above 0 and below --to, got {low:g} and {high:g}")
    if output is not None and not output.endswith(".svg"):
        raise click.UsageError(f"--output must end in .svg, got {output!r}")
    document = read(config, settings, short)
    from nettrain.cli.progress import Decoding
    from nettrain.data.only_read import refuse_listed
    from nettrain.files import whole
    from nettrain.report.lr_picture import lr_picture
    from nettrain.training.probing.lr_range import lr_key, range_test, rates
    from nettrain.training.store import json_text

    if output is not None:
        refuse_listed(output, document.config.data)
    found, key = range_test(document, rates(low, high, steps), Decoding()), lr_key(document.config.optimizer)
    if output is not None:
        whole.write_atomic(output, lr_picture(found, str(document.config.name), key).encode())
    click.echo(json_text.by_key(facts(found, key)) if as_json else table(found, key), nl=not as_json)
    if found.suggestion is None:
        tell("nettrain: warning: the loss did not fall at any rate; look at data and model, or try a lower --from")
    elif found.lowest is found.trials[-1] and not found.diverged:
        tell(f"nettrain: warning: the loss still fell at the highest rate tried; try --to {10 * high:g}")


def facts(found: Range, key: str) -> dict[str, Any]:
    """The test for programs."""
    return {
        "key": key,
        "suggestion": found.suggestion,
        "set": None if found.suggestion is None else f"{key}={found.suggestion:g}",
        "lowest": {"lr": found.lowest.lr, "smoothed": found.lowest.smoothed},
        "diverged": found.diverged,
        "trials": [{"lr": trial.lr, "loss": trial.loss, "smoothed": trial.smoothed} for trial in found.trials],
    }


def table(found: Range, key: str) -> str:
    """Some of the trials with bars of the smoothed loss, and the suggestion as an option."""
    trials = found.trials
    decades = math.log10(trials[-1].lr / trials[0].lr) if len(trials) > 1 else 0.0
    rows = min(len(trials), max(2, round(decades * ROWS_A_DECADE) + 1))
    shown = [trials[round(place * (len(trials) - 1) / max(1, rows - 1))] for place in range(rows)]
    least = found.lowest.smoothed
    most = max(trial.smoothed for trial in trials[: trials.index(found.lowest) + 1])
    lines = ["       lr     loss  smoothed"]
    for trial in shown:
        bar = "#" * round(1 + (BAR - 1) * min(1.0, (trial.smoothed - least) / max(most - least, 1e-9)))
        lines.append(f"{trial.lr:9.2e} {trial.loss:8.4f}  {trial.smoothed:8.4f}  {bar}")
    end = f"the loss ran away at {trials[-1].lr:.2g}; it was" if found.diverged else "the smoothed loss was"
    lines += ["", f"{end} lowest, {found.lowest.smoothed:.4f}, at {found.lowest.lr:.2g}"]
    if found.suggestion is not None:
        lines.append(f"suggestion, a tenth of that: --set {key}={found.suggestion:g}")
    return "\n".join(lines)
