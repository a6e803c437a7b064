"""Three epochs from a folder of JPEGs, the process whole; and the memory of a fit on few and on many pictures.

These are minutes a round, so they are run only where they are named.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.commands import fit, torch_fit
from benchmarks.plan import OURS, PICTURES, Command, Row, Settings

EPOCHS = 3
FEW = 10  # times fewer pictures, to compare the memory with
CHANNELS_LAST = {"mlp": False, "cnn": True}  # the better format of each model's steps


def rows(settings: Settings) -> Iterator[Row]:
    """On the most threads; with fewer pictures than usual the names say so."""
    count, pictures = max(settings.threads), settings.pictures
    scripts = {"torch, 2 workers": count, "torch on 1 thread, 2 workers": 1}  # the second leaves cores to the workers
    ending = "" if pictures == PICTURES else f"-{pictures}"
    for model, channels_last in CHANNELS_LAST.items():
        ours = Command(OURS, lambda shop, m=model: fit(shop, m, pictures, EPOCHS, count, "ram"))
        peers = (
            Command(
                label,
                lambda shop, m=model, last=channels_last, n=n: torch_fit(shop, m, pictures, EPOCHS, n, last),
                "torch",
            )
            for label, n in scripts.items()
        )
        yield Row("fit", model + ending, count, (ours, *peers))
    many, few = (
        Command(label, lambda shop, n=n: fit(shop, "mlp", n, 1, count, "none"))
        for label, n in ((OURS, pictures), (f"{OURS} on 1/{FEW} of the pictures", pictures // FEW))
    )
    yield Row("fit", f"memory-without-cache{ending}", count, (many, few), "bytes")
