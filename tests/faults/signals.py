"""G13: a fit gets signals at random instants, in a shell, as process 1, under nohup, and loses nothing of it."""

from __future__ import annotations

import json
import random
import shutil
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from faults.forks import HUNG, Child, Forks
from faults.kills import Broken, compare
from faults.reference import STEPS, Ending, Figures, Reference, environment, scaled, searched, workplace

from nettrain.errors import NettrainError
from nettrain.training.store import checkpoint

EACH = 200  # trials of each kind
PLACED = 60  # trials in a shell, as process 1, under nohup
SHELL = ("bash", "-c", '"$@"; echo "code $?"', "bash")
FIRST_PROCESS = ("unshare", "--pid", "--fork", "--kill-child")
NOHUP = ("nohup",)
PLACES = {"as process 1": FIRST_PROCESS, "as a shell shows it": SHELL, "under nohup": NOHUP}
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
KINDS = {  # name -> the signals, one after the other
    "SIGINT": (signal.SIGINT,),
    "SIGTERM": (signal.SIGTERM,),
    "SIGHUP": (signal.SIGHUP,),
    "SIGUSR1": (signal.SIGUSR1,),
    "SIGINT twice": (signal.SIGINT, signal.SIGINT),
}
IN_PLACE = ((signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM))


@dataclass
class Tally:
    """What was tried of one kind, and what became of it."""

    cases: int = 0
    seconds: list[float] = field(default_factory=list)  # from the signal to the end of the process
    endings: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def figures(self, kind: str, seconds: float) -> Figures:
        note = f"{kind}: {', '.join(f'{what} {count}' for what, count in self.endings.most_common())}"
        if self.seconds:
            note += f"; signal to exit {statistics.median(self.seconds):.3f} s, at most {max(self.seconds):.3f} s"
        return Figures("G13", self.cases, self.cases - len(self.failures), note, seconds, tuple(self.failures))


@dataclass
class Sender:
    """Starts fits, sends them signals, and looks at what is left."""

    forks: Forks
    random: random.Random
    reference: Reference
    folder: Path
    defect: str | None = None
    length: float = 0.1  # seconds of a fit
    number: int = 0

    def calibrate(self) -> None:
        """How long a fit takes here, as things are now."""
        begun = time.perf_counter()
        self.forks.run(self.reference.arguments(self.folder / "calibrate"))
        self.length = time.perf_counter() - begun
        shutil.rmtree(self.folder / "calibrate")

    def fit(self, tally: Tally, numbers: tuple[int, ...], place: tuple[str, ...] | None = None) -> None:
        """One run that gets these signals at a random instant, and is gone on with; ``place`` begins a real command."""
        self.number += 1
        tally.cases += 1
        run, inputs = self.folder / f"run-{self.number}", self.reference.inputs()
        try:
            if place is None:
                self.forks.mark.clear()
                alterations = {"defect": self.defect} if self.defect else {}
                child = self.forks.start(self.reference.arguments(run), **alterations)
                while not self.forks.mark.begun and child.running(0.0001):
                    pass
                target = child
            else:
                child = Child.real([*place, *self.reference.command(run)], self.folder)
                target = child if place == NOHUP else self.inner(child)
                while not (run / "lock").exists() and child.running(0.001):
                    pass
            time.sleep(self.random.random() * self.length * (0.9 if place is None else 0.5))
            begun = (run / "events.jsonl").exists() and bool((run / "events.jsonl").stat().st_size)  # a step was made
            for turn, number in enumerate(numbers):
                time.sleep(self.random.random() * 0.003 if turn else 0)
                sent = time.perf_counter()
                target.send(number)
            sent_by, logged = datetime.now(UTC), self.forks.mark.passed("log")[0]
            ending = child.wait()
            if ending.code == HUNG:
                raise Broken("hung")
            deaf = place == NOHUP and numbers[0] == signal.SIGHUP
            if numbers[0] != signal.SIGUSR1 and not deaf and ending.code:
                tally.seconds.append(child.ended_at - sent)
            code = int(ending.out.split()[-1]) if place == SHELL else ending.code
            tally.endings[str(code)] += 1
            if "Traceback" in ending.err:
                raise Broken(f"a traceback: {ending.err[-600:]}")
            if deaf:
                if code:
                    raise Broken(f"exit code {code} under nohup; expected 0")
            elif numbers[0] == signal.SIGUSR1:
                heard(ending, begun and logged < STEPS)
            else:
                right = 128 + numbers[0] if place in (SHELL, FIRST_PROCESS) else -numbers[0]
                stopped(run, code, right, sent_by, begun and len(numbers) == 1)
            if (again := self.forks.run(self.reference.arguments(run))).code:
                raise Broken(f"could not go on: {again.code}: {again.err[-400:]}")
            compare(run, self.reference, inputs)
        except (Broken, NettrainError) as problem:
            tally.failures.append(f"run {self.number}, {'+'.join(signal.Signals(n).name for n in numbers)}: {problem}")
        shutil.rmtree(run, ignore_errors=True)

    def inner(self, child: Child) -> Child:
        """The process that a shell or ``unshare`` has begun, once it is there."""
        path = Path(f"/proc/{child.pid}/task/{child.pid}/children")
        while child.running(0.001):
            if found := path.read_text().split():
                return Child(int(found[0]), Path(), Path(), lambda: 0)
        raise Broken(f"ended before it began: {child.wait()}")


