"""``nettrain summary``: the layers of a config or model, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.completion import file
from nettrain.cli.options import tell

if TYPE_CHECKING:
    from nettrain.autograd.tensor import Dim
    from nettrain.model.network import Network
    from nettrain.training.config import Config


@click.command(epilog="\b\nExample:\n  nettrain summary configs/digits-cnn.yaml --classes 10")
@click.argument("path", metavar="CONFIG|RUN|MODEL", shell_complete=file)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of a config; repeatable.")
@click.option(
    "--classes", type=click.IntRange(1), metavar="N", help="The number of classes of a config [default: open]."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def summary(path: str, settings: tuple[str, ...], classes: int | None, as_json: bool) -> None:
    """Show each layer with the shape that leaves it, its parameters and what it costs.

    For a config no picture is read: N stands for the number of pictures, 'classes' for that of the classes. flops are
    those of products, forward for one picture, two a multiply-add; memory is what training keeps of one picture, in
    bytes, where layers that run inside the one before are counted there.
    """
    _, network = described(path, settings, classes)
    if as_json:
        from nettrain.training.store import json_text

        click.echo(json_text.by_key(costs(network)), nl=False)
    else:
        click.echo(layer_table(network))
        click.echo()
        click.echo(totals(network))


def described(path: str, settings: tuple[str, ...], classes: int | None) -> tuple[Config, Network]:
    """The config and the network of a config file, the latter without memory; or those of a model.

    Errors   ``click.UsageError`` for an option that says nothing to a model.
    """
    from nettrain.config.reader import read_config
    from nettrain.model.network import CLASSES
    from nettrain.training.config import TABLES, Config
    from nettrain.training.model_file import load_model
    from nettrain.training.prepare import check_shapes
    from nettrain.training.store.runs import find_model

    if Path(path).is_dir() or path.endswith(".safetensors"):
        for option, given in (("--set", settings), ("--classes", classes)):
            if given:
                raise click.UsageError(f"{option} is for a config; a model is what it is")
        model = load_model(find_model(path))
        return model.config, model.network
    document = read_config(path, Config, TABLES, settings)
    tell(*document.notes)
    return document.config, check_shapes(document, CLASSES if classes is None else classes)


def layer_table(network: Network) -> str:
    """Name, kind, shape, parameters, flops and memory of each layer, and the sums."""
    from nettrain.autograd.signature import show
    from nettrain.model.cost import layer_costs, sum_of
    from nettrain.report.columns import columns

    layers = layer_costs(network)
    rows: list[tuple[str, ...]] = [("layer", "kind", "output", "parameters", "flops", "memory")]
    rows.append(("input", "", show(("N", *network.input_shape)), "", "", ""))
    for layer in layers:
        numbers = (layer.parameters, layer.flops, layer.kept_bytes)
        rows.append((layer.name, layer.kind, show(("N", *layer.output)), *map(grouped, numbers)))
    each = zip(*((layer.parameters, layer.flops, layer.kept_bytes) for layer in layers), strict=True)
    rows.append(("all", "", "", *(grouped(sum_of(column)) for column in each)))
    return "\n".join(columns(rows, "<<<>>>"))


def totals(network: Network) -> str:
    """What the whole takes, in words."""
    found = costs(network)
    parameters, flops, kept = (grouped(found[key]) for key in ("parameter_bytes", "flops", "kept_bytes"))
    return f"{parameters} bytes of parameters; a picture takes {flops} flops forward, and {kept} bytes in training"


def costs(network: Network) -> dict[str, Any]:
    """The same for programs; a number that depends on ``classes`` is text."""
    from nettrain.model.cost import FLOAT_BYTES, layer_costs, sum_of

    layers = layer_costs(network)
    parameters = sum_of(layer.parameters for layer in layers)
    return {
        "input": list(network.input_shape),
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "output": list(layer.output),
                "parameters": layer.parameters,
                "flops": layer.flops,
                "kept_bytes": layer.kept_bytes,
            }
            for layer in layers
        ],
        "parameters": parameters,
        "parameter_bytes": FLOAT_BYTES * parameters
        if isinstance(parameters, int)
        else sum_of([parameters] * FLOAT_BYTES),
        "flops": sum_of(layer.flops for layer in layers),
        "kept_bytes": sum_of(layer.kept_bytes for layer in layers),
    }


def grouped(number: Dim) -> str:
    """A number with commas, also inside a sum: ``1,002*classes + 7``."""
    return " + ".join(
        "*".join(f"{int(factor):,}" if factor.isdecimal() else factor for factor in term.split("*"))
        for term in str(number).split(" + ")
    )
