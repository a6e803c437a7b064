"""Training steps on several threads beside the same on one: what a second thread gives."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.models import MODELS
from benchmarks.plan import OURS, Job, Kept, Row, Settings


def rows(settings: Settings) -> Iterator[Row]:
    """Each model on each number of threads above one, ours against ours."""
    for count in settings.threads:
        for name in MODELS if count > 1 else ():
            several, one = (Kept(label, "nettrain", n, Job("steps", name)) for label, n in _both(count))
            yield Row("scaling", name, count, (several, one))


def _both(count: int) -> list[tuple[str, int]]:
    return [(OURS, count), (f"{OURS} on 1 thread", 1)]
