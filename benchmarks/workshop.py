"""What whole programs work on, made when it is first wanted: folders of pictures, and a trained model for each side."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks import processes
from benchmarks.faults import Fault
from benchmarks.sides import Missing

CIFAR10 = "NETTRAIN_CIFAR10"  # names a zip of CIFAR-10's 50,000 training pictures, a folder a class
CLASSES = 10
MANY = "jpeg-32"


@dataclass(frozen=True)
class Kind:
    """Pictures that are made: their format, size in pixels, and how many; ``loaded`` is the size asked for."""

    suffix: str
    width: int
    height: int
    count: int
    loaded: int
    decoded: bool = True


KINDS = {
    MANY: Kind("jpg", 32, 32, 10_000, 32),
    "png-32": Kind("png", 32, 32, 2_000, 32),
    "jpeg-640x480-to-224": Kind("jpg", 640, 480, 64, 224),
    "jpeg-few": Kind("jpg", 32, 32, 256, 32, decoded=False),
}


class Workshop:
    """A folder with all of it; the second who asks gets what the first had made. ``runs`` is for what nobody keeps."""

    def __init__(self, folder: Path, runs: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.runs, self.environment = folder.absolute(), runs.absolute(), environment
        self._runs = 0

    def pictures(self, kind: str) -> Path:
        """Made pictures of a kind, smooth noise from a fixed seed, a folder a class."""
        return self._once(kind, lambda folder: _make(folder, KINDS[kind]))

    def one_picture(self) -> Path:
        """A single file."""
        return next(iter(sorted(self.pictures("jpeg-few").rglob("*.jpg"))))

    def cifar(self, count: int) -> Path:
        """The first ``count`` / 10 of each class of CIFAR-10. Errors: ``Missing`` where it is absent."""
        archive = Path(os.environ.get(CIFAR10, ""))
        if not zipfile.is_zipfile(archive):
            raise Missing(f"{CIFAR10} names no zip of pictures")
        return self._once(f"cifar10-{count}", lambda folder: _extract(archive, folder, count))

    def new_run(self) -> Path:
        """A folder that is not there yet."""
        self._runs += 1
        return self.runs / f"run-{self._runs}"

    def write(self, name: str, text: str) -> Path:
        """A text file."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def made_by(self, name: str, arguments: Sequence[str]) -> Path:
        """A file or folder of this name that a command makes; ``{}`` in its arguments is the place for it."""
        return self._once(name, lambda place: self.run([part.replace("{}", str(place)) for part in arguments]))

    def run(self, arguments: Sequence[str]) -> None:
        """A command to its end. Errors: ``Fault`` if it fails; what it printed comes first."""
        process = processes.start(
            arguments, env=dict(self.environment), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            _, printed = process.communicate()
        except BaseException:
            processes.kill(process)
            raise
        processes.over(process)
        if process.returncode:
            sys.stderr.write(printed.decode(errors="replace"))
            raise Fault(f"exit code {process.returncode} of {shlex.join(arguments)}", code=1)

    def _once(self, name: str, make: Callable[[Path], object]) -> Path:
        place = self.folder / name
        if not place.exists():
            half = self.folder / f"{name}.half-{os.getpid()}"
            make(half)
            half.rename(place)
        return place


def _make(folder: Path, kind: Kind) -> None:
    from PIL import Image  # here, so that the rig itself stays small

    random = Random(1)
    for place in range(kind.count):
        small = Image.frombytes("RGB", (8, 8), random.randbytes(8 * 8 * 3))
        path = folder / f"class{place % CLASSES}" / f"{place:05}.{kind.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        small.resize((kind.width, kind.height), Image.Resampling.BICUBIC).save(path, quality=90)


def _extract(archive: Path, folder: Path, count: int) -> None:
    with zipfile.ZipFile(archive) as pictures:
        taken: dict[str, int] = {}
        for name in sorted(name for name in pictures.namelist() if not name.endswith("/")):
            path = Path(name)
            label = path.parent.name
            taken[label] = taken.get(label, 0) + 1
            if taken[label] <= count // CLASSES:
                target = folder / label / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(pictures.read(name))
