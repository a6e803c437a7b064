"""The models as a PyTorch user would write them.

python torch_models.py MODEL FILE      writes its first weights
"""

from __future__ import annotations

import sys

import torch
import torch.nn.functional as F
from torch import nn


def conv_norm(inputs: int, outputs: int) -> list[nn.Module]:
    """Convolution without a bias, batch norm, relu."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def cnn() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(inplace=True)),
        *(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(inplace=True)),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(inplace=True), nn.Linear(256, 10)),
    )


def cnn_bn() -> nn.Module:
    return nn.Sequential(
        *(*conv_norm(3, 32), *conv_norm(32, 32), nn.MaxPool2d(2)),
        *(*conv_norm(32, 64), *conv_norm(64, 64), nn.MaxPool2d(2)),
        *(*conv_norm(64, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10)),
    )


class Block(nn.Module):
    """He et al. 2015, figure 2, with option A."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride, self.new = stride, outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        if self.new or self.stride > 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new))
        return F.relu(y + x, inplace=True)


def resnet20() -> nn.Module:
    """He et al. 2015, section 4.2, n = 3."""
    widths = [16] * 3 + [32] * 3 + [64] * 3
    blocks = [
        Block(before, width, 1 if before == width else 2)
        for before, width in zip([16, *widths[:-1]], widths, strict=True)
    ]
    return nn.Sequential(*conv_norm(3, 16), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def mlp() -> nn.Module:
    return nn.Sequential(
        *(nn.Flatten(), nn.Linear(3072, 512), nn.ReLU(inplace=True), nn.Linear(512, 256), nn.ReLU(inplace=True)),
        nn.Linear(256, 10),
    )


def mnist_mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(inplace=True), nn.Linear(128, 10))


MODELS = {"cnn": cnn, "cnn_bn": cnn_bn, "resnet20": resnet20, "mlp": mlp, "mnist_mlp": mnist_mlp}

if __name__ == "__main__":
    torch.save(MODELS[sys.argv[1]]().state_dict(), sys.argv[2])
