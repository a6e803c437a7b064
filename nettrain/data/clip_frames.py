"""The frames of a clip: of an animation, of a file of several pages, or of a folder with a file each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PIL import Image

from nettrain.data.caps import check_clip
from nettrain.data.clips import Frames, sampled
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged, Found
from nettrain.data.formats.table import Format
from nettrain.data.modes import to_bytes
from nettrain.data.still import decoding, inspected, opened, still, upright
from nettrain.errors import escape

Made = Callable[[int], Image.Image]  # the frame of this number, decoded; asked for in rising order


def frames_of(data: bytes, image: ImageConfig, frames: int) -> tuple[int, Made]:
    """How many frames a clip has, and what decodes those that ``frames`` of them are taken from.  Errors: ``Damaged``.

    Notes    ``data`` are the bytes of a file, or ``Frames`` of a folder.
    """
    if isinstance(data, Frames):
        files = data.apart()
        return len(files), _of_folder(files, image)
    kind, found = inspected(data, clip=True)
    made = _of_file(kind, found, image, sampled(found.frames, frames)) if found.frames > 1 else None
    return found.frames, made or (lambda _: still(data, image))


def _of_file(kind: Format, found: Found, image: ImageConfig, wanted: list[int]) -> Made:
    """The frames of an animation or of a file of several pages."""
    page = kind.page
    check_clip(found, image, wanted[-1] + 1 if page is None else len(set(wanted)))
    kind.verify(found)
    if page is not None:

        def by_itself(number: int) -> Image.Image:
            with decoding(kind.name):
                return upright(to_bytes(page(found, number), None, image), found)

        return by_itself
    picture = opened(kind, found)

    def frame(number: int) -> Image.Image:
        with decoding(kind.name):
            picture.seek(found.before + number)
            picture.load()
            if picture.size != (found.width, found.height):
                sizes = f"{picture.width}x{picture.height}, not {found.width}x{found.height}"
                raise Damaged(f"damaged: frame {number + 1} has {sizes} pixels")
            return upright(to_bytes(picture, None, image), found)

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
            return still(data, image)

    return frame


@contextmanager
def _named(name: str) -> Iterator[None]:
    """What is wrong with a frame of a folder is said with its name."""
    try:
        yield
    except Damaged as problem:
        raise Damaged(f"frame {escape(name)}: {problem}") from problem
