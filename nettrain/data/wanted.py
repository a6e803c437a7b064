"""What a source is asked for: how many labels an item has, and whether it is a picture or a clip."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.data.config import DataConfig

A_LOOK = 2  # frames of a clip, to see what it is like


@dataclass(frozen=True, slots=True)
class Wanted:
    """``several`` labels an item, or one; clips of so many ``frames``, or pictures.

    ``stills`` says that a picture may stand for a clip, ``first`` that the first frame of a clip may for a picture.
    """

    several: bool = False
    frames: int | None = None
    stills: bool = False
    first: bool = False

    @classmethod
    def by(cls, data: DataConfig) -> Wanted:
        """What a config asks for."""
        image = data.image
        return cls(data.several, image.frames, image.stills == "repeat", image.animated == "first")
