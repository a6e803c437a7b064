"""A picture, or a clip, as one row of numbers."""

from __future__ import annotations

from collections.abc import Mapping

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array, Dim, volume


def _flat(sizes: Mapping[str, Dim]) -> dict[str, Dim]:
    return {"F": volume([sizes["H"], sizes["..."], sizes["C"]])}


@op("(N,H,...,C)->(N,F)", shape=_flat)
def flatten(x: Array) -> Rule:
    """(N,H,W,C) -> (N,H*W*C), or of any more axes: the same memory, channels varying fastest."""
    return x.reshape(len(x), -1), (lambda g: g.reshape(x.shape),)
