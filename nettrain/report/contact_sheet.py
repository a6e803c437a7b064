"""A contact sheet as a PNG file: sections of small pictures, in groups that stand together, each with a caption."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

SIDE = 96  # pixels of a picture each way
ACROSS = 8  # pictures in a row
_GAP, _BETWEEN, _LINE = 6, 24, 16  # pixels between pictures, around groups, and of a line of text
_PAPER, _INK, _FRAME = (255, 255, 255), (20, 20, 20), (150, 150, 150)
_WIDTH = _BETWEEN + ACROSS * (SIDE + _BETWEEN)
_ROW = SIDE + _LINE + _BETWEEN


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A picture, uint8 (96,96,3), and what stands below it."""

    caption: str
    picture: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Groups of at most eight pictures, and what stands above them."""

    title: str
    groups: Sequence[Sequence[Cell]]


def contact_sheet(sections: Sequence[Section]) -> bytes:
    """The PNG file of a sheet.

    Notes    a text that is too long for its place is cut in its middle, and what is not ASCII is escaped.
    """
    placed, top = [], _BETWEEN
    for section in sections:
        title, top = top, top + _LINE + _GAP
        cells = list(_flow(section.groups))
        placed.append((section.title, title, [(cell, left, top + _ROW * row) for cell, left, row in cells]))
        top += _ROW * (1 + max((row for _, _, row in cells), default=-1))
    sheet = Image.new("RGB", (_WIDTH, top + _BETWEEN), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for text, line, cells_there in placed:
        draw.text((_BETWEEN, line), _fitting(text, font, _WIDTH - 2 * _BETWEEN), _INK, font)
        for cell, left, above in cells_there:
            sheet.paste(Image.fromarray(cell.picture), (left, above))
            draw.rectangle((left - 1, above - 1, left + SIDE, above + SIDE), outline=_FRAME)
            draw.text((left, above + SIDE + 2), _fitting(cell.caption, font, SIDE), _INK, font)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _flow(groups: Sequence[Sequence[Cell]]) -> Iterator[tuple[Cell, int, int]]:
    """Each picture with its left edge and its row; a group is not broken."""
    left, row = _BETWEEN, 0
    for group in groups:
        if left > _BETWEEN and left + len(group) * (SIDE + _GAP) > _WIDTH - _BETWEEN + _GAP:
            left, row = _BETWEEN, row + 1
        for cell in group:
            yield cell, left, row
            left += SIDE + _GAP
        left += _BETWEEN - _GAP


def _fitting(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, room: int) -> str:
    """A text that takes at most ``room`` pixels."""
    text = text.encode("ascii", "backslashreplace").decode()
    whole, left = text, len(text)
    while font.getlength(text) > room and left > 2:
        left -= 1
        text = f"{whole[: left // 2]}..{whole[len(whole) - (left - left // 2) :]}"
    return text
