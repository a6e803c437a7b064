"""Checkpoints: one file each that says whether it is whole; saved, loaded, and the newest good one found."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nettrain.config.words import megabytes
from nettrain.errors import CheckpointError, EnvironmentFault
from nettrain.files import folders, whole
from nettrain.files.causes import AnyPath, fault
from nettrain.training.store import safetensors_file
from nettrain.training.store.foreign import foreign

SHORTEST = safetensors_file.DIGITS.stop  # bytes: no checkpoint is shorter
_STEP_FILE = re.compile(r"step-(\d{9,})\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: metadata, tensors by name (read-only), the file's SHA-256 as ``sha256sum`` prints it."""

    meta: dict[str, Any]
    tensors: dict[str, np.ndarray]
    sha256: str


@dataclass(frozen=True)
class Found:
    """The newest checkpoint of a folder that is whole, and the faults of those passed over on the way, newest first."""

    checkpoint: Checkpoint
    path: Path
    passed_over: tuple[CheckpointError, ...]


def encode(meta: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """A checkpoint's bytes, the same for the same content.

    Errors   CheckpointError names a tensor that is not finite, or says what is too large.
    Notes    Keys of ``meta`` are lower-case words; values are JSON (tuples come back as lists, NumPy numbers as
             Python's). Dtypes: integers of 8 to 64 bits, floats of 16 to 64.
    """
    try:
        return safetensors_file.write(meta, tensors)
    except safetensors_file.Damaged as error:
        raise CheckpointError(str(error)) from error


def decode(data: bytes, name: AnyPath) -> Checkpoint:
    """Verify and read a checkpoint's bytes; ``name`` is for the error line.

    Errors   CheckpointError, one line, for whatever is wrong.
    Cost     memory: the arrays are views of ``data``.
    """
    _check_start(data, len(data), name)
    try:
        meta, tensors = safetensors_file.read(data)
    except safetensors_file.Damaged as error:
        raise CheckpointError(str(error), os.fspath(name)) from error
    return Checkpoint(meta, tensors, hashlib.sha256(data).hexdigest())


def save(path: AnyPath, meta: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """Write a checkpoint, whole or not at all. Errors: CheckpointError, EnvironmentFault."""
    try:
        data = encode(meta, tensors)
    except CheckpointError as error:
        raise CheckpointError(str(error), os.fspath(path)) from error
    except MemoryError as error:
        needed = sum(array.nbytes for array in tensors.values())
        message = f"cannot write: needs {megabytes(needed)} of memory; free some and try again"
        raise EnvironmentFault(message, os.fspath(path)) from error
    whole.write_atomic(path, data)


def load(path: AnyPath) -> Checkpoint:
    """Read and verify a checkpoint. Errors: CheckpointError if it is not one, EnvironmentFault if it cannot be read."""
    shown = os.fspath(path)
    try:
        facts = os.stat(path)  # first: to open a pipe would wait for ever
        if not stat.S_ISREG(facts.st_mode):
            kind = "a folder" if stat.S_ISDIR(facts.st_mode) else "a device or pipe"
            raise CheckpointError(f"is {kind}; expected a .safetensors file that nettrain wrote", shown)
        with open(path, "rb") as file:
            _check_start(file.peek(), facts.st_size, path)  # another tool's file is not read whole, however large
            data = file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CheckpointError("no such file; expected a .safetensors file that nettrain wrote", shown) from error
    except OSError as error:
        raise fault(path, "read", error) from error
    except MemoryError as error:
        message = f"cannot read: needs {megabytes(facts.st_size)} of memory; free some and try again"
        raise EnvironmentFault(message, shown) from error
    return decode(data, path)


def _check_start(head: bytes, size: int, name: AnyPath) -> None:
    """The quick look: whether the file may be a checkpoint at all; names what else it is."""
    if head.startswith(safetensors_file.START, 8):
        return
    what = foreign(head)
    if not what and size < SHORTEST:
        what = "is empty" if not size else f"is {size} bytes long, too short for a checkpoint"
        what += "; use an earlier checkpoint, or another copy of this one"
    raise CheckpointError(what or "is not a checkpoint; expected a .safetensors file that nettrain wrote", str(name))


def step_path(folder: AnyPath, step: int) -> Path:
    """The file for a step in a ``checkpoints`` folder."""
    return Path(folder) / f"step-{step:09d}.safetensors"


def steps(folder: AnyPath) -> dict[int, Path]:
    """The checkpoints of a folder by step, newest first, whole or not. Errors: EnvironmentFault."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise fault(folder, "read", error) from error
    found = {int(match[1]): Path(folder, name) for name in names if (match := _STEP_FILE.fullmatch(name))}
    return dict(sorted(found.items(), reverse=True))


def newest(folder: AnyPath) -> Found:
    """The newest checkpoint that verifies, and whose metadata has the ``step`` of its name.

    Errors   CheckpointError if none does, with a line for each;
             EnvironmentFault if one cannot be read, for it may be good.
    """
    passed: list[CheckpointError] = []
    for step, path in steps(folder).items():
        try:
            found = load(path)
            if (own := found.meta.get("step")) != step:
                message = f"is the checkpoint of step {own}, under the name of step {step}; rename it"
                raise CheckpointError(message, os.fspath(path))
            return Found(found, path, tuple(passed))
        except CheckpointError as error:
            passed.append(error)
    message = "no checkpoint in it is whole" if passed else "holds no checkpoint"
    last = CheckpointError(f"{message}; start a new run in another folder", os.fspath(folder))
    raise CheckpointError(faults=[fault for error in (*passed, last) for fault in error.faults])


def prune(folder: AnyPath, step: int, regular: Callable[[int], bool]) -> None:
    """After ``step`` was saved: keep it and the newest regular one before; later ones, passed over once, stay."""
    earlier = {saved: path for saved, path in steps(folder).items() if saved < step}  # newest first
    kept = next((saved for saved in earlier if regular(saved)), None)
    folders.prune(path for saved, path in earlier.items() if saved != kept)
