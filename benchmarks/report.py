"""What is printed: a block a row, who took how long and how many times longer than ours; and changes since a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.measure import Ratio, spread
from benchmarks.plan import OURS, Unit, counted
from benchmarks.results import Result, Results

SCALES: dict[Unit, tuple[tuple[float, str], ...]] = {
    "seconds": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")),
    "bytes": ((1e6, "MB"), (1e3, "kB")),
}
LABEL, BESIDE = 34, 40  # columns
LEGEND = (
    "",
    "Each line: the median, lowest to highest; x how many times as much as nettrain (lowest to highest of the rounds).",
    "",
)


def amount(figure: float, unit: Unit) -> str:
    """A figure with a unit that fits it: ``151 ms``."""
    scale, name = next((pair for pair in SCALES[unit] if figure >= pair[0]), SCALES[unit][-1])
    return f"{figure / scale:.3g} {name}" if figure / scale < 1000 else f"{figure / scale:,.0f} {name}"


def head(facts: Mapping[str, Mapping[str, Any]], kernel: str) -> Iterator[str]:
    """The machine, and each side with its versions."""
    ours = facts[OURS]
    yield f"{ours['cpu']}, {counted(ours['cores'], 'core')}" + (
        f", every side held to {kernel} kernels (AVX2)" if kernel else ""
    )
    for side, known in facts.items():
        yield f"  {side}: " + ", ".join(f"{key} {value}" for key, value in known.items() if key not in ("cpu", "cores"))


def lines(row: Result) -> Iterator[str]:
    """A row: a line each contender, ours first."""
    rounds = max(map(len, row.figures.values()), default=0)
    yield f"{row.name}, {counted(row.threads, 'thread')}" + (f", {counted(rounds, 'round')}" if rounds else "")
    for label, figures in row.figures.items():
        middle = spread(figures)
        median, lowest, highest = (amount(x, row.unit) for x in (middle.median, middle.lowest, middle.highest))
        amounts = f"{median:>9}  {lowest:>9} to {highest:<9}"
        yield f"  {label:<{LABEL}}{amounts}{_beside(row.ratio(label), label)}{_rates(row, middle.median)}".rstrip()
    for label, reason in row.missing.items():
        yield f"  {label:<{LABEL}}{reason}"


def changes(now: Results, then: Results) -> Iterator[str]:
    """The rows of both: ours then and now, and the ratio to the best peer, which is what counts between two days."""
    before = {row.key: row for row in then.rows}
    yield f"{'row':<44} {'then':>9} {'now':>9} {'change':>8}  {'ratio then':>10} {'now':>6}"
    for row in now.rows:
        old = before.get(row.key)
        if old is None or OURS not in row.figures or OURS not in old.figures:
            yield f"{row.key:<44} not in both"
            continue
        a, b = (spread(result.figures[OURS]).median for result in (old, row))
        ratios = [
            f"{found.rounds.median:.2f}" if (found := result.ratio(result.best())) else "-" for result in (old, row)
        ]
        yield (
            f"{row.key:<44} {amount(a, row.unit):>9} {amount(b, row.unit):>9} {b / a - 1:>+8.1%}  "
            f"{ratios[0]:>10} {ratios[1]:>6}"
        )


def span(ratio: Ratio) -> str:
    """A ratio with its spread over the rounds: ``1.80 (1.74 to 1.91)``."""
    return f"{ratio.rounds.median:.2f} ({ratio.rounds.lowest:.2f} to {ratio.rounds.highest:.2f})"


def _beside(ratio: Ratio | None, label: str) -> str:
    if ratio is None or label == OURS:
        return " " * BESIDE
    beside = f"  x {span(ratio)}, medians {ratio.medians:.2f}"
    return f"{beside:<{BESIDE}}"


def _rates(row: Result, seconds: float) -> str:
    if row.unit != "seconds":
        return ""
    rates = f"  {row.images / seconds:>9,.0f} images/s" if row.images else ""
    if row.flops:
        gflops = row.flops / seconds / 1e9
        rates += f"  {gflops:6.1f} GFLOP/s" + (f", {gflops / row.gflops:4.0%} of peak" if row.gflops else "")
    return rates
