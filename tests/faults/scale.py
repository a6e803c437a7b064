"""Large sets and long trainings (G18): a million files, more pictures than memory, a hundred thousand steps."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from data.samples import noise, saved
from faults.forked import figures, forked, workplace_in_memory
from faults.memory import size_of_process
from faults.reference import Figures, Reference

import nettrain
from nettrain.data.config import DataConfig, ImageConfig, SetAside
from nettrain.data.listing import list_folder
from nettrain.data.split_csv import split_csv
from nettrain.data.splitting import make_splits

FILES, CLASSES = 1_000_000, 1_000
SECONDS, MEMORY = 60.0, 1 << 30  # for listing
SIDE = 256  # pixels of a picture that streams
STREAMED = 8_000  # of them: 1.6 GB decoded
FEW = 400  # of them, which any memory holds
SPARE = 96 << 20  # bytes of address space beyond what a few take
STEPS = 100_000  # of a long training
STEPS_AN_EPOCH = 56  # the reference's pictures, one by one
GROWN = 4 << 20  # bytes that the rest of a training may take more than its first tenth
ROOM = 3 << 30  # bytes that must be free for a full count

CONFIG = """\
data:
  train: {data}
  image: {{size: [{side}, {side}]}}
  cache: disk
model:
  layers: [global_avg_pool, dense: classes]
