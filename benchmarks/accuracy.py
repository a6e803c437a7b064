"""The recipes for CIFAR-10 trained to their end, and the same in PyTorch: accuracy and seconds, epoch by epoch.

python -m benchmarks.accuracy cifar10-cnn cifar10-resnet20        about half an hour a recipe and side, on 2 cores
python -m benchmarks.accuracy cifar10-cnn --peers none            nettrain alone

``NETTRAIN_CIFAR10`` names a zip of the 50,000 training pictures; a tenth of them validates. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import PEERS, nettrain, python
from benchmarks.processes import ROOT
from benchmarks.sides import Missing, installed
from benchmarks.surroundings import environment
from benchmarks.workshop import Workshop
from nettrain.config.reader import read_config
from nettrain.training.config import TABLES, Config

PICTURES = 50_000
RECIPES = {"cifar10-cnn": "cnn_bn", "cifar10-resnet20": "resnet20"}  # config -> the same model for PyTorch


@dataclass(frozen=True)
class Point:
    """The end of an epoch; ``seconds`` since the command began, decoding included."""

    epoch: int
    seconds: float
    val_loss: float
    val_accuracy: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("recipes", nargs="*", choices=[[], *RECIPES], default=list(RECIPES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", choices=("torch", "none"), default="torch")
    parser.add_argument("--epochs", type=int, help="fewer, to see that all works")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder), Path(folder), environment())
        try:
            pictures = shop.cifar(PICTURES)
        except Missing as missing:
            sys.exit(f"benchmarks.accuracy: skipped: {missing}")
        for recipe in options.recipes:
            run = shop.new_run()
            curves = {"nettrain": ours(recipe, pictures, run, options.threads, options.epochs)}
            if options.peers == "torch" and installed("torch"):
                curves["torch"] = theirs(recipe, pictures, run, options.threads, options.epochs)
            print(table(recipe, curves), flush=True)


def ours(recipe: str, pictures: Path, run: Path, threads: int, epochs: int | None) -> list[Point]:
    """``nettrain fit`` on the recipe; each epoch's line goes to stderr as it comes."""
    settings = ["--set", f"data.train={pictures}", "--run-dir", str(run), "--threads", str(threads)]
    settings += [] if epochs is None else ["--epochs", str(epochs)]
    begun = time.perf_counter()
    subprocess.run(nettrain("fit", str(_config(recipe)), *settings), env=environment(), check=True, stdout=sys.stderr)
    whole = time.perf_counter() - begun
    rows, times = (_rows((run / name).read_text(encoding="utf-8")) for name in ("metrics.csv", "timings.csv"))
    spent = [float(row["seconds"]) + float(row["val_seconds"]) for row in times]
    before = whole - sum(spent)  # the start and the decoding
    return [
        Point(int(row["epoch"]), before + sum(spent[: place + 1]), float(row["val_loss"]), float(row["val_accuracy"]))
        for place, row in enumerate(rows)
    ]


def theirs(recipe: str, pictures: Path, run: Path, threads: int, epochs: int | None) -> list[Point]:
    """The same model, pictures, augmentation, optimizer and schedule by PyTorch."""
    arguments = [str(run / "split.csv"), str(pictures), "--model", RECIPES[recipe], "--threads", str(threads)]
    arguments += peers_arguments(recipe, epochs)
    command = python(str(PEERS / "torch_recipe.py"), *arguments)
    done = subprocess.run(command, env=environment(), check=True, stdout=subprocess.PIPE, text=True)
    return [
        Point(int(row["epoch"]), float(row["seconds"]), float(row["val_loss"]), float(row["val_accuracy"]))
        for row in _rows(done.stdout)
    ]


def peers_arguments(recipe: str, epochs: int | None) -> list[str]:
    """The settings of the recipe, as the peer's script wants them."""
    config = read_config(_config(recipe), Config, TABLES).config
    optimizer = config.optimizer
    told: dict[str, object] = {
        "epochs": epochs or config.train.epochs,
        "batch": config.train.batch_size,
        "optimizer": optimizer.kind,
        "lr": optimizer.settings.lr,
        "weight-decay": optimizer.settings.weight_decay,
        "label-smoothing": config.loss.settings.label_smoothing,
    }
    if optimizer.kind == "muon":
        told["adamw-lr"] = optimizer.settings.adamw.lr
    return [part for name, value in told.items() for part in (f"--{name}", str(value))]


def table(recipe: str, curves: dict[str, list[Point]]) -> str:
    """A row an epoch: accuracy and seconds of each side."""
    lines = [recipe, "epoch  " + "  ".join(f"{side:>8} accuracy   loss  seconds" for side in curves)]
    for points in zip(*curves.values(), strict=True):
        cells = (f"{p.val_accuracy:17.4f}  {p.val_loss:.3f}  {p.seconds:7.0f}" for p in points)
        lines.append(f"{points[0].epoch:5}  " + "  ".join(cells))
    return "\n".join(lines)


def _config(recipe: str) -> Path:
    return ROOT / "configs" / f"{recipe}.yaml"


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


if __name__ == "__main__":
    main()
