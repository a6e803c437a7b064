"""``nettrain completion``: what makes a shell complete commands, options and paths when Tab is pressed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from nettrain.errors import ConfigError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VARIABLE = "_NETTRAIN_COMPLETE"  # by which the script of a shell asks


@click.command(epilog="\b\nExample:\n  nettrain completion bash")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options and paths.

    \b
    bash  echo 'eval "$(nettrain completion bash)"' >> ~/.bashrc
    zsh   echo 'eval "$(nettrain completion zsh)"' >> ~/.zshrc
    fish  nettrain completion fish > ~/.config/fish/completions/nettrain.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"this click has no completion for {shell}")
    click.echo(made(context.find_root().command, {}, "nettrain", VARIABLE).source())


def asked() -> str | None:
    """What a shell asks for, such as ``bash_complete``, where this process is to complete a line."""
    return os.environ.get(VARIABLE)


def answer(group: click.Command, question: str) -> int:
    """Print what could stand where the cursor is; returns the exit code.

    Errors   ``ConfigError`` where no shell asks, but somebody set the variable.
    """
    from click.shell_completion import get_completion_class, shell_complete

    shell, _, what = question.partition("_")
    word = os.environ.get("COMP_CWORD", "")
    asks = "COMP_WORDS" in os.environ and (shell == "fish" or word.isdecimal())
    if get_completion_class(shell) is None or not (what == "source" or (what == "complete" and asks)):
        message = f"expected what the script of 'nettrain completion' sets, got {question!r}; unset it"
        raise ConfigError(message, VARIABLE)
    return shell_complete(group, {}, "nettrain", VARIABLE, question)


def file(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own files and folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def folder(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own folders."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]
