"""Every command on every kind of source: the same results, wherever the same pictures lie; nothing is written there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, results, tree, written
from data.archives.packing import packed
from data.sources.making import COLOUR, GREY, manifest, mnist, put, sample
from untouched import untouched

Call = Callable[..., Ended]
MADE = sample(10)
SETTINGS = {"grey": "{size: [8, 8], channels: 1}", "colour": "{size: [32, 32]}"}


def config(data: Path | str, colours: str = "grey") -> str:
    return MLP.format(data=data).replace(SETTINGS["grey"], SETTINGS[colours]).replace("32}", "8}")


@pytest.fixture(scope="module")
def from_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs on folders of pictures."""
    from nettrain.cli.main import run

    found = {}
    for colours, made in (("grey", MADE), ("colour", sample(10, 32, 3))):
        root = tmp_path_factory.mktemp(colours)
        text = written(root, "a.yaml", config(put(root / "data", made.files), colours))
        assert run(["fit", str(text), "--run-dir", str(root / "run")]) == 0
        found[colours] = root / "run"
    return found


CASES = [("grey", kind) for kind in GREY] + [("colour", kind) for kind in COLOUR]


@pytest.mark.parametrize(("colours", "kind"), CASES)
def test_a_training_gives_the_same_numbers_from_any_source(
    call: Call, tmp_path: Path, from_folders: dict[str, Path], colours: str, kind: str
) -> None:
    made = MADE if colours == "grey" else sample(10, 32, 3)
    path = (GREY if colours == "grey" else COLOUR)[kind](tmp_path / "data", made)
    text = written(tmp_path, "a.yaml", config(tmp_path / "elsewhere", colours))
    with untouched(tmp_path / "data"):
        ended = call("fit", text, "--set", f"data.train={path}", "--run-dir", tmp_path / "run")
        assert ended.code == 0, ended.err
        ours, theirs = tmp_path / "run", from_folders[colours]
        for name in ("metrics.csv", "events.jsonl", "classes.txt"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
        if "idx" not in kind and "npz" not in kind and "cifar" not in kind:
            assert results(ours) == results(theirs)  # the very files: even the fingerprint is the same
        judged = [call("evaluate", run, "--split", "val", "--json") for run in (ours, theirs)]
        assert [one.code for one in judged] == [0, 0]
        here, there = (json.loads(one.out) for one in judged)
        assert here["confusion"] == there["confusion"]
        assert here["loss"] == there["loss"]
        assert call("evaluate", ours, "--data", path, "--json").code == 0
        checked = call("check", text, "--set", f"data.train={path}")
        assert (checked.code, "21 pictures in 3 classes" in checked.out) == (0, True), checked.err
        again = call("fit", ours / "config.resolved.yaml", "--run-dir", tmp_path / "again")
        assert again.code == 0, again.err
        assert results(tmp_path / "again") == results(ours)
        resumed = call("resume", ours, "--epochs", "3")
        assert resumed.code == 0, resumed.err


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_several_sources_are_joined_by_a_list(call: Call, tmp_path: Path, ending: str) -> None:
    data = tmp_path / "data"
    one, other = GREY["folder"](data / "one", MADE), packed(data / f"b{ending}", sample(4, seed=7).files)
    text = written(
        tmp_path, "a.yaml", config(f"[data/one, data/b{ending}]").replace("val:", "test: [data/idx]\n  val:")
    )
    GREY["idx"](data / "idx", sample(2, seed=8))
    with untouched(data):
        ended = call("fit", text, "--run-dir", tmp_path / "run", "--set", "data.cache=disk")
        assert ended.code == 0, ended.err
        rows = (tmp_path / "run/split.csv").read_text().splitlines()
        assert len(rows) == 1 + 30 + 12 + 6
        assert "idx/train-images-idx3-ubyte/00005,2,test" in rows
        by_set = f"data.train=[{one}, {other}]"
        again = call("fit", text, "--set", by_set, "--run-dir", tmp_path / "again")
        assert again.code == 0, again.err
        assert results(tmp_path / "again") == results(tmp_path / "run")
        assert call("evaluate", tmp_path / "run", "--json").code == 0
        lone = call("fit", text, "--set", "data.train=[]", "--run-dir", tmp_path / "none")
        assert (lone.code, lone.err) == (
            2,
            "nettrain: error: --set[1]:1:1: data.train: expected a list with at least 1 item, each a path, "
            "got an empty list\n",
        )
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("ending", "cache"), [(".zip", "ram"), (".zip", "disk"), (".tar.gz", "none")])
def test_an_archive_that_changes_while_a_run_is_stopped_is_said_and_put_back_gives_the_same_bytes(
    call: Call, tmp_path: Path, ending: str, cache: str
) -> None:
    path, names = tmp_path / f"a{ending}", list(MADE.files)
    text = written(tmp_path, "a.yaml", config(packed(path, MADE.files)))
    fit = ("fit", text, "--set", f"data.cache={cache}", "--run-dir")
    assert call(*fit, tmp_path / "whole").code == 0
    assert call(*fit, tmp_path / "run", "--max-time", "0.000001s").code == 8
    others = "the pictures are not those that the run was started with: the names are the same, but not what is in the"
    gone = "the run was started with this picture, but it is no longer there"
    for files, line in (
        ({**MADE.files, names[3]: MADE.files[names[13]]}, f"{path}: {others} files; put them back as they were, or"),
        ({name: MADE.files[name] for name in names if name != names[3]}, f"{path}/{names[3]}: {gone}"),
    ):
        packed(path, files)
        ended = call("resume", tmp_path / "run")
        assert ended.code == 3
        assert ended.err.splitlines()[-1].startswith(f"nettrain: error: {line}")
    packed(path, {**MADE.files, "0/new.png": MADE.files[names[3]]})
    ended = call("resume", tmp_path / "run")
    assert ended.code == 0
    assert "nettrain: warning: data: 1 picture came after the run was started, and is left out\n" in ended.err
    assert results(tmp_path / "run") == results(tmp_path / "whole")


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))


