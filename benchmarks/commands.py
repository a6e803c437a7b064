"""The command lines of the whole programs that are measured, with what each needs made beforehand."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import indent

from benchmarks.models import MODELS
from benchmarks.processes import ROOT
from benchmarks.workshop import Workshop

PEERS = ROOT / "benchmarks" / "peers"
CONFIG = """\
version: 1
data:
  train: {pictures}
  image: {{size: [32, 32]}}
  cache: {cache}
model:
{model}
optimizer: {{sgd: {{lr: 0.01, momentum: 0.9}}}}
train: {{epochs: {epochs}, batch_size: 128}}
"""


def python(*arguments: str) -> list[str]:
    """The interpreter that the rig itself runs in."""
    return [sys.executable, *arguments]


def nettrain(*arguments: str) -> list[str]:
    """The command of this checkout."""
    return python("-m", "nettrain", *arguments)


def fit(shop: Workshop, model: str, pictures: int, epochs: int, threads: int, cache: str) -> list[str]:
    """Train a model on CIFAR-10 into a new folder. Errors: ``Missing`` where the pictures are absent."""
    config = _config(shop, f"{model}-{pictures}-{cache}", model, shop.cifar(pictures), epochs, cache)
    return nettrain("fit", str(config), "--run-dir", str(shop.new_run()), "--threads", str(threads))


def predict(shop: Workshop, pictures: Path, threads: int) -> list[str]:
    """Classify a file or a folder by a small ``cnn``, trained for one epoch on made pictures, into a file."""
    config = _config(shop, "few", "cnn", shop.pictures("jpeg-few"), 1, "ram")
    run = shop.made_by("cnn-run", nettrain("fit", str(config), "--run-dir", "{}"))
    rows = str(shop.runs / "rows.jsonl")
    return nettrain("predict", str(pictures), "--model", str(run), "--output", rows, "--threads", str(threads))


def torch_predict(shop: Workshop, pictures: Path, threads: int, workers: int) -> list[str]:
    """The same by the script of a PyTorch user, with random weights of the same shapes."""
    weights = shop.made_by("cnn.pt", python(str(PEERS / "torch_models.py"), "cnn", "{}"))
    rows = str(shop.runs / "rows.csv")
    numbers = ["--threads", str(threads), "--workers", str(workers)]
    return python(str(PEERS / "torch_predict.py"), str(pictures), str(weights), rows, *numbers)


def torch_fit(shop: Workshop, model: str, pictures: int, epochs: int, threads: int, channels_last: bool) -> list[str]:
    """The training script of a PyTorch user. Errors: as for ``fit``."""
    weights = str(shop.runs / f"{model}-trained.pt")
    arguments = [str(shop.cifar(pictures)), weights, "--model", model, "--epochs", str(epochs)]
    last = ["--channels-last"] if channels_last else []
    return python(str(PEERS / "torch_fit.py"), *arguments, "--threads", str(threads), "--workers", "2", *last)


def _config(shop: Workshop, name: str, model: str, pictures: Path, epochs: int, cache: str) -> Path:
    layers = indent(MODELS[model].model, "  ")
    text = CONFIG.format(pictures=pictures, model=layers, epochs=epochs, cache=cache)
    return shop.write(f"{name}.yaml", text)
