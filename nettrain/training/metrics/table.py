"""The metrics that a config may name, a row each: how it is counted, which way is better, and what it is for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from nettrain.config.fields import NoSettings, Table
from nettrain.config.words import first_sentence
from nettrain.training.metrics.calibration import calibration_error, log_loss
from nettrain.training.metrics.counts import mean_of_defined
from nettrain.training.metrics.ranks import auroc, top_k
from nettrain.training.metrics.scored import Scored


def accuracy(scored: Scored) -> float:
    """The share of pictures whose most probable class is theirs."""
    n = len(scored.right)
    return int(scored.right.sum()) / n if n else math.nan


def subset_accuracy(scored: Scored) -> float:
    """The share of pictures with every label right: all that are theirs, and no other."""
    return accuracy(scored)


def balanced_accuracy(scored: Scored) -> float:
    """The mean recall of the classes that have pictures: accuracy as if each had as many."""
    return mean_of_defined(scored.per_class.recall)


def macro_precision(scored: Scored) -> float:
    """The mean precision of the classes that were predicted at all, each the same weight."""
    return mean_of_defined(scored.per_class.precision)


def macro_recall(scored: Scored) -> float:
    """The mean recall of the classes that have pictures, each the same weight."""
    return mean_of_defined(scored.per_class.recall)


def macro_f1(scored: Scored) -> float:
    """The mean F1 of the classes that have pictures or were predicted, each the same weight."""
    return mean_of_defined(scored.per_class.f1)


@dataclass(frozen=True)
class Metric:
    """A number of judged pictures, NaN where it is undefined; which is better, more or less of it.

    ``one`` and ``several`` say how many labels a picture may have; ``distribution`` that a picture's probabilities must
    add up to 1 if it has one label.
    """

    of: Callable[[Scored], float]
    does: str
    better: Literal["max", "min"] = "max"
    one: bool = True
    several: bool = True
    distribution: bool = False


def _row(of: Callable[[Scored], float], **marks: bool) -> Metric:
    return Metric(of, first_sentence(of), **marks)  # type: ignore[arg-type]  # never ``better``


def _top(k: int) -> Metric:
    does = f"The share of pictures whose class is among the {k} most probable"
    return Metric(partial(top_k, k=k), does, several=False)


TOP = range(2, 11)  # the k of topk
METRICS: dict[str, Metric] = {
    "accuracy": _row(accuracy, several=False),
    "subset_accuracy": _row(subset_accuracy, one=False),
    **{f"top{k}": _top(k) for k in TOP},
    "balanced_accuracy": _row(balanced_accuracy, several=False),
    "macro_precision": _row(macro_precision),
    "macro_recall": _row(macro_recall),
    "macro_f1": _row(macro_f1),
    "log_loss": Metric(log_loss, first_sentence(log_loss), better="min", distribution=True),
    "auroc": _row(auroc),
    "calibration_error": Metric(calibration_error, first_sentence(calibration_error), better="min", several=False),
}
METRIC_ALIASES = {
    "top_5": "top5",
    "top5_accuracy": "top5",
    "top_5_accuracy": "top5",
    "f1": "macro_f1",
    "f1_macro": "macro_f1",
    "precision_macro": "macro_precision",
    "recall_macro": "macro_recall",
    "roc_auc": "auroc",
    "auc": "auroc",
    "ece": "calibration_error",
    "expected_calibration_error": "calibration_error",
    "exact_match": "subset_accuracy",
}
METRIC_TABLE = Table(
    dict.fromkeys(METRICS, NoSettings), METRIC_ALIASES, does={name: row.does for name, row in METRICS.items()}
)


def measure(name: str, scored: Scored) -> float | None:
    """The metric of that name; None where it is undefined."""
    value = METRICS[name].of(scored)
    return None if math.isnan(value) else float(value)
