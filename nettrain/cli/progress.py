"""What a person sees while something long goes on: a bar on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from nettrain.cli.options import tell
from nettrain.config.words import megabytes
from nettrain.errors import escape

if TYPE_CHECKING:
    from nettrain.training.loop.loop import Step
    from nettrain.training.run.closing import EpochRow

HEARTBEAT_SECONDS = 60.0


class Decoding:
    """Progress of decoding, as the ``report`` of ``prepare``: what is going on, how much is done, of how much."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._next = time.monotonic() + HEARTBEAT_SECONDS

    def __call__(self, what: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            if self._bar is None:
                self._bar = tqdm(total=total, desc=what, unit="img", leave=False, file=sys.stderr)
            self._bar.update(done - self._bar.n)
            if done == total:
                self._bar.close()
                self._bar = None
        elif time.monotonic() >= self._next:
            tell(f"{what}: {done}/{total}")
            self._next = time.monotonic() + HEARTBEAT_SECONDS


class Fetching:
    """Progress of files that come over the network, one after another, in bytes."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._path, self._size = "", 0
        self._next = time.monotonic() + HEARTBEAT_SECONDS

    def begin(self, path: str, start: int, size: int) -> None:
        """Bytes of a file begin to come, from ``start`` on."""
        self.close()
        self._path, self._size = escape(path), size
        if start:
            tell(f"{self._path}: goes on from {megabytes(start)} of {megabytes(size)}")
        if sys.stderr.isatty():
            self._bar = tqdm(
                total=size,
                initial=start,
                desc=self._path,
                unit="B",
                unit_scale=True,
                leave=False,
                file=sys.stderr,
                dynamic_ncols=True,
            )

    def came(self, done: int) -> None:
        """So many bytes of it are there."""
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif time.monotonic() >= self._next:
            tell(f"{self._path}: {megabytes(done)} of {megabytes(self._size)}")
            self._next = time.monotonic() + HEARTBEAT_SECONDS

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Training:
    """The bar of each epoch and the line at its end; ``pictures`` is the number of an epoch.

    With ``of``, the name of a run among several, that stands before each, and an epoch's end has no line.
    """

    def __init__(self, epochs: int, pictures: int, of: str = "") -> None:
        self._epochs, self._pictures, self._of = epochs, pictures, f"{of}  " if of else ""
        self._bar: Any = None
        self._next = time.monotonic() + HEARTBEAT_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def step(self, step: Step, accuracy: float) -> None:
        """A committed step; ``accuracy`` is the epoch's running one."""
        if sys.stderr.isatty():
            if self._bar is None:
                self._bar = tqdm(
                    total=self._pictures,
                    initial=step.position - step.pictures,
                    desc=f"{self._of}epoch {step.epoch}/{self._epochs}",
                    unit="img",
                    leave=False,
                    file=sys.stderr,
                    dynamic_ncols=True,
                )
            self._bar.set_postfix(loss=f"{step.loss:.4f}", accuracy=f"{accuracy:.4f}", refresh=False)
            self._bar.update(step.pictures)
        elif time.monotonic() >= self._next:
            seen = f"{step.position}/{self._pictures}"
            tell(f"{self._of}epoch {step.epoch}/{self._epochs}  {seen}  loss {step.loss:.4f}  accuracy {accuracy:.4f}")
            self._next = time.monotonic() + HEARTBEAT_SECONDS

    def epoch(self, row: EpochRow) -> None:
        """The line of a finished epoch."""
        self.close()
        if self._of:
            return
        end = row.end
        cells = [
            f"epoch {end.epoch:>{len(str(self._epochs))}}/{self._epochs}",
            f"lr {end.lr:.3g}",
            f"train_loss {end.train_loss:.4f}",
            f"train_{row.accuracy} {end.train_accuracy:.4f}",
        ]
        if row.val_loss is not None and row.val_accuracy is not None:
            cells += [f"val_loss {row.val_loss:.4f}", f"val_{row.accuracy} {row.val_accuracy:.4f}"]
        cells += [f"{name} {'-' if value is None else f'{value:.4f}'}" for name, value in row.metrics.items()]
        if row.images_per_second:  # not of an epoch that was trained before, and only judged now
            cells.append(f"{row.images_per_second:,.0f} images/s")
        tell("  ".join([*cells, "best"] if row.is_best else cells))
        self._next = time.monotonic() + HEARTBEAT_SECONDS

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
