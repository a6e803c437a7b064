"""``nettrain summary``: the layers of a config or model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nettrain.cli.completion import file
from nettrain.cli.options import tell

if TYPE_CHECKING:
    from nettrain.model.network import Network


@click.command(epilog="\b\nExample:\n  nettrain summary configs/digits-cnn.yaml")
@click.argument("path", metavar="CONFIG|RUN|MODEL", shell_complete=file)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of a config; repeatable.")
def summary(path: str, settings: tuple[str, ...]) -> None:
    """Show each layer with the shape that leaves it and its parameters.

    For a config no picture is read: N stands for the number of pictures, 'classes' for that of the classes.
    """
    from nettrain.config.reader import read_config
    from nettrain.training.config import TABLES, Config
    from nettrain.training.model_file import load_model
    from nettrain.training.prepare import check_shapes
    from nettrain.training.runs import find_model

    if Path(path).is_dir() or path.endswith(".safetensors"):
        if settings:
            raise click.UsageError("--set is for a config; a model is what it is")
        network = load_model(find_model(path)).network
    else:
        document = read_config(path, Config, TABLES, settings)
        tell(*document.notes)
        network = check_shapes(document)
    click.echo(layer_table(network))


def layer_table(network: Network) -> str:
    """Name, kind, shape and parameters of each layer, and the sum."""
    from nettrain.autograd.signature import show
    from nettrain.autograd.tensor import volume
    from nettrain.model.layer import Parameter

    rows = [("layer", "kind", "output", "parameters"), ("input", "", show(("N", *network.input_shape)), "")]
    for layer, kind, shape in zip(network.layers, network.kinds, network.shapes, strict=True):
        counts = [volume(tensor.shape) for _, tensor in layer.tensors() if isinstance(tensor, Parameter)]
        rows.append((layer.name, kind, show(("N", *shape)), sum_of(counts)))
    rows.append(("all", "", "", sum_of([volume(p.shape) for p in network.parameters.values()])))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]:>{widths[3]}}".rstrip()
        for row in rows
    )


def sum_of(counts: list[int | str]) -> str:
    """A sum in which some terms depend on the number of classes: ``640 + 65*classes``."""
    sums: Counter[str] = Counter()  # for each product of symbols, the empty one among them
    for count in counts:
        factors = str(count).split("*")
        known = int(factors.pop(0)) if factors[0].isdecimal() else 1
        sums["*".join(factors)] += known
    terms = [(symbols, known) for symbols, known in sorted(sums.items()) if known] or [("", 0)]
    return " + ".join(
        symbols if symbols and known == 1 else f"{known:,}*{symbols}".removesuffix("*") for symbols, known in terms
    )
