"""Every derivative of a config's network against differences of its loss, in float64, a parameter tensor at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.arrays import hash as counter_hash
from nettrain.arrays.flat import Flat
from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Graph, Tensor
from nettrain.config.document import Document
from nettrain.data.augment.mixing import mixings_of
from nettrain.data.labels import Labels, as_shares
from nettrain.errors import Diverged
from nettrain.model.layer import Pass
from nettrain.ops.mean import mean
from nettrain.training.config import Config
from nettrain.training.loop.objective import training_loss
from nettrain.training.memory import refuse_weights
from nettrain.training.prepare import check_shapes

F64 = npt.NDArray[np.float64]

DOUBLE_BYTES = 8
PICTURES = 8  # of random pixels
LIMIT = 1e-5  # of the relative error
NOTHING = 1e-3  # a smaller derivative counts as if it were this
STEPS = (1e-6, 1e-5, 1e-7)  # how far the weights are moved each way, as one vector
DIRECTIONS = 3  # that are tried: a kink lies by chance in one of them, a wrong derivative is wrong in all
ROUNDING = 1e-15  # of a loss, relative: what a difference of two cannot tell apart
JITTER = 0.1  # standard deviation of what is added to tensors that start as one number: a generic point shows more


@dataclass(frozen=True, slots=True)
class Checked:
    """A parameter tensor: its derivative along a direction, by the walk back and by differences, and how far off.

    Notes    ``error`` is relative, the least of the steps and directions that were tried.
    """

    name: str
    shape: tuple[int, ...]
    derivative: float
    difference: float
    error: float

    @property
    def passed(self) -> bool:
        return self.error <= LIMIT


def gradcheck(document: Document[Config], classes: int) -> Iterator[Checked]:
    """Check each parameter of the config's network in turn, in training, its loss included.

    Errors   those of ``check_shapes``, ``refuse_weights`` and ``check_gradients``.
    Notes    No picture is read. Where a difference disagrees it is tried with other steps and directions: relu and
             maximum have kinks, and one that lies between the two ends makes the difference wrong, not the derivative.
    """
    config = document.config
    network = check_shapes(document, classes)
    needed = 2 * DOUBLE_BYTES * network.parameter_count
    refuse_weights(document, network, needed, "to check (weights and gradients in float64)")
    weights = network.materialise(config.seed, np.float64)
    for name, view in weights.views.items():
        if np.ptp(view) == 0:
            view += JITTER * _normal(view.shape, f"gradcheck/{name}")
    pictures = _normal((PICTURES, *map(int, network.input_shape)), "gradcheck/pictures")
    labels: Labels = np.arange(PICTURES) % classes
    if mixings_of(config.data.augment):
        shares = as_shares(labels, classes)
        labels = (2 * shares + np.roll(shares, 1, axis=0)) / 3
    weighted = config.loss.settings.class_weights is not None
    of_outputs = training_loss(config.loss, [0.5 + label / classes for label in range(classes)] if weighted else None)

    def loss() -> Tensor:
        return mean(of_outputs(network(Graph().input(pictures), Pass(True, config.seed)), labels))

    yield from check_gradients(weights, loss)


def check_gradients(weights: Flat, loss: Callable[[], Tensor]) -> Iterator[Checked]:
    """Check the gradient of a recorded scalar loss by each parameter; ``weights`` are as they were afterwards.

    Errors   ``Diverged`` if the loss or a derivative is not finite.
    """
    value = loss()
    if not np.isfinite(value.array):
        raise Diverged(
            f"the loss of fresh weights is {float(value.array)}, which has no derivative; look at model.init"
        )
    gradients = {leaf.name: gradient for leaf, gradient in backward(value).items()}
    if endless := [name for name, gradient in gradients.items() if not np.isfinite(gradient).all()]:
        raise Diverged(f"the derivative by {endless[0]} is not finite; look at model.init")
    for name, view in weights.views.items():
        gradient = gradients.get(name, np.zeros_like(view))
        tries = (_compare(name, view, gradient, loss, step, number) for number in range(DIRECTIONS) for step in STEPS)
        best = next(tries)
        for other in tries:
            if best.passed:
                break
            best = min(best, other, key=lambda found: found.error)
        yield best


def _compare(name: str, view: F64, gradient: F64, loss: Callable[[], Tensor], step: float, number: int) -> Checked:
    """The derivative along one direction, and the difference of the loss between both ends of a step."""
    direction = _normal(view.shape, f"gradcheck/{name}/{number}")
    direction /= np.linalg.norm(direction)
    start = view.copy()
    step *= max(1.0, float(np.sqrt(np.mean(start**2))))  # large weights are moved by more, so that it shows
    view += step * direction
    above = float(loss().array)
    view[...] = start - step * direction
    below = float(loss().array)
    view[...] = start
    derivative, difference = float((gradient * direction).sum()), (above - below) / (2 * step)
    noise = ROUNDING * max(abs(above), abs(below)) / step
    size = max(abs(derivative), abs(difference), NOTHING, noise / LIMIT)
    error = abs(derivative - difference) / size
    return Checked(name, view.shape, derivative, difference, error if np.isfinite(error) else np.inf)


def _normal(shape: tuple[int, ...], purpose: str) -> F64:
    """Standard normal numbers, the same every time."""
    return counter_hash.normal(0, purpose, np.arange(int(np.prod(shape)))).reshape(shape)
