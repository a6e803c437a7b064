"""A folder of pictures as a PyTorch user reads it: a data set with Pillow, and a loader with worker processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(1, 3, 1, 1)
STD = torch.tensor([0.2470, 0.2435, 0.2616]).view(1, 3, 1, 1)


class Folder(Dataset):
    """One folder a class; a picture is uint8 (C,H,W)."""

    def __init__(self, root: Path) -> None:
        self.classes = sorted(path.name for path in root.iterdir() if path.is_dir())
        self.samples = [
            (path, label) for label, name in enumerate(self.classes) for path in sorted((root / name).iterdir())
        ]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        path, label = self.samples[place]
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1), label


def loader(pictures: Folder, batch: int, workers: int, *, shuffle: bool) -> DataLoader:
    """Batches, made by worker processes that live from epoch to epoch."""
    return DataLoader(pictures, batch_size=batch, shuffle=shuffle, num_workers=workers, persistent_workers=workers > 0)


def normalised(images: torch.Tensor, form: torch.memory_format) -> torch.Tensor:
    """A batch of bytes as the numbers that a network takes."""
    return images.float().div_(255).sub_(MEAN).div_(STD).contiguous(memory_format=form)
