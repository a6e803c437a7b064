"""The class contract: labels are matched by name to the classes of the model, never by position."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from nettrain.config.words import few
from nettrain.data.labels import Labels, are_several
from nettrain.errors import DataError

_SHOWN = 10


class Labelled(Protocol):
    """Pictures below ``root`` with ``labels``, (N,) or (N,K), of their own ``classes``: a listing, or a split."""

    @property
    def root(self) -> str: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> Labels: ...


def match(model_classes: Sequence[str], found: Labelled, split_name: str) -> Labels:
    """The labels of what was found, by their places in ``model_classes``.

    Shapes   (N,) int64 or, where a picture may have several, (N,K) bool.
    Errors   DataError lists every class that is lacking, and every one that the model does not know, with the nearest
             missing name.
    """
    names = [unicodedata.normalize("NFC", name) for name in model_classes]
    index, there = {name: place for place, name in enumerate(names)}, frozenset(found.classes)
    missing = [name for name in names if name not in there]
    extra = [name for name in found.classes if name not in index]
    if missing or extra:
        parts = []
        if missing:
            parts.append(f"missing {_listed(missing)}")
        if extra:
            parts.append(f"not known to the model {_listed(extra)}{_hint(extra, missing)}")
        raise DataError(f"the classes of {split_name} do not match: {'; '.join(parts)}", found.root)
    places = np.array([index[name] for name in found.classes], np.int64)
    if not are_several(found.labels):
        return places[found.labels]
    labels = np.empty_like(found.labels)
    labels[:, places] = found.labels
    return labels


def _listed(names: list[str]) -> str:
    return few([repr(name) for name in names], _SHOWN)


def _hint(extra: list[str], missing: list[str]) -> str:
    folded = {name.casefold(): name for name in missing}
    for name in extra:
        if near := difflib.get_close_matches(name.casefold(), list(folded), 1):
            return f" (is {name!r} the model's {folded[near[0]]!r}?)"
    return ""
