"""A fork server: it has imported everything and forks a command per request, with a mark of what that is doing."""

from __future__ import annotations

import functools
import importlib
import json
import mmap
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from faults.reference import PYTHON, Ending, environment

HUNG = -999  # the exit code of a command that had to be ended, because it did not end by itself
LIMIT = 60.0  # seconds after which a command hangs
TESTS = Path(__file__).parents[1]
PHASES = ("other", "save", "resume", "log", "write")
PLACES = {  # phase -> what is called in it; of nested phases the outer one counts
    "save": ("training.run.run:Run.save", "training.run.closing:save_best", "training.run.opening:save_state"),
    "resume": ("training.run.opening:take_up",),
    "log": ("files.growing:Log.append",),
    "write": ("files.whole:write_atomic",),
}
CALLS = ("", "open_file", "write", "sync", "truncate", "close", "replace", "remove", "make", "flock")  # of files.system
MOMENTS = ("before", "within", "after")
IMPORTED = ("cli.main", "cli.fit", "cli.resume", "cli.predict", "cli.follow", "cli.progress", "training.run.opening")


class Mark:
    """Shared memory in which a process says what it is doing, and is told where to wait; it outlives the process.

    Byte 0 is the phase, 1 the call of the system, 2 whether the command has begun, 3 whether it waits; at 8 for each
    phase how often it was entered and how many microseconds it took in all; at 128 the ``Hold``.
    """

    def __init__(self, path: str) -> None:
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self._calls: Counter[str] = Counter()  # of the system in the phase, in the child

    def clear(self) -> None:
        self.memory[:] = bytes(len(self.memory))

    @property
    def phase(self) -> str:
        return PHASES[self.memory[0]]

    @property
    def call(self) -> str:
        return CALLS[self.memory[1]]

    @property
    def begun(self) -> bool:
        return bool(self.memory[2])

    @property
    def waits(self) -> bool:
        return bool(self.memory[3])

    def hold(self, phase: str, turn: int, call: str, count: int, moment: str) -> None:
        """Make the next command wait in a phase for ever: the turn-th time, at the count-th call of that name.

        ``moment`` is before or after that call, or within: a write that has taken half of its bytes. A phase with
        fewer calls waits at its end.
        """
        numbers = PHASES.index(phase), turn, CALLS.index(call), count, MOMENTS.index(moment)
        struct.pack_into("<IIIII", self.memory, 128, *numbers)

    def _held(self, phase: int, entered: int) -> bool:
        wanted, turn = struct.unpack_from("<II", self.memory, 128)
        return bool(wanted) and (wanted, turn) == (phase, entered)

    def _wait(self) -> None:
        self.memory[3] = 1
        while True:
            time.sleep(1)

    def passed(self, phase: str) -> tuple[int, int]:
        """How often a phase was entered, and its microseconds."""
        return struct.unpack_from("<II", self.memory, 8 + 8 * PHASES.index(phase))

    def wrap(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is a phase."""
        number, memory, at = PHASES.index(phase), self.memory, 8 + 8 * PHASES.index(phase)

        @functools.wraps(function)
        def marked(*arguments: Any, **settings: Any) -> Any:
            if memory[0]:
                return function(*arguments, **settings)
            entered, microseconds = struct.unpack_from("<II", memory, at)
            struct.pack_into("<I", memory, at, entered + 1)
            memory[0], begun, self._calls = number, time.perf_counter(), Counter()
            try:
                result = function(*arguments, **settings)
                if self._held(number, entered + 1):
                    self._wait()
                return result
            finally:
                memory[0] = 0
                struct.pack_into("<I", memory, at + 4, microseconds + int(1e6 * (time.perf_counter() - begun)))

        return marked

    def wrap_call(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is a call of the system."""
        number, memory = CALLS.index(name), self.memory

        @functools.wraps(function)
        def marked(*arguments: Any) -> Any:
            memory[1] = number
            phase, (wanted, count, moment) = memory[0], struct.unpack_from("<III", memory, 136)
            self._calls[name] += 1
            here = phase and (number, self._calls[name]) == (wanted, count)
            here = here and self._held(phase, self.passed(PHASES[phase])[0])
            try:
                if here and MOMENTS[moment] == "within" and name == "write":
                    function(arguments[0], arguments[1][: len(arguments[1]) // 2])
                elif here and MOMENTS[moment] == "after":
                    function(*arguments)
                if here:
                    self._wait()
                return function(*arguments)
            finally:
                memory[1] = 0

        return marked

    def instrument(self) -> None:
        """Make the product say what it does; only in a process that is there for nothing else."""
        for phase, places in PLACES.items():
            for place in places:
                module, _, dotted = place.partition(":")
                owner: Any = importlib.import_module(f"nettrain.{module}")
                *path, name = dotted.split(".")
                for part in path:
                    owner = getattr(owner, part)
                setattr(owner, name, self.wrap(phase, getattr(owner, name)))
        system = importlib.import_module("nettrain.files.system")
        for name in CALLS[1:]:
            setattr(system, name, self.wrap_call(name, getattr(system, name)))


class Child:
    """A command that runs: forked by a server, or begun as a shell would (``real``)."""

    def __init__(self, pid: int, out: Path, err: Path, reap: Callable[[], int]) -> None:
        self.pid, self._out, self._err, self._reap = pid, out, err, reap
        self._handle = os.pidfd_open(pid)  # until it is reaped the number is nobody else's
        self.ended_at = 0.0

    @classmethod
    def real(cls, command: Sequence[str], folder: Path, **settings: Any) -> Child:
        """Begin a command in a process of its own."""
        out, err = folder / "stdout", folder / "stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment(), **settings
            )
        return cls(process.pid, out, err, process.wait)

    def running(self, seconds: float = 0.0) -> bool:
        """Whether it still runs, after waiting at most so long."""
        done, _, _ = select.select([self._handle], [], [], seconds)
        return not done

    def send(self, number: int) -> None:
        """Send it a signal; nothing if it has ended."""
        signal.pidfd_send_signal(self._handle, number) if self.running() else None

    def wait(self, limit: float = LIMIT) -> Ending:
        """Its ending; a command that hangs is killed, and its code is ``HUNG``."""
        hung = self.running(limit)
        self.ended_at = time.perf_counter()
        if hung:
            self.send(signal.SIGKILL)
        code = self._reap()
        os.close(self._handle)
        out, err = (path.read_text(encoding="utf-8", errors="replace") for path in (self._out, self._err))
        return Ending(HUNG if hung else code, out, err)


class Forks:
    """The side of the tests: start commands, one after the other or several at once."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="nettrain-forks-")
        self.folder = Path(self._folder.name)
        path = self.folder / "mark"
        path.write_bytes(bytes(mmap.PAGESIZE))
        self.mark = Mark(str(path))
        paths = {"PYTHONPATH": os.pathsep.join([environment()["PYTHONPATH"], str(TESTS)])}
        self._server = subprocess.Popen(
            [PYTHON, "-m", "faults.forks", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(paths),
            text=True,
        )
        self._number = 0
        if self._answer() != "ready":
            raise RuntimeError("the fork server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        if self._server.stdin and self._server.stdout:
            self._server.stdin.close()
            self._server.wait(LIMIT)
            self._server.stdout.close()
        self.mark.memory.close()
        self._folder.cleanup()

    def start(self, arguments: Sequence[str], **alterations: Any) -> Child:
        """Begin ``nettrain`` with these arguments; ``alterations`` are rows of ``ALTERATIONS``."""
        self._number += 1
        out, err = (self.folder / f"{self._number}.{stream}" for stream in ("out", "err"))
        for path in (out, err):
            path.touch()  # the command may be killed before it does
        pid = int(self._ask({"arguments": list(arguments), "out": str(out), "err": str(err), "alter": alterations}))

        def reap() -> int:
            return int(self._ask({"reap": pid}))

        return Child(pid, out, err, reap)

    def run(self, arguments: Sequence[str], **alterations: Any) -> Ending:
        """The same, waited for."""
        return self.start(arguments, **alterations).wait()

    def _ask(self, request: dict[str, Any]) -> str:
        if self._server.stdin is None:
            raise RuntimeError("the fork server has no stdin")
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        return self._server.stdout.readline().strip() if self._server.stdout else ""


def serve(path: str) -> None:
    """The side of the server: a line in, a line out; it ends when its input does."""
    for name in IMPORTED:
        importlib.import_module(f"nettrain.{name}")
    importlib.import_module("nettrain.arrays.blas").libraries()
    mark = Mark(path)
    mark.instrument()
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "reap" in request:
            _, status = os.waitpid(request["reap"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        elif pid := os.fork():
            print(pid, flush=True)
        else:
            _command(request, mark)


def _command(request: dict[str, Any], mark: Mark) -> None:
    """In the child: be ``nettrain``, and never come back."""
    from faults.alterations import ALTERATIONS

    from nettrain.cli.main import run
    from nettrain.training.loop import signals

    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for name, value in request["alter"].items():
            ALTERATIONS[name](value)
        signals.begin()
        mark.memory[2] = 1
        code = run(request["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  it is shown, and the code is 99
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    from nettrain.arrays.blas import ask_for_one_thread

    ask_for_one_thread()
    serve(sys.argv[1])
