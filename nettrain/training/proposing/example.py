"""The examples that come with nettrain, pictures or clips and configs, put into a folder to try things on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nettrain.errors import ConfigError, EnvironmentFault
from nettrain.files import whole
from nettrain.files.causes import fault
from nettrain.files.folders import make_folder
from nettrain.training.proposing.moving_shapes import moving_shapes

PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Example:
    """``parts`` lie below a checkout, or below example/ in an installed package; the first is the config to begin with.

    ``made`` are files that nobody ships: below ``folder``, each by its path, with its bytes.
    """

    parts: tuple[str, ...]
    folder: str = ""
    made: Callable[[], Iterator[tuple[str, bytes]]] = lambda: iter(())


EXAMPLES = {
    "digits": Example(("configs/digits-mlp.yaml", "configs/digits-cnn.yaml", "data/digits", "data/README.md")),
    "clips": Example(("configs/clips.yaml", "configs/clips-still.yaml"), "data/clips", moving_shapes),
}


def put(name: str, target: str) -> int:
    """Copy or make an example in a folder, which is made if it is not there; returns how many files it has.

    Errors   ConfigError if the folder holds something, or is none; EnvironmentFault.
    """
    if os.path.lexists(target) and not os.path.isdir(target):
        raise ConfigError("is a file; expected a new or empty folder", target)
    if os.path.isdir(target) and _entries(target):
        raise ConfigError("holds something already; expected a new or empty folder", target)
    count = 0
    for path, data in _contents(EXAMPLES[name]):
        place = os.path.join(target, path)
        make_folder(os.path.dirname(place))
        whole.write_atomic(place, data)
        count += 1
    return count


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise fault(folder, "look into the folder", error) from error


def _contents(example: Example) -> Iterator[tuple[str, bytes]]:
    """The path and the bytes of every file."""
    root = _root()
    for path in _files(root, example.parts):
        yield path, (root / path).read_bytes()
    for path, data in example.made():
        yield f"{example.folder}/{path}", data


def _root() -> Path:
    """Where the files of the examples lie: in the installed package, or in the checkout that it is run from."""
    installed = PACKAGE / "example"
    root = installed if installed.is_dir() else PACKAGE.parent
    if not (root / "data/digits").is_dir():
        raise EnvironmentFault("this installation lacks the example; install nettrain again", str(installed))
    return root


def _files(root: Path, parts: tuple[str, ...]) -> Iterator[str]:
    """The paths of all files, relative to ``root``, in order."""
    for part in parts:
        found = sorted((root / part).rglob("*")) if (root / part).is_dir() else [root / part]
        yield from (path.relative_to(root).as_posix() for path in found if path.is_file())
