"""Clips through the commands: what only motion tells is learnt from them and not from stills, and what holds of fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clips_made import clips_in
from commands import ROOT, Ended, results, tree
from data.clip_samples import clip, frame_folder, greys
from data.samples import png_of
from PIL import Image

import nettrain
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import load
from nettrain.files import system
from nettrain.training.proposing.example import EXAMPLES, put

Call = Callable[..., Ended]
PAGE = (ROOT / "docs/clips.md").read_text(encoding="utf-8")
SESSION = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
STILL = (  # what makes clips.yaml clips-still.yaml
    (r"channels: 1, frames: 8", "channels: 1, animated: first"),
    ("conv3d", "conv2d"),
    (r"stride: \[1, 2, 2\]", "stride: 2"),
    ("max_pool3d", "max_pool2d"),
    ("name: clips", "name: clips-still"),
    (" *#.*", ""),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the session of the page has run, but for its files being flushed one by one to the disk."""
    folder = tmp_path_factory.mktemp("clips")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "sync", lambda handle: None)  # 342 times is long on a busy disk
        put("clips", str(folder / "example"))
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with clips and a config, in which commands run."""
    clips_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_session_of_the_page_shows_that_motion_is_learnt_from_clips_alone(
    page: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(page)
    (made, *commands) = (line.removeprefix("$ nettrain ").split() for line in SESSION[0].splitlines())
    assert made == ["init", "--example", "clips", "example"]
    before = tree(page / "example")
    for command in commands:
        ended = call(*command)
        assert ended.code == 0, ended.err
    for name, least, most in (("clips", 0.95, 1), ("clips-still", 0, 0.45)):  # of 4 classes, on 100 clips
        best = json.loads(Path(f"runs/{name}/run.json").read_text())["best"]
        metrics = {row.split(",")[0]: row for row in Path(f"runs/{name}/metrics.csv").read_text().splitlines()}
        place = metrics["epoch"].split(",").index("val_accuracy")
        assert least <= float(metrics[str(best["epoch"])].split(",")[place]) <= most
        judged = json.loads(call("evaluate", f"runs/{name}", "--json").out)
        assert least <= judged["accuracy"] <= most
    assert tree(page / "example") == before


def test_the_still_network_of_the_example_is_the_same_one_for_pictures() -> None:
    clips, still = ((ROOT / f"configs/{name}.yaml").read_text(encoding="utf-8") for name in ("clips", "clips-still"))
    for pattern, replacement in STILL:
        clips, count = re.subn(pattern, replacement, clips)
        assert count
    assert clips.split() == re.sub(" *#.*", "", still).split()


def test_the_example_has_the_configs_that_ship(page: Path) -> None:
    for part in EXAMPLES["clips"].parts:
        assert (page / "example" / part).read_bytes() == (ROOT / part).read_bytes()


def test_every_command_takes_clips(here: Path, call: Call) -> None:
    before = tree(here / "clips")
    assert "(N, 4, 8, 8, 1)" in call("summary", "clips.yaml").out
    for command in ("check", "gradcheck", "graph", "lr-find"):
        ended = call(command, "clips.yaml")
        assert ended.code == 0, ended.err
    assert call("fit", "clips.yaml", "--run-dir", "run").code == 0
    assert call("resume", "run", "--epochs", "4").code == 0
    judged = json.loads(call("evaluate", "run", "--split", "val", "--json").out)
    assert judged["n"] == 6
    assert json.loads(call("evaluate", "run", "--data", "clips", "--json", "--tta").out)["n"] == 24
    assert tree(here / "clips") == before


def test_predict_gives_each_clip_a_row_of_the_same_bits_in_any_company(here: Path, call: Call) -> None:
    assert call("fit", "clips.yaml", "--run-dir", "run").code == 0
    (here / "clips/dark/still.png").write_bytes(png_of(greys(1, 8, 8)[0]))
    ended = call("predict", "clips", "--model", "run", "--all")
    rows = {row["path"]: row for row in map(json.loads, ended.out.splitlines())}
    assert ended.code == 3
    assert len(rows) == 25
    bad = rows.pop("clips/dark/still.png")
    assert bad["error"] == "a single picture, where a clip is wanted"  # what a config could say is of no use here
    for path in ("clips/dark/1/", "clips/light/2.gif"):
        assert json.loads(call("predict", path, "--model", "run", "--all").out) == rows[path]
    model = nettrain.load(here / "run")
    frames = load("clips/light/2.gif", ImageConfig((8, 8), channels=1, frames=6))  # all of its frames, as they are
    with Image.open("clips/light/2.gif") as animation:
        several = model.predict(["clips/light/2.gif", frames, animation, "clips/dark/1"])
    confidences = [rows[path]["confidence"] for path in ("clips/light/2.gif", "clips/dark/1/")]
    assert [np.float32(one.confidence) for one in several] == [np.float32(confidences[place]) for place in (0, 0, 0, 1)]


def test_a_run_that_stops_anywhere_goes_on_to_the_same_bytes_on_any_threads(here: Path, call: Call) -> None:
    assert call("fit", "clips.yaml", "--run-dir", "whole", "--threads", "1").code == 0
    ended = call("fit", "clips.yaml", "--run-dir", "run", "--threads", "3", "--max-time", "0.000001s")
    calls = 0
    while ended.code == 8:
        ended, calls = call("resume", "run", "--threads", "2", "--max-time", "0.000001s"), calls + 1
    assert (ended.code, calls) == (0, 9)
    assert results(here / "run") == results(here / "whole")


FLIPPED = "data.augment=[random_horizontal_flip, random_vertical_flip, mixup: 0.4, cutmix]"


def shifts(frames: np.ndarray) -> list[np.ndarray]:
    """Frames (T,8,8,1) and their four shifts by a pixel, by way of a border that is the last pixel again."""
    wide = np.pad(frames, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    return [wide[:, y : y + 8, x : x + 8] for y, x in ((1, 1), (0, 0), (0, 2), (2, 0), (2, 2))]


def test_mixed_clips_are_trained_on_and_seen_from_every_side_they_were_seen_from(here: Path, call: Call) -> None:
    mixed = ("clips.yaml", "--set", FLIPPED, "--epochs", "1")
    assert call("fit", *mixed, "--run-dir", "run", "--threads", "1").code == 0
    ended = call("fit", *mixed, "--run-dir", "stopped", "--max-time", "0.000001s")
    while ended.code == 8:
        ended = call("resume", "stopped", "--threads", "2", "--max-time", "0.000001s")
    assert ended.code == 0
    assert results(here / "stopped") == results(here / "run")
    path = "clips/light/2.gif"
    ended = call("predict", path, "clips/dark/1", "--tta", "--all", "--model", "run")
    seen = "20 views, shifted by 1 pixel, and mirrored and upside down"
    assert ended.err == f"nettrain: note: probabilities are the mean over {seen} (--tta)\n"
    row, _ = map(json.loads, ended.out.splitlines())
    assert json.loads(call("predict", path, "--tta", "--all", "--model", "run").out) == row
    frames = load(path, ImageConfig((8, 8), channels=1, frames=4))
    model = nettrain.load(here / "run")
    sides = (frames, frames[:, :, ::-1], frames[:, ::-1], frames[:, ::-1, ::-1])
    expected = model.probabilities([view for side in sides for view in shifts(side)]).astype(np.float64).mean(axis=0)
    by_label = {one["label"]: one["confidence"] for one in row["top"]}
    np.testing.assert_allclose([by_label[name] for name in model.classes], expected, rtol=1e-6)
    judged = json.loads(call("evaluate", "run", "--split", "val", "--json", "--tta").out)
    assert judged["tta"] == {"views": 20, "shift": [1, 1], "mirrored": True, "upside_down": True}


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (
            lambda root: (root / "0.png").write_bytes(png_of(greys(1)[0])),
            "clips/dark/0.png: a single picture, where a clip is wanted; set data.image.stills: repeat"
            " to take such a one for every frame",
        ),
        (
            lambda root: (frame_folder(root / "0", greys(3, 8, 8)) / "2.png").write_bytes(png_of(greys(1, 4, 4)[0])),
            "clips/dark/0/: frame 2.png: frames of several sizes: it has 4x4, the first frame 8x8",
        ),
        (
            lambda root: (frame_folder(root / "0", greys(3, 8, 8)) / "2.png").write_bytes(b""),
            "clips/dark/0/: frame 2.png: the file is empty (0 bytes)",
        ),
        (
            lambda root: (root / "0.gif").write_bytes(clip(greys(3))[:40]),
            "clips/dark/0.gif: cut off: the GIF file has no trailer",
        ),
    ],
    ids=["a still picture", "frames of two sizes", "an empty frame", "a file that is cut off"],
)
def test_a_clip_that_cannot_be_used_is_one_line_or_left_out(
    make: Callable[[Path], object], line: str, here: Path, call: Call
) -> None:
    (here / "clips/dark/0.gif").unlink()
    make(here / "clips/dark")
    ended = call("fit", "clips.yaml", "--run-dir", "run")
    assert (ended.code, ended.err.splitlines()[-1]) == (3, f"nettrain: error: {here}/{line}")
    assert call("fit", "clips.yaml", "--run-dir", "run", "--set", "data.on_bad_image=skip").code == 0
    (bad,) = (here / "run/bad_images.csv").read_text().splitlines()[1:]
    assert bad.startswith("dark/0")
