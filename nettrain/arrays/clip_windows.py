"""Windows that slide over clips: over their frames as over the rows and columns of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nettrain.arrays.windows import Padding, Pair, Window, pads_along, places_along

Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ClipWindow:
    """A window of U frames and R x S pixels.

    Units    frames, then pixels; triples are (frames, rows, columns).
    Notes    Padding is by the rules of ``Window``, of frames too: a frame that is added is all zeros.
    """

    size: Triple
    stride: Triple = (1, 1, 1)
    dilation: Triple = (1, 1, 1)
    padding: Padding = "valid"

    @property
    def span(self) -> Triple:
        """Frames, rows and columns from the first to the last that a window touches."""
        frames, rows, columns = (d * (k - 1) + 1 for d, k in zip(self.dilation, self.size, strict=True))
        return frames, rows, columns

    @property
    def space(self) -> Window:
        """What it is within one frame."""
        return Window(self.size[1:], self.stride[1:], self.dilation[1:], self.padding)

    def pads(self, *lengths: int) -> tuple[Pair, ...]:
        """What is added (before, after) to as many frames, rows and columns."""
        axes = zip(lengths, self.span, self.stride, strict=True)
        return tuple(pads_along(length, span, stride, self.padding) for length, span, stride in axes)

    def output_size(self, *lengths: int) -> Triple:
        """L, P and Q, the places that the window has among so many frames, rows and columns.

        Errors   ``ValueError`` if it has none.
        """
        axes = zip(lengths, self.span, self.stride, strict=True)
        L, P, Q = (places_along(length, span, stride, self.padding) for length, span, stride in axes)
        if min(L, P, Q) < 1:
            padded = (n + sum(pad) for n, pad in zip(lengths, self.pads(*lengths), strict=True))
            raise ValueError(
                f"a window of {_by(self.span)} leaves nothing of a clip of {_by(lengths)} ({_by(padded)} with padding),"
                " frames first; expected a smaller window, stride or more padding"
            )
        return L, P, Q

    def met(self, tap: int, frames: int, places: int) -> tuple[slice, slice]:
        """Which places in time see a frame through this tap, and which frames those are, one for each.

        Notes    Place l sees frame l a + tap d - pad (stride a, dilation d); the others see padding.
        """
        (a, _, _), (d, _, _) = self.stride, self.dilation
        shift = tap * d - pads_along(frames, self.span[0], a, self.padding)[0]
        first = max(0, -(shift // a))
        last = min(places, (frames - 1 - shift) // a + 1)
        if last <= first:
            return slice(0, 0), slice(0, 0)
        return slice(first, last), slice(first * a + shift, (last - 1) * a + shift + 1, a)


def _by(lengths: Iterable[int]) -> str:
    return "x".join(map(str, lengths))
