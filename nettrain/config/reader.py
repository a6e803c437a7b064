"""The config reader: a YAML file, a record and tables in; a checked document out, or all faults in one error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from nettrain.config.document import Document
from nettrain.config.dotted import Override, parse_override
from nettrain.config.fields import Record, Table
from nettrain.config.forms import Settings
from nettrain.config.nodes import Mapping as MappingNode
from nettrain.config.nodes import Node, Scalar, parse
from nettrain.config.overrides import apply
from nettrain.config.paths import folder_of
from nettrain.config.source import decode, read_bytes
from nettrain.config.walk import INVALID, Walk, got
from nettrain.errors import ConfigError, Fault, Place

R = TypeVar("R", bound=Record)


def read_config(
    path: str | os.PathLike[str],
    root: type[R],
    tables: Mapping[str, Table],
    overrides: Sequence[str | Override] = (),
) -> Document[R]:
    """Read a config file into a record.

    Errors   ConfigError with every fault of the file and the overrides, in the order of the text.
    Notes    Paths in the file are relative to its folder, in overrides (``a.b=c``) to the current one.
    """
    file = os.fspath(path)
    source = read_bytes(file)
    return _read(decode(source, file), file, root, tables, folder_of(file), overrides, source=source)


def read_text(
    text: str,
    file: str,
    root: type[R],
    tables: Mapping[str, Table],
    base: str,
    overrides: Sequence[str | Override] = (),
    *,
    stored: bool = False,
) -> Document[R]:
    """Read a config from YAML or JSON text; ``file`` is what errors call it, ``base`` the folder its paths start from.

    Errors   ConfigError, as for a file.
    Notes    JSON reads as YAML if all that is not ASCII is escaped in it, as ``json.dumps`` does.
             ``stored`` text comes from a checkpoint, which holds no environment keys: a required path or name among
             them reads as an empty ``FilePath``.
    """
    return _read(text, file, root, tables, base, overrides, source=text.encode("utf-8", "replace"), stored=stored)


def _read(
    text: str,
    file: str,
    root: type[R],
    tables: Mapping[str, Table],
    base: str,
    overrides: Iterable[str | Override],
    *,
    source: bytes,
    stored: bool = False,
) -> Document[R]:
    node, faults = parse(text, file)
    if faults and not isinstance(node, MappingNode):
        raise ConfigError(faults=faults)
    node = _top(node, text, file)
    bases = {file: base}
    notes: list[str] = []
    for number, override in enumerate(overrides, 1):
        if isinstance(override, str):
            override = parse_override(override, number)
        bases[override.file] = _current_folder(override)
        node = apply(override, node, Settings(root), tables, faults, notes)
    walk = Walk(tables, bases, stored=stored)
    walk.places[""] = node.place
    config = walk.read(Settings(root), node, "")
    faults += walk.faults
    if faults or config is INVALID:
        order = {name: number for number, name in enumerate(bases)}
        raise ConfigError(faults=sorted(faults, key=lambda fault: _position(fault, order)))
    return Document(config, walk.places, (*notes, *(note for _, note in walk.notes)), source)


def _top(node: Node | None, text: str, file: str) -> MappingNode:
    if isinstance(node, MappingNode):
        return node
    if node is None or (isinstance(node, Scalar) and node.nothing):
        lines = [line for line in map(str.strip, text.splitlines()) if line]
        came = "nothing but comments" if all(line.startswith("#") for line in lines) else "nothing"
        came = came if lines else "an empty file"
    else:
        came = got(node)
    place = Place(file, 1, 1) if node is None else node.place
    raise ConfigError(f"expected keys and values, such as 'seed: 1', got {came}", place)


def _current_folder(override: Override) -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise ConfigError(f"the current folder is gone: {error.strerror}", override.place) from None


def _position(fault: Fault, order: Mapping[str, int]) -> tuple[int, int, int]:
    where = fault.where
    if not isinstance(where, Place):
        return (-1, 0, 0)
    return (order.get(where.file, 0), where.line, where.column)
