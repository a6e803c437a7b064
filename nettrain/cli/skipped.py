"""Bad pictures that were skipped, in lines for people."""

from __future__ import annotations

from collections.abc import Iterable

from nettrain.config.words import some
from nettrain.errors import SHOWN_FAULTS, Fault


def skipped_lines(bad: Iterable[Fault]) -> list[str]:
    """How many, then a line for each with its path and reason, as errors are told; nothing if there are none."""
    faults = list(bad)
    if not faults:
        return []
    told = [f"{some(len(faults), 'bad picture')} skipped", *map(str, faults[:SHOWN_FAULTS])]
    if (more := len(faults) - SHOWN_FAULTS) > 0:
        told.append(f"and {more} more; --json lists all")
    return [f"nettrain: warning: {line}" for line in told]
