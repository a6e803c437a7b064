"""What the probabilities themselves are worth: whether a model is as often right as it says, and the log loss."""

from __future__ import annotations

import math

import numpy as np

from nettrain.data.labels import are_several
from nettrain.training.metrics.scored import Scored

BINS = 15
LEAST = float(np.finfo(np.float32).eps)  # a probability counts as at least this, as in scikit-learn


def calibration_error(scored: Scored) -> float:
    """How far confidence and accuracy are apart, in 15 bins of equal width, the mean over the pictures (ECE).

    Notes    Bin m of 1 to 15 holds the confidences c (the highest probability) with (m - 1) / 15 < c <= m / 15. A
             bin adds |sum of right - sum of c| / N; sums are exact, so the order of the pictures does not count.
    Source   Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017, equation 3.
    """
    confidence = scored.probabilities.max(axis=1).astype(np.float64)
    if not len(confidence):
        return math.nan
    gaps = scored.right - confidence
    upper = np.arange(1, BINS + 1) / BINS
    bins = np.minimum(np.searchsorted(upper, confidence, side="left"), BINS - 1)
    return math.fsum(abs(math.fsum(gaps[bins == number].tolist())) for number in range(BINS)) / len(confidence)


def log_loss(scored: Scored) -> float:
    """The mean of -log of the probability of the label, in nats; with several labels, of every label there or not.

    Notes    Probabilities count as at least 1.2e-7, float32's epsilon, as in scikit-learn.
    """
    probabilities = scored.probabilities.astype(np.float64)
    if are_several(scored.labels):
        so = np.where(scored.labels, probabilities, 1 - probabilities)
    else:
        so = probabilities[np.arange(len(probabilities)), scored.labels]
    surprises = -np.log(np.maximum(so, LEAST))
    return math.fsum(surprises.ravel().tolist()) / surprises.size if surprises.size else math.nan
