"""What a part of an epilogue is: a step such as bias or norm that runs on each piece of a conv or dense layer.

The order is bias or norm, sum with a shortcut, activation, pool. A part lives for one forward pass and its walk back.
The op that runs it (``ops/piecewise.py``) calls, on the way forward,

    open(shape, pieces, recorded)        once: the shape that arrives, in how many pieces, and whether to keep anything
    collect(index, piece), finish()      only if ``collects``: a first loop over all pieces, then once
    apply(index, span, piece) -> piece   may write ``piece`` in place unless a ``collects`` part keeps it

and on the way back, last part first,

    back_collect(index, g), back_finish()   only if ``collects``
    back(index, span, g) -> g               never writes ``g``

then ``gradients`` for the tensors that it declared. ``index`` counts pieces, ``span`` is the run of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.autograd.tensor import Array, Needs, Proposal, Shape, Tensor


class Part:
    """A part that changes nothing; each kind overrides what it does."""

    name: str = "part"
    tensors: tuple[Tensor, ...] = ()
    collects: bool = False
    keeps: float = 0.0  # numbers kept for the walk back, for each that arrives: for the estimate of memory

    def output_shape(self, shape: Shape) -> Shape:
        """The shape (N, ...) that leaves, from the shape that arrives.

        Errors   ``ShapeError`` where the part's own tensors do not fit.
        """
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        """Prepare for that many pieces of an array (N, ...)."""

    def collect(self, index: int, piece: Array) -> None:
        """Look at a piece before any is applied."""

    def finish(self) -> None:
        """Merge what was collected, in the order of the pieces."""

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        """The piece after this part."""
        return piece

    def open_back(self, needs: Needs) -> None:
        """Prepare the walk back; ``needs`` are those of this part's tensors."""

    def back_collect(self, index: int, g: Array) -> None:
        """Look at the gradient of a piece before any is passed on."""

    def back_finish(self) -> None:
        """Merge what was collected on the way back."""

    def back(self, index: int, span: slice, g: Array) -> Array:
        """The gradient by the piece that ``apply`` received."""
        return g

    def gradients(self) -> Sequence[Array | None]:
        """One gradient for each declared tensor, after all pieces."""
        return ()

    def proposals(self) -> Sequence[Proposal]:
        """Changes of buffers to be made when the step commits."""
        return ()
