"""Which folders hold the train, val and test pictures: as named, or recognised below one folder."""

from __future__ import annotations

import os
from dataclasses import dataclass

from nettrain.data.config import DataConfig, ValFraction
from nettrain.data.walk import Ignored, entries
from nettrain.errors import DataError

_VAL = ("val", "valid", "validation")
_SPLITS = frozenset({"train", "test", *_VAL})


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders of a run's pictures; ``val`` may be a part of train; ``note`` says what was recognised."""

    train: str
    val: str | ValFraction | None
    test: str | None
    note: str = ""


def find_roots(config: DataConfig) -> Roots:
    """The folders that the config names, or ``train/``, ``val/`` and ``test/`` where ``data.train`` holds just those.

    Errors   DataError: two folders that could be val.
    Notes    recognised only if ``train/`` is there and every other sub-folder is ``val/``, ``valid/``, ``validation/``
             or ``test/``. What the config names itself (``data.val``, ``data.test``) wins.
    """
    root = str(config.train)
    val = config.val if config.val is None or isinstance(config.val, ValFraction) else str(config.val)
    test = None if config.test is None else str(config.test)
    folders = set(entries(root, Ignored())[0]) if os.path.isdir(root) else set()
    if "train" not in folders or not folders <= _SPLITS:
        return Roots(root, val, test)
    used = ["train"]
    candidates = [name for name in _VAL if name in folders]
    if val is None and len(candidates) > 1:
        pair = " and ".join(f"{name}/" for name in candidates)
        raise DataError(f"{pair} could both be the validation pictures; name one in data.val", root)
    if val is None and candidates:
        val = os.path.join(root, candidates[0])
        used += candidates
    if test is None and "test" in folders:
        test = os.path.join(root, "test")
        used.append("test")
    found = ", ".join(f"{name}/" for name in used)
    return Roots(os.path.join(root, "train"), val, test, f"data.train: uses {found} found in it")
