"""The command line as a whole: help, aliases, misspelt names, a quick start, how each ending becomes an exit code."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from commands import MLP, Ended, after, process, shell, written

from nettrain import __version__
from nettrain.cli import main
from nettrain.cli.main import COMMANDS, HIDDEN
from nettrain.errors import DataError, ExitCode

Call = Callable[..., Ended]
SIGNALS = "nettrain.training.loop.signals"
each_command = pytest.mark.parametrize("command", [*COMMANDS, *HIDDEN])


@each_command
def test_help_of_a_command_ends_with_an_example(call: Call, command: str) -> None:
    ended = call(command, "--help")
    assert ended.code == 0
    lines = ended.out.rstrip().splitlines()
    assert lines[-2] == "  Example:"
    assert lines[-1].startswith(f"    nettrain {HIDDEN.get(command, command)}")
    assert ended.err == ""


def test_help_lists_every_command_and_exit_code(call: Call) -> None:
    text = call("--help").out
    shown = re.search(r"Commands:\n(.*?)\n\n", text, re.DOTALL)
    assert shown is not None
    assert [line.split()[0] for line in shown[1].splitlines()] == list(COMMANDS)
    assert not set(HIDDEN) & set(shown[1].split())
    codes = re.findall(r"^    (\d)  ", text, re.MULTILINE)
    assert codes == [str(int(code)) for code in ExitCode]
    assert "    129 130 141 143  SIGHUP, SIGINT, SIGPIPE, SIGTERM; fit saves first\n" in text


def test_without_a_command_the_help_is_shown_as_an_error(call: Call) -> None:
    assert call() == Ended(2, "", call("--help").out)


def test_version(call: Call) -> None:
    assert call("--version") == Ended(0, f"nettrain {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["fti"], "unknown command 'fti'; did you mean 'fit'?; see 'nettrain --help'"),
        (
            ["frobnicate"],
            f"unknown command 'frobnicate'; expected one of {', '.join(COMMANDS)}; see 'nettrain --help'",
        ),
        (["--verison"], "unknown option '--verison'; did you mean '--version'?; see 'nettrain --help'"),
        (
            ["fit", "x.yaml", "--epoch", "3"],
            "unknown option '--epoch'; did you mean '--epochs'?; see 'nettrain fit --help'",
        ),
        (
            ["train", "x.yaml", "--sed", "3"],
            "unknown option '--sed'; did you mean '--seed' or '--set'?; see 'nettrain train --help'",
        ),
        (["fit"], "missing argument 'CONFIG'; see 'nettrain fit --help'"),
        (["fit", "x.yaml", "--epochs"], "option '--epochs' requires an argument; see 'nettrain fit --help'"),
        (["train", "--set"], "option '--set' requires an argument; see 'nettrain train --help'"),
        (
            ["cache", "list", "--json=1"],
            "option '--json' does not take a value; see 'nettrain cache list --help'",
        ),
        (["--debug=1"], "option '--debug' does not take a value; see 'nettrain --help'"),
        (["fit", "a", "b\x1b"], "got unexpected extra argument (b\\x1b); see 'nettrain fit --help'"),
        (
            ["predict", "x", "--top", "0"],
            "invalid value for '--top': 0 is not in the range x>=1; see 'nettrain predict --help'",
        ),
        (
            ["predict", "x", "--threads", "0"],
            "invalid value for '--threads': 0 is not in the range x>=1; see 'nettrain predict --help'",
        ),
        (
            ["predict", "x", "--format", "xml"],
            "invalid value for '--format': 'xml' is not one of 'jsonl', 'csv', 'table'; see 'nettrain predict --help'",
        ),
    ],
)
def test_a_misused_command_line_is_one_line(call: Call, arguments: list[str], line: str) -> None:
    assert call(*arguments) == Ended(2, "", f"nettrain: error: {line}\n")


ENDINGS = {
    "a fault of the data": (DataError("is bad\x1b", "a\nb"), 3, "nettrain: error: a\\nb: is bad\\x1b\n"),
    "usage": (click.UsageError("Not\nlike this."), 2, "nettrain: error: not like this; see 'nettrain env --help'\n"),
    "memory": (
        MemoryError(),
        5,
        "nettrain: error: out of memory; free some, or try a smaller train.batch_size in training\n",
    ),
    "memory, with a reason": (
        MemoryError("9 bytes"),
        5,
        "nettrain: error: out of memory (9 bytes); free some, or try a smaller train.batch_size in training\n",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_becomes_its_code_and_line(call: Call, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    error, code, text = ENDINGS[ending]
    fail_with(monkeypatch, error)
    assert call("env") == Ended(code, "", text)


def test_a_bug_shows_the_only_traceback(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, ZeroDivisionError("oh"))
    ended = call("env")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("Traceback (most recent call last):\n")
    assert ended.err.endswith(
        "ZeroDivisionError: oh\nnettrain: error: this is a bug in nettrain; please report it with the lines above\n"
    )


def test_debug_shows_a_traceback_with_the_line(call: Call) -> None:
    ended = call("--debug", "resume", "nothing-here")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Traceback (most recent call last):\n")
    assert ended.err.endswith(
        "\nnettrain: error: nothing-here: no such file or folder; expected that of a run, such as runs/name\n"
    )


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "x"), OSError(errno.ENOSPC, "x"), SystemExit(3)])
def test_what_is_not_of_the_streams_is_a_bug(call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    fail_with(monkeypatch, error)
    ended = call("env")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("nettrain: error: this is a bug in nettrain; please report it with the lines above\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError()])
def test_an_interrupted_command_ends_by_the_signal(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    class Ends(Exception):
        pass

    def end(number: int) -> None:
        raise Ends(number)

    fail_with(monkeypatch, error)
    monkeypatch.setattr(main, "die_of", end)
    with pytest.raises(Ends) as caught:
        call("env")
    assert caught.value.args[0] == 2


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def env() -> None:
        raise error

    monkeypatch.setattr("nettrain.cli.env.env", env)


@pytest.mark.parametrize("arguments", [("--help",), ("fit", "--help"), ("predict", "--help"), ("--version",), ("fti",)])
def test_help_does_not_load_numpy(arguments: tuple[str, ...]) -> None:
    program = (
        "import sys; from nettrain.cli.main import run; run(sys.argv[1:]);"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'PIL', 'yaml', 'tqdm'}))"
    )
    assert process(*arguments, program=(sys.executable, "-c", program)).out.splitlines()[-1] == "[]"


AT_AN_IMPORT = """
import signal, sys
class Finder:
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            signal.raise_signal({number})
sys.meta_path.insert(0, Finder())"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["nettrain.arrays.blas", "nettrain.files", "click", "nettrain.cli.fit", "numpy"])
def test_a_signal_while_it_loads_ends_the_process_without_a_traceback(name: str, number: int) -> None:
    program = after(AT_AN_IMPORT.format(name=name, number=int(number)))
    assert process("fit", "none.yaml", program=program) == Ended(-number, "", "")


