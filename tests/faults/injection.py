"""NaN and infinity put into a training at any step (G22): it ends at once, names step and tensor, keeps nothing.

They come in through the pictures, through the way back (a gradient), or sit in the weights before a step; and they come
of themselves, where an update overflows.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from faults.forked import figures, forked, workplace_in_memory
from faults.reference import STEPS, Figures, Reference, difference

from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Tensor
from nettrain.data.batches import Batch
from nettrain.errors import CheckpointError, ExitCode
from nettrain.training.loop.step import Stepper
from nettrain.training.model_file import load_model
from nettrain.training.store import checkpoint

CASES = 450  # of them each of the steps of the training with each way in, and more than once
WAYS = ("pictures", "gradient", "weights", "optimizer")
VALUES = (np.nan, np.inf, -np.inf)
NAMED = (": layers.", ": poisoned: ", ": cross_entropy: ", "train_loss")  # a tensor, or the operation that made it
OVERFLOWS = ("1e38", "3e38", "1e30")  # learning rates that make an update overflow


def poison(value: float) -> Any:
    """An operation that does nothing, whose gradient is ``value``."""

    @op("(N,K)->(N,K)")
    def poisoned(x: Array) -> tuple[Array, tuple[Any, ...]]:
        return x.copy(), (lambda g: np.full_like(g, value),)

    return poisoned


def inject(stack: ExitStack, way: str, step: int, value: float, chance: random.Random) -> None:
    """From here on step ``step``, counted from 1, meets ``value``; it does so again when it is made again."""
    add = Stepper._add
    spot = chance.random()

    def adding(self: Stepper, batch: Batch, now: Any, *rest: Any) -> Any:
        if now.step + 1 != step:
            return add(self, batch, now, *rest)
        if way == "pictures":
            images = batch.images.copy()
            images.reshape(-1)[int(spot * images.size)] = value
            batch = replace(batch, images=images)
        elif way == "gradient":
            loss, poisoned = self.loss, poison(value)

            def bad(outputs: Tensor, labels: Array) -> Tensor:
                worse: Tensor = poisoned(outputs)
                return loss(worse, labels)

            self.loss = bad
        elif way == "weights":
            names = [name for name in self.network.parameters if name.endswith("weight")]
            array = self.network.parameters[names[int(spot * len(names))]].array
            array.reshape(-1)[:] = value
        else:
            for array in self.optimizer.state().values():
                array.reshape(-1)[int(spot * array.size)] = value
        return add(self, batch, now, *rest)

    stack.enter_context(patch.object(Stepper, "_add", adding))


def problem_of(reference: Reference, run: Path, way: str, step: int, value: float, chance: random.Random) -> str:
    """What is wrong with how a training took the injection; empty if nothing is."""

    def work() -> int:
        with ExitStack() as stack:
            inject(stack, way, step, value, chance)
            return reference.fit(run)

    ending = forked(work)
    lines = [line for line in ending.err.splitlines() if "error" in line]
    if ending.code != ExitCode.DIVERGED or len(lines) != 1 or "Traceback" in ending.err:
        return f"exit {ending.code}: {ending.err}"
    late = way == "optimizer"  # seen in what the step makes of it: at its end, or in the next one
    named = [f"diverged at step {number} of epoch" for number in ((step, step + 1) if late else (step,))]
    if not any(place in lines[0] for place in named) or not any(place in lines[0] for place in NAMED):
        return f"the line does not name step {step} and a tensor: {lines[0]}"
    return kept_well(reference, run)


def kept_well(reference: Reference, run: Path) -> str:
    """Whether what was saved is finite, best too, and the training goes on from it to the bytes of the reference."""
    try:
        found = checkpoint.newest(run / "checkpoints")
        if found.passed_over:
            return f"a checkpoint is not whole: {found.passed_over[0]}"
        if (run / "best.safetensors").exists():
            load_model(run / "best.safetensors")
    except CheckpointError as error:
        return f"what was saved cannot be read: {error}"
    again = forked(lambda: reference.fit(run))
    if again.code:
        return f"afterwards exit {again.code}: {again.err}"
    return difference(reference.digest(run), reference.expected)


def injected(reference: Reference, folder: Path, count: int) -> Figures:
    """Each step in turn, each way in, each value."""
    begun, chance, wrong = time.perf_counter(), random.Random(22), list[str]()
    for number in range(count):
        step, way = 1 + number * 8 % STEPS if count >= STEPS else chance.randint(1, STEPS), WAYS[number % len(WAYS)]
        value = chance.choice(VALUES)
        run = folder / f"run-{number}"
        if problem := problem_of(reference, run, way, step, value, chance):
            wrong.append(f"{value} in {way} at step {step}: {problem}")
    return figures("G22 NaN and infinity", count, wrong, begun)


def overflowed(reference: Reference, folder: Path) -> Figures:
    """Learning rates at which the weights themselves leave what a float32 holds, with a save after every step."""
    begun, wrong = time.perf_counter(), list[str]()
    for rate in OVERFLOWS:
        run = folder / f"overflow-{rate}"
        settings = ("--lr", rate, "--set", "checkpoint.every=1 steps", "--set", "schedule=constant")
        ending = forked(lambda run=run, settings=settings: reference.fit(run, *settings))  # type: ignore[misc]
        lines = [line for line in ending.err.splitlines() if "error" in line]
        if ending.code != ExitCode.DIVERGED or len(lines) != 1 or "diverged at step" not in lines[0]:
            wrong.append(f"lr {rate}: exit {ending.code}: {ending.err}")
    count = len(OVERFLOWS)
    return figures("G22 overflow", count, wrong, begun)


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G22."""
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        _ = reference.expected
        yield injected(reference, folder, max(len(WAYS), round(CASES * scale)))
        yield overflowed(reference, folder)