def test_a_bad_picture_in_an_archive_is_named_by_its_path(call: Call, tmp_path: Path) -> None:
    files = {**MADE.files, "0/bad.png": b"no picture"}
    (tmp_path / "data").mkdir()
    path = packed(tmp_path / "data/a.zip", files)
    text = written(tmp_path, "a.yaml", config(path))
    with untouched(tmp_path / "data"):
        ended = call("fit", text, "--run-dir", tmp_path / "run")
        assert ended.code == 3
        assert ended.err.splitlines()[-1].startswith(f"nettrain: error: {path}/0/bad.png: ")
        skipped = call("fit", text, "--run-dir", tmp_path / "run", "--set", "data.on_bad_image=skip")
        assert skipped.code == 0
        assert f"{path}/0/bad.png: " in call("evaluate", tmp_path / "run", "--data", path).err
        assert "0/bad.png" in (tmp_path / "run/bad_images.csv").read_text()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"../a/1.png": b"x"}, "its member '../a/1.png' leads out of it; expected names below its top"),
        ({"/a/1.png": b"x"}, "its member '/a/1.png' has an absolute path; expected names below its top"),
        (
            {"readme.txt": b"x"},
            "holds no class folders; expected one folder of pictures per class, such as {}/cat/1.png",
        ),
    ],
)
def test_an_archive_that_is_refused_is_one_line(
    call: Call, tmp_path: Path, files: dict[str, bytes], reason: str
) -> None:
    path = packed(tmp_path / "a.tar", files)
    ended = call("fit", written(tmp_path, "a.yaml", config(path)), "--run-dir", tmp_path / "run")
    assert (ended.code, ended.out, ended.err) == (3, "", f"nettrain: error: {path}: {reason.format(path)}\n")
    assert "run" not in tree(tmp_path)


