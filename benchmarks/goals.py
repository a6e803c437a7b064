"""The goals of speed, and what was measured beside each: a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from benchmarks.measure import spread
from benchmarks.plan import OURS
from benchmarks.report import amount, span
from benchmarks.results import Result, Results

PATCHES = (
    *("ops/conv3x3-3-32@32", "ops/conv*-stride2", "ops/conv1x1-64-64@16", "ops/conv5x5-32-32@16"),
    *("ops/conv*-dilation2", "ops/conv*-groups4", "ops/conv*-depthwise"),
)


@dataclass(frozen=True)
class Goal:
    """A line of the table: what it says, the rows that answer it, and the least ratio to the peer that meets it.

    ``peer`` is how the peer's label begins; the best of those counts.
    """

    work: str
    goal: str
    rows: tuple[str, ...]
    least: float
    peer: str = ""


GOALS = (
    Goal("training step, `cnn`", "1.8 times PyTorch, 2 as the stretch", ("steps/cnn",), 1.8, "torch"),
    Goal("training step, `cnn_bn`, `resnet20`", "1.4 times PyTorch", ("steps/cnn_bn", "steps/resnet20"), 1.4, "torch"),
    Goal("training step, `mlp`, `mnist_mlp`", "1.2 times PyTorch", ("steps/*mlp",), 1.2, "torch"),
    Goal("training step, `mlp`, `mnist_mlp`", "1.3 times scikit-learn", ("steps/*mlp",), 1.3, "sklearn"),
    Goal("patches convolution alone, forward and back", "level with PyTorch", PATCHES, 1.0, "torch"),
    Goal("`fit` from 50,000 JPEGs, 3 epochs", "2.5 times a PyTorch script", ("fit/mlp", "fit/cnn"), 2.5, "torch"),
    Goal("decode and augment, first epoch", "level with a DataLoader", ("loader/first-*",), 1.0, "torch"),
    Goal("augment, later epochs", "3 times a DataLoader", ("loader/later-*",), 3.0, "torch"),
    Goal("`cnn` steps on batches from memory", "0.97 of those on one batch", ("feeding/cnn",), 0.97),
    Goal("`nettrain predict one.png`", "a quarter of `import torch`", ("start/predict-one",), 4.0, "python -c 'import"),
    Goal("`nettrain --help`", "under 0.15 s where `pass` takes 0.02", ("start/help",), 0.02 / 0.15),
    Goal("predict, 10,000 small pictures", "2 times a PyTorch script", ("whole/predict-10000",), 2.0, "torch"),
    Goal("peak memory of a step above the imports", "at most PyTorch's", ("memory/*",), 1.0, "torch"),
    Goal(
        "peak memory of a fit without a cache",
        "the same on a tenth of the pictures",
        ("fit/memory-without-cache",),
        0.9,
    ),
    Goal("2 threads against 1, `cnn`", "1.6 times", ("scaling/cnn",), 1.6),
)
COLUMNS = (
    "work",
    "goal",
    "row",
    "threads",
    "rounds",
    "ours",
    "best peer",
    "ratio (lowest to highest)",
    "met",
    "command",
)


def table(results: Results) -> Iterator[str]:
    """A line for each row that answers a goal; a goal that none answers says so."""
    yield _line(COLUMNS)
    yield _line(["---"] * len(COLUMNS))
    for goal in GOALS:
        rows = [row for row in results.rows if any(fnmatchcase(row.name, name) for name in goal.rows)]
        rows.sort(key=lambda row: [_place(row, results.rows), row.threads])
        for row in rows:
            yield _line([goal.work, goal.goal, *_measured(goal, row)])
        if not rows:
            names = " ".join(goal.rows)
            yield _line([goal.work, goal.goal, names, "", "", "", "", "not measured", "", f"`{_command(names)}`"])


def _place(row: Result, rows: Sequence[Result]) -> int:
    """Where its case comes first, so that its numbers of threads stand together."""
    return next(place for place, other in enumerate(rows) if other.name == row.name)


def _measured(goal: Goal, row: Result) -> Sequence[str]:
    name, peer = row.name, row.best(goal.peer)
    ratio = row.ratio(peer)
    ours = amount(spread(row.figures[OURS]).median, row.unit) if OURS in row.figures else ""
    rounds = str(len(row.figures[OURS])) if OURS in row.figures else ""
    if ratio is None or peer is None:
        reasons = "; ".join(sorted(set(row.missing.values()))) or "no such peer"
        return [name, str(row.threads), rounds, ours, "", reasons, "", f"`{_command(name)}`"]
    theirs = f"{amount(spread(row.figures[peer]).median, row.unit)}, {peer}"
    met = "yes" if ratio.rounds.median >= goal.least else "no"
    return [name, str(row.threads), rounds, ours, theirs, span(ratio), met, f"`{_command(name)}`"]


def _command(names: str) -> str:
    return f"make bench ARGS='{names}'"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
