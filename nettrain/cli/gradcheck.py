"""``nettrain gradcheck``: every derivative of a config's network, proved by differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.options import config_options, read, tell
from nettrain.errors import ExitCode

if TYPE_CHECKING:
    from nettrain.training.probing.gradcheck import Checked

HEAD = ("parameter", "shape", "derivative", "difference", "error", "")


@click.command(epilog="\b\nExample:\n  nettrain gradcheck configs/digits-cnn.yaml --classes 10")
@config_options
@click.option("--classes", type=click.IntRange(2), metavar="N", help="The number of classes [default: as in the data].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
def gradcheck(
    config: str, settings: tuple[str, ...], classes: int | None, as_json: bool, **short: str | None
) -> ExitCode:
    """Check every derivative of CONFIG's network, its loss included, against differences of the loss.

    For each parameter tensor, in float64: the derivative along a random direction by back-propagation, and how much the
    loss changes when the weights are moved that way and back. They must agree to 1e-5 of their size. Kinks of relu and
    maximum are stepped around. Eight pictures of random pixels are used, and none is read.

    A derivative that is wrong is a bug in nettrain, whatever the config: exit code 1.
    """
    document = read(config, settings, short)
    from nettrain.training.pictures import list_splits
    from nettrain.training.probing.gradcheck import gradcheck as check
    from nettrain.training.store import json_text

    if classes is None:
        classes = len(list_splits(document).classes)
    found = list(check(document, classes))
    click.echo(json_text.by_key(facts(found)) if as_json else table(found), nl=not as_json)
    if all(checked.passed for checked in found):
        return ExitCode.OK
    wrong = ", ".join(checked.name for checked in found if not checked.passed)
    tell(f"nettrain: error: wrong derivative by {wrong}: this is a bug in nettrain; please report it with the config")
    return ExitCode.BUG


def facts(found: list[Checked]) -> dict[str, Any]:
    """The check for programs."""
    from nettrain.training.probing.gradcheck import LIMIT

    return {
        "passed": all(checked.passed for checked in found),
        "limit": LIMIT,
        "worst": max(checked.error for checked in found),
        "parameters": [
            {
                "name": checked.name,
                "shape": list(checked.shape),
                "derivative": checked.derivative,
                "difference": checked.difference,
                "error": checked.error,
                "passed": checked.passed,
            }
            for checked in found
        ],
    }


def table(found: list[Checked]) -> str:
    """A row a tensor, and the worst of them."""
    from nettrain.autograd.signature import show
    from nettrain.report.columns import columns
    from nettrain.training.probing.gradcheck import LIMIT

    rows = [HEAD]
    for checked in found:
        numbers = (f"{checked.derivative:.8f}", f"{checked.difference:.8f}", f"{checked.error:.1e}")
        rows.append((checked.name, show(checked.shape), *numbers, "pass" if checked.passed else "FAIL"))
    worst = max(found, key=lambda checked: checked.error)
    good = sum(checked.passed for checked in found)
    end = (
        f"{good} of {len(found)} pass; the worst relative error is {worst.error:.1e}, of {worst.name} (limit {LIMIT:g})"
    )
    return "\n".join([*columns(rows, "<<>>><"), "", end])
