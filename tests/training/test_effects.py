"""Every key of the config has an effect: a training with it ends otherwise than one without, or the config is refused.

Keys that are marked as free change no result: their training ends the same. A schedule is asked itself.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from examples_of_keys import Shown, one_value, records, shown_by
from PIL import Image

import nettrain
from nettrain.config.reader import read_text
from nettrain.errors import NettrainError
from nettrain.optim.schedules.table import make
from nettrain.optim.schedules.warmup import Course
from nettrain.training.config import TABLES, Config
from nettrain.training.store import checkpoint, json_text

SAYS_AGAIN = {  # no effect but a check, each with what it is for
    "checkpoint.mode": "says again what follows from the monitor, and is refused where it contradicts it",
}
ELSEWHERE = {  # an effect that comes only with a divergence: tests/training/test_recipes.py
    "data.manifest",  # and this with pictures that have changed: tests/cli/test_doctor.py
    "model.from.path",  # and this with a model to start from: tests/training/test_origin.py
    "model.from.misfits",
    "train.on_nan",
    "train.rollback.factor",
    "train.rollback.limit",
}
FREE_BY_RUN = ("config.yaml", "config.resolved.yaml", "run.json", "timings.csv", "lock")
BITES: dict[str, Any] = {"data.image.max_megapixels": 0.00005}  # a value that shows on pictures of 8x8
PICTURES = {"data.image.animated": "animated", "data.on_bad_image": "bad"}  # what shows on no other pictures
EPOCHS, STEPS = 40, 3  # of the course that a schedule is asked about


def cases() -> list[Any]:
    found = {}
    for where, record in records():
        for shown in shown_by(where, record):
            if (
                shown.name not in {*SAYS_AGAIN, *ELSEWHERE}
                and not one_value(shown.key)
                and not where.startswith("gate")
            ):
                found.setdefault(shown.name, shown)
    return [pytest.param(shown, id=name) for name, shown in found.items() if not _is_a_block(shown)]


def _is_a_block(shown: Shown) -> bool:
    """Whether it holds keys that are cases of their own."""
    return isinstance(shown.value, dict) and shown.key.required and shown.where in ("", "data")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of two classes: of several shapes, grey, coloured, some of them partly transparent."""
    root, random = tmp_path_factory.mktemp("effects"), Random(1)
    for kind in ("pictures/train", "other", "animated", "bad"):
        for label in ("cat", "dog"):
            (root / kind / label).mkdir(parents=True)
            for place in range(12 if label == "cat" else 8):
                mode, size = ("RGB", "RGBA")[place % 2], (8 + place % 3, 8)
                picture = Image.frombytes(mode, size, random.randbytes(size[0] * size[1] * len(mode)))
                picture.save(root / kind / label / f"{place}.png")
    frames = [Image.new("L", (8, 8), shade) for shade in (10, 200)]
    frames[0].save(root / "animated/cat/9.gif", save_all=True, append_images=frames[1:])
    (root / "bad/cat/9.png").write_bytes(b"no picture")
    return root


def outcome(folder: Path, config: Mapping[str, Any], pictures: str = "pictures/train") -> str:
    """A digest of all that a training leaves which may depend on the config, or the first line of what was wrong."""
    return _outcome(folder, json_text.canonical(config), pictures)


@cache  # many keys are shown in one example
def _outcome(folder: Path, text: str, pictures: str) -> str:
    config = json_text.parse(text)
    config = {**config, "data": {**config["data"], "train": folder / pictures}}
    if "test" in config["data"] and not isinstance(config["data"]["test"], dict):
        config["data"]["test"] = folder / "other"
    if "val" in config["data"] and isinstance(config["data"]["val"], str):
        config["data"]["val"] = folder / "other"
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    try:
        for _ in nettrain.fit(config, run_dir=run, threads=1):
            pass
    except NettrainError as error:
        return error.lines()[0]
    digest = hashlib.sha256()
    earlier = set(checkpoint.steps(run / "checkpoints").values()) - {checkpoint.newest(run / "checkpoints").path}
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        if path.name.startswith(FREE_BY_RUN) or path in earlier:
            continue
        digest.update(path.relative_to(run).as_posix().encode())
        digest.update(_tensors(path) if path.suffix == ".safetensors" else path.read_bytes())
    return digest.hexdigest()


def _tensors(path: Path) -> bytes:
    """The weights of a checkpoint; its metadata has the config in it, and so always differs."""
    tensors = checkpoint.load(path).tensors
    return b"".join(name.encode() + np.ascontiguousarray(tensors[name]).tobytes() for name in sorted(tensors))


def factors(config: Mapping[str, Any]) -> list[float]:
    """What a schedule makes of a course on which the monitored number rises, rests and falls."""
    chosen = read_text(json_text.canonical(config), "c.yaml", Config, TABLES, "/").config.schedule
    schedule, random = make(chosen, Course(EPOCHS * STEPS, STEPS)), Random(1)
    history = [0.5 + 0.01 * min(epoch, 5) + 0.004 * random.random() - 0.00001 * epoch for epoch in range(EPOCHS)]
    return [schedule(step, history[: step // STEPS]) for step in range(EPOCHS * STEPS)]


def alternatives(shown: Shown) -> tuple[dict[str, Any], dict[str, Any]]:
    """A config with the key, and one without it, or with another value of one that cannot be left out."""
    with_key = shown.config_with_value(BITES[shown.name]) if shown.name in BITES else shown.config()
    if not shown.key.required:
        return with_key, shown.config_without()
    others = [one.value for where, record in records() for one in shown_by(where, record) if one.name == shown.name]
    return with_key, shown.config_with_value(next(value for value in others if value != shown.value))


@pytest.mark.parametrize("shown", cases())
def test_a_key_has_an_effect_unless_it_is_free(folder: Path, shown: Shown) -> None:
    with_key, other = alternatives(shown)
    if shown.where.startswith("schedules."):
        assert factors(with_key) != factors(other)
        return
    pictures = PICTURES.get(shown.name, "pictures/train")
    same = outcome(folder, with_key, pictures) == outcome(folder, other, pictures)
    assert same == shown.key.environment, outcome(folder, with_key, pictures)
