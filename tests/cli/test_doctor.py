"""``nettrain doctor``: what it prints for people and programs, its exit codes, the manifest and the sheet."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from commands import MLP, Ended, printable, process, tree, written
from data.doctor.planted import PLANTS, clean
from PIL import Image

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    clean(tmp_path / "data")
    return tmp_path


@pytest.fixture
def ill(here: Path) -> Path:
    for kind in ("unreadable", "leak", "turned"):
        PLANTS[kind].plant(here / "data")
    shutil.copy("data/train/cat/4.png", "data/train/cat/copy.png")
    return here


NOTE = "nettrain: note: data.train: uses train/, test/ found in it\n"


def test_a_clean_folder(here: Path, call: Call) -> None:
    ended = call("doctor", "data", "--strict")
    assert ended == Ended(0, "18 pictures in 2 classes: train 12, test 6\n\nnothing found\n", NOTE)


def test_the_text_is_grouped_with_examples_counts_and_what_to_do(ill: Path, call: Call) -> None:
    ended = call("doctor", "data")
    assert ended == Ended(0, TEXT, NOTE)


TEXT = """\
22 pictures in 2 classes: train 15, test 7

error    cannot be read as a picture (1)
         data/train/cat/page.png: an HTML page; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF
         -> replace it, or take it out; data.on_bad_image: skip leaves it out

error    the same picture on two sides of a split (1)
         data/train/cat/1.png, data/test/cat/leak.png: in train and test
         -> keep it on one side: on the other it is judged by heart

warning  the same picture more than once (1)
         data/train/cat/4.png, data/train/cat/copy.png: 2 copies
         -> keep one: each copy counts in training, and chance may put one on each side of a split

note     stored turned, with a mark that says how (1)
         data/train/dog/turned.png: EXIF orientation 3
         -> nothing: nettrain shows them upright, but some programs do not

