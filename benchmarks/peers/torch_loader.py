"""An epoch of batches as a PyTorch user makes them: Pillow in worker processes that live from epoch to epoch."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Subset

from benchmarks.cases.loader import CASES, PICTURES, SIDE
from benchmarks.peers.pillow_augment import AUGMENTATIONS
from benchmarks.plan import Job
from benchmarks.sides import Prepared

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class Augmented(Dataset):
    """One folder a class; a picture is uint8 (C,H,W), decoded and augmented anew each time."""

    def __init__(self, root: Path, kinds: tuple[str, ...]) -> None:
        self.paths, self.kinds, self.random = sorted(root.rglob("*.jpg")), kinds, Random(1)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, str]:
        with Image.open(self.paths[place]) as opened:
            picture = opened.convert("RGB")
        for kind in self.kinds:
            picture = AUGMENTATIONS[kind](picture, self.random, SIDE)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1), self.paths[place].parent.name


def prepare(job: Job) -> Prepared:
    """The loader; its workers start with the first epoch, which is not measured."""
    everything = Augmented(Path(job.folder), tuple(CASES[job.case][1]))
    pictures = Subset(everything, range(min(PICTURES, len(everything))))
    batches = DataLoader(
        pictures, job.batch, shuffle=True, num_workers=torch.get_num_threads(), persistent_workers=True
    )

    def epoch() -> int:
        return sum(len(images.float().div_(255).sub_(MEAN).div_(STD)) for images, _ in batches)

    return Prepared(epoch, images=len(pictures))
