"""Data on a file system that is read-only in truth: every command that reads it does what it does elsewhere."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import MLP, Ended, process, results, tree, written
from data.archives.packing import packed
from data.sources.making import put, sample

COMMANDS = [
    ["check", "a.yaml"],
    ["fit", "a.yaml", "--run-dir", "run"],
    ["fit", "a.yaml", "--run-dir", "cached", "--set", "data.cache=disk"],
    ["evaluate", "run", "--split", "val"],
    ["evaluate", "run", "--data", "data/a.zip"],
    ["resume", "run", "--epochs", "3"],
    ["predict", "data", "data/a.zip", "data/a.npz", "--model", "run", "--output", "rows.csv"],
    ["doctor", "a.yaml"],
    ["doctor", "data/folder", "--sheet", "doctor.png"],
    ["augment", "a.yaml", "--output", "sheet.png"],
    ["init", "data/folder", "--output", "b.yaml"],
    ["lr-find", "a.yaml", "--steps", "20"],
]
MOUNTED = """
mount --bind data data && mount -o remount,bind,ro,nosuid,nodev data || exit 77
if touch data/x 2> /dev/null; then exit 78; fi
exec "$@" """
PROGRAM = """
import json, sys
from nettrain.cli.main import run
json.dump([run(arguments) for arguments in json.loads(sys.argv[1])], open("codes", "w"))"""


def test_every_command_works_on_data_that_cannot_be_written(
    call: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("unshare or mount is not installed")
    made = sample(6)
    put(tmp_path / "data/folder", made.files)
    packed(tmp_path / "data/a.zip", sample(2, seed=2).files)
    np.savez(tmp_path / "data/a.npz", images=sample(2, seed=3).pixels, labels=sample(2).labels)
    text = MLP.format(data="[data/folder, data/a.zip, data/a.npz]").replace("32}", "8}")
    text = text.replace("channels: 1}", "channels: 1}\n  augment: [random_horizontal_flip]")
    written(tmp_path, "a.yaml", text)
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path / "data", times=True)
    program = ("unshare", "-rm", "bash", "-c", MOUNTED, "bash", sys.executable, "-c", PROGRAM)
    ended = process(json.dumps(COMMANDS), cwd=tmp_path, program=program, NETTRAIN_CACHE=str(tmp_path / "cache"))
    if ended.code == 77:
        pytest.skip(f"cannot mount here: {ended.err.strip()}")
    assert ended.code == 0, ended.err
    codes = json.loads(Path("codes").read_text())
    assert [(*line, code) for line, code in zip(COMMANDS, codes, strict=True) if code] == [], ended.err
    assert tree(tmp_path / "data", times=True) == before
    assert call("fit", "a.yaml", "--run-dir", "elsewhere").code == 0
    assert call("resume", "elsewhere", "--epochs", "3").code == 0
    assert results(tmp_path / "run") == results(tmp_path / "elsewhere")


LIES = "lies in the data folder {root}/data, which is only read; choose another place"
READ = "is among what is to be read; choose another place"
MODEL = "run/best.safetensors"
INTO_DATA = {
    "graph": (["graph", "a.yaml", "-o", "data/0/000.svg"], "data/0/000.svg: " + LIES),
    "lr-find": (["lr-find", "a.yaml", "-o", "data/a.svg"], "data/a.svg: " + LIES),
    "init": (
        ["init", "data", "-o", "data/a.yaml"],
        "data/a.yaml: lies in the data folder data, which is only read; choose another place",
    ),
    "a run": (["fit", "a.yaml", "--run-dir", "data/run"], "data/run: " + LIES),
    "runs": (["fit", "a.yaml", "--run-dir", "data/all", "--repeat", "2"], "data/all: " + LIES),
    "rows over a picture": (["predict", "data", "-m", "run", "-o", "data/0/000.png"], "data/0/000.png: " + READ),
    "rows over a link": (["predict", "link.png", "-m", "run", "-o", "data/0/000.png"], "data/0/000.png: " + READ),
    "rows over an archive": (["predict", "a.zip", "-m", "run", "-o", "a.zip"], "a.zip: " + READ),
    "rows over a list": (["predict", "--from-column", "path", "l.csv", "-m", "run", "-o", "l.csv"], "l.csv: " + READ),
    "rows by a link": (["predict", "data/0/000.png", "-m", "run", "-o", "out.png"], "out.png: " + READ),
    "rows over a match": (["predict", "*.zip", "-m", "run", "-o", "a.zip"], "a.zip: " + READ),
    "rows over a linked archive": (["predict", "link.zip", "-m", "run", "-o", "a.zip"], "a.zip: " + READ),
    "rows over pixels": (["predict", "a.npz/00001", "-m", "run", "-o", "a.npz"], "a.npz: " + READ),
    "rows over the model": (["predict", "data", "-m", "run", "-o", MODEL], f"{MODEL}: {READ}"),
    "a graph over its config": (["graph", "a.yaml", "--format", "text", "-o", "a.yaml"], "a.yaml: " + READ),
    "a graph over an archive": (
        ["graph", "a.yaml", "--format", "text", "--set", "data.train=a.zip", "-o", "a.zip"],
        "a.zip: " + READ,
    ),
    "a graph over a picture of a list": (
        ["graph", "a.yaml", "--format", "text", "--set", "data.train=labels.csv", "-o", "data/0/000.png"],
        "data/0/000.png: is a picture of {root}/labels.csv, which is only read; choose another place",
    ),
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, finished: Path) -> Path:
    """A folder with pictures, an archive and a list of them, a config, and a run."""
    root = tmp_path_factory.mktemp("there")
    made = sample(12, 8)
    put(root / "data", made.files)
    packed(root / "a.zip", made.files)
    for link, to in {"link.png": "data/0/000.png", "out.png": "data/0/000.png", "link.zip": "a.zip"}.items():
        (root / link).symlink_to(to)
    (root / "l.csv").write_text("path\ndata/0/000.png\n")
    (root / "labels.csv").write_text("path,label\n" + "".join(f"data/{name},{name[0]}\n" for name in made.files))
    np.savez(root / "a.npz", images=made.pixels, labels=made.labels)
    shutil.copytree(finished, root / "run")
    written(root, "a.yaml", MLP.format(data="data"))
    return root


@pytest.mark.parametrize("case", INTO_DATA)
def test_nothing_is_written_among_what_is_read(
    there: Path, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(there)
    command, message = INTO_DATA[case]
    before = tree(there, times=True)
    ended = call(*command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == f"nettrain: error: {message.format(root=there)}"
    assert tree(there, times=True) == before
