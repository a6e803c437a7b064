"""The error for one picture file that cannot be used."""

from __future__ import annotations

from nettrain.errors import DataError


class BadPicture(DataError):
    """A picture file that cannot be used: its ``path``, and the ``reason`` in words.

    ``what`` is the reason without the setting that would take it, for where none can be set.
    """

    def __init__(self, path: str, reason: str, what: str | None = None) -> None:
        super().__init__(reason, path)
        self.path = path
        self.reason = reason
        self.what = reason if what is None else what
