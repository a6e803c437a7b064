"""Mixing a batch of pictures and their labels, against the same in PyTorch, where one share is drawn for a batch."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.plan import BATCH, OURS, Job, Kept, Row, Settings

KINDS = ("mixup", "cutmix")
SIDE, CLASSES = 32, 10
CASES = {f"{kind}@{SIDE}": kind for kind in KINDS}


def rows(settings: Settings) -> Iterator[Row]:
    """Each kind on each number of threads."""
    for count in settings.threads:
        for case in CASES:
            sides = ((OURS, "nettrain"), ("torch", "torch"))
            job = Job("mixing", case, BATCH)
            yield Row("mixing", case, count, tuple(Kept(label, side, count, job) for label, side in sides))
