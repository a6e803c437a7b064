"""The command line: which commands there are, loaded only when called, and how each ending becomes an exit code."""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import click

from nettrain.cli import completion
from nettrain.cli.options import lead_nowhere, tell
from nettrain.cli.streams import watch
from nettrain.errors import ExitCode, NettrainError, escape
from nettrain.files.causes import cause
from nettrain.training.loop.signals import die_of
from nettrain.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# name -> (module, what it does); the modules load NumPy and friends only when their command runs
COMMANDS = {
    "fit": ("nettrain.cli.fit", "Train a classifier as a config file says."),
    "resume": ("nettrain.cli.resume", "Go on exactly where a run stopped."),
    "predict": ("nettrain.cli.predict", "Classify pictures."),
    "evaluate": ("nettrain.cli.evaluate", "Judge a model on labelled pictures."),
    "init": ("nettrain.cli.init", "Write a config for a folder of pictures, or the shipped example."),
    "check": ("nettrain.cli.check", "Try a config without training; writes nothing."),
    "augment": ("nettrain.cli.augment", "Show what augmentation makes of training pictures, as one PNG."),
    "doctor": ("nettrain.cli.doctor", "Look for what is wrong with the pictures; changes nothing."),
    "lr-find": ("nettrain.cli.lr_find", "Find a learning rate: a short training with a rising one."),
    "gradcheck": ("nettrain.cli.gradcheck", "Prove every derivative of a config by differences."),
    "summary": ("nettrain.cli.summary", "Show the layers of a config or model: shapes, parameters, cost."),
    "graph": ("nettrain.cli.graph", "Show or draw the operations of a training step, there and back."),
    "compare": ("nettrain.cli.compare", "Show how runs differ, and whether two can be told apart."),
    "runs": ("nettrain.cli.runs", "List or remove runs."),
    "kinds": ("nettrain.cli.kinds", "List what a config may name: layers, optimizers, losses, ..."),
    "download": ("nettrain.cli.download", "Put a well-known data set into a folder."),
    "cache": ("nettrain.cli.cache", "List or remove decoded pictures that data.cache: disk keeps."),
    "completion": ("nettrain.cli.completion", "Print the script that completes commands in bash, zsh or fish."),
    "schema": ("nettrain.cli.schema", "Print the JSON schema of the config, for editors."),
    "env": ("nettrain.cli.env", "Show the surroundings that results depend on."),
}
HIDDEN = {"train": "fit", "eval": "evaluate", "val": "evaluate"}  # what other tools call them

EXIT_CODES = """\b
Exit codes:
  0  done as asked
  1  a bug in nettrain
  2  usage or config
  3  data: missing, unreadable, classes that do not match
  4  checkpoint damaged, or not of this model or config
  5  environment: disk, permission, memory, lock, network
  6  diverged: NaN or infinity
  7  a quality gate was not met; results are still printed
  8  stopped before the end as asked (--max-time); resume goes on
  129 130 141 143  SIGHUP, SIGINT, SIGPIPE, SIGTERM; fit saves first
"""


class Commands(click.Group):
    """The table above as a click group; a command's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = HIDDEN.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[name][0]), name.replace("-", "_"))
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name, help=does) for name, (_, does) in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, does) for name, (_, does) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(COMMANDS)}"
            raise click.UsageError(f"unknown command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES + "\n\b\nExample:\n  nettrain fit configs/digits-mlp.yaml",
)
@click.version_option(__version__, prog_name="nettrain", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback with every error.")
def nettrain() -> None:
    """Train image classifiers from one YAML file and a folder of pictures."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code. Every error becomes its lines on stderr here, and nowhere else."""
    watched = watch("stdout"), watch("stderr")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    debug = "--debug" in arguments
    try:
        if question := completion.asked():
            return completion.answer(nettrain, question)
        code: Any = nettrain.main(list(arguments), prog_name="nettrain", standalone_mode=False)
        sys.stdout.flush()
        return int(code or ExitCode.OK)
    except NettrainError as error:
        return _fail(error.lines(), error.code, debug)
    except click.exceptions.NoArgsIsHelpError as error:
        return _fail(error.format_message().splitlines(), ExitCode.USAGE, debug)
    except click.ClickException as error:
        return _fail([f"nettrain: error: {_usage(error, arguments)}"], ExitCode.USAGE, debug)
    except (KeyboardInterrupt, click.Abort):
        die_of(signal.SIGINT)
    except (OSError, SystemExit) as error:
        broken = next((stream for stream in watched if stream is not None and stream.failure), None)
        failure = None if broken is None else broken.failure
        if isinstance(failure, BrokenPipeError) and (failure is error or isinstance(error, SystemExit)):
            die_of(signal.SIGPIPE)  # of which click makes a SystemExit
        if broken is None or failure is None or failure is not error:
            return _bug()
        lead_nowhere(sys.stdout)
        name = "stdout" if broken is watched[0] else "stderr"
        return _fail([f"nettrain: error: {name}: cannot write: {cause(failure)}"], ExitCode.ENVIRONMENT, debug)
    except MemoryError as error:
        what = f"out of memory ({escape(error)})" if str(error) else "out of memory"
        cure = "free some, or try a smaller train.batch_size in training"
        return _fail([f"nettrain: error: {what}; {cure}"], ExitCode.ENVIRONMENT, debug)
    except Exception:
        return _bug()
    return ExitCode.BUG


def _bug() -> int:
    """The one ending that shows a traceback."""
    traceback.print_exc()
    tell("nettrain: error: this is a bug in nettrain; please report it with the lines above")
    return int(ExitCode.BUG)


def _fail(lines: Sequence[str], code: ExitCode, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    tell(*lines)
    return int(code)


def _usage(error: click.ClickException, arguments: Sequence[str]) -> str:
    """click's message as one line, in the form of ours."""
    if isinstance(error, click.NoSuchOption):
        near = " or ".join(repr(name) for name in sorted(error.possibilities or ()))
        text = f"unknown option {error.option_name!r}" + (f"; did you mean {near}?" if near else "")
    else:
        text = " ".join(error.format_message().split()).rstrip(".")
    command = getattr(getattr(error, "ctx", None), "command_path", None) or _called(arguments)
    return escape(f"{text[:1].lower()}{text[1:]}; see '{command} --help'")


def _called(arguments: Sequence[str]) -> str:
    """The command that the arguments call, such as ``nettrain cache list``: where click does not know it any more."""
    words, command = ["nettrain"], cast("click.Command | None", nettrain)
    for word in arguments:
        if isinstance(command, click.Group) and not word.startswith("-"):
            words.append(word)
            command = command.get_command(click.Context(command), word)
    return " ".join(words)
