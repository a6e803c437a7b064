"""``nettrain graph``: the recorded graph of a training step as text, DOT or a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.completion import file

if TYPE_CHECKING:
    from nettrain.autograd.tensor import Tensor

SUFFIXES = {".txt": "text", ".dot": "dot", ".gv": "dot", ".svg": "svg"}


@click.command(epilog="\b\nExample:\n  nettrain graph configs/digits-cnn.yaml --backward --output graph.svg")
@click.argument("path", metavar="CONFIG|RUN|MODEL", shell_complete=file)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of a config; repeatable.")
@click.option(
    "--classes", type=click.IntRange(1), metavar="N", help="The number of classes of a config [default: open]."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "dot", "svg"]), help="[default: as --output ends, else text]"
)
@click.option("--backward", is_flag=True, help="Show the walk back too: which gradients go where.")
@click.option("--output", "-o", metavar="FILE", help="Write to FILE instead of stdout.", shell_complete=file)
def graph(
    path: str, settings: tuple[str, ...], classes: int | None, form: str | None, backward: bool, output: str | None
) -> None:
    """Show every operation of a training step, from the pictures to the loss, as it is recorded.

    Parts (norm, sum, activation, pooling, ...) run piece by piece inside the operation that they stand in. The graph is
    that of a dry run: no picture is read, and nothing is computed. 'svg' is drawn here; 'dot' is for Graphviz.
    """
    from nettrain.cli.summary import described
    from nettrain.data.only_read import refuse_listed, refuse_over
    from nettrain.files import whole
    from nettrain.ops.mean import mean
    from nettrain.report.graph_svg import as_svg
    from nettrain.report.graph_text import as_dot, as_text
    from nettrain.report.graph_view import operations
    from nettrain.training.loop.objective import training_loss

    form = form or format_of(output)
    config, network = described(path, settings, classes)
    if output is not None:
        refuse_over(output, [path])
        refuse_listed(output, config.data)
    of_outputs = training_loss(config.loss)

    def loss(outputs: Tensor) -> Tensor:
        labels: Any = None  # which a dry run does not read
        return mean(of_outputs(outputs, labels))

    nodes = operations(network, loss)
    name = path.rstrip("/").rpartition("/")[2]
    if form == "svg":
        made = as_svg(nodes, backward, name)
    else:
        made = as_dot(nodes, backward) if form == "dot" else as_text(nodes, backward) + "\n"
    if output is None:
        click.echo(made, nl=False)
    else:
        whole.write_atomic(output, made.encode())


def format_of(output: str | None) -> str:
    """The format that a file's name asks for.  Errors: ``click.UsageError`` for an ending that asks for none."""
    if output is None:
        return "text"
    found = [form for suffix, form in SUFFIXES.items() if output.endswith(suffix)]
    if not found:
        raise click.UsageError(f"--output must end in {', '.join(SUFFIXES)}, or --format be given, got {output!r}")
    return found[0]
