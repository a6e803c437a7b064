"""How a picture file stores its pixels, in words."""

from __future__ import annotations

import io

from nettrain.data.formats import tiff
from nettrain.data.formats.found import Found
from nettrain.data.formats.table import Format

_PNG_HEADER = 24  # where a PNG file has the bits of a sample, and behind them its colour type
_PNG_COLOURS = {0: "grey", 2: "colour", 3: "palette", 4: "grey with alpha", 6: "colour with alpha"}
_TIFF_COLOURS = {  # each with its samples a pixel
    tiff.WHITE_IS_0: ("grey", 1),
    tiff.BLACK_IS_0: ("grey", 1),
    tiff.RGB: ("colour", 3),
    tiff.PALETTE: ("palette", 1),
    tiff.CMYK: ("CMYK", 4),
}
_MODES = {  # Pillow's names
    "1": "black and white",
    "L": "grey",
    "LA": "grey with alpha",
    "P": "palette",
    "RGB": "colour",
    "RGBA": "colour with alpha",
}


def layout(kind: Format, found: Found) -> str:
    """Such as ``grey``, ``16-bit colour with alpha`` or ``CMYK``."""
    if kind.name == "PNG":
        depth, colour = found.data[_PNG_HEADER : _PNG_HEADER + 2]
        clear = " with a transparent colour" if found.key is not None else ""
        return f"{'16-bit ' if depth == 16 else ''}{_PNG_COLOURS[colour]}{clear}"
    if kind.name == "TIFF":
        return _of_tiff(found)
    if kind.name == "GIF":
        return "palette"
    mode = found.mode or ("" if kind.decoder is None else kind.decoder(io.BytesIO(found.data)).mode)
    return _MODES.get(mode, mode)


def _of_tiff(found: Found) -> str:
    page, _, _ = tiff.read_page(found.data, "<" if found.data.startswith(b"II") else ">", found.pages[0])
    name, samples = _TIFF_COLOURS[page.meaning]
    if page.bits == 1 and name == "grey":
        return "black and white"
    more = " with alpha" if page.samples > samples else ""
    return f"{'16-bit ' if page.bits == 16 else ''}{name}{more}"
