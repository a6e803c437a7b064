"""The sheet of what augmentation makes of pictures: a row a picture, as it is and in each epoch, as one PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from nettrain.errors import escape
from nettrain.training.probing.augmenting import Seen, Shown

U8 = npt.NDArray[np.uint8]
CELL = 112  # pixels, about, of the longer side of a picture on the sheet
NARROWEST = 56  # of a column, so that what stands over it has room
GAP, ASIDE, MARGIN = 6, 22, 28  # between pictures; after those as they are; around the sheet
HEAD, LABEL, BESIDE = 92, 150, 14  # the height of the title, the most width of the labels, and what is beside them
CAPTION, LINE, SHARES = 10, 12, 2  # letters below a mixed picture, the height of a line of them, how many lines
INK, FAINT, RULE, PAPER = "#24292f", "#6e7781", "#d0d7de", "#ffffff"
TITLE, TEXT = 20, 13  # sizes of letters
CHECKS = 8  # pixels of a check that shows through what is transparent
LIGHT, DARK = 255, 224


def augment_sheet(rows: Sequence[Shown], name: str, what: Sequence[str]) -> bytes:
    """The PNG of pictures as they are ``seen``; ``name`` is the config's, ``what`` its augmentations, in words."""
    cell = rows[0].before.shape[1::-1]
    columns = len(rows[0].after) + 1
    title, text, small = (ImageFont.load_default(size) for size in (TITLE, TEXT, CAPTION))
    labels = [fitting(escape(row.label), LABEL, text) for row in rows]
    start = MARGIN + math.ceil(max(text.getlength(label) for label in labels)) + BESIDE
    wide = max(cell[0], NARROWEST)
    high = cell[1] + (SHARES * LINE if are_mixed(rows) else 0)
    across = start + columns * (wide + GAP) + ASIDE + MARGIN
    lines = wrapped(what, across - 2 * MARGIN, text)
    top = HEAD + TEXT * 3 // 2 * (len(lines) - 1)
    sheet = Image.new("RGB", (across, top + len(rows) * (high + GAP) + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, 22), fitting(f"Augmentation: {escape(name)}", across - 2 * MARGIN, title), INK, title)
    for number, line in enumerate(lines):
        pen.text((MARGIN, 50 + number * TEXT * 3 // 2), line, FAINT, text)
    lefts = [start + column * (wide + GAP) + (ASIDE if column else 0) for column in range(columns)]
    for column, left in enumerate(lefts):
        words = f"epoch {column}" if column else "as it is"
        pen.text((left + wide / 2, top - 8), words, FAINT if column else INK, text, anchor="ms")
    rule = (lefts[0] + wide + lefts[1]) // 2 if columns > 1 else 0
    if rule:
        pen.line((rule, top - TEXT - 8, rule, sheet.height - MARGIN - GAP), RULE)
    for number, row in enumerate(rows):
        y = top + number * (high + GAP)
        if not number or row.label != rows[number - 1].label:
            pen.text((start - BESIDE, y + cell[1] / 2), labels[number], INK, text, anchor="rm")
        for left, shown in zip(lefts, (Seen(row.before, ()), *row.after), strict=True):
            if shown is None:
                pen.text((left + wide / 2, y + cell[1] / 2), "-", FAINT, text, anchor="mm")
                continue
            sheet.paste(Image.fromarray(shown.pixels), (left + (wide - cell[0]) // 2, y))
            for place, words in enumerate(captions(shown.shares) if high > cell[1] else ()):
                below = (left + wide / 2, y + cell[1] + (place + 1) * LINE - 2)
                pen.text(below, fitting(words, wide, small), FAINT, small, anchor="ms")
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def are_mixed(rows: Sequence[Shown]) -> bool:
    """Whether a picture on the sheet has only a share of a label."""
    return any(share < 1 for row in rows for shown in row.after if shown is not None for _, share in shown.shares)


def captions(shares: Sequence[tuple[str, float]]) -> list[str]:
    """Labels with their shares, each a line; the last line counts those that have no room."""
    lines = [f"{escape(label)} {share:.2f}" for label, share in shares]
    return lines if len(lines) <= SHARES else [*lines[: SHARES - 1], f"and {len(lines) - SHARES + 1} more"]


def seen(pixels: U8) -> U8:
    """A picture (H,W,C) as one sees it on the sheet, of three channels; checks show through where it is transparent."""
    height, width, channels = pixels.shape
    by = CELL / max(height, width)
    size = (max(1, round(width * by)), max(1, round(height * by)))
    if by > 1:  # whole pixels, so that each is as large as the next
        size = (width * round(by), height * round(by))
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels).convert("RGBA")
    picture = picture.resize(size, Image.Resampling.NEAREST if by > 1 else Image.Resampling.LANCZOS)
    y, x = np.mgrid[: size[1], : size[0]] // CHECKS
    ground = Image.fromarray(np.where((x + y) % 2, DARK, LIGHT).astype(np.uint8)).convert("RGBA")
    return np.asarray(Image.alpha_composite(ground, picture).convert("RGB"))


def fitting(words: str, width: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text, cut off with dots where it is wider than so many pixels."""
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "...") > width:
        words = words[:-1]
    return words + "..."


def wrapped(parts: Sequence[str], width: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """The parts, with commas between them, in lines of at most so many pixels."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        if lines[-1] and font.getlength(longer) > width:
            lines[-1] += ","
            longer = part
            lines.append("")
        lines[-1] = longer
    return [fitting(line, width, font) for line in lines]
