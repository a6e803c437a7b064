"""The error for one picture file that cannot be used."""

from __future__ import annotations

from nettrain.errors import DataError


class BadPicture(DataError):
    """A picture file that cannot be used: its ``path``, and the ``reason`` in words."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason, path)
        self.path = path
        self.reason = reason