def stopped(run: Path, code: int, right: int, sent_by: datetime, saves: bool) -> None:
    """The right code, and with ``saves`` a checkpoint that has every step that was logged.

    Notes    0 is right too where the run was finished by the time that the signal was sent.
    """
    facts = json.loads((run / "run.json").read_text()) if (run / "run.json").exists() else {"state": ""}
    done = facts["state"] == "finished" and datetime.fromisoformat(facts["ended"]) <= sent_by
    if code != right and not (done and code == 0):
        raise Broken(f"exit code {code}; expected {right}")
    if not saves or facts["state"] == "finished":
        return
    if (facts["state"], facts["reason"]) != ("stopped", signal.Signals(abs(right) % 128).name):
        raise Broken(f"run.json says {facts['state']}, {facts['reason']}")
    logged = (run / "events.jsonl").read_text().count('"event":"step"')
    if (newest := max(checkpoint.steps(run / "checkpoints"))) != logged:
        raise Broken(f"{logged} steps were logged, {newest} are saved")


def heard(ending: Ending, in_time: bool) -> None:
    """SIGUSR1 saves and goes on; before the first step and after the last there is nothing to save."""
    if ending.code:
        raise Broken(f"exit code {ending.code}; expected 0")
    if in_time and "nettrain: saved at step " not in ending.err:
        raise Broken("SIGUSR1, and nothing was saved")


@cache
def can_be_first() -> bool:
    """Whether a process can be process 1 of a space of its own here."""
    try:
        done = subprocess.run([*FIRST_PROCESS, "true"], capture_output=True, check=False, env=environment())
    except FileNotFoundError:
        return False
    return done.returncode == 0


def signal_many(
    each: int, placed: int, seed: int = 1, defect: str | None = None, kinds: Sequence[str] = tuple(KINDS)
) -> Iterator[Figures]:
    """Each of these kinds so many times at random instants, and in each place so many signals in turn."""
    with workplace() as folder, Forks() as forks:
        sender = Sender(forks, random.Random(seed), Reference(folder / "reference"), folder, defect)
        assert sender.reference.expected
        for kind in kinds:
            tally, begun = Tally(), time.perf_counter()
            for number in range(each):
                if number % 50 == 0:
                    sender.calibrate()
                sender.fit(tally, KINDS[kind])
            yield tally.figures(kind, time.perf_counter() - begun)
        for where, place in PLACES.items() if placed else ():
            if place == FIRST_PROCESS and not can_be_first():
                yield Figures("G13", 0, 0, f"signals {where}", skipped="unshare --pid is not possible here")
                continue
            tally, begun = Tally(), time.perf_counter()
            for number in range(placed):
                sender.fit(tally, IN_PLACE[number % len(IN_PLACE)], place)
            yield tally.figures(where, time.perf_counter() - begun)


DEFECTS = {  # of a fit, planted: the signal that shows one, how many are sent, and what is said then
    "exit 0 of a signal": ("SIGTERM", 5, "exit code 0; expected -15"),
    "deaf to SIGUSR1": ("SIGUSR1", 20, "and nothing was saved"),
}


def finds(defect: str) -> str:
    """What is wrong if the sender does not find this defect; empty if it does."""
    kind, many, said = DEFECTS[defect]
    failures = [failure for row in signal_many(many, 0, defect=defect, kinds=[kind]) for failure in row.failures]
    return "" if any(said in failure for failure in failures) else f"{defect}: not found, but {failures}"


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """G13, and the defects that the sender must find.

    Notes    What this process was told to ignore, as under nohup, the fits must not inherit: they would keep to it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield from signal_many(scaled(EACH, scale), scaled(PLACED, scale))
    yield searched(DEFECTS, finds, "the sender of signals")
