"""What norms ask of the shape of their parameters."""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Shape, Tensor

NAMES = ("weight", "bias", "running_mean", "running_var")


def check_tensors(norm: str, tensors: Sequence[Tensor], shape: Shape) -> None:
    """Refuse parameters, in the order of ``NAMES``, that are not one number a channel of ``shape``.

    Errors   ``ShapeError``.
    """
    for name, tensor in zip(NAMES, tensors, strict=False):
        if tensor.shape != shape[-1:]:
            raise ShapeError(f"{norm}: {name} {show(tensor.shape)} does not fit {show(shape)}; expected ({shape[-1]})")
