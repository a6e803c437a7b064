"""The frames of clips as so many pictures, and back again: the same memory, told otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array, Dim, volume


def _pictures(sizes: Mapping[str, Dim]) -> dict[str, Dim]:
    return {"M": volume([sizes["N"], sizes["T"]])}


def _clips(sizes: Mapping[str, Dim], *, frames: int) -> dict[str, Dim]:
    M = sizes["M"]
    if isinstance(M, str):
        return {"N": M.removeprefix(f"{frames}*"), "T": frames}
    if M % frames:
        raise ValueError(f"{M} pictures are no clips of {frames} frames each; expected a multiple")
    return {"N": M // frames, "T": frames}


@op("(N,T,...)->(M,...)", shape=_pictures)
def frames_apart(x: Array) -> Rule:
    """(N,T,...) -> (N*T,...): the frames of the first clip, then those of the second."""
    return x.reshape(-1, *x.shape[2:]), (lambda g: g.reshape(x.shape),)


@op("(M,...)->(N,T,...)", shape=_clips)
def frames_together(x: Array, *, frames: int) -> Rule:
    """(N*T,...) -> (N,T,...): every run of so many pictures one clip."""
    return x.reshape(-1, frames, *x.shape[1:]), (lambda g: g.reshape(x.shape),)