@pytest.mark.parametrize(("colours", "kind"), CASES)
def test_init_writes_a_config_that_runs_for_any_source(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colours: str, kind: str
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    made = MADE if colours == "grey" else sample(10, 32, 3)
    path = (GREY if colours == "grey" else COLOUR)[kind](tmp_path / "data", made)
    with untouched(tmp_path / "data"):
        ended = call("init", path, "--output", "c.yaml")
        assert ended.code == 0, ended.err
        text = Path("c.yaml").read_text()
        assert f"\n  train: ../{path.relative_to(tmp_path)}\n" in text
        assert "3 classes with their pictures: 0 (10), 1 (10), 2 (10)" in text.replace("\n  # ", " ")
        size = len(made.pixels[0])
        assert f"image: {{size: [{size}, {size}], channels: {1 if colours == 'grey' else 3}}}" in text
        checked = call("check", "c.yaml")
        assert checked.code == 0, checked.err


def test_init_takes_the_splits_that_a_source_brings(call: Call, tmp_path: Path) -> None:
    data = tmp_path / "data"
    rows = [("path", "label", "split")]
    rows += [(name, f"class {name[0]}", "val" if place % 5 == 0 else "train") for place, name in enumerate(MADE.files)]
    listed = put(data / "csv", {**MADE.files, "a.csv": manifest(rows)}) / "a.csv"
    GREY["idx"](data / "idx", MADE)
    mnist(data / "idx", sample(2, seed=5), "t10k")
    files = {f"top/{part}/{name}": png for part in ("Training", "Testing") for name, png in MADE.files.items()}
    archive = packed(data / "a.zip", files)
    with untouched(data):
        for path, named in (
            (listed, {"train": listed, "val": None, "test": "{from: train, fraction: 0.2}"}),
            (data / "idx", {"train": data / "idx", "val": "{from: train, fraction: 0.2}", "test": None}),
            (archive, {"train": f"{archive}/top/Training", "test": f"{archive}/top/Testing"}),
        ):
            ended = call("init", path)
            assert ended.code == 0, ended.err
            for key, value in named.items():
                lines = [line for line in ended.out.splitlines() if line.startswith(f"  {key}: ")]
                assert lines == ([f"  {key}: {value}"] if value else [])
            checked = call("check", written(tmp_path, "c.yaml", ended.out))
            assert checked.code == 0, checked.err


@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_predict_gives_the_pictures_of_an_archive_the_rows_of_a_folder(
    call: Call, tmp_path: Path, from_folders: dict[str, Path], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    folder = put(data / "folder", MADE.files)
    path = packed(data / f"a{ending}", {**MADE.files, "notes.txt": b"x"})
    model = ("--model", from_folders["grey"], "--all")
    with untouched(data):
        ours, theirs = (call("predict", where, *model) for where in (path, folder))
        assert (ours.code, ours.err) == (0, "")
        assert ours.out == theirs.out.replace(str(folder), str(path))
        one = call("predict", path / "1/013.png", *model)
        assert (one.code, one.out) == (0, ours.out.splitlines(keepends=True)[13])
        some = call("predict", path / "1", f"{data}/*{ending}", *model)
        assert some.out.splitlines() == ours.out.splitlines()[10:20] + ours.out.splitlines()
        gone = call("predict", path / "1/gone.png", *model)
        assert (gone.code, json.loads(gone.out)["error"]) == (3, "no such file in the archive")
    refused = packed(tmp_path / f"b{ending}", {"../1.png": b"x"})
    ended = call("predict", refused, *model)
    what = "its member '../1.png' leads out of it; expected names below its top"
    assert (ended.code, json.loads(ended.out)["error"]) == (3, what)
    asked = [path / "1/013.png", refused / "1.png", path / "1/gone.png", folder / "2/020.png"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("".join(f"{one}\n" for one in asked).encode())))
    answers = call("predict", "--stream", *model).out.splitlines(keepends=True)
    assert (answers[0], answers[2], answers[3]) == (one.out, gone.out, theirs.out.splitlines(keepends=True)[20])
    assert json.loads(answers[1])["error"] == what
