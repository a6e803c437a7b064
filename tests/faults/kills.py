"""G1: a fit is killed at random instants, again and again, and ends with the bytes of one that was left alone."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.forks import HUNG, LIMIT, MOMENTS, PHASES, Child, Forks
from faults.reference import PARTS, STATEFUL, STEPS, Figures, Reference, difference, scaled, searched, workplace

from nettrain.errors import NettrainError
from nettrain.files.whole import is_temporary
from nettrain.training.store import checkpoint

KILLS = 1000
AIMED = {"save": 0.42, "resume": 0.10, "log": 0.14}  # shares of the kills that are aimed; the rest come at any moment
PROMISED = {"save": 0.30, "resume": 0.05, "log": 0.10}  # shares that must have hit
REAL = 0.05  # share of the stories that run the command line as a shell does
LARGE = 0.10  # share of the stories with 10 MB of weights
TYPICAL = {"save": 14, "resume": 1, "log": 32}  # how often a whole fit is in a phase
CALLS = {  # the calls of the system that a phase makes, by name, and how often
    "save": {"open_file": 2, "write": 1, "sync": 5, "close": 2, "replace": 1, "remove": 1},
    "resume": {"open_file": 6, "flock": 1, "write": 1, "truncate": 3, "sync": 3, "close": 3, "remove": 1},
    "log": {"write": 1},
}
WORST = (("write", 1, "within"), ("replace", 1, "before"), ("replace", 1, "after"), ("remove", 1, "before"))
STARTED = 0.45  # seconds that the command line takes to come to its first step


@dataclass
class Tally:
    """What was tried and what became of it."""

    kills: int = 0
    lost: int = 0  # kills in stories that did not end well
    stories: int = 0
    by_phase: Counter[str] = field(default_factory=Counter)
    by_call: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    loaded: int = 0  # checkpoints read at a restart


class Broken(Exception):
    """A promise that did not hold, in words."""


@dataclass
class Killer:
    """Starts fits, kills them, and looks at what is left."""

    forks: Forks
    random: random.Random
    references: dict[bool, Reference]
    folder: Path
    defect: str | None = None
    tally: Tally = field(default_factory=Tally)
    small: list[Reference] = field(default_factory=list)  # taken in turn; the first alone if there are none
    decks: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    lengths: dict[tuple[bool, str], float] = field(default_factory=dict)  # seconds of a phase, of a whole fit for ""

    def calibrate(self) -> None:
        """How long a fit and its phases take here, so that moments within them can be chosen."""
        for large, reference in self.references.items():
            run = self.folder / "calibrate"
            begun = time.perf_counter()
            self.forks.run(reference.arguments(run, "--threads", "1"))
            self.lengths[large, ""] = time.perf_counter() - begun
            for phase in TYPICAL:
                entered, microseconds = self.forks.mark.passed(phase)
                self.lengths[large, phase] = microseconds / max(entered, 1) / 1e6
            shutil.rmtree(run)

    def aim(self, can_resume: bool) -> str:
        """The phase to hit next: the one that is furthest behind its share, or any moment."""
        behind = {
            phase: share * (self.tally.kills + 1) - self.tally.by_phase[phase]
            for phase, share in AIMED.items()
            if can_resume or phase != "resume"
        }
        phase = max(behind, key=lambda name: behind[name] + self.random.random())
        return phase if behind[phase] > 0 else "any"

    def prepare(self, begun_at: int) -> str:
        """Choose the next moment: the phase, and mostly the very call of the system at which the fit shall wait."""
        aim = self.aim(begun_at >= 0)
        if aim in ("log", "resume") or (aim == "save" and self.random.random() < 0.5):
            turn = self.random.randint(1, self.left(aim, begun_at))
            if not self.decks.get(aim):
                self.decks[aim] = self.deck(aim)
            self.forks.mark.hold(aim, turn, *self.decks[aim].pop())
            return "held"
        return aim

    def deck(self, phase: str) -> list[tuple[str, int, str]]:
        """Every call of a phase, with every moment about it, in an order of chance; the worst are taken first."""
        cards = [
            (call, count, moment)
            for call, times in CALLS[phase].items()
            for count in range(1, times + 1)
            for moment in (MOMENTS if call == "write" else ("before", "after"))
        ]
        self.random.shuffle(cards)
        return sorted(cards, key=lambda card: -WORST.index(card) if card in WORST else -len(WORST))

    def left(self, phase: str, begun_at: int) -> int:
        """About how often the fit will be in a phase from a step on."""
        return max(1, round(TYPICAL[phase] * (1 - max(begun_at, 0) / STEPS)))

    def strike(self, child: Child, aim: str, large: bool, begun_at: int) -> None:
        """Kill the child at the moment that was chosen; it may be done before that comes."""
        mark, memory = self.forks.mark, self.forks.mark.memory
        if aim == "held":
            while not mark.waits:
                if not child.running(0.0002):
                    return
        elif aim == "any":
            time.sleep(self.random.random() * self.lengths[large, ""] * max(0.1, 1 - max(begun_at, 0) / STEPS))
        else:
            turn, number = self.random.randint(1, self.left(aim, begun_at)), PHASES.index(aim)
            while mark.passed(aim)[0] < turn or memory[0] != number:
                if not child.running(0.00002):
                    return
            time.sleep(self.random.random() * self.lengths[large, aim])
        child.send(signal.SIGKILL)

    def story(self, kills: int, large: bool = False, real: bool = False) -> None:
        """One run, killed up to so many times, then left alone."""
        tally, small = self.tally, self.small or [self.references[False]]
        reference = self.references[True] if large else small[tally.stories % len(small)]
        run = self.folder / f"run-{tally.stories}"
        tally.stories += 1
        landed, newest = 0, -1
        alterations: dict[str, Any] = {"defect": self.defect} if self.defect else {}
        inputs = reference.inputs()
        try:
            for attempt in range(kills + 1):
                extra = ("--threads", str(self.random.randint(1, 2)))
                self.forks.mark.clear()
                if real:
                    child = Child.real(reference.command(run, *extra), self.folder)
                    if attempt < kills:
                        time.sleep(self.random.random() * (STARTED + self.lengths[large, ""]))
                        child.send(signal.SIGKILL)
                else:
                    aim = self.prepare(newest) if attempt < kills else ""
                    child = self.forks.start(reference.arguments(run, *extra), **alterations)
                    if aim:
                        self.strike(child, aim, large, newest)
                ending = child.wait(LIMIT)
                if ending.code == HUNG:
                    raise Broken("hung")
                killed = ending.code == -signal.SIGKILL
                if "Traceback" in ending.err or not (killed or ending.code == 0):
                    raise Broken(f"exit code {ending.code}: {ending.err[-400:]}")
                if "passed over" in ending.err:
                    raise Broken(f"passed over a checkpoint: {ending.err[-400:]}")
                if killed:
                    landed += 1
                    tally.kills += 1
                    tally.by_phase["command line" if real else self.forks.mark.phase] += 1
                    if not real and self.forks.mark.call:
                        tally.by_call[self.forks.mark.call.strip("_")] += 1
                newest = self.look(run, newest)
                if not killed:
                    break
            compare(run, reference, inputs)
        except (Broken, NettrainError) as problem:
            tally.lost += max(landed, 1)
            tally.kills += not landed
            where = f"story {tally.stories - 1}{' large' if large else ''}{' real' if real else ''}"
            tally.failures.append(f"{where}, {landed} kills: {problem}")
        shutil.rmtree(run, ignore_errors=True)

    def look(self, run: Path, before: int) -> int:
        """What is there after a kill: every announced checkpoint is whole, none is lost, the logs are long enough."""
        steps = checkpoint.steps(run / "checkpoints")
        for step, path in steps.items():
            found = checkpoint.load(path)  # raises what is wrong with it
            self.tally.loaded += 1
            if found.meta["step"] != step:
                raise Broken(f"{path.name} is of step {found.meta['step']}")
            for name, length in found.meta["logs"].items():
                size = (run / name).stat().st_size if (run / name).exists() else 0
                if size < length:
                    raise Broken(f"{name} has {size} bytes, {path.name} was announced after {length}")
        if (run / "best.safetensors").exists():
            checkpoint.load(run / "best.safetensors")
        newest = max(steps, default=-1)
        if newest < before and '"rollback"' not in (run / "events.jsonl").read_text():
            raise Broken(f"the newest checkpoint was of step {before}, and is of {newest} now")
        return newest


def compare(run: Path, reference: Reference, inputs: dict[str, str]) -> None:
    """What is there at the end: the bytes of a run left alone, nothing else, and the inputs as they were.

    Errors   ``Broken`` says what is not so.
    """
    if differing := difference(reference.digest(run), reference.expected):
        raise Broken(f"not the bytes of a run never stopped: {differing}")
    if left := [path.name for path in run.rglob("*") if is_temporary(path.name)]:
        raise Broken(f"temporary files are left: {left}")
    if (state := json.loads((run / "run.json").read_text())["state"]) != "finished":
        raise Broken(f"run.json says {state}")
    check_steps(run)
    if changed := difference(reference.inputs(), inputs):
        raise Broken(f"inputs: {changed}")


def check_steps(run: Path) -> None:
    """Each step stands in events.jsonl exactly once, but for those that were gone back on."""
    steps: list[int] = []
    for event in map(json.loads, (run / "events.jsonl").read_text().splitlines()):
        if event["event"] == "step":
            steps.append(event["step"])
        elif event["event"] == "rollback":
            steps = [step for step in steps if step <= event["back_to"]]
    if steps != list(range(1, STEPS + 1)):
        raise Broken(f"the steps in events.jsonl are {steps}")


def kill_many(
    kills: int, seed: int = 1, defect: str | None = None, *, real: float = REAL, large: float = LARGE
) -> Tally:
    """Stories until so many kills have landed."""
    with workplace() as folder, Forks() as forks:
        references = {False: Reference(folder / "small", moved=STATEFUL), True: Reference(folder / "large", large=True)}
        if not large:
            del references[True]
        varied = () if defect else PARTS  # one kind of training is enough to see a defect
        small = [Reference(folder / f"parts-{place}", parts=parts) for place, parts in enumerate(varied)]
        small.insert(0, references[False])
        for reference in (*small, *references.values()):
            assert reference.expected
        killer = Killer(forks, random.Random(seed), references, folder, defect, small=small)
        killer.calibrate()
        while killer.tally.kills < kills:
            if killer.tally.stories > 3 * kills + 10:
                killer.tally.failures.append(f"only {killer.tally.kills} kills landed in {killer.tally.stories} runs")
                killer.tally.lost += 1
                break
            chance = killer.random.random()
            many = killer.random.choice((1, 2, 2, 3, 3, 5))
            killer.story(many, large=real <= chance < real + large, real=chance < real)
        return killer.tally


def figures(tally: Tally, seconds: float) -> Figures:
    """The tally as a row; too few hits inside a phase are cases that did not hold."""
    failures, missed = list(tally.failures), 0
    for phase, share in PROMISED.items():
        if (short := round(share * tally.kills) - tally.by_phase[phase]) > 0:
            missed += short
            failures.append(f"only {tally.by_phase[phase]} kills inside a {phase}, {short} too few")
    hits = ", ".join(f"{phase} {count}" for phase, count in tally.by_phase.most_common())
    calls = ", ".join(f"{call} {count}" for call, count in tally.by_call.most_common())
    note = f"SIGKILLs in {tally.stories} runs; inside: {hits}; in a call: {calls}; {tally.loaded} checkpoints read"
    held = max(0, tally.kills - tally.lost - missed)
    return Figures("G1", tally.kills, held, note, seconds, tuple(failures))


DEFECTS = {  # of a fit, planted: the kills after which one is seen, and what is said then
    "written in place": (8, "step-0000000"),
    "log kept": (4, "events.jsonl"),
    "part forgotten": (4, "metrics.csv"),
    "temporaries left": (8, ".nettrain-"),
    "inputs touched": (3, "pictures are not those"),
}


def finds(defect: str) -> str:
    """What is wrong if the killer does not find this defect; empty if it does."""
    kills, said = DEFECTS[defect]
    row = figures(kill_many(kills, defect=defect, real=0, large=0), 0.0)
    if any(said in failure for failure in row.failures) and not row.promise_held:
        return ""
    return f"{defect}: not found, but {row.failures}"


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """G1, and the defects that the killer must find."""
    begun = time.perf_counter()
    tally = kill_many(scaled(KILLS, scale))
    yield figures(tally, time.perf_counter() - begun)
    yield searched(DEFECTS, finds, "the killer")
