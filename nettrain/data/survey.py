"""A look at pictures that nobody has described: their classes, and what a sample of them, or of clips, is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers, get_threads
from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.clip_listing import Clips
from nettrain.data.clip_signs import go_on, series
from nettrain.data.clips import FOLDER, Frames
from nettrain.data.config import ImageConfig
from nettrain.data.decoding import Progress
from nettrain.data.labels import counts
from nettrain.data.layout import Layout, find_layout
from nettrain.data.pictures import from_item
from nettrain.data.reader import Reader
from nettrain.data.still import inspected
from nettrain.data.wanted import A_LOOK
from nettrain.errors import DataError, escape

I64 = npt.NDArray[np.int64]

SAMPLE = 256  # pictures that are looked at, spread over all
SMALL = (32, 32)  # what each is made to see its colours
STILL, CLIP = ImageConfig(SMALL, animated="first"), ImageConfig(SMALL, frames=A_LOOK)
COLOURLESS = 3.0  # mean difference between the channels, of 255, that a grey picture may have: JPEG's doing
HELD = {  # how it shows that a source of this kind holds clips
    "csv": "The list names folders, each with the frames of a clip",
    "npz": "The images have an axis of time, (N,T,H,W,C)",
}
TURNED = 5  # EXIF orientations from here on swap the sides


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture is like: its sides upright, in pixels, how many frames it has, whether it is grey."""

    height: int
    width: int
    frames: int
    grey: bool


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What was found.

    Shapes   ``sizes (n,2)`` are (H, W) of the n good pictures, or clips, in the sample; ``frames (n,)`` of each.
    Notes    ``bad`` are (path, reason) of those in the sample that cannot be read. ``signs`` says how it shows that all
             are clips; it is empty for pictures.
    """

    layout: Layout
    sizes: I64
    frames: I64
    grey: bool
    bad: tuple[tuple[str, str], ...]
    signs: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        return self.layout.train.classes

    @property
    def counts(self) -> list[int]:
        """Pictures of each class."""
        return list(map(int, counts(self.layout.train.labels, len(self.classes))))

    @property
    def animated(self) -> bool:
        """Whether some are animations, where they are no clips."""
        return not self.signs and bool((self.frames > 1).any())

    @property
    def sampled(self) -> int:
        return len(self.sizes) + len(self.bad)


def survey(root: str, progress: Progress | None = None) -> Survey:
    """Look at a source; at most 256 of its pictures, or of its clips, are read, the same ones every time.

    Errors   DataError: those of ``find_layout``; no picture of the sample can be read.
    Notes    ``progress(done, total)`` is called from this thread.
    """
    layout = find_layout(root)
    image = STILL if layout.wanted.frames is None else CLIP
    signs, found = HELD.get(layout.kind, "") if image is CLIP else "", _looks(layout, image, progress)
    if image is STILL and (signs := _signs(layout, found)):
        layout, image = layout.as_clips(), CLIP
        found = _looks(layout, image, progress)
    looks = [look for look in found.values() if isinstance(look, Look)]
    where = layout.train.reader.where
    bad = tuple((where(name), reason) for name, reason in found.items() if isinstance(reason, str))
    if not looks:
        what = "pictures" if image is STILL else "clips"
        raise DataError(
            f"none of {len(bad)} {what} that were tried can be read, such as {bad[0][0]!r}: {bad[0][1]}", root
        )
    sizes = np.array([(look.height, look.width) for look in looks], np.int64)
    frames = np.array([look.frames for look in looks], np.int64)
    return Survey(layout, sizes, frames, all(look.grey for look in looks), bad, signs)


def _signs(layout: Layout, found: Mapping[str, Look | str]) -> str:
    """How it shows that pictures are clips, if all are: animations, and folders of frames."""
    looks = {name: look for name, look in found.items() if isinstance(look, Look)}
    still = [name for name, look in looks.items() if look.frames == 1]
    if not still:
        return "Every picture that was looked at is an animation" if looks else ""
    folders = series(layout.train.files) if layout.kind == "folder" else {}
    if any(name.rpartition("/")[0] not in folders for name in still):
        return ""
    if not go_on(layout.train.reader, list(folders.values())):
        return ""
    first = escape(next(iter(folders)))
    what = f"The pictures in a folder inside a class, such as {first}/, are numbered, and each is much like the next"
    return what if len(still) == len(looks) else f"{what}; beside them lie animations"


def _looks(layout: Layout, image: ImageConfig, progress: Progress | None) -> dict[str, Look | str]:
    """A sample by name: what each is like, or why it cannot be read."""
    files, reader = layout.train.files, layout.train.reader
    places = np.unique(np.linspace(0, len(files) - 1, min(len(files), SAMPLE)).astype(np.int64))
    names = [files[place] for place in places]
    found: dict[str, Look | str] = {}
    with Workers(get_threads(), "nettrain-look") as pool:
        for name, look in zip(names, pool.map(partial(_look, reader, image), names), strict=True):
            found[name] = look
            if progress is not None:
                progress(len(found), len(names))
    return found


def _look(reader: Reader, image: ImageConfig, name: str) -> Look | str:
    """What a picture or clip is like, or why it cannot be read."""
    try:
        item = reader.read(name, most_bytes(image))
        pixels = from_item(item, image, reader.where(name)).astype(np.int64)
    except BadPicture as problem:
        return problem.reason
    grey = float((pixels.max(axis=-1) - pixels.min(axis=-1)).mean()) < COLOURLESS
    if item.shape is not None:
        *time, height, width, _ = item.shape
        return Look(height, width, time[0] if time else 1, grey)
    data = item.data.apart()[0][1] if isinstance(item.data, Frames) else item.data
    _, found = inspected(data, clip=image.frames is not None)
    sides = (found.width, found.height) if found.orientation >= TURNED else (found.height, found.width)
    frames = reader.length(name) if isinstance(reader, Clips) and name.endswith(FOLDER) else found.frames
    return Look(*sides, frames, grey)
