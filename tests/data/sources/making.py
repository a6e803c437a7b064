"""The same pictures as every kind of source has them, made with the standard library and NumPy."""

from __future__ import annotations

import csv
import gzip
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from data.archives.packing import packed
from data.samples import png_of

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """Pictures (N,H,W) or (N,H,W,C), each with a number of ``names`` for a label, in the order of the labels."""

    pixels: U8
    labels: Sequence[int]
    names: Sequence[str]

    @property
    def files(self) -> dict[str, bytes]:
        """A folder a class."""
        return {
            f"{self.names[label]}/{place:03d}.png": png_of(picture)
            for place, (label, picture) in enumerate(zip(self.labels, self.pixels, strict=True))
        }


def sample(each: int = 6, size: int = 8, channels: int = 1, seed: int = 1, names: Sequence[str] = "012") -> Sample:
    """So many pictures of each class, which differ in how bright they are, so that they can be learnt."""
    labels = np.repeat(np.arange(len(names)), each)
    shape = (len(labels), size, size) if channels == 1 else (len(labels), size, size, channels)
    noise = np.random.default_rng(seed).integers(0, 256 // len(names), shape)
    bright = labels.reshape(-1, *[1] * (len(shape) - 1)) * (256 // len(names))
    return Sample((noise + bright).astype(np.uint8), labels.tolist(), names)


def put(root: Path, files: dict[str, bytes]) -> Path:
    """Files below a folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def idx(array: npt.ArrayLike) -> bytes:
    """An IDX file of unsigned bytes."""
    data = np.asarray(array, np.uint8)
    return struct.pack(f">2xBB{data.ndim}I", 8, data.ndim, *data.shape) + data.tobytes()


def mnist(root: Path, made: Sample, name: str = "train", ending: str = "") -> Path:
    """The two files of a set, packed where the ending is ``.gz``; returns that of the pictures."""
    pack: Callable[[bytes], bytes] = gzip.compress if ending == ".gz" else bytes
    images = f"{name}-images-idx3-ubyte{ending}"
    put(root, {images: pack(idx(made.pixels)), f"{name}-labels-idx1-ubyte{ending}": pack(idx(made.labels))})
    return root / images


def records(made: Sample, coarse: bool = False) -> bytes:
    """Records of CIFAR: the label (with a coarse one before it in CIFAR-100), then a colour after another."""
    planes = made.pixels.transpose(0, 3, 1, 2)
    return b"".join(
        bytes([9, label] if coarse else [label]) + picture.tobytes()
        for label, picture in zip(made.labels, planes, strict=True)
    )


def manifest(rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV with these rows, the first of which names its columns."""
    lines: list[str] = []

    class Lines:
        def write(self, line: str) -> None:
            lines.append(line)

    csv.writer(Lines(), lineterminator="\n").writerows(rows)
    return "".join(lines).encode()


def as_manifest(root: Path, made: Sample) -> Path:
    rows = [("path", "label"), *((name, name.split("/")[0]) for name in made.files)]
    return put(root, {**made.files, "list.csv": manifest(rows)}) / "list.csv"


def as_npz(root: Path, made: Sample) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    np.savez(root / "a.npz", images=made.pixels, labels=np.array(made.labels), classes=np.array(list(made.names)))
    return root / "a.npz"


def as_packed_npz(root: Path, made: Sample) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    texts = np.array([made.names[label] for label in made.labels])
    np.savez_compressed(root / "a.npz", images=made.pixels, labels=texts)
    return root / "a.npz"


def as_archive(ending: str, listed: bool = False) -> Callable[[Path, Sample], Path]:
    def make(root: Path, made: Sample) -> Path:
        root.mkdir(parents=True, exist_ok=True)
        files = {f"top/{name}": data for name, data in made.files.items()}
        rows = [("path", "label"), *((name, name.split("/")[0]) for name in made.files)]
        return packed(root / f"a{ending}", {**files, **({"top/list.csv": manifest(rows)} if listed else {})})

    return make


def as_cifar(root: Path, made: Sample) -> Path:
    """As CIFAR-10 has it; in pictures of 32x32 pixels."""
    names = "".join(f"{name}\n" for name in made.names).encode()
    put(root, {"data_batch_1.bin": records(made), "batches.meta.txt": names})
    return root


def as_cifar_100(root: Path, made: Sample) -> Path:
    names = "".join(f"{name}\n" for name in made.names).encode()
    put(root, {"train.bin": records(made, coarse=True), "fine_label_names.txt": names})
    return root


GREY: dict[str, Callable[[Path, Sample], Path]] = {
    "folder": lambda root, made: put(root, made.files),
    "csv": as_manifest,
    "zip": as_archive(".zip"),
    "zip of a list": as_archive(".zip", listed=True),
    "tar": as_archive(".tar"),
    "tar.gz": as_archive(".tar.gz"),
    "tar.xz of a list": as_archive(".tar.xz", listed=True),
    "idx": mnist,
    "idx.gz": lambda root, made: mnist(root, made, ending=".gz"),
    "folder of idx": lambda root, made: mnist(root, made).parent,
    "npz": as_npz,
    "npz, packed": as_packed_npz,
}
COLOUR: dict[str, Callable[[Path, Sample], Path]] = {
    "folder": GREY["folder"],
    "cifar": as_cifar,
    "cifar-100": as_cifar_100,
    "npz": as_npz,
    "tar.gz": GREY["tar.gz"],
}
