"""Damaged checkpoints (G6) and checkpoints made up to deceive (G7): none of the first is accepted; none of the second
ends in anything but an error line, or is as good as any other.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from faults.forked import figures, forked, workplace_in_memory
from faults.reference import Figures, Reference, difference

from nettrain.config.reader import read_config
from nettrain.data.split_csv import keep_splits, read_split_csv
from nettrain.errors import NettrainError
from nettrain.training.config import TABLES, Config
from nettrain.training.model_file import load_model
from nettrain.training.prepare import Prepared, prepare
from nettrain.training.run.opening import named
from nettrain.training.run.state import State
from nettrain.training.store import checkpoint, safetensors_file

BLOCK = 512
LARGEST = 16 << 10  # bytes: every bit of a file up to this size is flipped
IN_FOLDERS = 60  # damaged newest checkpoints that a run is gone on with past
MUTANTS = 6000
MEMORY = 32 << 20  # bytes that reading a checkpoint may take beside the file


def flips(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every single bit, the other way."""
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit}", bytes(damaged)


def truncations(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every length but the whole."""
    for size in range(len(data)):
        yield f"the first {size} bytes", data[:size]


def blocks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every 512-byte block zeroed, and every two of one length swapped."""
    starts = range(0, len(data), BLOCK)
    for i in starts:
        size = len(data[i : i + BLOCK])
        yield f"block at {i} zeroed", data[:i] + bytes(size) + data[i + BLOCK :]
        for j in starts:
            if j < i and size == BLOCK:
                middle = data[j + BLOCK : i]
                yield (
                    f"blocks at {j} and {i} swapped",
                    (data[:j] + data[i : i + BLOCK] + middle + data[j : j + BLOCK] + data[i + BLOCK :]),
                )


DAMAGES: dict[str, Callable[[bytes], Iterator[tuple[str, bytes]]]] = {
    "flipped bits": flips,
    "truncations": truncations,
    "blocks zeroed or swapped": blocks,
}


def exhaustive(data: bytes, scale: float) -> Iterator[Figures]:
    """Every damage to one checkpoint; at a smaller scale every so-manieth."""
    if len(data) > LARGEST:
        raise RuntimeError(f"the checkpoint has {len(data)} bytes; expected at most {LARGEST}")
    for what, damages in DAMAGES.items():
        begun, wrong, cases = time.perf_counter(), list[str](), 0
        every = max(1, round(1 / scale)) if what != "blocks zeroed or swapped" else 1
        for number, (name, damaged) in enumerate(damages(data)):
            if number % every or damaged == data:  # blocks that are equal, swapped
                continue
            cases += 1
            try:
                checkpoint.decode(damaged, "c")
            except NettrainError as error:
                if len(error.lines()) != 1:
                    wrong.append(f"{name}: {error.lines()}")
            except Exception as error:  # noqa: BLE001  that is what is looked for
                wrong.append(f"{name}: {error!r}")
            else:
                wrong.append(f"{name}: accepted")
        yield figures(f"G6 {what}", cases, wrong, begun, f"{len(data)} bytes")


def stopped_run(reference: Reference, folder: Path) -> Path:
    """A run with two checkpoints that is not finished."""
    run = folder / "stopped"

    def work() -> int:
        from nettrain.cli.progress import Decoding
        from nettrain.training.run.opening import begin

        document = named(read_config(str(reference.config), Config, TABLES), str(reference.config))
        opened = begin(document, Decoding(), str(run))
        for fact in opened.go():
            if getattr(fact, "step", 0) == 11:
                os._exit(0)
        return 1

    if (ending := forked(work)).code:
        raise RuntimeError(f"the run to be damaged could not be made: {ending.err}")
    return run


def in_a_run(reference: Reference, stopped: Path, count: int) -> Figures:
    """The newest checkpoint of a run damaged: the older one is used, with a warning, and the end is the same bytes."""
    begun = time.perf_counter()
    chance, run, wrong = random.Random(6), stopped.parent / "run", list[str]()
    newest = max(checkpoint.steps(stopped / "checkpoints").items())[1].name
    whole = (stopped / "checkpoints" / newest).read_bytes()
    for number in range(count):
        name, damaged = _damaged(whole, number, chance)
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(stopped, run)
        (run / "checkpoints" / newest).write_bytes(damaged)
        ending = forked(lambda: reference.fit(run))
        warning = f"nettrain: warning: passed over {run}/checkpoints/{newest}: "
        if ending.code or sum(line.startswith(warning) for line in ending.err.splitlines()) != 1:
            wrong.append(f"{name}: exit {ending.code}: {ending.err}")
        elif problem := difference(reference.digest(run), reference.expected):
            wrong.append(f"{name}: {problem}")
    return figures("G6 an older one is used, and said", count, wrong, begun)


def _damaged(whole: bytes, number: int, chance: random.Random) -> tuple[str, bytes]:
    """One damage of each kind in turn."""
    at = chance.randrange(len(whole))
    if number % 3 == 0:
        return f"bit {at * 8}", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    if number % 3 == 1:
        return f"the first {at} bytes", whole[:at]
    return chance.choice([(name, damaged) for name, damaged in blocks(whole) if damaged != whole])


# Checkpoints made up: a good one taken apart, some of it changed, put together again, half of them signed anew

WORDS: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**63, -(2**63), 10**30, 1e308, 0.5, "", "x", "\0", "\ud800", "🐈" * 40, "a" * 5000,
    [], {}, [[]], [None] * 50, {"": 0}, {"a": {"b": {"c": 1}}}, "layers.1.weight", "F32", "sgd", [0, 1 << 62], [1],
)  # fmt: skip


