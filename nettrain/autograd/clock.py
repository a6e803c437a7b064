"""The seam through which a profile hears what the engine does and when; the clock here keeps nothing of it."""

from __future__ import annotations

from typing import ClassVar


class Clock:
    """Told of each stretch of a training as it ends: it lasted from the end of the one before until now.

    ``training/loop/profile.py`` overrides all of it; a graph that is given no clock has one that does nothing.
    """

    counts_flops: ClassVar[bool] = False  # else nobody computes them

    def lap(self, account: str) -> None:
        """What has passed was not an operation's: ``other`` between operations, the training's names elsewhere."""

    def forward(self, layer: str, op: str, parts: tuple[str, ...], flops: int) -> None:
        """What has passed was this operation, on the way forward."""

    def backward(self, layer: str, op: str, parts: tuple[str, ...], flops: int) -> None:
        """What has passed was this operation's turn in the walk back: its gradients, added to where they belong."""

    def begin_step(self) -> None:
        """A step begins; without its end it counts for nothing."""

    def end_step(self, pictures: int) -> None:
        """The step has been made, on so many pictures."""


UNTIMED = Clock()
