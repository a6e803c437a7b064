"""Picture files to pixels, with every check that a fit makes, against Pillow alone in as many threads."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.plan import OURS, Job, Kept, Row, Settings
from benchmarks.workshop import KINDS

CASES = tuple(kind for kind, made in KINDS.items() if made.decoded)


def rows(settings: Settings) -> Iterator[Row]:
    """Each kind of picture on each number of threads."""
    for count in settings.threads:
        for kind in CASES:
            sides = ((OURS, "nettrain"), ("Pillow", "pillow"))
            contenders = (Kept(label, side, count, Job("decode", kind), kind) for label, side in sides)
            yield Row("decode", kind, count, tuple(contenders))
