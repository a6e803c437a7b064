"""Clips of archives, lists, arrays and several sources through the commands: the same bytes as from the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clips_made import clips_in
from commands import CNN, Ended, results, tree, written
from data.archives.packing import packed
from data.sources.making import manifest, put

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with clips and a config, in which commands run."""
    clips_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def packed_or_listed(here: Path) -> dict[str, Path]:
    """The clips of ``here`` in other kinds of sources, by name."""
    root = here / "clips"
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.*"))}
    clips = [path.relative_to(here).as_posix() for path in sorted(root.glob("*/*"))]
    rows = manifest([("path", "label"), *((name, name.split("/")[1]) for name in clips)])
    inside = {"list.csv": rows.replace(b"clips/", b""), **files}
    return {
        "zip": packed(here / "a.zip", files),
        "tar.gz": packed(here / "a.tar.gz", {f"clips/{name}": data for name, data in files.items()}),
        "list": put(here, {"list.csv": rows}) / "list.csv",
        "list in a zip": packed(here / "b.zip", inside),
    }


def test_a_training_on_clips_gives_the_same_bytes_from_any_source(here: Path, call: Call) -> None:
    sources = packed_or_listed(here)
    before = tree(here / "clips")
    once = ("--epochs", "1", "--set")
    assert call("fit", "clips.yaml", "--run-dir", "run", *once, "data.cache=none").code == 0
    whole = results(here / "run")
    rows = [json.loads(line) for line in call("predict", "clips", "--model", "run").out.splitlines()]
    for kind, source in sources.items():
        ended = call("fit", "clips.yaml", "--run-dir", kind, *once, f"data.train={source}")
        assert ended.code == 0, ended.err
        ours = results(here / kind)
        if kind == "list":  # whose pictures have other names, so that their fingerprint is another one
            names = ("metrics.csv", "events.jsonl", "classes.txt")
            assert [ours[name] for name in names] == [whole[name] for name in names]
        else:
            assert ours == whole
        judged = json.loads(call("evaluate", "run", "--data", source, "--json").out)
        assert judged["n"] == 24
        if kind in ("zip", "tar.gz"):
            found = [json.loads(line) for line in call("predict", source, "--model", "run").out.splitlines()]
            assert [row["confidence"] for row in found] == [row["confidence"] for row in rows]
            assert call("resume", kind, "--epochs", "2").code == 0
    assert tree(here / "clips") == before


def test_clips_of_several_sources_are_trained_on_together(here: Path, call: Call) -> None:
    source = packed_or_listed(here)["list in a zip"]
    text = (here / "clips.yaml").read_text().replace("train: clips", f"train: [clips, {source.name}]")
    (here / "clips.yaml").write_text(text)
    ended = call("fit", "clips.yaml", "--run-dir", "run", "--epochs", "1")
    assert ended.code == 0, ended.err
    rows = (here / "run/split.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 24
    assert any(row.startswith("clips/dark/1/,dark,") for row in rows)
    assert any(row.startswith("list.csv/light/11/,light,") for row in rows)
    assert call("resume", "run", "--epochs", "2").code == 0
    assert json.loads(call("evaluate", "run", "--split", "val", "--json").out)["n"] == 12


def test_arrays_of_clips_are_trained_on_and_pictures_are_not_taken_for_them(here: Path, call: Call) -> None:
    clips = np.random.default_rng(1).integers(0, 256, (16, 5, 8, 8, 1), np.uint8)
    np.savez(here / "clips.npz", images=clips, labels=np.arange(16) % 2)
    np.savez(here / "pictures.npz", images=clips[:, 0], labels=np.arange(16) % 2)
    fit = ("fit", "clips.yaml", "--epochs", "1", "--set")
    ended = call(*fit, "data.train=clips.npz", "--run-dir", "run")
    assert ended.code == 0, ended.err
    assert json.loads(call("evaluate", "run", "--data", "clips.npz", "--json").out)["n"] == 16
    ended = call(*fit, "data.train=pictures.npz", "--run-dir", "none")
    what = "its images are pictures, uint8 (16, 8, 8, 1), but data.image.frames wants clips, (N,T,H,W,C)"
    cure = "leave it out, or set data.image.stills: repeat"
    assert (ended.code, ended.err) == (3, f"nettrain: error: {here}/pictures.npz: {what}; {cure}\n")
    written(here, "still.yaml", CNN.format(data="clips.npz"))
    ended = call("fit", "still.yaml", "--run-dir", "none")
    what = "its images are clips, uint8 (16, 5, 8, 8, 1), but the config wants pictures"
    cure = "set data.image.frames, to 5 for all, or data.image.animated: first"
    assert (ended.code, ended.err) == (3, f"nettrain: error: {here}/clips.npz: {what}; {cure}\n")
    first = ("--set", "data.image.animated=first", "--epochs", "1")
    assert call("fit", "still.yaml", *first, "--run-dir", "first").code == 0
    assert not (here / "none").exists()


def test_nothing_is_written_into_a_folder_of_frames(here: Path, call: Call) -> None:
    source = packed_or_listed(here)["list"]
    before = tree(here / "clips")
    ended = call("augment", "clips.yaml", "--set", f"data.train={source}", "--output", "clips/dark/1/sheet.png")
    what = "lies in a clip of train, which is only read; choose another place"
    assert (ended.code, ended.err.splitlines()[-1]) == (2, f"nettrain: error: clips/dark/1/sheet.png: {what}")
    assert tree(here / "clips") == before
