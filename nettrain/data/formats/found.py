"""What a look at a picture file's structure finds before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass


class Damaged(ValueError):
    """A picture file that cannot be taken; the message says why, for a reader who knows no file formats.

    ``what`` is the reason alone; a ``cure`` follows it where a setting of the config would take the picture.
    """

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(f"{what}; {cure}" if cure else what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Found:
    """A picture file's size (pixels, as stored), and the bytes that a decoder needs to make its first frame.

    Notes   ``data`` leaves out comments, colour profiles, thumbnails and later frames where the format lets them be
            cut away, so that no decoder sees them. ``key`` is the one colour that counts as transparent, in samples as
            stored (16 bits) or scaled to 0..255 (fewer). ``shrinkable``: the decoder can shrink while decoding.
            ``mode``: Pillow's name for the pixels of a JPEG that its decoder can be handed as it is. ``before``: how
            many pictures a decoder gives before the first frame of a clip. ``pages``: where those of a file lie that
            has each by itself.
    """

    width: int
    height: int
    data: bytes
    frames: int = 1
    orientation: int = 1
    shrinkable: bool = False
    key: tuple[int, ...] | None = None
    mode: str | None = None
    before: int = 0
    pages: tuple[int, ...] = ()
