"""From a picture file, or a clip, to pixels: one path for fit, evaluate and predict; the only place that decodes."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import check_clip, most_bytes, shrunk_by
from nettrain.data.clips import Frames, read_frames, sampled
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged, Found
from nettrain.data.formats.table import Format, describe, recognise
from nettrain.data.modes import to_bytes
from nettrain.data.reader import Item
from nettrain.data.reading import read
from nettrain.data.resize import fitted
from nettrain.data.tree import DISK
from nettrain.errors import EnvironmentFault, escape

U8 = npt.NDArray[np.uint8]
MEMORY = "a picture in memory"
Made = Callable[[int], Image.Image]  # the frame of this number, decoded; asked for in rising order

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load(path: str | os.PathLike[str], image: ImageConfig) -> U8:
    """The pixels of one picture file or clip, 0..255.

    Shapes   ``image.shape``, (H,W,C) or (T,H,W,C), C-contiguous.
    Errors   BadPicture names the file and why it cannot be used; EnvironmentFault if the machine is in the way.
    """
    return decode(load_bytes(path, image), image, path)


def load_bytes(path: str | os.PathLike[str], image: ImageConfig) -> bytes:
    """The bytes of a picture file, or those of a folder's frames, for ``decode``; errors as for ``load``."""
    if image.frames is not None and os.path.isdir(path):
        return read_frames(DISK, os.fspath(path), image.frames, most_bytes(image))
    return read(os.fspath(path), most_bytes(image))


def decode(data: bytes, image: ImageConfig, path: str | os.PathLike[str]) -> U8:
    """The pixels of the bytes of a picture or clip; ``path`` is for messages. Shapes and errors as for ``load``."""
    try:
        return _pixels(_still(data, image), image) if image.frames is None else _clip(data, image, image.frames)
    except Damaged as problem:
        raise BadPicture(os.fspath(path), str(problem)) from None
    except MemoryError:
        raise EnvironmentFault("not enough memory to decode the picture", os.fspath(path)) from None


def from_image(picture: Image.Image, image: ImageConfig, path: str | os.PathLike[str] = MEMORY) -> U8:
    """The pixels of a picture that is decoded already. Shapes as for ``load``; errors: BadPicture."""
    if image.frames is None:
        return _in_memory(1, lambda _: picture, image, path)

    def frame(number: int) -> Image.Image:
        picture.seek(number)
        return picture

    return _in_memory(getattr(picture, "n_frames", 1), frame, image, path)


def from_frames(frames: Sequence[Image.Image], image: ImageConfig) -> U8:
    """The pixels of a clip whose frames are decoded already, or of one picture. Shapes and errors: ``from_image``."""
    return _in_memory(len(frames), frames.__getitem__, image, MEMORY)


def _in_memory(total: int, frame: Made, image: ImageConfig, path: str | os.PathLike[str]) -> U8:
    try:
        if image.frames is None:
            return _pixels(to_bytes(frame(0), None, image), image)
        return _taken(total, lambda number: to_bytes(frame(number), None, image), image, image.frames)
    except Damaged as problem:
        raise BadPicture(os.fspath(path), str(problem)) from None
    except MemoryError:
        raise EnvironmentFault("not enough memory for the picture", os.fspath(path)) from None


def from_item(item: Item, image: ImageConfig, path: str) -> U8:
    """The pixels of an item of a source; ``path`` is for messages. Shapes and errors as for ``load``."""
    if item.shape is None:
        return decode(item.data, image, path)
    height, width, channels = item.shape
    shape = (height, width) if channels == 1 else item.shape
    return from_image(Image.fromarray(np.frombuffer(item.data, np.uint8).reshape(shape)), image, path)


def inspected(data: bytes, clip: bool = False) -> tuple[Format, Found]:
    """What a picture file's bytes are, and their structure, before any pixel is decoded.  Errors: ``Damaged``.

    Notes    With ``clip`` all its frames are looked at.
    """
    kind = recognise(data)
    if kind is None:
        raise Damaged(describe(data))
    look = kind.inspect_clip if clip and kind.inspect_clip is not None else kind.inspect
    try:
        return kind, look(data)
    except (struct.error, IndexError):
        raise Damaged(f"cut off: the {kind.name} file is only {len(data)} bytes long") from None


def _still(data: bytes, image: ImageConfig) -> Image.Image:
    """One picture, upright."""
    kind, found = inspected(data)
    if found.frames > 1 and image.frames is None and image.animated == "error":
        raise Damaged(
            f"an animation of {found.frames} frames; set data.image.animated: first to take the first of each,"
            " or data.image.frames to train on clips"
        )
    by = shrunk_by(found, image)
    kind.verify(found)
    return _upright(_decoded(kind, found, by, image), found)


