"""Two of the measured models, trained for a few steps; and, as a program, whether company changes their predictions.

    python tests/trained.py RUN...

It prints the BLAS kernel, and then each run and number of pictures for which a picture's outputs, or the mean of its
probabilities over several views, are not the bits that it has alone. BLAS chooses its kernel as it loads: hence a
program of its own.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
from commands import ROOT
from PIL import Image

from nettrain.arrays import blas
from nettrain.arrays.threads import set_threads
from nettrain.training.loop.evaluation import outputs_of
from nettrain.training.model_file import Model, load_model

MODELS = runpy.run_path(str(ROOT / "benchmarks/models.py"))["MODELS"]
TRAINED = ("cnn_bn", "resnet20")
CLASSES, PICTURES_A_CLASS, BATCH, EPOCHS = 5, 12, 12, 4  # 50 pictures to train on: 20 steps, every fifth on 2
COMPANY, FEW = 33, 5
TOGETHER = (*range(2, 10), 15, 16, 17, 31, 32, 33)  # around the rows of a product and the pictures of a piece

CONFIG = """\
seed: 7
data:
  train: {data}
  val: {{from: train, fraction: 0.2}}
  image: {{size: [32, 32], channels: 3}}
  augment:
    - random_crop: {{padding: 4}}
    - random_horizontal_flip
model:
{model}
optimizer: {{sgd: {{lr: 0.05, momentum: 0.9, weight_decay: 5e-4}}}}
schedule: {{cosine: {{warmup: 1 epochs}}}}
train: {{epochs: {epochs}, batch_size: {batch}}}
"""


def config(name: str, data: Path) -> str:
    model = "".join(f"  {line}\n" for line in MODELS[name].model.splitlines())
    return CONFIG.format(data=data, model=model.rstrip(), epochs=EPOCHS, batch=BATCH)


def pictures(root: Path) -> Path:
    """A folder of pictures of 32x32, each class with a pattern of its own under noise."""
    random = np.random.default_rng(3)
    for label in range(CLASSES):
        folder = root / f"class {label}"
        folder.mkdir(parents=True)
        pattern = random.integers(0, 256, (4, 4, 3)).repeat(8, axis=0).repeat(8, axis=1)
        for i in range(PICTURES_A_CLASS):
            noisy = pattern // 2 + random.integers(0, 128, (32, 32, 3))
            Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{i:02d}.png")
    return root


def different(model: Model) -> list[str]:
    """Numbers of pictures, and orders, for which a picture's outputs change: before softmax, which would hide some."""
    random = np.random.default_rng(4)
    pixels = random.integers(0, 256, (COMPANY, 32, 32, 3), np.uint8)
    images = model.normalization.apply(pixels)

    def bits(places: np.ndarray) -> list[bytes]:
        return [row.tobytes() for row in outputs_of(model.network, images[places])]

    everyone = np.arange(COMPANY)
    alone = [bits(everyone[i : i + 1])[0] for i in everyone]
    if len(set(alone)) < COMPANY:
        return ["two pictures have the same outputs"]
    found = [f"{n} together" for n in TOGETHER if bits(everyone[:n]) != alone[:n]]
    views = [model.probabilities(pixels[i : i + 1], tta=True).tobytes() for i in range(FEW)]
    for n in range(2, FEW + 1):
        if [row.tobytes() for row in model.probabilities(pixels[:n], tta=True)] != views[:n]:
            found.append(f"views of {n} together")
    order = random.permutation(COMPANY)
    return [*found, *(["shuffled"] if bits(order) != [alone[i] for i in order] else [])]


def main() -> None:
    print(blas.kernel())
    set_threads(2)
    for run in sys.argv[1:]:
        for found in different(load_model(Path(run) / "best.safetensors")):
            print(f"{Path(run).name}: {found}")


if __name__ == "__main__":
    main()
