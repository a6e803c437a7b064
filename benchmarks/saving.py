"""What it costs that nothing is lost: saves beside plain ones, and trainings with saves beside one without.

    python -m benchmarks.saving [--rounds N]

Nothing here asserts on time. Machines are noisy: compare figures of one run only, or ratios taken in one run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

from nettrain.arrays.blas import ask_for_one_thread

ask_for_one_thread()

import numpy as np  # noqa: E402  BLAS reads its number of threads when NumPy loads
import safetensors.numpy  # noqa: E402

from benchmarks.measure import in_turn, ratio, spread, timed  # noqa: E402
from nettrain.arrays.threads import available_cores, set_threads  # noqa: E402
from nettrain.config.dotted import parse_override  # noqa: E402
from nettrain.config.reader import read_config  # noqa: E402
from nettrain.training.config import TABLES, Config  # noqa: E402
from nettrain.training.run.opening import begin, named  # noqa: E402
from nettrain.training.store import checkpoint  # noqa: E402
from nettrain.training.store.platform import surroundings  # noqa: E402

MEGABYTES = 10
CONFIG = Path(__file__).parents[1] / "configs/digits-mlp.yaml"
EVERY = ("1 epochs", "10 steps", "1000000 steps")  # the last is none, but for those at step 0 and at the end


def tensors() -> dict[str, np.ndarray]:
    """Ten of a megabyte each."""
    random = np.random.default_rng(1)
    return {f"layers.{i}.weight": random.standard_normal((512, 512)).astype(np.float32) for i in range(MEGABYTES)}


def ours(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Digest, temporary file, sync, rename, sync of the folder."""
    checkpoint.save(folder / "ours.safetensors", {"step": 1}, arrays)


def plain(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """The package's own writer, in place, and then the same two syncs."""
    path = folder / "plain.safetensors"
    safetensors.numpy.save_file(arrays, path)
    for place in (path, folder):
        handle = os.open(place, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def train(folder: Path, every: str) -> None:
    """A training of the small example, with a save every so often."""
    override = parse_override(f"checkpoint.every={every}", 1)
    document = named(read_config(str(CONFIG), Config, TABLES, [override]), str(CONFIG))
    with tempfile.TemporaryDirectory(dir=folder) as run:
        for _ in begin(document, lambda *_: None, run).go():
            pass


def show(title: str, seconds: dict[str, list[float]], beside: str) -> None:
    """A table: median, lowest, highest, and the median of the ratios of each round."""
    print(f"{title:<36}  {'median ms':>9}  {'lowest':>8}  {'highest':>8}  {'ratio':>6}")
    for name, figures in seconds.items():
        middle, times = spread(figures), ratio(seconds[beside], figures).rounds.median
        median, low, high = (1e3 * value for value in (middle.median, middle.lowest, middle.highest))
        print(f"{name:<36}  {median:9.1f}  {low:8.1f}  {high:8.1f}  {times:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured [default: that of temporary files]")
    options = parser.parse_args()
    set_threads(available_cores())
    facts = surroundings()
    print(f"{facts['cpu']}, NumPy {facts['numpy']}, {available_cores()} threads, median of {options.rounds} rounds")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder, arrays = Path(name), tensors()
        saves = {
            "save_file and two syncs": timed(partial(plain, folder, arrays)),
            "a save of ours": timed(partial(ours, folder, arrays)),
        }
        show(f"{MEGABYTES} MB of weights", in_turn(saves, options.rounds), "save_file and two syncs")
        trainings = {f"a save every {every}": timed(partial(train, folder, every)) for every in EVERY}
        show(f"{CONFIG.stem}, 20 epochs", in_turn(trainings, options.rounds), f"a save every {EVERY[-1]}")


if __name__ == "__main__":
    main()
