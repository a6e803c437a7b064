"""Processes that never outlive the rig, however that ends: a keeper, idle otherwise, kills what is left of them.

python -m benchmarks.processes          the keeper: a line ``+ID`` or ``-ID`` for each process group, until its end
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def start(arguments: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """A process at the head of a group of its own, which a Ctrl-C at the terminal does not reach; options of Popen."""
    keeper = _keeper()
    process = subprocess.Popen(arguments, start_new_session=True, **options)
    print(f"+{process.pid}", file=keeper.stdin, flush=True)
    return process


def over(process: subprocess.Popen[Any]) -> None:
    """It has ended by itself: its number may soon be another's."""
    print(f"-{process.pid}", file=_keeper().stdin, flush=True)


def kill(process: subprocess.Popen[Any]) -> None:
    """End it with all that it started, at once."""
    if process.returncode is None:
        _kill_group(process.pid)
    process.wait()
    over(process)


@cache
def _keeper() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.processes"]
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    atexit.register(_dismiss, keeper)
    return keeper


def _dismiss(keeper: subprocess.Popen[str]) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    keeper.wait()


def _kill_group(number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)


def main() -> None:
    running = set[int]()
    for line in sys.stdin:
        change = running.add if line.startswith("+") else running.discard
        change(int(line[1:]))
    for number in running:
        _kill_group(number)


if __name__ == "__main__":
    main()
