"""Which metrics fit a training: its labels, its loss and its number of classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nettrain.training.metrics.table import METRICS, TOP

USUAL_TOP = 5  # evaluate has top5 where there are more classes


def misfit(name: str, several: bool, shares: bool) -> str | None:
    """Why a metric cannot be had, if so: ``several`` labels a picture, ``shares`` if probabilities add up to 1."""
    row = METRICS[name]
    if several and not row.several:
        return "is for one label a picture, but data.labels is several"
    if not several and not row.one:
        return "is for several labels a picture, but data.labels is one; use accuracy"
    if not several and row.distribution and not shares:
        return "needs probabilities that add up to 1, and those of binary_cross_entropy do not; use val_loss"
    return None


def top_of(name: str) -> int | None:
    """The k of a ``topk``; None for another metric."""
    return next((k for k in TOP if name == f"top{k}"), None)


def always_one(name: str, classes: int) -> str | None:
    """Why a metric says nothing about so many classes, if so."""
    k = top_of(name)
    return f"is always 1 with {classes} classes" if k is not None and k >= classes else None


def all_that_fit(named: Iterable[str], several: bool, shares: bool, classes: int) -> Iterator[str]:
    """Those that evaluate tells, in the order of the table; of ``topk`` the usual one and those that are named."""
    wanted = {*named, f"top{USUAL_TOP}"}
    for name in METRICS:
        if misfit(name, several, shares) or always_one(name, classes):
            continue
        if top_of(name) is None or name in wanted:
            yield name
