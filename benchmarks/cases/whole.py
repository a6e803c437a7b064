"""Ten thousand small pictures classified in one call, the process whole, against a script with PyTorch and Pillow."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.commands import predict, torch_predict
from benchmarks.plan import OURS, Command, Row, Settings
from benchmarks.workshop import MANY

WORKERS = (0, 2)  # of the script's DataLoader


def rows(settings: Settings) -> Iterator[Row]:
    """The model is ``cnn`` on both sides; on the most threads."""
    count = max(settings.threads)
    scripts = (
        Command(
            f"torch, {workers} workers",
            lambda shop, workers=workers: torch_predict(shop, shop.pictures(MANY), count, workers),
            "torch",
        )
        for workers in WORKERS
    )
    ours = Command(OURS, lambda shop: predict(shop, shop.pictures(MANY), count))
    yield Row("whole", "predict-10000", count, (ours, *scripts))
