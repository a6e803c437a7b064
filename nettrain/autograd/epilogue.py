"""What a part of an epilogue is: a step such as bias or norm that runs on each piece of a conv or dense layer.

The order is bias or norm, sum with a shortcut, activation, pool; a maximum is moved before what never decreases (see
``arranged``). A part lives for one forward pass and its walk back. The op that runs it (``ops/parts.py``) calls, on the
way forward,

    open(shape, pieces, recorded)        once: the shape that arrives, in how many pieces, and whether to keep anything
    collect(index, piece), finish()      only if ``collects``: a first loop over all pieces, then once
    apply(index, span, piece, out)       the piece after this part

and on the way back, last part first,

    back_collect(index, g), back_finish()   only if ``collects``
    back(index, span, g, out)               the gradient by what ``apply`` received

then ``gradients`` for the tensors that it declared. ``index`` counts pieces, ``span`` is the run of pictures. ``out``
is memory for the result, which may be ``piece`` (or ``g``) itself; a part that has its result elsewhere returns that.
"""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.autograd.tensor import Array, Needs, Proposal, Shape, Tensor


class Part:
    """A part that changes nothing; each kind overrides what it does.

    ``keeps_input`` and ``keeps_output`` say what of a recorded pass is read again on the walk back, and so must not be
    written over. ``rises`` is true of a part that changes each number by itself, or by its channel, and never puts a
    larger one below a smaller one; ``takes_maximum`` of one that may be moved before such a part.
    """

    name: str = "part"
    tensors: tuple[Tensor, ...] = ()
    collects: bool = False
    keeps_input: bool = False
    keeps_output: bool = False
    rises: bool = False
    takes_maximum: bool = False
    keeps: float = 0.0  # numbers kept for the walk back, for each that arrives: for the estimate of memory

    def output_shape(self, shape: Shape) -> Shape:
        """The shape (N, ...) that leaves, from the shape that arrives.

        Errors   ``ShapeError`` where the part's own tensors do not fit.
        """
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        """Prepare for that many pieces of an array (N, ...)."""

    def collect(self, index: int, piece: Array) -> None:
        """Look at a piece before any is applied; it may be changed in place, and is what ``apply`` receives."""

    def finish(self) -> None:
        """Merge what was collected, in the order of the pieces."""

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        """The piece after this part, in ``out`` or elsewhere; ``piece`` is written only if it is ``out``."""
        return piece

    def open_back(self, needs: Needs) -> None:
        """Prepare the walk back; ``needs`` are those of this part's tensors."""

    def back_collect(self, index: int, g: Array) -> None:
        """Look at the gradient of a piece before any is passed on."""

    def back_finish(self) -> None:
        """Merge what was collected on the way back."""

    def landing(self, span: slice) -> Array | None:
        """Where this part wants the gradient of its output to be written, if it keeps it."""
        return None

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        """The gradient by the piece that ``apply`` received; ``g`` is written only if it is ``out``."""
        return g

    def gradients(self) -> Sequence[Array | None]:
        """One gradient for each declared tensor, after all pieces."""
        return ()

    def proposals(self) -> Sequence[Proposal]:
        """Changes of buffers to be made when the step commits."""
        return ()


def arranged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with every maximum moved before those that never decrease: the same result from fewer numbers.

    Notes    max(relu(z + b)) over a window is relu(max(z) + b), to the last bit; after 2x2 pooling bias and activation
             work on a quarter of the numbers.
    """
    order: list[Part] = []
    for part in parts:
        if type(part) is Part:  # it changes nothing, and would hand on a stage that is kept as if it were its own
            continue
        place = len(order)
        while part.takes_maximum and place and order[place - 1].rises:
            place -= 1
        order.insert(place, part)
    return tuple(order)
