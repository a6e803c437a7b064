"""The doctor on sources that are no folder of files, on clips, and on every layout of pixels."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from data.clip_samples import clip, frame_folder
from data.doctor.planted import PLANTS, clean
from data.samples import noise, png_of, saved, scene
from data.sources.making import idx
from PIL import Image

from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.doctor.examine import examine
from nettrain.data.doctor.layouts import layout
from nettrain.data.doctor.table import findings
from nettrain.data.still import inspected
from nettrain.errors import DataError

FAULTS = ("unreadable", "two-classes", "leak", "near-leak", "constant", "turned")


def found_in(where: str | tuple[str, ...], image: ImageConfig | None = None) -> list[tuple[str, str]]:
    config = DataConfig(where, image or ImageConfig((32, 32)))  # type: ignore[arg-type]
    return [(one.id, one.seen.message) for one in findings(examine(config, 1, lambda what, done, total: None))]


@pytest.mark.parametrize(("kind", "suffix"), [("zip", "zip"), ("tar", "tar"), ("gztar", "tar.gz")])
def test_an_archive_has_the_findings_of_its_folder(tmp_path: Path, kind: str, suffix: str) -> None:
    root = clean(tmp_path / "data")
    for fault in FAULTS:
        PLANTS[fault].plant(root)
    assert {name.rpartition("-")[0] for name, _ in found_in(str(root))} >= {*FAULTS}
    shutil.make_archive(str(tmp_path / "packed"), kind, tmp_path, "data")
    assert found_in(str(tmp_path / f"packed.{suffix}")) == found_in(str(root))


def pixels() -> np.ndarray:
    """Six pictures, of which the second is the first once more, and the last is black."""
    found = np.stack([np.asarray(scene(seed)) for seed in range(6)])
    found[1], found[5] = found[0], 0
    return found


def test_arrays_of_pixels_are_examined_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=pixels(), labels=np.array([0, 1, 0, 1, 0, 1]))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(pixels()[..., 0]))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx([0, 1, 0, 1, 0, 1]))
    for name in ("a.npz", "train-images-idx3-ubyte"):
        messages = [message for _, message in found_in(str(tmp_path / name))]
        assert messages == ["labelled 0 and 1", "all of its pixels are the same"], name


def test_joined_folders_are_examined_together(tmp_path: Path) -> None:
    root = clean(tmp_path / "data")
    shutil.copy(root / "train/cat/1.png", root / "test/cat/leak.png")
    (one,) = found_in((str(root / "train"), str(root / "test")))
    assert one[1] == "2 copies"


def test_an_archive_that_fit_refuses_is_refused_with_the_reason(tmp_path: Path) -> None:
    root = clean(tmp_path / "data")
    scene(1).save(root / "train/loose.png")
    shutil.make_archive(str(tmp_path / "packed"), "zip", root / "train")
    with pytest.raises(DataError, match=r"1 picture lies in the folder itself, such as 'loose.png'"):
        found_in(str(tmp_path / "packed.zip"))


def test_clips_that_only_motion_tells_apart_are_not_the_same(tmp_path: Path) -> None:
    frames = [np.asarray(scene(seed)) for seed in range(4)]
    frame_folder(tmp_path / "left/a", frames)
    frame_folder(tmp_path / "right/a", frames[::-1])
    (tmp_path / "left/b.webp").write_bytes(clip(frames, "WEBP"))
    image = ImageConfig((32, 32), frames=4)
    kinds = [name.rpartition("-")[0] for name, _ in found_in(str(tmp_path), image)]
    assert kinds == []
    shutil.copytree(tmp_path / "left/a", tmp_path / "right/b")
    (tmp_path / "left/cut.webp").write_bytes(clip(frames, "WEBP")[:-400])
    frame_folder(tmp_path / "left/flat", [np.full((40, 40, 3), 7, np.uint8)] * 4)
    kinds = [name.rpartition("-")[0] for name, _ in found_in(str(tmp_path), image)]
    assert kinds == ["cut-off", "two-classes", "constant"]


def test_frames_without_frames_in_the_config_are_pictures(tmp_path: Path) -> None:
    for place, label in enumerate(("left", "right")):
        (tmp_path / label).mkdir()
        frames = [np.asarray(scene(seed + 10 * place)) for seed in range(2)]
        (tmp_path / label / "a.png").write_bytes(clip(frames, "PNG"))
    assert [message for _, message in found_in(str(tmp_path))] == ["2 frames", "2 frames"]


def made(mode: str, kind: str) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (9, 7)).save(file, kind)
    return file.getvalue()


LAYOUTS = {
    "grey": [saved(noise(9, 7, 1), "JPEG"), png_of(noise(9, 7, 1)), made("L", "TIFF"), made("L", "BMP")],
    "colour": [saved(noise(9, 7), "JPEG"), made("RGB", "TIFF"), made("RGB", "WEBP")],
    "CMYK": [made("CMYK", "JPEG"), made("CMYK", "TIFF")],
    "palette": [made("P", "GIF"), made("P", "PNG"), made("P", "TIFF")],
    "black and white": [made("1", "TIFF")],
    "grey with alpha": [made("LA", "PNG"), made("LA", "TIFF")],
    "colour with alpha": [made("RGBA", "PNG"), made("RGBA", "TIFF")],
    "16-bit grey": [made("I;16", "PNG"), made("I;16", "TIFF")],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_are_said_in_words(name: str) -> None:
    assert [layout(*inspected(data)) for data in LAYOUTS[name]] == [name] * len(LAYOUTS[name])


def test_a_picture_too_large_for_the_size_of_the_config_is_unreadable(tmp_path: Path) -> None:
    """Shrunk to be looked at it would pass; fit refuses it, since a large size is not so easily shrunk to."""
    root = clean(tmp_path / "data")
    large = scene(300).convert("L").resize((5200, 5000))
    large.save(root / "train/cat/large.jpg")
    message = "5200x5000 pixels are more than 25 megapixels; data.image.max_megapixels can raise that cap"
    assert message in [text for _, text in found_in(str(root), ImageConfig((3000, 3000)))]
    assert message not in [text for _, text in found_in(str(root))]


def test_pictures_are_unreadable_where_a_config_wants_clips(tmp_path: Path) -> None:
    found = found_in(str(clean(tmp_path / "data")), ImageConfig((32, 32), frames=3))
    assert len(found) == 18
    assert all(message.startswith("a single picture, where a clip is wanted") for _, message in found)