optimizer: {{sgd: {{lr: 0.1}}}}
train: {{epochs: 2, batch_size: 16, threads: 2}}
"""


def make_many(folder: Path, files: int, classes: int) -> Path:
    """So many names of one small file, spread over classes."""
    one = folder / "one.png"
    one.write_bytes(saved(noise(4, 4), "PNG"))
    root = folder / "many"
    for label in range(classes):
        place = root / f"class-{label:04}"
        place.mkdir(parents=True)
        for number in range(files // classes):
            os.link(one, place / f"picture-{number:06}.png")
    return root


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def measured(folder: Path, work) -> dict:
    """Seconds and memory of some work in a process of its own."""
    report = folder / "report.json"

    def measure() -> int:
        before, begun = _peak(), time.perf_counter()
        count = work()
        seconds = time.perf_counter() - begun
        report.write_text(json.dumps({"count": count, "seconds": seconds, "memory": _peak() - before}))
        return 0

    if (ending := forked(measure, limit=1200)).code:
        raise RuntimeError(ending.err[-800:])
    found: dict = json.loads(report.read_text())
    return found


def listed(folder: Path, files: int) -> Iterator[Figures]:
    """A folder with so many files in a thousand classes: listed, then divided and written down."""
    begun = time.perf_counter()
    classes = min(CLASSES, files // 10)
    root = make_many(folder, files, classes)

    def divided() -> int:
        config = DataConfig(str(root), ImageConfig((4, 4)), val=SetAside("train", 0.1))
        splits = make_splits(config, 1)
        return split_csv(splits).count("\n") - 1

    for what, work in {
        "listed": lambda: len(list_folder(root).files),
        "listed, divided, in split.csv": divided,
    }.items():
        found, wrong = measured(folder, work), list[str]()
        if found["count"] != files // classes * classes:
            wrong.append(f"{found['count']} files")
        if what == "listed" and (found["seconds"] > SECONDS or found["memory"] > MEMORY):
            wrong.append(f"{found['seconds']:.1f} s, {found['memory'] >> 20} MiB")
        note = f"{found['count']:,} in {classes:,} classes: {found['seconds']:.1f} s, {found['memory'] >> 20} MiB"
        yield figures(f"G18 {what}", 1, wrong, begun, note)
        begun = time.perf_counter()


def make_pictures(folder: Path, count: int) -> Path:
    """So many pictures in two classes, a few of them different."""
    root = folder / f"pictures-{count}"
    different = [saved(noise(SIDE, SIDE, seed=seed) // 4, "JPEG", quality=60) for seed in range(8)]
    for number in range(count):
        place = root / "ab"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        first = place / f"{number % 8:06}.jpg"
        if number < 8:
            first.write_bytes(different[number])
        else:
            os.link(first, place / f"{number:06}.jpg")
    return root


def fit(folder: Path, data: Path, more: int | None) -> dict:
    """A fit from the disk cache in a child that may take ``more`` bytes of address space than after the start."""
    config, report = folder / "train.yaml", folder / "report.json"
    config.write_text(CONFIG.format(data=data, side=SIDE))
    report.unlink(missing_ok=True)

    def work() -> int:
        from nettrain.arrays.threads import set_threads
        from nettrain.cli.main import run

        os.environ["NETTRAIN_CACHE"] = str(folder / "cache")
        set_threads(2)
        before, resident = size_of_process(), _peak()
        if more is not None:
            resource.setrlimit(resource.RLIMIT_AS, (before + more, before + more))
        code = run(["fit", str(config), "--run-dir", str(folder / f"run-{data.name}-{more}")])
        took = {"space": size_of_process("VmPeak") - before, "resident": _peak() - resident}
        report.write_text(json.dumps(took))
        return code

    ending = forked(work, limit=1200)
    if ending.code:
        return {"wrong": f"exit {ending.code}: {ending.err[-500:]}", "space": 0, "resident": 0}
    return {"wrong": "", **json.loads(report.read_text())}


def streamed(folder: Path, count: int) -> Figures:
    """A set of which the decoded pictures do not fit into memory: what a few of them took, and some to spare."""
    begun = time.perf_counter()
    small = fit(folder, make_pictures(folder, FEW), None)
    large = fit(folder, make_pictures(folder, count), small["space"] + SPARE)
    wrong = [found["wrong"] for found in (small, large) if found["wrong"]]
    size = count * SIDE * SIDE * 3
    if size < 3 * (small["space"] + SPARE) and count >= STREAMED:
        wrong.append(f"{size} bytes of pictures are no test of {small['space'] + SPARE}")
    note = (
        f"{size / 1e9:.1f} GB of pictures; memory {small['resident'] >> 20} MiB with {FEW} pictures, "
        f"{large['resident'] >> 20} with {count:,}"
    )
    return figures("G18 streamed", 1, wrong, begun, note)


def long_training(folder: Path, steps: int) -> Figures:
    """So many steps in one process: descriptors and memory at each epoch's end, beside those of the first tenth."""
    begun, reference, report = time.perf_counter(), Reference(folder / "reference"), folder / "report.json"
    epochs = -(-steps // STEPS_AN_EPOCH)
    settings = {"train.epochs": epochs, "train.batch_size": 1, "checkpoint.every": f"{steps // 20} steps"}

    def work() -> int:
        seen = []
        for fact in nettrain.fit(str(reference.config), run_dir=str(folder / "run"), settings=settings):
            if isinstance(fact, nettrain.EpochRow):
                seen.append((len(os.listdir("/proc/self/fd")), size_of_process("VmRSS")))
        first, rest = seen[: epochs // 10 + 1], seen[epochs // 10 + 1 :]
        most = [[max(numbers) for numbers in zip(*part, strict=True)] for part in (first, rest)]
        report.write_text(json.dumps({"epochs": len(seen), "first": most[0], "rest": most[1]}))
        return 0

    if (ending := forked(work, limit=3600)).code:
        return figures("G18 long", 1, [f"exit {ending.code}: {ending.err[-500:]}"], begun, "")
    found, wrong = json.loads(report.read_text()), list[str]()
    (descriptors, memory), (descriptors_later, memory_later) = found["first"], found["rest"]
    if found["epochs"] != epochs:
        wrong.append(f"{found['epochs']} epochs of {epochs}")
    if descriptors_later > descriptors:
        wrong.append(f"{descriptors} descriptors, later {descriptors_later}")
    if memory_later > memory + GROWN:
        wrong.append(f"{memory} bytes, later {memory_later}")
    grown = (memory_later - memory) / (1 << 20)
    note = f"{epochs * STEPS_AN_EPOCH:,} steps: {descriptors_later} descriptors, {grown:.1f} MiB beyond the first tenth"
    return figures("G18 long", 1, wrong, begun, note)


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G18."""
    with workplace_in_memory() as folder:
        disk = os.statvfs(folder)
        files = max(10_000, round(FILES * scale))
        if disk.f_bavail * disk.f_frsize < ROOM * scale or disk.f_favail < 2 * files:
            files = min(files, 100_000)  # which the note says
        yield from listed(folder, files)
    with workplace_in_memory() as folder:
        yield streamed(folder, max(2 * FEW, round(STREAMED * scale)))
    with workplace_in_memory() as folder:
        yield long_training(folder, max(2_000, round(STEPS * scale)))
