"""Classify a folder of pictures, as a script of a PyTorch user.

python torch_predict.py FOLDER WEIGHTS ROWS.csv --threads 2 --workers 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch_models import cnn
from torch_pictures import Folder, loader, normalised


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = cnn().to(memory_format=torch.channels_last)
    model.load_state_dict(torch.load(options.weights, weights_only=True))
    model.eval()
    pictures = Folder(options.folder)
    found = []
    with torch.inference_mode():
        for images, _ in loader(pictures, 256, options.workers, shuffle=False):
            confidence, label = model(normalised(images, torch.channels_last)).softmax(dim=1).max(dim=1)
            found += zip(label.tolist(), confidence.tolist(), strict=True)
    with options.rows.open("w") as out:
        for (path, _), (label, confidence) in zip(pictures.samples, found, strict=True):
            out.write(f"{path},{pictures.classes[label]},{confidence}\n")


if __name__ == "__main__":
    main()
