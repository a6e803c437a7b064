"""The training that all of these tests disturb: its pictures, its two configs, and what it leaves when nobody does."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from commands import NETTRAIN, ROOT

PICTURES, CLASSES, SIZE = 64, 4, 8
ROOM = 1 << 30  # bytes
STEPS = 21  # 56 pictures to train on in batches of 8: 7 steps an epoch, so that saves and epochs do not coincide
SAVED = (
    "metrics.csv",
    "events.jsonl",
    "best.safetensors",
    "starts.csv",
)  # and checkpoints/: the same bytes in every repetition
SURROUNDINGS = ("LANG", "LC_ALL", "TZ", "COLUMNS", "TERM")  # what a person's shell has set is not for these tests

CONFIG = """\
seed: 7
data:
  train: {data}
  val: {{from: train, fraction: 0.125}}
  image: {{size: [8, 8], channels: 1}}
  augment:
    - random_crop: {{padding: 1}}
    - alternating_flip
    - mixup: 0.4
model:
  layers:
    - flatten
{hidden}
    - dropout: 0.1
    - dense: classes
{moved}
train: {{epochs: 3, batch_size: 8{parts}}}
checkpoint: {{every: {every}}}
"""
SMALL = "    - dense: {units: 16, norm: batch_norm, activation: relu}"
PLAIN = "optimizer: {sgd: {lr: 0.05, momentum: 0.9}}\nschedule: {cosine: {warmup: 2 steps}}"
STATEFUL = """\
optimizer: {lookahead: {optimizer: {muon: {lr: 0.05, clip_norm: 1, groups: [{match: "*.bias", lr: 0.1}]}}, sync: 5}}
schedule: {plateau: {patience: 0, threshold: 0.5, factor: 0.5, warmup: 2 steps}}"""
PARTS = (  # of a training: averages, patience, several starts; one that goes back; one that draws its pictures
    ", ema: 0.9, early_stopping: 9, restarts: 2",
    ", swa: {start: 1 epochs, lr: 1e25}, on_nan: rollback, rollback: {factor: 1e-26}",
    ", sampling: {weighted: {class-0: 3, class-1: 0.5, class-2: 1, class-3: 1}}",
)
LARGE = "    - dense: {units: 768, activation: relu}\n    - dense: {units: 1536, activation: relu}"


@dataclass(frozen=True)
class Figures:
    """What became of one goal: how many cases were tried, how many held, and the first that did not."""

    goal: str
    cases: int
    held: int
    note: str = ""
    seconds: float = 0.0
    failures: tuple[str, ...] = ()
    skipped: str = ""  # why it could not be tried here

    @property
    def promise_held(self) -> bool:
        """Whether there is nothing against it; a goal of which nothing was tried has not held."""
        return bool(self.skipped) or self.cases == self.held > 0


def scaled(count: int, scale: float) -> int:
    """So many cases of ``count``, at least one."""
    return max(1, round(count * scale))


def searched(defects: Iterable[str], finds: Callable[[str], str], who: str) -> Figures:
    """The figures of a search for planted defects: ``finds`` says what is wrong if one is not found."""
    begun, names = time.perf_counter(), list(defects)
    missed = tuple(problem for name in names if (problem := finds(name)))
    note = f"planted defects, found by {who}"
    return Figures("-", len(names), len(names) - len(missed), note, time.perf_counter() - begun, missed)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards; in memory where there is room, so that a sync costs nothing."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    with tempfile.TemporaryDirectory(prefix="nettrain-faults-", dir=memory if roomy else None) as folder:
        yield Path(folder)


def make_data(folder: Path) -> Path:
    """64 pictures of 8x8 in 4 classes, the same in every repetition: noise around a bright row of the class."""
    for number in range(PICTURES):
        label = number % CLASSES
        noise = hashlib.shake_256(f"picture {number}".encode()).digest(SIZE * SIZE)
        pixels = bytes(min(255, value // 2 + 120 * (place // SIZE // 2 == label)) for place, value in enumerate(noise))
        path = folder / f"class-{label}" / f"{number:03d}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_bitmap(pixels))
    return folder


def _bitmap(pixels: bytes) -> bytes:
    """A grey BMP file of 8x8."""
    palette = b"".join(bytes((grey, grey, grey, 0)) for grey in range(256))
    start = 14 + 40 + len(palette)
    head = b"BM" + (start + len(pixels)).to_bytes(4, "little") + bytes(4) + start.to_bytes(4, "little")
    size = SIZE.to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + size + size + b"\1\0\x08\0" + bytes(4) + len(pixels).to_bytes(4, "little")
    return head + info.ljust(40, b"\0") + palette + pixels


@dataclass(frozen=True)
class Ending:
    """How a command ended: its exit code (negative for a signal), and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class Reference:
    """The reference training in a folder: ``data/``, ``train.yaml``, and ``expected/``, a run that nobody disturbed."""

    folder: Path
    large: bool = False  # 10 MB of weights, so that much of the time goes into saves
    moved: str = PLAIN  # optimizer and schedule
    parts: str = ""  # what stands in ``train`` beside
    config: Path = field(init=False)
    data: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.config = self.folder / "train.yaml"
        if not self.data.exists():
            make_data(self.data)
            every = "6 steps" if self.large else "2 steps"
            hidden = LARGE if self.large else SMALL
            text = CONFIG.format(data=self.data, hidden=hidden, every=every, moved=self.moved, parts=self.parts)
            self.config.write_text(text)

    def arguments(self, run_dir: Path | str, *extra: str) -> list[str]:
        """What follows ``nettrain``."""
        return ["fit", str(self.config), "--resume", "auto", "--run-dir", str(run_dir), *extra]

    def command(self, run_dir: Path | str, *extra: str) -> list[str]:
        """The real command line: begins the run in ``run_dir``, or goes on with it."""
        return [*NETTRAIN, *self.arguments(run_dir, *extra)]

    def fit(self, run_dir: Path | str, *extra: str) -> int:
        """The same in this process; returns the exit code."""
        from nettrain.cli.main import run

        return run(self.arguments(run_dir, *extra))

    def run(self, run_dir: Path | str, *extra: str, **settings: object) -> Ending:
        """The same in a process of its own, waited for; ``settings`` are those of ``ended``."""
        return ended(self.command(run_dir, *extra), **settings)  # type: ignore[arg-type]

    @staticmethod
    def digest(run_dir: Path | str) -> dict[str, str]:
        """The SHA-256 of each file that must be the same bytes in every repetition, by its path in the run folder."""
        run = Path(run_dir)
        files = [path for path in (run / "checkpoints").rglob("*") if path.is_file()] if run.is_dir() else []
        files += [run / name for name in SAVED if (run / name).is_file()]
        return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}

    @cached_property
    def expected(self) -> dict[str, str]:
        """The digest of a run that was never stopped."""
        run = self.folder / "expected"
        ending = self.run(run)
        if ending.code != 0:
            raise RuntimeError(f"the reference run ended with {ending.code}: {ending.err}")
        digest = self.digest(run)
        if len(digest) != 2 + len(SAVED) - ("restarts" not in self.parts):
            raise RuntimeError(f"the reference run left {sorted(digest)}")
        return digest

    def inputs(self) -> dict[str, str]:
        """The SHA-256 of every input: config and pictures."""
        paths = [self.config, *(path for path in self.data.rglob("*") if path.is_file())]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: that of this process, without what a person's shell has set."""
    kept = {name: value for name, value in os.environ.items() if name not in SURROUNDINGS}
    return {**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(changes or {})}


def ended(
    command: Sequence[str], *, changes: Mapping[str, str] | None = None, cwd: Path | None = None, limit: float = 120
) -> Ending:
    """Run a command and wait for it, at most ``limit`` seconds."""
    done = subprocess.run(
        command, env=environment(changes), cwd=cwd, capture_output=True, check=False, timeout=limit, text=True
    )
    return Ending(done.returncode, done.stdout, done.stderr)


def difference(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """What differs between two digests, in words; empty if nothing does."""
    missing = sorted(expected.keys() - found.keys())
    added = sorted(found.keys() - expected.keys())
    changed = sorted(name for name in found.keys() & expected.keys() if found[name] != expected[name])
    parts = {"missing": missing, "added": added, "changed": changed}
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)


def one_error_line(ending: Ending) -> bool:
    """Whether stderr ends in an error line of ours and shows no traceback."""
    lines = ending.err.splitlines()
    return bool(lines) and lines[-1].startswith("nettrain: error: ") and "Traceback" not in ending.err


PYTHON = sys.executable
