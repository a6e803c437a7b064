"""Cold starts: whole processes that do next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.commands import nettrain, predict, python
from benchmarks.plan import OURS, Command, Row, Settings


def rows(settings: Settings) -> Iterator[Row]:
    """Help beside an interpreter that does nothing; one prediction beside a peer that is only imported."""
    count = max(settings.threads)
    nothing = Command("python -c pass", lambda shop: python("-c", "pass"))
    yield Row("start", "help", count, (Command(OURS, lambda shop: nettrain("--help")), nothing))
    yield Row(
        "start",
        "predict-one",
        count,
        (
            Command(OURS, lambda shop: predict(shop, shop.one_picture(), count)),
            Command("python -c 'import torch'", lambda shop: python("-c", "import torch"), "torch"),
            nothing,
        ),
    )
