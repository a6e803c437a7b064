"""Shape signatures such as ``(N,C),(C,K)->(N,K)``: rule, documentation and error message of an operation in one string.

The notation is that of NumPy's generalised ufuncs, extended by ``...`` (any number of axes, the same wherever it
stands), and by letters that only the output has, which a shape function beside the op computes from the others and
from the volume of ``...``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nettrain.autograd.tensor import Dim, Shape, volume

ShapeFunction = Callable[..., Mapping[str, Dim]]


class ShapeError(ValueError):
    """Shapes that do not fit; the message names operation, argument and letter."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A parsed signature: the letters of each input and of the output."""

    text: str
    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Signature:
        left, _, right = text.partition("->")
        groups = re.findall(r"\(([^()]*)\)", left)
        return cls(text, tuple(_letters(group) for group in groups), _letters(right.strip("() ")))

    def output_shape(
        self,
        op: str,
        names: Sequence[str],
        shapes: Sequence[Shape],
        extra: ShapeFunction | None,
        settings: Mapping[str, object],
    ) -> Shape:
        """The shape of the result.

        Errors   ``ShapeError`` where the shapes of the inputs do not fit the signature, or the shape function refuses.
        """
        bound: dict[str, Dim] = {}
        source: dict[str, str] = {}
        middle: Shape | None = None
        for name, letters, shape in zip(names, self.inputs, shapes, strict=True):
            wanted = f"expected {name} ({', '.join(letters)})"
            before, after = _around_dots(letters)
            dotted = "..." in letters
            if len(shape) < len(before) + len(after) or (not dotted and len(shape) != len(letters)):
                raise ShapeError(f"{op}: {name} {show(shape)} has {_axes(len(shape))}; {wanted}")
            if dotted:
                inner = shape[len(before) : len(shape) - len(after)]
                if middle not in (None, inner):
                    first = f"{source['...']} has ...={show(middle or ())}"
                    raise ShapeError(f"{op}: {name} {show(shape)} has ...={show(inner)}, but {first}; {wanted}")
                middle = inner
                source.setdefault("...", name)
            ends = [*zip(before, shape, strict=False), *zip(after, shape[len(shape) - len(after) :], strict=True)]
            for letter, length in ends:
                if bound.setdefault(letter, length) != length:
                    first = f"{source[letter]} has {letter}={bound[letter]}"
                    raise ShapeError(f"{op}: {name} {show(shape)} has {letter}={length}, but {first}; {wanted}")
                source.setdefault(letter, name)
        if extra is not None:
            if middle is not None:
                bound["..."] = volume(middle)
            try:
                bound.update(extra(bound, **settings))
            except ValueError as error:
                raise ShapeError(f"{op}: {error}") from None
        before, after = _around_dots(self.output)
        inner = middle if middle is not None and "..." in self.output else ()
        return (*(bound[letter] for letter in before), *inner, *(bound[letter] for letter in after))


def show(shape: Sequence[Dim]) -> str:
    """A shape as text: ``(N, 32, 32, 3)``."""
    return f"({', '.join(map(str, shape))})"


def _letters(group: str) -> tuple[str, ...]:
    return tuple(letter.strip() for letter in group.split(",") if letter.strip())


def _around_dots(letters: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "..." not in letters:
        return letters, ()
    at = letters.index("...")
    return letters[:at], letters[at + 1 :]


def _axes(count: int) -> str:
    return f"{count} ax{'i' if count == 1 else 'e'}s"
