"""Whole training steps of the standard models on random pictures: images per second, median and spread of rounds.

    python benchmarks/steps.py [--threads N] [--rounds N] [MODEL ...]

Nothing here asserts on time. Machines are noisy: compare figures of one run only, or ratios taken in one run.
"""

from __future__ import annotations

import argparse
import statistics
import time

from nettrain.arrays.blas import ask_for_one_thread

ask_for_one_thread()

import numpy as np  # noqa: E402  BLAS reads its number of threads when NumPy loads
from models import MODELS, Case  # noqa: E402

from nettrain.arrays.threads import available_cores, set_threads  # noqa: E402
from nettrain.config.reader import read_text  # noqa: E402
from nettrain.model.layer import Pass  # noqa: E402
from nettrain.model.network import ModelConfig, build_network  # noqa: E402
from nettrain.optim.sgd import Sgd, SgdConfig  # noqa: E402
from nettrain.training.config import TABLES  # noqa: E402
from nettrain.training.platform import surroundings  # noqa: E402
from nettrain.training.run import training_loss  # noqa: E402
from nettrain.training.step import Stepper  # noqa: E402

BATCH = 128
STEPS_A_ROUND = 3


def images_per_second(case: Case, rounds: int) -> list[float]:
    """One figure a round, after one round to warm up."""
    model = read_text(case.model, "model", ModelConfig, TABLES, ".").config
    network = build_network(model, case.shape, case.classes)
    weights = network.materialise(seed=1)
    stepper = Stepper(network, Sgd(SgdConfig(lr=0.01, momentum=0.9), weights), training_loss(case.loss))
    random = np.random.default_rng(1)
    images = random.standard_normal((BATCH, *case.shape)).astype(np.float32)
    labels = random.integers(0, case.classes, BATCH)
    figures = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        for step in range(STEPS_A_ROUND):
            stepper(images, labels, Pass(True, 1, 0, step, 0), 0.01)
        figures.append(STEPS_A_ROUND * BATCH / (time.perf_counter() - begun))
    return figures[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=list(MODELS), metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"unknown model {min(unknown)!r}; expected one of {', '.join(MODELS)}")
    set_threads(options.threads)
    facts = surroundings()
    print(f"{facts['cpu']}, {facts['blas']}, NumPy {facts['numpy']}, {options.threads} threads, batch {BATCH}")
    print(f"{'model':<10}  {'images/s':>9}  {'lowest':>9}  {'highest':>9}")
    for name in options.models:
        figures = images_per_second(MODELS[name], options.rounds)
        print(f"{name:<10}  {statistics.median(figures):9,.0f}  {min(figures):9,.0f}  {max(figures):9,.0f}")


if __name__ == "__main__":
    main()
