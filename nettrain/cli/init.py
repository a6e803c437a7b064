"""``nettrain init``: a config that runs, from pictures; or an example that comes with nettrain."""

from __future__ import annotations

import os

import click

from nettrain.cli.completion import file
from nettrain.cli.options import tell, threads_option, use_threads


@click.command(epilog="\b\nExample:\n  nettrain init data/digits")
@click.argument("data", metavar="FOLDER", shell_complete=file)
@click.option(
    "--output", "-o", metavar="FILE", help="Write the config to FILE, which must be new.", shell_complete=file
)
@click.option("--example", type=click.Choice(["digits", "clips"]), help="Put this example into FOLDER instead.")
@threads_option
def init(data: str, output: str | None, example: str | None, threads: int | None) -> None:
    """Look at the pictures in FOLDER and write a commented config that runs, to stdout or to --output.

    FOLDER holds one folder of pictures a class, or train/ and test/ with such folders, or one folder with all that. Or
    it is another source: a CSV, a zip or tar archive, an .npz, files of the MNIST family or CIFAR's (docs/data.md).

    Some of the pictures are read; each choice is explained. Where all are animations or folders of frames, and where a
    CSV names folders, the config is one of clips. With --output paths are relative to FILE, else absolute.

    With --example, FOLDER gets configs/ and data/ to try nettrain on: it must be new or empty. 'digits' are handwritten
    ones, 'clips' are animations of shapes that move one way or another.
    """
    if example is None:
        return propose(data, output, threads)
    if output is not None:
        raise click.UsageError("--output is for the config of your own pictures; leave it out with --example")
    return put_example(data, example)


def propose(data: str, output: str | None, threads: int | None) -> None:
    """The config for pictures, to stdout or into a new file."""
    use_threads(threads)
    from nettrain.cli.progress import Decoding
    from nettrain.data.only_read import refuse_within
    from nettrain.data.survey import survey
    from nettrain.errors import ConfigError
    from nettrain.files import whole
    from nettrain.training.proposing.proposal import Proposal
    from nettrain.training.proposing.text import proposed_config

    if output is not None and os.path.lexists(output):
        raise ConfigError("is there already; expected the name of a new file", output)
    report = Decoding()
    found = survey(data, lambda done, total: report("looking", done, total))
    layout = found.layout
    if os.path.isdir(layout.path) and os.path.samefile(layout.path, os.curdir):
        what = "is the current folder, so that runs/ would come to lie among the classes"
        raise ConfigError(f"{what}; go to another one first, such as the one above", data)
    if layout.train.ignored:
        tell(f"nettrain: note: {layout.train.ignored}")
    folders = {"train": layout.path, "val": layout.val, "test": layout.test}
    if output is not None:
        refuse_within(output, (path for path in folders.values() if path is not None and os.path.isdir(path)))
    paths = {name: written_path(path, output) for name, path in folders.items() if path is not None}
    text = proposed_config(Proposal(found), paths, output)
    if output is None:
        click.echo(text, nl=False)
    else:
        whole.write_atomic(output, text.encode())
        tell(f"nettrain: wrote {output}; train with: nettrain fit {output}")


def written_path(path: str, output: str | None) -> str:
    """The path as the config names it: relative to its file where that is known and not far off, else absolute."""
    from nettrain.config.paths import written

    absolute = os.path.realpath(path)
    if output is None:
        return written(os.path.abspath(path))
    base = os.path.realpath(os.path.dirname(output) or os.curdir)
    near = os.path.commonpath([absolute, base]) != os.path.sep
    return written(os.path.relpath(absolute, base) if near else absolute)


def put_example(target: str, name: str) -> None:
    """The pictures and configs of an example, into a folder that is new or empty."""
    from nettrain.training.proposing.example import EXAMPLES, put

    count = put(name, target)
    config = os.path.join(target, EXAMPLES[name].parts[0])
    tell(f"nettrain: wrote {count} files; train with: nettrain fit {config}")