def _clip(data: bytes, image: ImageConfig, frames: int) -> U8:
    if isinstance(data, Frames):
        files = data.apart()
        return _taken(len(files), _of_folder(files, image), image, frames)
    kind, found = inspected(data, clip=True)
    made = _of_file(kind, found, image, sampled(found.frames, frames)) if found.frames > 1 else None
    return _taken(found.frames, made or (lambda _: _still(data, image)), image, frames)


def _taken(total: int, made: Made, image: ImageConfig, frames: int) -> U8:
    """The frames (T,H,W,C) that stand for a clip; one that stands for several is made once."""
    if total == 1 and image.stills == "error":
        cure = "set data.image.stills: repeat to take such a one for every frame"
        raise Damaged(f"a single picture, where data.image.frames wants a clip; {cure}")
    pixels, wanted = np.empty(image.shape, np.uint8), sampled(total, frames)
    for place, number in enumerate(wanted):
        again = place > 0 and number == wanted[place - 1]
        pixels[place] = pixels[place - 1] if again else _pixels(made(number), image)
    return pixels


def _of_file(kind: Format, found: Found, image: ImageConfig, wanted: list[int]) -> Made:
    """The frames of an animation or of a file of several pages."""
    page = kind.page
    check_clip(found, image, wanted[-1] + 1 if page is None else len(set(wanted)))
    kind.verify(found)
    if page is not None:

        def by_itself(number: int) -> Image.Image:
            with _decoding(kind):
                return _upright(to_bytes(page(found, number), None, image), found)

        return by_itself
    picture = _opened(kind, found)

    def frame(number: int) -> Image.Image:
        with _decoding(kind):
            picture.seek(found.before + number)
            picture.load()
            if picture.size != (found.width, found.height):
                sizes = f"{picture.width}x{picture.height}, not {found.width}x{found.height}"
                raise Damaged(f"damaged: frame {number + 1} has {sizes} pixels")
            return _upright(to_bytes(picture, None, image), found)

    return frame


def _of_folder(files: list[tuple[str, bytes]], image: ImageConfig) -> Made:
    """The frames of a folder, each a file of its own: none an animation, all of one size."""
    first: Found | None = None
    for name, data in files:
        with _named(name):
            _, found = inspected(data)
            if found.frames > 1:
                raise Damaged(f"an animation of {found.frames} frames among the frames of a folder")
            first = first or found
            if (found.width, found.height) != (first.width, first.height):
                sizes = f"{found.width}x{found.height}, the first frame {first.width}x{first.height}"
                raise Damaged(f"frames of several sizes: it has {sizes}")
            check_clip(found, image, len(files))

    def frame(number: int) -> Image.Image:
        name, data = files[number]
        with _named(name):
            return _still(data, image)

    return frame


def _pixels(picture: Image.Image, image: ImageConfig) -> U8:
    """The picture as the config wants it, (H,W,C)."""
    pixels = np.frombuffer(bytearray(fitted(picture, image).tobytes()), np.uint8)
    return pixels.reshape(*image.size, image.channels)


def _upright(picture: Image.Image, found: Found) -> Image.Image:
    return picture if found.orientation == 1 else picture.transpose(_UPRIGHT[found.orientation])


def _decoded(kind: Format, found: Found, by: int, image: ImageConfig) -> Image.Image:
    """The first frame as bytes, decoded whole."""
    with _decoding(kind):
        if by == 1 and (quick := kind.quick(found)) is not None:
            return to_bytes(quick, found.key, image)
        picture = _opened(kind, found)
        if by > 1:
            picture.draft(None, (found.width // by, found.height // by))
        elif picture.size != (found.width, found.height):
            raise Damaged(f"damaged: two sizes, {found.width}x{found.height} and {picture.width}x{picture.height}")
        picture.load()
        return to_bytes(picture, found.key, image)


def _opened(kind: Format, found: Found) -> ImageFile:
    """The file in its decoder's hands."""
    with _decoding(kind):
        if kind.decoder is None:
            raise TypeError(f"{kind.name} files are decoded page by page")
        return kind.decoder(io.BytesIO(found.data))


@contextmanager
def _decoding(kind: Format) -> Iterator[None]:
    """Whatever goes wrong in a decoder leaves here as Damaged."""
    try:
        yield
    except (Damaged, MemoryError):
        raise
    except Exception as problem:  # a decoder raises anything; the reason goes on with the file's name
        raise Damaged(f"damaged or cut off; the {kind.name} decoder says: {escape(problem)}") from problem


@contextmanager
def _named(name: str) -> Iterator[None]:
    """What is wrong with a frame of a folder is said with its name."""
    try:
        yield
    except Damaged as problem:
        raise Damaged(f"frame {escape(name)}: {problem}") from problem
