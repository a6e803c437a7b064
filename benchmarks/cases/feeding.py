"""Training steps on batches as a fit makes them, beside the same on one batch over and over: what the data costs.

The pictures come from memory, as in every epoch after the first. Ready-made batches cost nothing, so the ratio is the
share of a step that neither waits for the next batch nor gives way to the thread that makes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases.loader import KIND
from benchmarks.plan import BATCH, OURS, Job, Kept, Row, Settings

FED, AGAIN = "fed", "again"
MODEL = "cnn"


def rows(settings: Settings) -> Iterator[Row]:
    """The model on each number of threads, ours against ours."""
    for count in settings.threads:
        jobs = {OURS: FED, f"{OURS}, one batch over and over": AGAIN}
        contenders = (
            Kept(label, "nettrain", count, Job("feeding", MODEL, BATCH, v), KIND) for label, v in jobs.items()
        )
        yield Row("feeding", MODEL, count, tuple(contenders))