found 2 errors, 1 warning, 1 note
"""


def test_many_of_a_kind_are_cut_short_and_json_has_all(here: Path, call: Call) -> None:
    for place in range(9):
        Path(f"data/train/cat/x{place}.png").write_bytes(b"")
    lines = call("doctor", "data").out.splitlines()
    assert sum("the file is empty" in line for line in lines) == 5
    assert "         and 4 more (--json has all)" in lines
    assert len(json.loads(call("doctor", "data", "--json").out)["findings"]) == 9


def test_json_has_everything_by_stable_ids(ill: Path, call: Call) -> None:
    told = json.loads(call("doctor", "data", "--json").out)
    assert list(told) == ["pictures", "classes", "divided", "counts", "findings", "format_version"]
    assert (told["pictures"], told["classes"], told["divided"]) == ({"train": 15, "test": 7}, ["cat", "dog"], True)
    assert told["counts"] == {"error": 2, "warning": 1, "note": 1}
    leak = next(one for one in told["findings"] if one["kind"] == "leak")
    assert leak["pictures"] == [
        {"path": "data/train/cat/1.png", "split": "train", "label": "cat"},
        {"path": "data/test/cat/leak.png", "split": "test", "label": "cat"},
    ]
    assert (leak["severity"], leak["message"], leak["paths"]) == ("error", "in train and test", [])
    shutil.move("data", "elsewhere")
    again = json.loads(call("doctor", Path("elsewhere").absolute(), "--json").out)
    assert [one["id"] for one in again["findings"]] == [one["id"] for one in told["findings"]]


def test_strict_is_exit_3_for_errors_and_warnings_alone(here: Path, call: Call) -> None:
    PLANTS["turned"].plant(Path("data"))
    assert call("doctor", "data", "--strict").code == 0
    PLANTS["duplicate"].plant(Path("data"))
    ended = call("doctor", "data", "--strict")
    assert (ended.code, ended.err) == (3, NOTE + "nettrain: error: data: 1 warning; expected none with --strict\n")
    assert ended.out.endswith("found 1 warning, 1 note\n")
    PLANTS["unreadable"].plant(Path("data"))
    assert "data: 1 error, 1 warning; expected none" in call("doctor", "data", "--strict", "--json").err


def test_a_config_is_examined_with_the_splits_of_fit(here: Path, call: Call) -> None:
    for place in range(6):
        shutil.copy(f"data/train/cat/{place}.png", f"data/train/cat/{place}-copy.png")
    config = written(here, "a.yaml", MLP.format(data="data/train"))
    told = json.loads(call("doctor", config, "--json").out)
    assert set(told["pictures"]) == {"train", "val"}
    assert "leak" in {one["kind"] for one in told["findings"]}
    ended = call("doctor", config, "--set", "data.val=data/test", "--json")
    assert json.loads(ended.out)["pictures"] == {"train": 18, "val": 6}


REFUSED = {
    ("nothing",): (3, "nettrain: error: nothing: no such file or folder; expected pictures, or a config"),
    ("data", "--set", "seed=2"): (
        2,
        "nettrain: error: --set changes a key of a config, and 'data' is none; see 'nettrain doctor --help'",
    ),
    ("data", "--sheet", "x.jpg"): (
        2,
        "nettrain: error: --sheet must end in .png, got 'x.jpg'; see 'nettrain doctor --help'",
    ),
    ("data", "--write-manifest", "data/m.csv"): (
        2,
        "nettrain: error: data/m.csv: lies in the data folder data, which is only read; choose another place",
    ),
    ("data", "--sheet", "data/train/x.png"): (
        2,
        "nettrain: error: data/train/x.png: lies in the data folder data, which is only read; choose another place",
    ),
    ("data", "--write-manifest", "there.csv"): (
        2,
        "nettrain: error: there.csv: is there already; expected the name of a new file",
    ),
    ("data", "--manifest", "no.csv"): (
        3,
        "nettrain: error: no.csv: cannot read the manifest: No such file or directory",
    ),
    ("data", "--manifest", "there.csv"): (
        3,
        "nettrain: error: there.csv:1:1: is no manifest; expected the first line source,path,size,sha256",
    ),
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_cannot_be_is_one_line(here: Path, call: Call, arguments: tuple[str, ...]) -> None:
    Path("there.csv").write_text("mine\n")
    before = tree(here, times=True)
    code, line = REFUSED[arguments]
    assert call("doctor", *arguments) == Ended(code, "", line + "\n")
    assert tree(here, times=True) == before


def test_a_sheet_never_takes_the_place_of_a_picture(here: Path, call: Call) -> None:
    """Nor of one that a list names from outside of any data folder."""
    Path("list.csv").write_text("path,label\ndata/train/cat/1.png,cat\nmine.png,dog\n")
    shutil.copy("data/train/dog/1.png", "mine.png")
    before = tree(here, times=True)
    line = "nettrain: error: mine.png: is a picture of train, which is only read; choose another place\n"
    assert call("doctor", "list.csv", "--sheet", "mine.png") == Ended(2, "", line)
    assert tree(here, times=True) == before


def test_a_manifest_is_written_and_holds(here: Path, call: Call) -> None:
    assert call("doctor", "data", "--write-manifest", "m.csv").code == 0
    assert len(Path("m.csv").read_text().splitlines()) == 19
    assert call("doctor", "data", "--manifest", "m.csv", "--strict").code == 0
    PLANTS["changed"].plant(Path("data"))
    PLANTS["added"].plant(Path("data"))
    Path("data/test/dog/0.png").unlink()
    ended = call("doctor", "data", "--manifest", "m.csv", "--strict", "--json")
    kinds = [one["kind"] for one in json.loads(ended.out)["findings"]]
    assert (ended.code, kinds) == (3, ["changed", "missing", "added"])


def test_a_picture_that_cannot_be_read_is_left_out_of_the_manifest_with_a_warning(here: Path, call: Call) -> None:
    Path("data/train/cat/link.png").symlink_to("nothing")
    ended = call("doctor", "data", "--write-manifest", "m.csv")
    assert ended.err.endswith("nettrain: warning: 1 picture could not be read: not in the manifest\n")
    assert "link.png" not in Path("m.csv").read_text()


def test_fit_checks_the_manifest_before_the_first_step(here: Path, call: Call) -> None:
    config = written(here, "a.yaml", MLP.format(data="data").replace("  image:", "  manifest: m.csv\n  image:"))
    absent = "a.yaml:4:13: data.manifest: no such file {!r}; expected what 'nettrain doctor "
    ended = call("fit", config)
    assert ended.code == 3
    assert absent.format(str(here / "m.csv")) in ended.err
    assert call("check", config).code == 3
    assert call("doctor", "data", "--write-manifest", "m.csv").code == 0
    assert call("fit", config, "--run-dir", "whole").code == 0
    path = Path("data/test/dog/1.png")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    ended = call("fit", config, "--run-dir", "run")
    assert (ended.code, ended.out) == (3, "")
    assert "data/test/dog/1.png: is not as the manifest says: " in ended.err
    assert not list(Path().glob("run/checkpoints/*"))


def test_a_manifest_changes_no_byte_of_a_run(here: Path, call: Call) -> None:
    from commands import results

    written(here, "a.yaml", MLP.format(data="data"))
    assert call("doctor", "data", "--write-manifest", "m.csv").code == 0
    assert call("fit", "a.yaml", "--run-dir", "without").code == 0
    assert call("fit", "a.yaml", "--run-dir", "with", "--set", "data.manifest=m.csv").code == 0
    assert results(here / "with") == results(here / "without")


def test_a_run_goes_on_without_pictures_that_a_manifest_has_since(here: Path, call: Call) -> None:
    written(here, "a.yaml", MLP.format(data="data").replace("  image:", "  manifest: m.csv\n  image:"))
    assert call("doctor", "data", "--write-manifest", "m.csv").code == 0
    assert call("fit", "a.yaml", "--run-dir", "run").code == 0
    PLANTS["added"].plant(Path("data"))
    ended = call("resume", "run", "--epochs", "3")
    assert ended.code == 0, ended.err  # left out, also by the manifest
    assert "1 picture came after the run was started" in ended.err
    Path("m.csv").unlink()
    assert call("evaluate", "run").code == 0
    assert call("doctor", "data", "--write-manifest", "m.csv").code == 0
    assert call("resume", "run", "--epochs", "4").code == 0


def test_the_manifest_of_a_config_is_the_one_that_the_doctor_uses(here: Path, call: Call) -> None:
    assert call("doctor", "data", "--write-manifest", "m.csv").code == 0
    config = written(here, "a.yaml", MLP.format(data="data").replace("  image:", "  manifest: m.csv\n  image:"))
    PLANTS["missing"].plant(Path("data"))
    assert [one["kind"] for one in json.loads(call("doctor", config, "--json").out)["findings"]] == ["missing"]


def test_the_sheet_shows_what_was_found(ill: Path, call: Call) -> None:
    assert call("doctor", "data", "--sheet", "sheet.png").code == 0
    with Image.open("sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert pixels.shape[1] > 800
    assert pixels.shape[0] > 2 * 96  # a section of the leak, and one of the copy
    with Image.open("data/train/cat/1.png") as picture:
        shown = np.asarray(picture.resize((96, 96), Image.Resampling.BILINEAR))
    places = [
        (y, x)
        for y, x in np.argwhere((pixels == shown[0, 0]).all(axis=2)).tolist()
        if (pixels[y : y + 96, x : x + 96] == shown).all()
    ]
    assert len(places) == 2  # the leak: twice the same, side by side
    assert places[0][0] == places[1][0]


def test_a_sheet_of_nothing_says_so(here: Path, call: Call) -> None:
    assert call("doctor", "data", "--sheet", "sheet.png").code == 0
    with Image.open("sheet.png") as sheet:
        assert sheet.size[1] < 200


@pytest.fixture
def read_only(ill: Path) -> Iterator[Path]:
    for path in sorted((ill / "data").rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (ill / "data").chmod(0o555)
    yield ill
    for path in (ill / "data", *(ill / "data").rglob("*")):
        path.chmod(0o755)


def test_a_folder_that_may_only_be_read_is_enough_and_stays_as_it_is(read_only: Path) -> None:
    before = tree(read_only / "data", times=True)
    ended = process("doctor", "data", "--write-manifest", "m.csv", "--sheet", "s.png", cwd=read_only)
    assert (ended.code, ended.err) == (0, NOTE)
    assert tree(read_only / "data", times=True) == before
    assert sorted(os.listdir(read_only)) == ["data", "m.csv", "s.png"]


def test_odd_names_are_escaped_everywhere(here: Path, call: Call) -> None:
    for name in ("a\x1b[1m.png", "b\n.png"):
        Path("data/train/cat", name).write_bytes(b"")
    with open(os.fsencode("data/train/cat/") + b"\xff.png", "wb"):
        pass
    for ended in (call("doctor", "data"), call("doctor", "data", "--json")):
        assert printable(ended.out)
    paths = {one["pictures"][0]["path"] for one in json.loads(call("doctor", "data", "--json").out)["findings"]}
    assert "data/train/cat/\\udcff.png" in paths


def test_an_empty_folder_is_told_of(tmp_path: Path, call: Call) -> None:
    (tmp_path / "none").mkdir()
    ended = call("doctor", tmp_path / "none", "--strict")
    assert ended.code == 3
    assert ended.out.startswith("0 pictures in 0 classes: train 0 (as they lie: fit refuses them)\n")
    assert "holds no class folders" in ended.out


def test_memory_does_not_grow_with_the_size_of_pictures(here: Path) -> None:
    """Large pictures pass one at a time: what stays is numbers."""
    file = io.BytesIO()
    Image.effect_noise((1500, 1500), 90).convert("RGB").save(file, "JPEG", quality=95)
    for place in range(30):
        Path(f"data/train/cat/large{place}.jpg").write_bytes(file.getvalue() + bytes([place]))
    peaks = []
    for folder in ("data/test", "data/train"):
        program = (
            f"import resource, sys\nfrom nettrain.cli.main import run\nrun(['doctor', {folder!r}, '--threads', '2'])\n"
        )
        program += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        ended = process(program, cwd=here, program=(os.sys.executable, "-c"))
        peaks.append(int(ended.err.split()[-1]))
    assert peaks[1] - peaks[0] < 60_000  # KiB; all of them decoded are 200 MB
