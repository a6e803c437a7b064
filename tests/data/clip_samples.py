"""Clips made by hand: frames as arrays, and the files that hold them."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from data.samples import chunk, noise, png_of
from PIL import Image

LOSSLESS: dict[str, dict[str, Any]] = {
    "GIF": {},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
}


def greys(count: int, height: int = 5, width: int = 4) -> list[np.ndarray]:
    """Frames (H,W), all different; few enough shades for the palette of a GIF."""
    return [noise(height, width, 1, seed=seed) for seed in range(count)]


def clip(frames: list[np.ndarray], kind: str = "GIF", **settings: Any) -> bytes:
    """The file that Pillow writes of frames (H,W) or (H,W,C)."""
    file, pictures = io.BytesIO(), [Image.fromarray(frame) for frame in frames]
    settings = LOSSLESS[kind] | settings
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:], **settings)
    return file.getvalue()


def frame_folder(root: Path, frames: list[np.ndarray], name: str = "{:d}.png") -> Path:
    """A folder with a PNG file a frame, numbered from 1."""
    root.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames, 1):
        (root / name.format(number)).write_bytes(png_of(frame))
    return root


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of every chunk of a PNG file."""
    found, place = [], 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def png_file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


FRAMES = 4  # that are taken of each clip


def clip_files() -> tuple[dict[str, bytes], dict[str, list[np.ndarray]]]:
    """Files of two classes below a folder, and the frames of each clip among them by the clip's name.

    Notes    A clip is an animation, a folder of frames, or either of them one folder deeper; one of the folders has
             eleven frames, so that their numbers have to be read as such.
    """
    files, clips = dict[str, bytes](), dict[str, list[np.ndarray]]()
    for place, label in enumerate(("left", "right")):
        made = greys(40 + 20 * place)[20 * place :]
        clips[f"{label}/a.gif"], clips[f"{label}/b/"], clips[f"{label}/day/c/"] = made[:5], made[4:15], made[12:15]
        files[f"{label}/a.gif"] = clip(made[:5])
        for name in (f"{label}/b/", f"{label}/day/c/"):
            files |= {f"{name}{number}.png": png_of(frame) for number, frame in enumerate(clips[name], 1)}
    return files, clips


def taken(frames: list[np.ndarray]) -> np.ndarray:
    """The frames (T,H,W,1) that stand for a clip."""
    total = len(frames)
    wanted = [*range(total), *[total - 1] * (FRAMES - total)] if total < FRAMES else [1, 4, 6, 9] if total > 5 else None
    return np.stack([frames[place] for place in wanted or [0, 1, 3, 4]])[..., None]
