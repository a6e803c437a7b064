"""What is to be written never lands among the data: neither in a folder of pictures nor over one of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from nettrain.config.paths import is_within
from nettrain.data.config import DataConfig
from nettrain.data.inputs import Inside, Record
from nettrain.data.roots import named_folders, named_lists, named_paths
from nettrain.data.sources.table import list_source
from nettrain.data.split import Split
from nettrain.data.wanted import Wanted
from nettrain.errors import ConfigError


def refuse_inside_data(output: str, data: DataConfig) -> None:
    """The data folders are never written to, nor the files that hold data.  Errors: ``ConfigError``."""
    refuse_within(output, named_folders(data))
    if os.path.isfile(output):
        refuse_over(output, named_paths(data))


def refuse_listed(output: str, data: DataConfig) -> None:
    """The same, and pictures of lists: for a command that lists no pictures itself.  Errors: ``ConfigError``."""
    refuse_inside_data(output, data)
    if os.path.isfile(output):
        refuse_pictures(output, (), data)


def refuse_within(output: str, folders: Iterable[str]) -> None:
    """The same of folders of pictures that no config names yet."""
    for folder in folders:
        if is_within(output, folder):
            raise ConfigError(f"lies in the data folder {folder}, which is only read; choose another place", output)


def refuse_over(output: str, read: Iterable[str]) -> None:
    """The same of what is read, whatever it is.  Errors: ``ConfigError``."""
    for path in read:
        if is_within(path, output):  # as a picture is within an archive
            raise ConfigError("is among what is to be read; choose another place", output)


def guarded(paths: Iterable[str], output: str, clips: bool = False) -> Iterator[str]:
    """The paths as they come; ``clips`` may be folders of frames.

    Errors   ``ConfigError`` when one comes that is that of the output, or lies in it, or is a clip that has it.
    """
    folder, name = os.path.split(os.path.realpath(output))
    once: set[str] = set()  # the files of many pictures that were looked at
    for path in paths:
        if isinstance(path, Inside | Record):
            file = path.tree.path("") if isinstance(path, Inside) else path.records.root
            if file not in once:
                refuse_over(output, [file])
                once.add(file)
        elif os.path.basename(path) == name or os.path.islink(path):
            refuse_over(output, [path])
        elif clips and os.path.realpath(path) == folder:
            raise ConfigError("lies in a clip that is to be read; choose another place", output)
        yield path


def refuse_pictures(output: str, splits: Sequence[Split], data: DataConfig) -> None:
    """Pictures are never written to, wherever a list or a link has them from.  Errors: ``ConfigError``."""
    real = lru_cache(os.path.realpath)  # of folders, in which many pictures lie

    def real_path(path: str) -> str:
        folder, name = os.path.split(path)
        return os.path.realpath(path) if os.path.islink(path) else os.path.join(real(folder), name)

    inner = os.path.realpath(output)
    folder = os.path.join(os.path.dirname(inner), "")  # as the name of a folder of frames ends
    sources = [(split.name, split.reader, split.files) for split in splits]
    for path in named_lists(data):  # with the rows that no split takes
        listing = list_source(path, Wanted.by(data), 1)
        sources.append((path, listing.reader, listing.files))
    for what, reader, names in sources:
        for found in (real_path(reader.where(name)) for name in names):
            if found in (inner, folder):
                it = "is a picture" if found == inner else "lies in a clip"
                raise ConfigError(f"{it} of {what}, which is only read; choose another place", output)
