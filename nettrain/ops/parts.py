"""The parts of one epilogue on one pass: in which memory each piece stands between them, there and back.

Stage 0 is what the core makes, stage i + 1 what part i leaves. Neighbouring stages share their memory, so that a part
works in place, unless the shape changes or the walk back reads the earlier stage again. The last run of stages stands
in the result itself; an earlier one in scratch memory, or in memory of its own where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nettrain.arrays import memory
from nettrain.arrays.memory import same_memory
from nettrain.arrays.pieces import Pieces
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Needs, Shape

Sizes = tuple[int, ...]


class Parts:
    """An epilogue opened for a result of ``shape`` (N, ...) from the core, in so many pieces.

    ``first`` is the part that collects over all pieces, if there is one; ``rest`` are the others. ``shapes`` are those
    of the stages.
    """

    def __init__(self, parts: Sequence[Part], shape: Sizes, dtype: npt.DTypeLike, pieces: int, recorded: bool) -> None:
        self.parts, self.dtype = tuple(parts), np.dtype(dtype)
        self.first = self.parts[0] if self.parts and self.parts[0].collects else None
        self.rest = self.parts[1:] if self.first else self.parts
        if any(part.collects for part in self.rest):
            raise TypeError("only the first part of an epilogue may collect")
        self.shapes: list[Sizes] = [shape]
        for part in self.parts:
            part.open(self.shapes[-1], pieces, recorded)
            self.shapes.append(_known(part.output_shape(self.shapes[-1])))
        kept = [recorded and self._is_kept(stage) for stage in range(len(self.shapes))]
        self._in_place = [
            self.shapes[i] == self.shapes[i + 1] and not kept[i] and not part.collects
            for i, part in enumerate(self.parts)
        ]
        self._places = [self._place(stage, kept) for stage in range(len(self.shapes))]

    def _place(self, stage: int, kept: Sequence[bool]) -> str:
        """Where a stage stands, if not in the one before: the result, fresh memory, or a side of scratch."""
        if all(self._in_place[stage:]):
            return "result"
        last = stage + self._in_place[stage:].index(False)
        if kept[last]:
            return "fresh"
        return f"stage {self._in_place[:stage].count(False) % 2}"  # what a part reads stands in the run before

    def _is_kept(self, stage: int) -> bool:
        """Whether a part reads this stage again on the walk back."""
        before = stage > 0 and self.parts[stage - 1].keeps_output
        return before or (stage < len(self.parts) and self.parts[stage].keeps_input)

    def result(self) -> Array:
        """Memory for what leaves the last part."""
        return memory.empty(self.shapes[-1], self.dtype)

    def whole(self, result: Array) -> Array:
        """Where a core writes all pictures before any part runs: in the result, if what it makes stands there."""
        return result if self._places[0] == "result" else memory.empty(self.shapes[0], self.dtype)

    def start(self, result: Array, span: slice) -> Array:
        """Where the core writes the piece of these pictures, if no part collects."""
        return self._stage(0, result, span)

    def apply(self, index: int, span: slice, piece: Array, result: Array) -> None:
        """Run all parts on a piece and leave what comes out of them in its place of ``result``."""
        elsewhere = False
        for i, part in enumerate(self.parts):
            if self._in_place[i]:
                out = piece
            else:
                out, elsewhere = self._stage(i + 1, result, span), False
            piece = part.apply(index, span, piece, out)
            elsewhere = elsewhere or piece is not out
        if elsewhere:
            np.copyto(result[span], piece)

    def _stage(self, stage: int, result: Array, span: slice) -> Array:
        """Memory for a stage that does not stand in the one before."""
        place = self._places[stage]
        if place == "result":
            return result[span]
        shape = (span.stop - span.start, *self.shapes[stage][1:])
        return memory.empty(shape, self.dtype) if place == "fresh" else scratch(place, shape, self.dtype)

    def open_back(self, needs: Needs) -> None:
        """Prepare every part's walk back; ``needs`` are those of all their tensors."""
        at = 0
        for part in self.parts:
            part.open_back(Needs(needs[at : at + len(part.tensors)]))
            at += len(part.tensors)

    def back(self, index: int, span: slice, g: Array, owned: bool, kept: Array | None = None) -> Array:
        """The gradient of a piece by what entered ``rest``, from that of the result, ``g`` (N, ...).

        Notes    With ``kept``, memory for the whole, it is there or in other memory that stays until the walk back is
                 over; otherwise it may be scratch. ``g`` is written only if ``owned``.
        """
        piece, lasting, side = g[span], True, 0
        below = (*([self.first] if self.first else []), *self.rest)
        offset = len(below) - len(self.rest)
        for i in reversed(range(len(self.rest))):
            part, shape = self.rest[i], (span.stop - span.start, *self.shapes[i + offset][1:])
            lower = below[i + offset - 1] if i + offset else None
            landing = lower.landing(span) if lower is not None else None
            if landing is not None:
                out, stays = landing, True
            elif owned and shape == piece.shape and piece.flags.c_contiguous:  # parts lay lines over what they write
                out, stays = piece, lasting
            elif kept is not None and i == 0:
                out, stays = kept[span], True
            else:
                side = 1 - side  # what the part reads may stand in the other one
                out, stays = scratch(f"back {side}", shape, self.dtype), False
            back = part.back(index, span, piece, out)
            if back is not piece:
                lasting = stays if back is out else True
                owned = landing is None
            piece = back
        if kept is not None and not lasting:
            np.copyto(kept[span], piece)
            return kept[span]
        return piece

    def back_whole(self, pieces: Pieces, g: Array, owned: bool) -> Array:
        """The gradient of all pieces by what the core made: ``g`` itself where it stands there after all parts."""
        if not self.parts:
            return g
        whole, first = memory.empty(self.shapes[0], self.dtype), self.first
        by_piece: list[Array] = [g] * len(pieces)

        def rest(index: int, span: slice) -> None:
            by_piece[index] = self.back(index, span, g, owned, whole)
            if first is not None:
                first.back_collect(index, by_piece[index])

        def last(index: int, span: slice) -> None:
            piece, target = by_piece[index], whole[span]
            if first is not None:
                piece = first.back(index, span, piece, scratch("normed", target.shape, self.dtype))
            if not same_memory(piece, target):
                np.copyto(target, piece)

        pieces.each(rest, whole.size)
        if first is not None:
            first.back_finish()
        elif all(same_memory(by_piece[index], g[pieces[index]]) for index in range(len(pieces))):
            return g
        pieces.each(last, whole.size)
        return whole

    def gradients(self) -> list[Array | None]:
        """One gradient for each tensor of each part."""
        return [gradient for part in self.parts for gradient in part.gradients()]


def _known(shape: Shape) -> Sizes:
    return tuple(int(dim) for dim in shape)
