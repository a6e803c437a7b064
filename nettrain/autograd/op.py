"""The decorator that turns a function on arrays into an operation on tensors: shapes checked, recorded, not run dry.

The function returns ``y, back``. For a small op ``back`` is a tuple of one function per input, each from ``g`` (the
gradient of the loss by ``y``) to that input's gradient. For an op whose gradients share work it is one ``backward(g,
needs)`` that returns them all. Either way only needed gradients are computed, and an op never writes to its inputs,
nor to ``g`` unless ``needs.owned``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from nettrain.autograd.clock import UNTIMED
from nettrain.autograd.epilogue import Part, arranged
from nettrain.autograd.flops import Flops
from nettrain.autograd.signature import ShapeFunction, Signature
from nettrain.autograd.tensor import Array, Backward, Dim, Graph, Needs, Shape, Spec, Tensor, spec_of, volume

Function = Callable[..., tuple[Array, Any]]
Rule = tuple[Array, tuple[Callable[[Array], Array], ...]]  # what a small op returns: y, and one function per input

MOST_SHAPES = 1024  # that an op remembers the results of


class NonFinite(ArithmeticError):
    """A result is NaN or infinite; the message names it."""


class Op:
    """An operation on tensors.

    ``function`` is the plain function on arrays. Settings are keywords. A heavy op may ask, by naming them among its
    keyword arguments, for ``recorded`` (pieces of training or of inference) and for the ``epilogue``: parts such as
    bias, norm, sum and activation that run on each piece while it is in cache, and whose tensors are appended to the
    inputs. An activation may take ``out``, memory for its result; it then keeps nothing but that result. One that
    does not take it must never keep its result.

    ``flops`` is the number of floating-point operations forward, as a product; see ``Flops``.
    """

    def __init__(
        self,
        function: Function,
        signature: str,
        shape: ShapeFunction | None = None,
        flops: str = "",
        *,
        rises: bool = False,
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.signature = Signature.parse(signature)
        self.shape_function = shape
        self.flops = Flops.parse(flops, self.signature) if flops else None
        parameters = inspect.signature(function).parameters
        self.arguments = tuple(name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.takes_epilogue = "epilogue" in parameters
        self.takes_recorded = "recorded" in parameters
        self.takes_out = "out" in parameters
        self.rises = rises
        self._shapes: dict[Any, Shape] = {}
        update_wrapper(self, function)

    def __call__(self, *inputs: Tensor, epilogue: Sequence[Part] = (), **settings: Any) -> Tensor:
        epilogue = arranged(epilogue)
        everything = (*inputs, *(tensor for part in epilogue for tensor in part.tensors))
        graph = next((x.graph for x in everything if x.graph is not None), None)
        clock = UNTIMED if graph is None else graph.clock
        clock.lap("other")
        shapes = tuple(x.shape for x in inputs)
        shape = self._output_shape(shapes, settings)
        dry = any(isinstance(x.value, Spec) for x in everything)
        flops: tuple[Dim, Dim] = (0, 0)
        if self.flops is not None and graph is not None and (dry or clock.counts_flops):
            flops = self.flops.of([*shapes, shape], sum(x.needs_gradient for x in inputs))
        kept = 0
        for part in epilogue:
            apart = part.keeps + (part.keeps_output and part is not epilogue[-1])  # the last one's output is the op's
            if dry and apart and isinstance(arriving := volume(shape), int):
                kept += int(apart * arriving)
            shape = part.output_shape(shape)
        output = Spec(shape, spec_of(inputs[0].value).dtype)
        parts = tuple(part.name for part in epilogue)
        if dry:
            return self._result(output, output, graph, parts, everything, _dry, kept, flops)
        if self.takes_recorded:
            settings["recorded"] = graph is not None
        if self.takes_epilogue:
            settings["epilogue"] = epilogue
        with np.errstate(all="ignore"):  # what is not finite is found by looking, not by a warning
            y, back = self.function(*(x.array for x in inputs), **settings)
        if graph is not None:
            graph.proposals.extend(proposal for part in epilogue for proposal in part.proposals())
            if graph.checked and not np.isfinite(y).all():
                raise NonFinite(f"{graph.layer or self.name}: the output of {self.name} is not finite")
        backward = back if callable(back) else _per_input(back)
        result = self._result(y, output, graph, parts, everything, backward, kept, flops)
        if graph is not None:
            clock.forward(graph.layer, self.name, parts, int(flops[0]))
        return result

    def _output_shape(self, shapes: tuple[Shape, ...], settings: Mapping[str, Any]) -> Shape:
        """By the signature, worked out once for the same shapes and settings.  Errors: ``ShapeError``."""
        key = shapes if self.shape_function is None else (shapes, *settings.items())
        found = self._shapes.get(key)
        if found is None:
            found = self.signature.output_shape(self.name, self.arguments, shapes, self.shape_function, settings)
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[key] = found
        return found

    def _result(
        self,
        value: Array | Spec,
        output: Spec,
        graph: Graph | None,
        parts: tuple[str, ...],
        inputs: tuple[Tensor, ...],
        backward: Backward,
        kept: int,
        flops: tuple[Dim, Dim],
    ) -> Tensor:
        if graph is None or not any(x.needs_gradient for x in inputs):
            return Tensor(value, graph)
        return Tensor(value, graph, graph.record(self.name, parts, inputs, output, backward, kept, flops))


def op(
    signature: str, shape: ShapeFunction | None = None, flops: str = "", *, rises: bool = False
) -> Callable[[Function], Op]:
    """Make an operation of the function below: ``@op("(N,C),(C,K)->(N,K)", flops="2 N C K")``.

    ``shape`` computes the letters that only the output has; ``rises`` is true of one that works number by number and
    never puts a larger one below a smaller one.
    """
    return lambda function: Op(function, signature, shape, flops, rises=rises)


def _per_input(functions: Sequence[Callable[[Array], Array]]) -> Backward:
    def backward(g: Array, needs: Needs) -> list[Array | None]:
        return [function(g) if needed else None for function, needed in zip(functions, needs, strict=True)]

    return backward


def _dry(g: Array, needs: Needs) -> Sequence[Array | None]:
    raise TypeError("a dry run has shapes only: there is nothing to walk back through")
