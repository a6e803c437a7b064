"""Mixing as PyTorch's users write it: the batch with itself rolled on by one, and one share for all."""

from __future__ import annotations

import math

import torch
from torch.distributions import Beta

from benchmarks.cases.mixing import CASES, CLASSES, SIDE
from benchmarks.plan import Job
from benchmarks.sides import Prepared

Mixed = tuple[torch.Tensor, torch.Tensor]


def prepare(job: Job) -> Prepared:
    """The pictures of a call, with their labels as shares."""
    torch.manual_seed(1)
    images = torch.rand(job.batch, 3, SIDE, SIDE)
    labels = torch.nn.functional.one_hot(torch.randint(CLASSES, (job.batch,)), CLASSES).float()
    share, change = Beta(1.0, 1.0), {"mixup": mixup, "cutmix": cutmix}[CASES[job.case]]
    return Prepared(lambda: change(images, labels, float(share.sample())), images=job.batch)


def mixup(images: torch.Tensor, labels: torch.Tensor, share: float) -> Mixed:
    mixed, shares = (each.roll(1, 0).mul_(1 - share).add_(each.mul(share)) for each in (images, labels))
    return mixed, shares


def cutmix(images: torch.Tensor, labels: torch.Tensor, share: float) -> Mixed:
    height, width = images.shape[-2:]
    x, y = int(torch.randint(width, ())), int(torch.randint(height, ()))
    half_x, half_y = (int(math.sqrt(1 - share) * length / 2) for length in (width, height))
    top, below, left, right = max(y - half_y, 0), min(y + half_y, height), max(x - half_x, 0), min(x + half_x, width)
    mixed = images.clone()
    mixed[..., top:below, left:right] = images.roll(1, 0)[..., top:below, left:right]
    kept = 1 - (below - top) * (right - left) / (height * width)
    return mixed, labels.roll(1, 0).mul_(1 - kept).add_(labels.mul(kept))
