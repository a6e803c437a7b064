"""Nothing that the rig started outlives it, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from benchmarks import processes

WHOLE = """
import sys
from benchmarks import processes
processes.start(["sh", "-c", "sleep 1000 & sleep 1000"])
print("begun", flush=True)
sys.stdin.read()
"""
KEPT = """
import json, sys
from dataclasses import asdict
from benchmarks.children import Children
from benchmarks.plan import Job
from benchmarks.surroundings import environment
child, job = Children(environment()).kept("nettrain", 1), Job("ops", "flatten", 2)
child.ask("prepare", job)
print(json.dumps({"do": "round", "calls": 10**12} | asdict(job)), file=child.process.stdin, flush=True)
print("begun", flush=True)
sys.stdin.read()
"""
RIG = """
import sys
from benchmarks import sides
sides.installed = lambda package: package == "nettrain"
from benchmarks import __main__ as program
sys.argv[1:] = ["ops/flatten", "--threads", "1", "--rounds", "1000000"]
sys.exit(program._end())
"""


def rig(program: str) -> subprocess.Popen[str]:
    """A process that has begun: its first line on stdout is read. Whoever it started has its stderr."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen([sys.executable, "-c", program], text=True, cwd=processes.ROOT, **pipes)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


@pytest.mark.parametrize("program", [WHOLE, KEPT], ids=["a whole program", "a side in the middle of a round"])
def test_what_was_started_ends_when_the_rig_is_killed(program: str):
    process = rig(program)
    process.kill()
    process.communicate(timeout=60)  # comes back only when nobody has stdout and stderr any more


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_rig_with_a_line_and_all_that_it_started(number: signal.Signals):
    process = rig(RIG)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -number
    assert err.splitlines()[-1] == f"benchmarks: stopped by {number.name}"
    assert "Traceback" not in err


def test_a_process_is_killed_with_what_it_started():
    with processes.start(["sh", "-c", "sleep 1000 & echo; sleep 1000"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        processes.kill(process)
        assert process.returncode == -signal.SIGKILL
        assert process.stdout.read() == b""  # at its end: nobody has it any more
