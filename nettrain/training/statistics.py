"""How sure a measured share is: Wilson's interval."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval, within 0 and 1, that holds the true share of hits with this confidence.

    Errors   ValueError unless 0 <= hits <= n and n >= 1.
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
