"""The peak of memory of five training steps above that of the imports, each in a new process."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases.steps import FORMATS
from benchmarks.models import MODELS
from benchmarks.plan import BATCH, OURS, Fresh, Job, Row, Settings


def rows(settings: Settings) -> Iterator[Row]:
    """Each model, on the most threads."""
    count = max(settings.threads)
    for name in MODELS:
        peers = (Fresh(f"torch {form}", "torch", count, Job("steps", name, BATCH, form)) for form in FORMATS)
        yield Row("memory", name, count, (Fresh(OURS, "nettrain", count, Job("steps", name)), *peers), "bytes")