def resigned(data: bytes) -> bytes:
    """The same bytes with a SHA-256 that is right again."""
    digits = safetensors_file.DIGITS
    blank = data[: digits.start] + b"0" * 64 + data[digits.stop :]
    return data[: digits.start] + hashlib.sha256(blank).hexdigest().encode() + data[digits.stop :]


def mutant(whole: bytes, chance: random.Random) -> bytes:
    """A checkpoint with one to three parts changed: its tree of metadata, its entries, its tensors, its bytes."""
    size = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + size])
    meta = json.loads(header.pop("__metadata__")["nettrain"])
    body = bytearray(whole[8 + size :])
    raw = False
    for _ in range(chance.randint(1, 3)):
        what = chance.random()
        if what < 0.55:
            _change(meta, chance, keep=("SHA-256",))
        elif what < 0.7:
            _change(header, chance)
        elif what < 0.8:
            at = chance.randrange(0, len(body) // 4) * 4
            body[at : at + 4] = np.float32(chance.choice((np.nan, np.inf, -1e38, 0))).tobytes()
        elif what < 0.9:
            del body[chance.randrange(len(body)) :]
        else:
            raw = True
    data = _together(meta, header, bytes(body), padded=chance.random() < 0.95)
    if raw:
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        data = bytes(broken)
    return resigned(data) if chance.random() < 0.5 else data


def _together(meta: Any, entries: dict[str, Any], body: bytes, *, padded: bool) -> bytes:
    text = json.dumps(meta, sort_keys=True, separators=(",", ":"))
    header = json.dumps({"__metadata__": {"nettrain": text}, **entries}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8 if padded else 3)
    return len(header).to_bytes(8, "little") + header + body


def _change(tree: Any, chance: random.Random, keep: tuple[str, ...] = ()) -> None:
    """Somewhere in a tree of lists and dicts: another value, one fewer, one more, another name."""
    while True:
        keys = [key for key in (tree if isinstance(tree, dict) else range(len(tree))) if key not in keep]
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(tree[key], dict | list) and tree[key] and chance.random() < 0.7:
            tree, keep = tree[key], ()
            continue
        match chance.randrange(4):
            case 0:
                del tree[key]
            case 1 if isinstance(tree, dict):
                tree[str(chance.choice(("x", "", "step", "layers.9.weight", "\ud800")))] = tree[key]
            case 2 if isinstance(tree[key], int | float) and not isinstance(tree[key], bool):
                tree[key] = chance.choice((tree[key] + 1, -tree[key], tree[key] * 1e300, str(tree[key])))
            case _:
                tree[key] = chance.choice(WORDS)
        return


def deceived(reference: Reference, stopped: Path, count: int) -> Figures:
    """Mutants read as a model and restored as a training: an error of ours, or a success, and little memory."""
    begun = time.perf_counter()
    newest = max(checkpoint.steps(stopped / "checkpoints").items())[1]
    whole, chance = newest.read_bytes(), random.Random(7)
    document = named(read_config(str(reference.config), Config, TABLES), str(reference.config))
    rows = read_split_csv((stopped / "split.csv").read_text())
    prepared = prepare(document, lambda *_: None, partial(keep_splits, rows=rows))
    path = stopped.parent / "mutant.safetensors"
    wrong, accepted, worst = list[str](), 0, 0
    tracemalloc.start()
    try:
        for number in range(count):
            data = mutant(whole, chance)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                accepted += _survives(data, path, prepared)
            except Exception as error:  # noqa: BLE001  that is what is looked for
                wrong.append(f"mutant {number}: {error!r}")
            worst = max(worst, tracemalloc.get_traced_memory()[1] - before - len(data))
    finally:
        tracemalloc.stop()
    if worst > MEMORY:
        wrong.append(f"one took {worst} bytes beside the file")
    note = f"{accepted} accepted, at most {worst / 2**20:.1f} MiB beside the file"
    return figures("G7 made-up checkpoints", count, wrong, begun, note)


def _survives(data: bytes, path: Path, prepared: Prepared) -> bool:
    """Whether the whole way from bytes to a training takes them; what is wrong must be said by an error of ours."""
    try:
        found = checkpoint.decode(data, "mutant")
        path.write_bytes(data)
        for use in (lambda: load_model(path), lambda: _train_on(found, prepared)):
            try:
                use()
            except NettrainError:
                if use is not None:
                    continue
    except NettrainError:
        return False
    return True


def _train_on(found: checkpoint.Checkpoint, prepared: Prepared) -> None:
    state = State.fresh(prepared)
    state.restore(found, "mutant")
    steps = prepared.steps_per_epoch
    state.lineage.learning_rate(prepared.config, steps, prepared.monitor)(state.progress.step, state.history.values)
    state.best.improves(prepared.monitor, 0.5)
    state.meta({"metrics.csv": 0, "events.jsonl": 0})


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G6 and, on thousands instead of a million, of G7."""
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        stopped = stopped_run(reference, folder)
        newest = max(checkpoint.steps(stopped / "checkpoints").items())[1]
        yield from exhaustive(newest.read_bytes(), scale)
        yield in_a_run(reference, stopped, max(3, round(IN_FOLDERS * scale)))
        yield deceived(reference, stopped, max(200, round(MUTANTS * scale)))
