"""Why a path is no folder of pictures, in words: nothing is there, or a file is, of a kind that says what to do."""

from __future__ import annotations

import os

from nettrain.data.formats.others import LOOK, named
from nettrain.data.formats.table import recognise
from nettrain.data.spans import DamagedSource
from nettrain.data.tree import DISK, Tree
from nettrain.errors import DataError

_READ = {  # archives that are read where they are called so
    "a ZIP archive": ".zip",
    "a tar archive": ".tar",
    "a gzip archive": ".tar.gz or .tgz",
    "a bzip2 archive": ".tar.bz2 or .tbz2",
    "an xz archive": ".tar.xz or .txz",
}
_NOT_READ = frozenset({"a RAR archive", "a 7z archive", "a Zstandard archive"})


def no_folder(tree: Tree, name: str, expected: str) -> str:
    """What is wrong with what stands where a folder of pictures should; ``expected`` is what would be right."""
    if tree.exists(name):
        return what_it_is(tree, name) or f"is not a folder; {expected}"
    return into_a_file(tree.path(name)) or f"no such folder; {expected}"


def into_a_file(path: str) -> str:
    """Why a path leads nowhere, if that is because a file stands on its way; empty otherwise."""
    head = os.path.dirname(path)
    while head and not os.path.lexists(head):
        head = os.path.dirname(head)
    what = what_it_is(DISK, head) if os.path.isfile(head) else ""
    return f"leads into {head!r}, which {what}" if what else ""


def what_it_is(tree: Tree, name: str) -> str:
    """What is said of a file that can be told by how it begins, and what to do; empty for any other."""
    try:
        data = tree.span(name).read(LOOK, 0)
    except (DataError, DamagedSource):
        return ""
    what = named(data)
    if tree is not DISK and (what in _READ or what in _NOT_READ):
        return f"is {what} in an archive; unpack the outer one"
    if what in _READ:
        return f"is {what}; expected a name that ends with {_READ[what]}"
    if what in _NOT_READ:
        return f"is {what}, which is not read; unpack it and name the folder, or pack it anew as .zip or .tar.gz"
    kind = recognise(data)
    what = what or (f"a single picture ({kind.name})" if kind else "" if data else "empty (0 bytes)")
    return f"is {what}; expected a folder, an archive or a list of pictures" if what else ""
