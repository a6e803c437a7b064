"""How large a picture or a clip may be, before any of it is decoded."""

from __future__ import annotations

from nettrain.data.clips import MOST_FRAMES, too_many
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged, Found
from nettrain.data.resize import shrink

MEGA = 1_000_000
CAP_MEGAPIXELS = 25  # decoded whole: up to 17 bytes a pixel at once (WebP, whose decoder keeps two canvases)
CAP_SHRUNK_MEGAPIXELS = 64  # a JPEG that its decoder shrinks, so at most a quarter of this is held
BYTES_A_PIXEL = 8  # of 16-bit RGBA, the widest that a file can hold
RAISE = "data.image.max_megapixels can raise that cap"
CAP_CLIP = 40  # times the cap of one picture: the pixels of all frames that have to be decoded for those of a clip


def most_bytes(image: ImageConfig) -> int:
    """Bytes that a file, or the frames of a folder, may have."""
    return int((image.max_megapixels or CAP_SHRUNK_MEGAPIXELS) * MEGA) * BYTES_A_PIXEL + MEGA


def shrunk_by(found: Found, image: ImageConfig) -> int:
    """What the decoder may shrink by, if the size of a picture is allowed.  Errors: ``Damaged``."""
    if found.width < 1 or found.height < 1:
        raise Damaged(f"damaged: its size is {found.width}x{found.height} pixels")
    by = shrink(found.width, found.height, image) if found.shrinkable else 1
    cap = image.max_megapixels or (CAP_SHRUNK_MEGAPIXELS if by > 1 else CAP_MEGAPIXELS)
    if found.width * found.height > cap * MEGA:
        size = f"{found.width}x{found.height}"
        raise Damaged(f"{size} pixels are more than {cap:g} megapixels", RAISE)
    return by


def check_clip(found: Found, image: ImageConfig, decoded: int) -> None:
    """Refuse a clip of too many frames, or one of which too much has to be decoded.  Errors: ``Damaged``."""
    if found.frames > MOST_FRAMES:
        raise Damaged(too_many(found.frames))
    shrunk_by(found, image)
    cap = CAP_CLIP * (image.max_megapixels or CAP_MEGAPIXELS)
    if found.width * found.height * decoded > cap * MEGA:
        size = f"{decoded} frames of {found.width}x{found.height} pixels"
        raise Damaged(f"{size} are more than {cap:g} megapixels", RAISE)
