"""How sure a measured share is, and a difference of two: Wilson's interval, McNemar's test, the paired bootstrap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from nettrain.arrays.hash import U64, bits

RESAMPLES = 10_000
PURPOSE, SEED = "statistics.bootstrap", 1  # the same draws every time, so that a result can be repeated
DRAWS = 1 << 17  # at once
HALF, LOW = np.uint64(32), np.uint64(2**32 - 1)


def wilson_interval(hits: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval, within 0 and 1, that holds the true share of hits with this confidence.

    Errors   ValueError unless 0 <= hits <= n and n >= 1.
    Notes    ``hits`` need not be whole: the mean of several runs on the same n pictures is a share of n trials, too.
    Source   Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927, p. 209-212.
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(f"{hits} hits of {n}; expected at least 1 trial, and hits among them")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = hits / n
    centre = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if hits == 0 else (centre - reach) / scale  # exact at the ends, where rounding leaves 1e-18
    high = 1.0 if hits == n else (centre + reach) / scale
    return low, high


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """How often two classifiers that are equally good differ at least as unevenly as that: the two-sided p-value.

    The counts are the trials that only the one, or only the other, got right.

    Source   McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
             Psychometrika 12, 1947; exact by the binomial distribution with p = 1/2.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    term, total = 1, 0  # whole numbers of any length: exact up to the last division
    for k in range(fewer + 1):
        total += term
        term = term * (n - k) // (k + 1)
    return min(1.0, float(Fraction(2 * total, 2**n)))


def paired_bootstrap(differences: NDArray[np.floating], confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a mean of paired differences, by the percentiles of 10,000 resamples.

    Shapes   (n,), one difference a picture.
    Errors   ValueError without differences.
    Source   Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
    """
    n = len(differences)
    if not n:
        raise ValueError("no differences; expected at least one")
    rows, half = max(1, DRAWS // n), -(-n // 2)
    means = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, rows):
        stop = min(start + rows, RESAMPLES)
        drawn = bits(SEED, PURPOSE, np.arange(start, stop)[:, None], np.arange(half))  # (rows, half), two draws each
        totals = differences[_places(drawn >> HALF, n)].sum(axis=1)
        totals += differences[_places(drawn & LOW, n)[:, : n - half]].sum(axis=1)
        means[start:stop] = totals / n
    means.sort()
    cut = round((1 - confidence) / 2 * RESAMPLES)
    return float(means[cut]), float(means[RESAMPLES - 1 - cut])


def _places(draws: U64, n: int) -> U64:
    """Whole numbers below n out of 32 random bits each; the bias is below n / 2**32."""
    places: U64 = (draws * np.uint64(n)) >> HALF
    return places


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """The mean, and the standard deviation with n - 1 in the denominator: None of a single value.

    Errors   ValueError without values.
    """
    if not values:
        raise ValueError("no values; expected at least one")
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, None
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
