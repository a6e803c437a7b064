"""Judged pictures to measure, by chance; and, as a program, what scikit-learn makes of them.

    python tests/training/metrics/metric_cases.py

It prints a JSON object. It is a program of its own because scikit-learn brings another BLAS library with it, and a run
says, rightly, which ones are loaded.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from nettrain.training.metrics.measured import top_of
from nettrain.training.metrics.scored import Scored
from nettrain.training.metrics.table import METRICS

LABELS = np.arange(100) ** 2 % 7  # of some of seven classes


def random(n: int = 200, K: int = 7, *, ties: bool = False) -> Scored:
    """One label a picture."""
    chance = np.random.default_rng(n + K)
    probabilities = chance.dirichlet(np.ones(K), n).astype(np.float32)
    if ties:
        probabilities = np.round(probabilities * 8).astype(np.float32) / 8
    return Scored(chance.integers(0, K, n), probabilities)


def random_several(n: int = 200, K: int = 7) -> Scored:
    """Several labels a picture."""
    chance = np.random.default_rng(n)
    return Scored(chance.random((n, K)) < 0.3, chance.random((n, K)).astype(np.float32))


def compared(name: str) -> list[Scored]:
    """What a metric is compared on."""
    row = METRICS[name]
    several = [random_several()] if row.several else []
    if not row.one:
        return several
    if top_of(name) or name == "log_loss":  # scikit-learn breaks ties another way, and ours has no probability of 0
        return [random(300, 12), *several]
    return [random(300, 12), random(40, 11, ties=True), *several]


def scikit_learn(name: str, scored: Scored) -> float:
    """The same number by scikit-learn."""
    from sklearn import metrics as theirs

    labels, p = scored.labels, scored.probabilities
    several = labels.ndim == 2
    best, places = (p >= 0.5) if several else p.argmax(axis=1), np.arange(p.shape[1])
    value: Any
    match name:
        case "accuracy" | "subset_accuracy":
            value = theirs.accuracy_score(labels, best)
        case "balanced_accuracy":
            value = theirs.balanced_accuracy_score(labels, best)
        case "macro_precision" | "macro_recall" | "macro_f1":
            score = getattr(theirs, f"{name.removeprefix('macro_')}_score")
            value = score(labels, best, average="macro", zero_division=np.nan)
        case "log_loss" if several:
            value = np.mean([theirs.log_loss(labels[:, k], p[:, k].astype(np.float64)) for k in places])
        case "log_loss":
            value = theirs.log_loss(labels, p.astype(np.float64), labels=places)
        case "auroc" if several:
            value = theirs.roc_auc_score(labels, p, average="macro")
        case "auroc":
            value = np.mean([theirs.roc_auc_score(labels == k, p[:, k]) for k in places])
        case _ if top_of(name):
            value = theirs.top_k_accuracy_score(labels, p, k=top_of(name), labels=places)
        case _:
            raise KeyError(name)
    return float(value)


def main() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    names = [name for name in METRICS if name != "calibration_error"]  # which is not in scikit-learn
    found = {name: [scikit_learn(name, scored) for scored in compared(name)] for name in names}
    weights = compute_class_weight("balanced", classes=np.unique(LABELS), y=LABELS)
    print(json.dumps({"metrics": found, "balanced": weights.tolist()}))


if __name__ == "__main__":
    main()
