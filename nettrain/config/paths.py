"""Paths as users write them: relative to the file or the shell that names them, and taken literally."""

from __future__ import annotations

import os
import re

from nettrain.config.fields import FilePath
from nettrain.config.words import shown

_VARIABLE = re.compile(r"\$(\w+|\{)")


class BadPath(Exception):
    """Why a text is no path; the message is the exception's text."""


def is_within(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> bool:
    """Whether a path is a folder or lies below it, wherever links lead."""
    inner, outer = os.path.realpath(path), os.path.realpath(folder)
    return os.path.commonpath([inner, outer]) == outer


def absolute(text: str, base: str) -> FilePath:
    """The absolute path that a text names from a base folder.

    Errors   BadPath for an empty text, ``~``, a variable or a NUL: nothing is expanded here, so that a config means the
             same for everyone. A folder really called ``~x`` or ``$x`` is written ``./~x`` and ``./$x``.
    Notes    ``..`` after a link goes up from where the link leads, as the operating system has it.
    """
    if not text:
        raise BadPath("expected a path, got ''")
    if "\0" in text:
        raise BadPath(f"a path cannot hold a NUL, got {shown(text)}")
    if text.startswith("~"):
        raise BadPath(f"'~' is not expanded, got {shown(text)}; write the folder out")
    parts = text.split("/")
    for before, part in zip(["", *parts], parts, strict=False):
        if before != "." and (variable := _VARIABLE.search(part)):
            name = variable.group() + ("...}" if variable.group().endswith("{") else "")
            raise BadPath(f"'{name}' is not expanded, got {shown(text)}; write the folder out")
    return FilePath(_resolved(parts, "/" if text.startswith("/") else base))


def written(path: str) -> str:
    """A text that names an absolute path when it is read again."""
    return "/".join(f"./{part}" if _VARIABLE.search(part) else part for part in path.split("/"))


def folder_of(file: str) -> str:
    """The absolute path of the folder that a file stands in."""
    return _resolved(file.split("/")[:-1], "/" if file.startswith("/") else os.getcwd())


def _resolved(parts: list[str], base: str) -> str:
    path = base
    for part in parts:
        if part == "..":
            path = os.path.dirname(os.path.realpath(path) if os.path.islink(path) else path)
        elif part not in ("", "."):
            path = os.path.join(path, part)
    return path
