"""What every convolution kernel offers: pieces of pictures in, results and both gradients out, on plain arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy.typing as npt

Array = npt.NDArray[Any]

PIECE_BYTES = 1_200_000  # of the largest thing that a piece in training is unfolded to: near the second-level cache
MOST_PICTURES = 16  # of a piece in training, so that a batch gives enough pieces for many threads


class Kernel(Protocol):
    """A convolution of one shape of pictures with one shape of filters, whose pieces are (n,H,W,C) -> (n,P,Q,K).

    Notes    Pictures and gradients are C-contiguous. The bits of a picture's result may depend on n, unless pictures
             are kept apart, and never on which pictures they are.
    """

    @property
    def pictures(self) -> int:
        """The size of a piece in training."""

    @property
    def accumulator(self) -> tuple[int, ...]:
        """The shape in which the gradient of the filters is summed."""

    def weights(self, weight: Array) -> Any:
        """What ``forward`` wants of the filters (R,S,D,K); made once a pass."""

    def weights_back(self, weight: Array) -> Any:
        """What ``backward`` wants of the filters for the gradient of the pictures; made once a pass."""

    def forward(self, x: Array, weights: Any, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K).

        Notes    With ``apart`` no product mixes pictures, so that a picture's bits do not depend on the others.
        """

    def backward(self, x: Array, g: Array, weights: Any, dx: Array | None, dw: Array | None, add: bool) -> None:
        """Write the gradient of a piece into ``dx``; write that of the filters into ``dw``, or add it there.

        Shapes   x and dx (n,H,W,C), g (n,P,Q,K), ``dw`` as ``accumulator``; None where a gradient is not wanted.
        """

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (R,S,D,K) of the filters from the sum over all pieces."""


def one_by_one(forward: Callable[[Array, Any, Array], None], x: Array, weights: Any, out: Array) -> None:
    """A piece whose pictures are kept apart, by a kernel that would mix them: each on its own."""
    for i in range(len(x)):
        forward(x[i : i + 1], weights, out[i : i + 1])


def pictures_of(picture_bytes: int) -> int:
    """How many pictures of so many bytes, as the kernel unfolds them, make a piece in training."""
    return min(max(PIECE_BYTES // max(picture_bytes, 1), 1), MOST_PICTURES)
