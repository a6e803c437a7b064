"""Which folders hold the train, val and test pictures: as named, or recognised below one folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from nettrain.data.config import DataConfig, Fold, SetAside
from nettrain.data.sources.table import source_of
from nettrain.data.walk import Ignored, entries
from nettrain.errors import DataError, Fault

_VAL = ("val", "valid", "validation")
_SPLITS = frozenset({"train", "test", *_VAL})


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders of a run's pictures; val and test may be parts of train; ``note`` says what was recognised."""

    train: str
    val: str | SetAside | Fold | None
    test: str | SetAside | None
    note: str = ""


def find_roots(config: DataConfig) -> Roots:
    """The folders that the config names, or ``train/``, ``val/`` and ``test/`` where ``data.train`` holds just those.

    Errors   DataError: two folders that could be val. With the key instead of a place, and all at once: a folder that
             the config names is not there; val or test is the very folder of train.
    Notes    recognised only if ``train/`` is there and every other sub-folder is ``val/``, ``valid/``, ``validation/``
             or ``test/``. What the config names itself (``data.val``, ``data.test``) wins.
    """
    root = str(config.train)
    val = config.val if config.val is None or isinstance(config.val, SetAside | Fold) else str(config.val)
    test = config.test if config.test is None or isinstance(config.test, SetAside) else str(config.test)
    _refuse_absent({"data.train": root, "data.val": val, "data.test": test})
    folders = set(entries(root, Ignored())[0]) if os.path.isdir(root) else set()
    if "train" not in folders or not folders <= _SPLITS:
        return _apart(Roots(root, val, test))
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
    note = f"data.train: uses {_listed(used)} found in it"
    named = {os.path.realpath(path) for path in (val, test) if isinstance(path, str)}
    left = [name for name in sorted(folders) if name not in used and os.path.realpath(f"{root}/{name}") not in named]
    if left:
        note += f"; {_listed(left)} {'is' if len(left) == 1 else 'are'} left out"
    return _apart(Roots(os.path.join(root, "train"), val, test, note))


def named_folders(config: DataConfig) -> list[str]:
    """Every folder that the config names, whatever lies in it; a list of pictures is none."""
    named = [str(path) for path in (config.train, config.val, config.test) if isinstance(path, str)]
    return [path for path in named if os.path.isdir(path)]


def _listed(names: list[str]) -> str:
    return ", ".join(f"{name}/" for name in names)


def _refuse_absent(named: Mapping[str, str | SetAside | Fold | None]) -> None:
    faults = []
    for key, path in named.items():
        if isinstance(path, str) and not os.path.exists(path):
            other = "" if key == "data.train" else ", or {from: train, fraction: 0.1}"
            source = source_of(path)
            faults.append(Fault(f"no such {source.what} {path!r}; expected {source.expected}{other}", None, key))
    if faults:
        raise DataError(faults=faults)


def _apart(roots: Roots) -> Roots:
    """The same, if val and test are other folders than train."""
    faults = []
    cure = "name another folder, or set a part aside with {from: train, fraction: 0.1}"
    for key, path in (("data.val", roots.val), ("data.test", roots.test)):
        if isinstance(path, str) and os.path.realpath(path) == os.path.realpath(roots.train):
            faults.append(Fault(f"these are the training pictures; {cure}", None, key))
    if faults:
        raise DataError(faults=faults)
    return roots
