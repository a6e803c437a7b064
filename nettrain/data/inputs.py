"""The picture files that paths on a command line mean: files, folders, patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator

from nettrain.data.walk import Ignored, pictures_below


def pictures_named(paths: Iterable[str]) -> Iterator[str]:
    """Each path's pictures in turn, one at a time, so that there may be any number.

    Errors   ``DataError`` for a folder that cannot be listed.
    Notes    A folder gives the pictures below it in code-point order; a pattern such as ``*.png`` (``**`` for any
             depth) its matches, likewise in order; anything else is itself, whether it is there or not, so that a
             missing file gets its row.
    """
    for path in paths:
        if os.path.isdir(path):
            yield from (os.path.join(path, name) for name in pictures_below(path, Ignored()))
        elif not os.path.lexists(path) and glob.has_magic(path) and (found := glob.glob(path, recursive=True)):
            yield from pictures_named(sorted(found))
        else:
            yield path
