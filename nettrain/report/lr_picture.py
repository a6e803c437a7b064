"""The picture of a learning-rate range test: losses over rates, and where the suggestion lies."""

from __future__ import annotations

import math
from collections.abc import Iterator

from nettrain.report.svg import box, dot, line, picture, text
from nettrain.training.probing.lr_range import Range

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 62, 52  # margins, in pixels
TICKS = 5  # about so many on the axis of the loss
STYLE = """\
.trial { fill: #8c959f; fill-opacity: 0.45 }
.smoothed { fill: none; stroke: #0969da; stroke-width: 2.5; stroke-linejoin: round }
.lowest { fill: #ffffff; stroke: #0969da; stroke-width: 2 }
.suggested { fill: none; stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 5 4 }
.suggestion { fill: #1a7f37; font-weight: 600 }
.label { fill: #57606a; stroke: #ffffff; stroke-width: 4; paint-order: stroke; stroke-linejoin: round }
.falls { fill: #1a7f37; fill-opacity: 0.06 }"""


def lr_picture(found: Range, name: str, key: str) -> str:
    """The SVG; ``name`` is the config's, ``key`` that of the learning rate."""
    return picture(WIDTH, HEIGHT, f"learning-rate range test of {name}", STYLE, _body(found, name, key))


def _body(found: Range, name: str, key: str) -> Iterator[str]:
    trials, lowest, suggestion = found.trials, found.lowest, found.suggestion
    low, high = trials[0].lr, max(trials[-1].lr, 10 * trials[0].lr)  # a decade is shown even if one step was enough
    top = max(trials[0].smoothed, *(trial.smoothed for trial in trials if trial.lr <= lowest.lr)) * 1.25
    seen = min(min(trial.loss for trial in trials), lowest.smoothed)
    bottom = 0.0 if 0 <= seen < top / 3 else seen - 0.08 * (top - seen)
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM

    def across(lr: float) -> float:
        return LEFT + (right - LEFT) * (math.log(lr / low) / math.log(high / low))

    def down(loss: float) -> float:
        return floor - (floor - TOP) * (loss - bottom) / (top - bottom)

    yield text(LEFT, 28, f"Learning-rate range test: {name}", "title")
    yield text(LEFT, 46, f"{len(trials)} steps from fresh weights, the rate rising from step to step", "faint")
    for value in _ticks(bottom, top):
        yield line([(LEFT, down(value)), (right, down(value))], "axis")
        yield text(LEFT - 10, down(value) + 4, f"{value:g}", "faint", "end")
    for decade in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1):
        x = across(10.0**decade)
        yield line([(x, floor), (x, floor + 5)], "axis")
        yield text(x, floor + 20, f"{10.0**decade:g}", "faint", "middle")
    yield text((LEFT + right) / 2, HEIGHT - 10, key, "faint", "middle")
    yield text(LEFT - 10, TOP - 10, "loss", "faint", "end")
    yield f'<clipPath id="plot"><rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{floor - TOP}"/></clipPath>'
    yield '<g clip-path="url(#plot)">'
    if suggestion is not None:
        yield box(across(suggestion), TOP, across(lowest.lr) - across(suggestion), floor - TOP, "falls")
    yield from (dot(across(trial.lr), down(trial.loss), 2.2, "trial") for trial in trials)
    yield line([(across(trial.lr), down(trial.smoothed)) for trial in trials], "smoothed")
    yield "</g>"
    if suggestion is not None:
        x = across(suggestion)
        yield line([(x, TOP), (x, floor)], "suggested")
        yield text(x - 8, TOP + 16, f"suggestion {suggestion:g}", "suggestion", "end")
        yield text(x - 8, TOP + 32, "a tenth of the rate", "faint", "end")
        yield text(x - 8, TOP + 47, "with the lowest loss", "faint", "end")
    yield dot(across(lowest.lr), down(lowest.smoothed), 4.5, "lowest")
    side = "end" if across(lowest.lr) > right - 60 else "middle"
    yield text(across(lowest.lr), down(lowest.smoothed) + 20, f"lowest at {lowest.lr:.2g}", "label", side)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(step * place, 9) for place in range(first, int(high / step) + 1)]
