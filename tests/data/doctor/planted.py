"""A clean folder of pictures, and a way to plant each fault that the doctor looks for: one fault, and nothing else."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.samples import SCENE as SIDE
from data.samples import exif, scene
from PIL import Image

from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.examine import examine
from nettrain.data.doctor.finding import Finding
from nettrain.data.doctor.manifest import manifest_csv
from nettrain.data.doctor.table import findings


def clean(root: Path, train: int = 6, test: int = 3) -> Path:
    """A folder with train/ and test/, so many pictures of each of two classes, all different."""
    seed = 0
    for split, count in (("train", train), ("test", test)):
        for label in ("cat", "dog"):
            (root / split / label).mkdir(parents=True)
            for place in range(count):
                seed += 1
                scene(seed).save(root / split / label / f"{place}.png")
    return root


def look(root: Path, manifest: str | None = None, **data: object) -> tuple[Case, list[Finding]]:
    """What the doctor finds in a folder."""
    config = DataConfig(str(root), ImageConfig((32, 32)), **data)  # type: ignore[arg-type]
    case = examine(config, 1, lambda what, done, total: None, manifest)
    return case, findings(case)


def write_manifest(root: Path, file: Path) -> str:
    file.write_bytes(b"".join(manifest_csv(look(root)[0].sums())))
    return str(file)


@dataclass(frozen=True)
class Plant:
    """How to plant one fault of a kind, and the kinds that come with it of themselves."""

    plant: Callable[[Path], object]
    message: str
    beside: tuple[str, ...] = ()


def _again(root: Path, source: str, target: str, quality: int = 85) -> None:
    """The picture once more, as a camera or a web site would: another format, another size, lossy."""
    with Image.open(root / source) as picture:
        picture.resize((64, 64), Image.Resampling.LANCZOS).resize((SIDE, SIDE)).save(root / target, quality=quality)


def _copy(source: str, target: str) -> Callable[[Path], object]:
    return lambda root: shutil.copy(root / source, root / target)


def _cut(root: Path) -> None:
    path = root / "train/cat/1.png"
    path.write_bytes(path.read_bytes()[:-20])


def _turned(root: Path) -> None:
    scene(103).save(root / "train/dog/turned.png", exif=exif(3))


def _many(root: Path) -> None:
    for seed in range(200, 260):
        scene(seed).save(root / f"train/dog/{seed}.png")


def _apng(root: Path) -> None:
    scene(100).save(root / "train/cat/moves.png", save_all=True, append_images=[scene(101)])


def _of(root: Path, path: str, data: bytes = b"x") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _saved(path: str, seed: int, width: int = SIDE, height: int = SIDE) -> Callable[[Path], object]:
    return lambda root: _of(root, path, _png(scene(seed, width, height)))


def _moved(source: str, target: str) -> Callable[[Path], object]:
    return lambda root: (root / source).rename(root / target)


PLANTS = {
    "unreadable": Plant(
        lambda root: _of(root, "train/cat/page.png", b"<html>not found</html>"),
        "an HTML page; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF",
    ),
    "cut-off": Plant(_cut, "cut off in its IDAT chunk"),
    "two-classes": Plant(_copy("train/cat/1.png", "train/dog/both.png"), "labelled cat and dog"),
    "leak": Plant(_copy("train/cat/1.png", "test/cat/leak.png"), "in train and test"),
    "empty-folder": Plant(lambda root: (root / "train/emu").mkdir(), "no picture in it"),
    "misplaced": Plant(_saved("train/x.png", 100), "in no class: right in the folder of the classes"),
    "twin-classes": Plant(_saved("train/Cat/x.png", 100), "differ only in case", ("other-classes",)),
    "other-classes": Plant(_saved("test/emu/x.png", 100), "with emu, which train has not"),
    "changed": Plant(_saved("train/cat/1.png", 104), "is not as the manifest says"),
    "missing": Plant(lambda root: (root / "train/cat/1.png").unlink(), "in the manifest, and no longer there"),
    "added": Plant(_saved("train/cat/new.png", 102), "not in the manifest"),
    "near-two-classes": Plant(lambda root: _again(root, "train/cat/1.png", "train/dog/x.jpg"), "labelled cat and dog"),
    "near-leak": Plant(lambda root: _again(root, "train/cat/1.png", "test/cat/x.jpg"), "in train and test"),
    "duplicate": Plant(_copy("train/cat/1.png", "train/cat/copy.png"), "2 copies"),
    "constant": Plant(
        lambda root: _of(root, "train/cat/flat.png", _png(Image.new("RGB", (SIDE, SIDE), (9, 99, 200)))),
        "all of its pixels are the same",
    ),
    "animated": Plant(_apng, "2 frames"),
    "hidden": Plant(_saved("train/.emu/home/x.png", 100), "1 picture that nobody uses"),
    "twin-names": Plant(_saved("train/cat/1.PNG", 100), "differ only in case"),
    "tiny": Plant(
        _saved("train/cat/x.png", 100, 5, 4), "5x4 pixels; half of the pictures have 40 or more on a side", ("sizes",)
    ),
    "near-duplicate": Plant(lambda root: _again(root, "train/cat/1.png", "train/cat/x.jpg"), "2 versions"),
    "uneven": Plant(_many, "in train, dog has 66 pictures, cat 6"),
    "sizes": Plant(_saved("train/cat/x.png", 100, 50, 30), "2 sizes, 50x30 to 40x40 pixels; 18 of 19 are 40x40"),
    "layouts": Plant(lambda root: _of(root, "train/cat/grey.png", _png(scene(100).convert("L"))), "18 colour, 1 grey"),
    "turned": Plant(_turned, "EXIF orientation 3"),
    "elongated": Plant(_saved("train/cat/x.png", 100, 200, 40), "200x40 pixels", ("sizes",)),
    "passed-over": Plant(lambda root: _of(root, "train/cat/x.heic"), "1 .heic"),
    "refused": Plant(
        lambda root: [shutil.rmtree(root / split / "dog") for split in ("train", "test")],
        "holds only one class, 'cat'; expected at least 2",
    ),
}
