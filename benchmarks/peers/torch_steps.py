"""A training step of a model with PyTorch, in one of its two memory formats."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from benchmarks.models import MODELS
from benchmarks.peers import torch_models
from benchmarks.plan import Job
from benchmarks.sides import Prepared

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def prepare(job: Job) -> Prepared:
    """The model and a batch, both in the format; a step as its tutorial writes it."""
    torch.manual_seed(1)
    form = FORMATS[job.variant]
    model = torch_models.MODELS[job.case]().to(memory_format=form).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    H, W, C = MODELS[job.case].shape
    images = torch.randn(job.batch, C, H, W).to(memory_format=form)
    labels = torch.randint(0, MODELS[job.case].classes, (job.batch,))

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()

    return Prepared(step, images=job.batch)
