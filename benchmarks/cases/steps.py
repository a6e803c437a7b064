"""Whole training steps of the models, batch 128: against PyTorch, and of small dense nets against scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.models import MODELS
from benchmarks.plan import BATCH, OURS, Job, Kept, Row, Settings

FORMATS = ("contiguous", "channels_last")
DENSE = {"mlp", "mnist_mlp"}  # no picture is left after their first layer, so one memory format is enough


def rows(settings: Settings) -> Iterator[Row]:
    """Each model on each number of threads."""
    for count in settings.threads:
        for name in MODELS:
            formats = FORMATS[:1] if name in DENSE else FORMATS
            peers = [Kept(f"torch {form}", "torch", count, Job("steps", name, BATCH, form)) for form in formats]
            if name in DENSE:
                peers.append(Kept("sklearn", "sklearn", count, Job("steps", name)))
            yield Row("steps", name, count, (Kept(OURS, "nettrain", count, Job("steps", name)), *peers))
