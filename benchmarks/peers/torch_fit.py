"""Train a model on a folder of pictures, as a script of a PyTorch user.

python torch_fit.py FOLDER WEIGHTS --model cnn --epochs 3 --threads 2 --workers 2 --channels-last
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch_models import MODELS
from torch_pictures import Folder, loader, normalised


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--channels-last", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    form = torch.channels_last if options.channels_last else torch.contiguous_format
    batches = loader(Folder(options.folder), 128, options.workers, shuffle=True)
    model = MODELS[options.model]().to(memory_format=form).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for epoch in range(options.epochs):
        total = 0.0
        for images, labels in batches:
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(normalised(images, form)), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch + 1}  loss {total / len(batches):.4f}")
    torch.save(model.state_dict(), options.weights)


if __name__ == "__main__":
    main()
