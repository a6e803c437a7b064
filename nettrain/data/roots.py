"""Where the train, val and test pictures are: as named, or recognised below one folder or in one file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from nettrain.config.fields import FilePath
from nettrain.data.archives.opened import located
from nettrain.data.config import DataConfig, Fold, SetAside
from nettrain.data.no_folder import into_a_file
from nettrain.data.sources.inside import settled
from nettrain.data.sources.table import Where, kind_within, parts_of, source_of
from nettrain.data.tree import DISK, Tree
from nettrain.errors import DataError, Fault

_WHAT = {"train": "training", "val": "validation", "test": "test"}  # pictures


@dataclass(frozen=True, slots=True)
class Roots:
    """The paths of a run's pictures; val and test may be parts of train; ``note`` says what was recognised.

    Notes    ``held`` are the archives among them, which stay open as long as this lives.
    """

    train: Where
    val: Where | SetAside | Fold | None
    test: Where | SetAside | None
    note: str = ""
    held: tuple[Tree, ...] = field(default=(), compare=False)


def find_roots(config: DataConfig) -> Roots:
    """The paths that the config names, or ``train/``, ``val/`` and ``test/`` where ``data.train`` holds just those.

    Errors   DataError: two folders that could be the same split; an archive that is refused. With the key instead of a
             place, and all at once: what the config names is not there; val or test are the very pictures of train.
    Notes    folders are recognised, by any of ``SPLIT_NAMES``, only if there is one to train on and every other
             sub-folder is one to validate or test on. What the config names itself (``data.val``, ``data.test``) wins.
    """
    named = {"data.train": paths(config.train), "data.val": paths(config.val), "data.test": paths(config.test)}
    held = _refuse_absent(named)
    known: list[str] = []
    found: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for root in map(settled, named["data.train"]):
        parts = parts_of(root)
        known += [path for some in parts.values() for path in some]
        used = _used(parts, root, config) if parts else {"train": [root]}
        for name, some in used.items():
            found[name] += some
    note = _note(known, [*chain(*found.values())], [*named["data.val"], *named["data.test"]])
    val = config.val if isinstance(config.val, SetAside | Fold) else _wanted(config.val, found["val"])
    test = config.test if isinstance(config.test, SetAside) else _wanted(config.test, found["test"])
    return _apart(Roots(_where(found["train"]), val, test, note, held))


def paths(named: object) -> tuple[str, ...]:
    """The paths that a key names."""
    if isinstance(named, str):
        return (str(named),)
    return tuple(map(str, named)) if isinstance(named, tuple) else ()


def named_folders(config: DataConfig) -> list[str]:
    """Every folder that the config names, whatever lies in it; a list of pictures is none."""
    return [path for path in named_paths(config) if os.path.isdir(path)]


def named_lists(config: DataConfig) -> list[str]:
    """Every list of pictures that the config names."""
    return [path for path in named_paths(config) if kind_within(path) == "csv"]


def named_paths(config: DataConfig) -> list[str]:
    """Every source that the config names."""
    return [path for key in (config.train, config.val, config.test) for path in paths(key)]


def _used(parts: Mapping[str, Sequence[str]], root: str, config: DataConfig) -> dict[str, Sequence[str]]:
    """Which parts of a source are for train, val and test, where the config does not name those itself."""
    for split, named in (("train", None), ("val", config.val), ("test", config.test)):
        folders = [shown for path in parts.get(split, ()) if (shown := _shown(path)).endswith("/")]
        if named is None and len(folders) > 1:
            pair = " and ".join(folders[:2])
            raise DataError(f"{pair} could both be the {_WHAT[split]} pictures; name one in data.{split}", root)
    if parts and "train" not in parts:
        if len(parts) > 1:
            first, *_ = (path for some in parts.values() for path in some)
            raise DataError(f"holds several files of pictures, none to train on; name one, such as {first}", root)
        return {"train": next(iter(parts.values()))}
    used = {"train": parts["train"]}
    if config.val is None and "val" in parts:
        used["val"] = parts["val"]
    if config.test is None and "test" in parts:
        used["test"] = parts["test"]
    return used


def _wanted(named: FilePath | tuple[FilePath, ...] | None, found: Sequence[str]) -> Where | None:
    """What the config names, or else what was recognised."""
    where = [settled(path) for path in paths(named)] or found
    return _where(where) if where else None


def _where(found: Sequence[str]) -> Where:
    return found[0] if len(found) == 1 else tuple(found)


def _shown(path: str) -> str:
    """What a part of a source is called."""
    tree, name = located(path)
    return os.path.basename(path) + ("/" if tree.is_folder(name) else "")


def _note(known: Sequence[str], used: Sequence[str], named: Sequence[str]) -> str:
    """What of the known parts is used, and what is not, unless the config has named it itself."""
    if not known:
        return ""
    note = f"data.train: uses {', '.join(_shown(path) for path in used if path in known)} found in it"
    others = set(map(os.path.realpath, named))
    if left := sorted(_shown(path) for path in known if path not in used and os.path.realpath(path) not in others):
        note += f"; {', '.join(left)} {'is' if len(left) == 1 else 'are'} left out"
    return note


def _refuse_absent(named: Mapping[str, Sequence[str]]) -> tuple[Tree, ...]:
    """Where the paths lead.  Errors: DataError with a fault for each that is not there."""
    faults, held = [], []
    for key, found in named.items():
        for path in found:
            tree, name = located(path)
            held.append(tree)
            if not tree.exists(name):
                other = "" if key == "data.train" else ", or {from: train, fraction: 0.1}"
                source = source_of(path)
                lost = f"no such {source.what} {path!r}; expected {source.expected}{other}"
                way = into_a_file(path) if tree is DISK else ""
                faults.append(Fault(f"{path!r} {way}" if way else lost, None, key))
    if faults:
        raise DataError(faults=faults)
    return tuple(held)


def _apart(roots: Roots) -> Roots:
    """The same, if val and test are other sources than train."""
    faults = []
    cure = "name another folder, or set a part aside with {from: train, fraction: 0.1}"
    ours = set(map(os.path.realpath, paths(roots.train)))
    for key, others in (("data.val", roots.val), ("data.test", roots.test)):
        if not ours.isdisjoint(map(os.path.realpath, paths(others))):
            faults.append(Fault(f"these are the training pictures; {cure}", None, key))
    if faults:
        raise DataError(faults=faults)
    return roots
