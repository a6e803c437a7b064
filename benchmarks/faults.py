"""What ends the rig with one line: what was asked for cannot be, or a side failed in the middle."""

from __future__ import annotations


class Fault(Exception):
    """The line, without its beginning. ``code`` is what the process ends with: 2 where nothing was measured."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code
