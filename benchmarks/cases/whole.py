"""Ten thousand small pictures classified in one call, the process whole, against a script with PyTorch and Pillow."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.commands import predict, torch_predict
from benchmarks.plan import OURS, Command, Row, Settings
from benchmarks.workshop import MANY


def rows(settings: Settings) -> Iterator[Row]:
    """The model is ``cnn`` on both sides; on the most threads."""
    count = max(settings.threads)
    scripts = {  # threads of the script and workers of its DataLoader; with one thread they have the other cores
        "torch, 0 workers": (count, 0),
        "torch, 2 workers": (count, 2),
        "torch on 1 thread, 2 workers": (1, 2),
    }
    peers = (
        Command(label, lambda shop, n=n, w=w: torch_predict(shop, shop.pictures(MANY), n, w), "torch")
        for label, (n, w) in scripts.items()
    )
    ours = Command(OURS, lambda shop: predict(shop, shop.pictures(MANY), count))
    yield Row("whole", "predict-10000", count, (ours, *peers))
