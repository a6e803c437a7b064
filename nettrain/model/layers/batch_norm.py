"""Batch normalisation as a layer, or as the norm of a conv or dense layer."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Chosen, Fraction, Positive, Record
from nettrain.model.layer import Buffer, Parameter, PartLayer, Pass
from nettrain.ops.batch_norm import BatchNorm


@dataclass(frozen=True)
class BatchNormConfig(Record, aliases={"eps": "epsilon"}):
    """Settings of ``batch_norm``; ``momentum`` is a batch's share of the running averages (PyTorch's)."""

    momentum: Fraction = 0.1
    epsilon: Positive = 1e-5


class BatchNormLayer(PartLayer):
    """Each channel to mean 0 and variance 1 over the batch, then scaled, shifted.  Shapes: (N, ..., C) -> the same."""

    collects = True

    def __init__(self, settings: BatchNormConfig, shape: Shape) -> None:
        channels = shape[-1:]
        self.settings = settings
        self.weight = Parameter(channels, Chosen("ones", None))
        self.bias = Parameter(channels, Chosen("zeros", None))
        self.running_mean = Buffer(channels, 0.0)
        self.running_var = Buffer(channels, 1.0)

    def part(self, now: Pass) -> BatchNorm:
        return BatchNorm(
            self.weight,
            self.bias,
            (self.running_mean, self.running_var),
            momentum=self.settings.momentum,
            epsilon=self.settings.epsilon,
            training=now.training,
        )
