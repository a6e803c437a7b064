"""A recipe as a PyTorch user trains it: the same model, pictures, augmentation, optimizer and schedule.

python torch_recipe.py SPLIT_CSV FOLDER --model resnet20 --epochs 18 --lr 0.1 --threads 2

``SPLIT_CSV`` says which pictures of FOLDER are trained on and which validate. Prints a line of CSV an epoch.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch_models import MODELS

PAD = 4  # pixels that a picture may move each way
Batch = tuple[torch.Tensor, torch.Tensor]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("split", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--optimizer", choices=("sgd", "muon"), default="sgd")
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--adamw-lr", type=float, help="with muon: of what is no matrix, and of the last layer")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--label-smoothing", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    begun = time.perf_counter()
    images, labels = load(options.split, options.folder, "train")
    val_images, val_labels = load(options.split, options.folder, "val")
    mean, std = images.float().div(255).mean((0, 2, 3)), images.float().div(255).std((0, 2, 3))
    model = MODELS[options.model]().to(memory_format=torch.channels_last)
    steps = math.ceil(len(images) / options.batch)
    optimizers = made(model, options)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, steps, options.epochs * steps))
        for optimizer in optimizers
    ]
    print("epoch,seconds,val_loss,val_accuracy", flush=True)
    for epoch in range(options.epochs):
        model.train()
        for places in torch.randperm(len(images)).split(options.batch):
            model.zero_grad(set_to_none=True)
            outputs = model(normalised(moved(images[places]), mean, std))
            F.cross_entropy(outputs, labels[places], label_smoothing=options.label_smoothing).backward()
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
        loss, accuracy = judged(model, val_images, val_labels, mean, std)
        print(f"{epoch + 1},{time.perf_counter() - begun:.1f},{loss:.4f},{accuracy:.4f}", flush=True)


def load(split: Path, folder: Path, wanted: str) -> Batch:
    """The pictures of a split, uint8 (N,3,32,32), and their labels."""
    with open(split, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == wanted]
    classes = sorted({row["label"] for row in rows})
    pixels = np.stack([np.asarray(Image.open(folder / row["path"]).convert("RGB")) for row in rows])
    labels = torch.tensor([classes.index(row["label"]) for row in rows])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), labels


def made(model: nn.Module, options: argparse.Namespace) -> list[torch.optim.Optimizer]:
    """SGD of everything; or Muon of the matrices and AdamW of everything else. Norms and biases do not decay."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    others = {"params": [weight for weight in model.parameters() if weight.ndim == 1], "weight_decay": 0.0}
    if options.optimizer == "sgd":
        groups = [{"params": matrices, "weight_decay": options.weight_decay}, others]
        return [torch.optim.SGD(groups, lr=options.lr, momentum=0.9, nesterov=True)]
    *moved, last = matrices
    groups = [{"params": [last], "weight_decay": options.weight_decay}, others]
    adamw = torch.optim.AdamW(groups, lr=options.adamw_lr, betas=(0.9, 0.95))
    return [muon(moved, options), adamw]


def muon(weights: list[nn.Parameter], options: argparse.Namespace) -> torch.optim.Optimizer:
    """PyTorch's Muon, which takes matrices alone: each filter is one in its own memory, a row an output channel."""
    views = [nn.Parameter(_matrix(weight.detach())) for weight in weights]
    optimizer = torch.optim.Muon(views, lr=options.lr, weight_decay=options.weight_decay)

    def lend(*_: object) -> None:
        for view, weight in zip(views, weights, strict=True):
            view.grad = None if weight.grad is None else _matrix(weight.grad)

    optimizer.register_step_pre_hook(lend)
    return optimizer


def _matrix(filters: torch.Tensor) -> torch.Tensor:
    """(K,C,R,S) with the channels last in memory -> (K, R S C), the same memory."""
    return filters if filters.ndim == 2 else filters.permute(0, 2, 3, 1).flatten(1)


def factor(step: int, warmup: int, total: int) -> float:
    """An epoch of linear warm-up, then half a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def moved(images: torch.Tensor) -> torch.Tensor:
    """Every picture cut out of a black frame at a random place, and flipped by chance."""
    n, _, height, width = images.shape
    padded = F.pad(images, (PAD, PAD, PAD, PAD))
    rows = torch.randint(2 * PAD + 1, (n, 1)) + torch.arange(height)
    columns = torch.randint(2 * PAD + 1, (n, 1)) + torch.arange(width)
    columns = torch.where(torch.rand(n, 1) < 0.5, columns.flip(1), columns)
    return padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def normalised(images: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """Bytes as numbers of mean 0 and variance 1."""
    numbers = images.float().div_(255).sub_(mean.view(1, 3, 1, 1)).div_(std.view(1, 3, 1, 1))
    return numbers.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def judged(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, mean: torch.Tensor, std: torch.Tensor
) -> tuple[float, float]:
    """Mean loss in nats per image, and accuracy."""
    model.eval()
    outputs = torch.cat([model(normalised(part, mean, std)) for part in images.split(500)])
    return F.cross_entropy(outputs, labels).item(), (outputs.argmax(1) == labels).float().mean().item()


if __name__ == "__main__":
    main()