def test_signals_are_looked_after_before_anything_else_loads() -> None:
    """A signal before that would end in a traceback."""
    loaded = "import signal, sys; before = {*sys.modules}; import nettrain.__main__; print(*{*sys.modules} - before)"
    names = set(process(program=(sys.executable, "-c", loaded)).out.split())
    ours = {"nettrain", "nettrain.version", "nettrain.__main__", "nettrain.arrays", "nettrain.arrays.interrupt"}
    assert {name for name in names if name.startswith("nettrain")} == ours | {
        "nettrain.training",
        "nettrain.training.loop",
        SIGNALS,
    }
    assert not names & {"dataclasses", "pathlib", "re", "typing", "click", "numpy"}


def test_importing_the_package_is_light() -> None:
    program = "import sys; before = set(sys.modules); import nettrain; print(sorted(set(sys.modules) - before))"
    assert process(program=(sys.executable, "-c", program)).out == "['nettrain', 'nettrain.version']\n"


@pytest.mark.parametrize(
    "line", ["nettrain --help", "nettrain env", "nettrain summary a.yaml", "nettrain check a.yaml"]
)
def test_a_reader_that_has_enough_ends_a_command_as_it_ends_cat(tmp_path: Path, small: Path, line: str) -> None:
    written(tmp_path, "a.yaml", MLP.format(data=small))
    ended = shell(f"{{ {line}; echo $? >&2; }} | true; true", tmp_path)
    assert ended.out == ""
    code = ended.err.splitlines()[-1]
    assert code == "141", ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("line", ["nettrain --help", "nettrain env"])
def test_a_full_stdout_is_one_line(tmp_path: Path, line: str, unbuffered: str) -> None:
    ended = shell(f"PYTHONUNBUFFERED={unbuffered} {line} > /dev/full", tmp_path)
    assert (ended.code, ended.err) == (
        5,
        "nettrain: error: stdout: cannot write: the disk is full; free some space and try again\n",
    )


def test_closed_streams_do_not_end_up_in_files(tmp_path: Path, small: Path) -> None:
    written(tmp_path, "a.yaml", MLP.format(data=small))
    assert shell("nettrain fit a.yaml --run-dir a <&- >&- 2>&-", tmp_path) == Ended(0, "", "")
    assert shell("nettrain fit a.yaml --run-dir b >/dev/null 2>&1", tmp_path) == Ended(0, "", "")
    for name in ("metrics.csv", "events.jsonl", "best.safetensors"):
        assert Path(tmp_path, "a", name).read_bytes() == Path(tmp_path, "b", name).read_bytes()


def test_a_name_that_the_locale_does_not_know_is_escaped(tmp_path: Path) -> None:
    ended = process("resume", "ü\x1b", cwd=tmp_path, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (
        ended.err == "nettrain: error: \\udcc3\\udcbc\\x1b: no such file or folder; expected that of a run, such as "
        "runs/name\n"
    )
    assert os.listdir(tmp_path) == []


CODES = {
    "nettrain env": 0,
    "nettrain fit nothere.yaml": 2,
    "nettrain fit a.yaml --set data.train=nowhere": 3,
    "nettrain predict nothere.png -m {run}": 3,
    "nettrain evaluate nothere": 2,
    "nettrain predict nothere.png -m nothere": 2,
    "nettrain resume nothere": 2,
    "nettrain summary nothere": 2,
    "nettrain compare nothere nothere": 2,
    "nettrain runs rm --yes nothere": 2,
    "nettrain predict nothere.png -m {run}/metrics.csv": 4,
    "nettrain predict nothere.png -m a.yaml": 2,
    "nettrain env > /dev/full": 5,
    "NETTRAIN_CACHE=a.yaml/x nettrain fit a.yaml --set data.cache=disk": 5,
    "nettrain fit a.yaml --lr 1e30": 6,
}


@pytest.mark.parametrize("line", CODES)
def test_a_process_ends_with_its_exit_code(tmp_path: Path, small: Path, finished: Path, line: str) -> None:
    written(tmp_path, "a.yaml", MLP.format(data=small))
    ended = shell(line.format(run=finished), tmp_path)
    assert ended.code == CODES[line], ended.err
    assert "Traceback" not in ended.err
    assert len([told for told in ended.err.splitlines() if told.startswith("nettrain: error: ")]) == bool(ended.code)
