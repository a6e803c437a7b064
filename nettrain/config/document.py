"""A config that was read: its record, and where in the text each of its keys stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nettrain.errors import ConfigError, Fault, Place

R = TypeVar("R")


@dataclass(frozen=True)
class Document(Generic[R]):
    """A checked record with the places of its dotted keys, such as ``model.layers.0.conv2d.filters``.

    Notes    ``notes`` are whole lines for stderr, one for each name of another tool that was understood;
             ``source`` is the file byte for byte.
    """

    config: R
    places: Mapping[str, Place] = field(repr=False)
    notes: tuple[str, ...]
    source: bytes = field(repr=False)

    def fault(self, key: str, message: str) -> Fault:
        """A fault at a dotted key, or at its nearest ancestor that the text holds."""
        return Fault(message, nearest_place(self.places, key), key)

    def error(self, key: str, message: str) -> ConfigError:
        """The same as an exception to raise."""
        return ConfigError(faults=[self.fault(key, message)])


def nearest_place(places: Mapping[str, Place], key: str) -> Place | None:
    """Where a dotted key stands, or else the nearest ancestor of it."""
    while key not in places and key:
        key = key.rpartition(".")[0]
    return places.get(key)
