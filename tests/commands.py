"""Commands run as a shell runs them, each in a process of its own; and small things to run them on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nettrain

ROOT = Path(nettrain.__file__).parents[1]
DIGITS = ROOT / "data/digits"
NETTRAIN = (sys.executable, "-m", "nettrain")

MLP = """\
data:
  train: {data}
  val: {{from: train, fraction: 0.25}}
  image: {{size: [8, 8], channels: 1}}
model:
  layers:
    - flatten
    - dense: {{units: 16, activation: relu}}
    - dense: classes
optimizer: {{sgd: {{lr: 0.1, momentum: 0.9}}}}
train: {{epochs: 2, batch_size: 32}}
"""

CNN = """\
seed: 3
data:
  train: {data}
  val: {{from: train, fraction: 0.25}}
  image: {{size: [8, 8], channels: 1}}
  augment:
    - random_crop: {{padding: 1}}
model:
  activation: relu
  layers:
    - conv2d: {{filters: 4, kernel_size: 3, norm: batch_norm}}
    - max_pool2d: 2
    - conv2d: {{filters: 8, kernel_size: 3, norm: batch_norm}}
    - global_avg_pool
    - dropout: 0.1
    - dense: classes
optimizer: {{sgd: {{lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 5e-4}}}}
schedule: {{cosine: {{warmup: 1 epochs}}}}
train: {{epochs: 4, batch_size: 16}}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative for a signal), and what it printed."""

    code: int
    out: str
    err: str


def process(
    *arguments: str | bytes | Path,
    cwd: Path | None = None,
    stdin: bytes = b"",
    start: Callable[[], object] | None = None,
    program: tuple[str, ...] = NETTRAIN,
    **environment: str,
) -> Ended:
    """Run ``nettrain`` with these arguments; ``start`` is called in the new process, before it begins."""
    done = subprocess.run(
        [*program, *map(os.fsencode, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
        preexec_fn=start,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def shell(line: str, cwd: Path) -> Ended:
    """A line of bash in which ``nettrain`` is the command, with the exit code as a shell shows it."""
    command = f'nettrain() {{ "{sys.executable}" -m nettrain "$@"; }}'
    return process(f"{command}\n{line}\nexit $?", cwd=cwd, program=("bash", "-c"))


def after(prologue: str) -> tuple[str, ...]:
    """A program that is ``nettrain`` after some lines of Python."""
    return (sys.executable, "-c", f"{prologue}\nfrom nettrain.__main__ import main\nmain()")


def pictures(root: Path, train: int, test: int) -> Path:
    """A folder with ``train`` and ``test`` of the digits, so many of each class."""
    for split, count in (("train", train), ("test", test)):
        for folder in sorted((DIGITS / split).iterdir()):
            (root / split / folder.name).mkdir(parents=True)
            for file in sorted(folder.iterdir())[:count]:
                shutil.copy(file, root / split / folder.name)
    return root


def site(root: Path) -> Path:
    """A folder with the shipped ``configs/`` and ``data/`` in it: the place that the examples are written for."""
    for name in ("configs", "data"):
        (root / name).symlink_to(ROOT / name)
    return root


def written(folder: Path, name: str, text: str) -> Path:
    """A text file."""
    path = folder / name
    path.write_text(text)
    return path


def one_of_each(small: Path, folder: Path) -> Path:
    """A new folder with a picture to test on of each of the first four digits, called by it."""
    folder.mkdir()
    for label in range(4):
        shutil.copy(sorted((small / f"test/{label}").iterdir())[0], folder / f"{label}.png")
    return folder


def rows(text: str) -> list[dict[str, Any]]:
    """Objects of JSON, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def tree(root: Path, *, times: bool = False) -> dict[str, str]:
    """The hash of every file below a folder, and with ``times`` the moment of its last change."""
    found = {}
    for path in sorted(root.rglob("*")):
        what = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        found[str(path.relative_to(root))] = f"{what} {path.stat().st_mtime_ns}" if times else what
    return found


def results(run: Path) -> dict[str, str]:
    """The hash of every file that must be the same in every repetition of a run."""
    named = tree(run)
    same = ("metrics.csv", "events.jsonl", "starts.csv", "split.csv", "classes.txt", "best.safetensors", "checkpoints")
    return {name: digest for name, digest in named.items() if name.startswith(same)}


def printable(text: str) -> bool:
    """Whether a text holds nothing but printable characters and line ends."""
    return all(line.isprintable() for line in text.split("\n"))
