"""How many floating-point operations an operation takes, from shapes alone: a product of its signature's letters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nettrain.autograd.signature import Signature
from nettrain.autograd.tensor import Dim, Shape, volume


@dataclass(frozen=True, slots=True)
class Flops:
    """``2 N C K``, read once: the number, and where each length stands, as (which of inputs and output, axis).

    Notes    Those of the direct method, a multiplication and an addition being two; a kernel may get by with fewer.
    """

    number: int
    lengths: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str, signature: Signature) -> Flops:
        """Errors: ValueError names a letter that the signature does not have."""
        factors = text.split()
        places = {
            letter: (which, axis)
            for which, letters in enumerate((*signature.inputs, signature.output))
            for axis, letter in enumerate(letters)
        }
        letters = [factor for factor in factors if not factor.isdecimal()]
        if lost := [letter for letter in letters if letter not in places]:
            raise ValueError(f"flops {text!r} count {lost[0]}; expected letters of {signature.text}")
        number = math.prod(int(factor) for factor in factors if factor.isdecimal())
        return cls(number, tuple(places[letter] for letter in letters))

    def of(self, shapes: Sequence[Shape], gradients: int) -> tuple[Dim, Dim]:
        """Forward, and back for so many gradients by inputs, each of which takes as many."""
        lengths = [shapes[which][axis] for which, axis in self.lengths]
        return volume([self.number, *lengths]), volume([gradients * self.number, *lengths])
