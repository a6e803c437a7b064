"""``nettrain completion``: scripts that shells accept, and what completes a line; nothing heavy is loaded for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, after, process

from nettrain.cli.main import COMMANDS

Call = Callable[..., Ended]
LOADED = (
    "import atexit, sys\natexit.register(lambda: print("
    "sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'PIL', 'yaml', 'tqdm'}), file=sys.stderr))"
)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_accepts(call: Call, shell: str, tmp_path: Path) -> None:
    ended = call("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert f"_NETTRAIN_COMPLETE={shell}_complete" in ended.out
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here to read it")
    script = tmp_path / "script"
    script.write_text(ended.out)
    assert subprocess.run([shell, "-n", script], capture_output=True, check=False).stderr == b""


def completed(*words: str) -> list[str]:
    """What the shell is told for a line whose last word is not finished, by a process that loads nothing heavy."""
    line = " ".join(("nettrain", *words))
    ended = process(
        program=after(LOADED), _NETTRAIN_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words))
    )
    assert (ended.code, ended.err) == (0, "[]\n")
    return ended.out.splitlines()


def test_commands_options_and_paths_are_completed() -> None:
    assert completed("su") == ["plain,summary"]
    assert completed("fit", "configs/di") == ["file,configs/di"]
    assert completed("fit", "c.yaml", "--run-d") == ["plain,--run-dir"]
    assert completed("fit", "c.yaml", "--run-dir", "ru") == ["dir,ru"]
    assert completed("predict", "a.png", "--format", "c") == ["plain,csv"]


def test_every_command_is_offered() -> None:
    assert completed("") == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize(
    ("question", "position"), [("bash_complete", "x"), ("tcsh_complete", "1"), ("zsh", "1"), ("yes", "")]
)
def test_a_variable_that_no_shell_set_is_one_line(question: str, position: str) -> None:
    ended = process(_NETTRAIN_COMPLETE=question, COMP_WORDS="nettrain", COMP_CWORD=position)
    what = f"expected what the script of 'nettrain completion' sets, got {question!r}; unset it"
    assert ended == Ended(2, "", f"nettrain: error: _NETTRAIN_COMPLETE: {what}\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_a_line_with_it(tmp_path: Path) -> None:
    """The shell's own machinery: the function that Tab calls, and what it leaves in COMPREPLY."""
    command = tmp_path / "nettrain"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nettrain "$@"\n')
    command.chmod(0o755)
    line = (
        'complete() { :; }; eval "$(nettrain completion bash)"; COMP_WORDS=(nettrain ev); COMP_CWORD=1; '
        '_nettrain_completion nettrain; echo "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert process(program=("bash", "-c", line), PATH=path) == Ended(0, "evaluate\n", "")
