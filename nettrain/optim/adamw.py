"""AdamW: Adam with weight decay apart from the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.config.fields import Rate
from nettrain.optim.adam import Adam, AdamConfig


@dataclass(frozen=True, kw_only=True)
class AdamWConfig(AdamConfig):
    """Settings of ``adamw``."""

    weight_decay: Rate = 0.01


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: the usual first choice of the two.

    First w <- w - lr d w with weight decay d, then Adam's step; the scaling of Adam does not touch the decay.

    Source   Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2, with d multiplied by the
             whole learning rate as PyTorch does.
    """

    decay = "decoupled"

    settings: AdamWConfig
