"""``nettrain predict`` as a filter: what goes in, what comes out, in which order, and what it takes."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, after, printable, process, rows, shell, tree
from data.samples import png_of, saved, smooth

Call = Callable[..., Ended]
PEAK = "import atexit, sys; atexit.register(lambda: print(open('/proc/self/status').read(), file=sys.stderr))"


@pytest.fixture
def here(tmp_path: Path, finished: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished run and five pictures, one of them broken, some oddly called."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "runs/cnn")
    for label, name in enumerate(("a.png", "b c.png", "new\nline.png", os.fsdecode(b"\xff\xfe.png"))):
        shutil.copy(sorted((small / f"test/{label}").iterdir())[0], name)
    Path("bad.png").write_bytes(saved(smooth(8, 8), "JPEG")[:-50])
    return tmp_path


def test_rows_come_in_input_order_one_a_file(here: Path, call: Call) -> None:
    ended = call("predict", "b c.png", "bad.png", "gone.png", "a.png")
    assert ended.code == 3
    assert ended.err == (
        "nettrain: using runs/cnn\nnettrain: error: 2 of the files could not be used; their rows say why\n"
    )
    found = rows(ended.out)
    assert [list(row) for row in found] == [
        ["path", "label", "confidence", "index", "top", "error", "format_version"]
    ] * 4
    assert [row["path"] for row in found] == ["b c.png", "bad.png", "gone.png", "a.png"]
    assert [row["error"] for row in found] == [None, "cut off: the JPEG file has no end marker", "no such file", None]
    for row in found[1:3]:
        assert (row["label"], row["confidence"], row["index"], row["top"]) == (None, None, None, None)
    for row in (found[0], found[3]):
        assert row["label"] == str(row["index"])
        assert row["top"] == [{"label": row["label"], "confidence": row["confidence"]}]


def test_folders_and_patterns(here: Path, call: Call, small: Path) -> None:
    shutil.copytree(small / "test/3", "d/z")
    shutil.copytree(small / "test/4", "d/y")
    Path("d/notes.txt").touch()
    names = [row["path"] for row in rows(call("predict", "d").out)]
    assert names == [f"d/{path.relative_to('d')}" for path in sorted(Path("d").rglob("*.png"))]
    assert [row["path"] for row in rows(call("predict", "*.png", "a.png").out)] == [
        "a.png",
        "b c.png",
        "bad.png",
        "new\nline.png",
        "\\udcff\\udcfe.png",
        "a.png",
    ]
    assert [row["path"] for row in rows(call("predict", "d/**/*.png").out)] == names
    assert [row["error"] for row in rows(call("predict", "nothing*.png").out)] == [
        "no such file, and none that this pattern matches"
    ]
    nul = process("predict", "-", "-m", "runs/cnn", stdin=b"d/a.png\0d/b[1].png\0")
    assert (nul.code, [row["error"] for row in rows(nul.out)]) == (3, ["the path has a NUL character"])
    assert call("predict", "d/notes.txt").out.count("\n") == 1  # a named file is always tried


def test_paths_on_stdin_keep_their_bytes(here: Path) -> None:
    lines = b"b c.png\n\n\xff\xfe.png\na.png"
    ended = process("predict", "-", "-m", "runs/cnn", stdin=lines)
    assert (ended.code, ended.err) == (0, "")
    by_line = rows(ended.out)
    assert [row["path"] for row in by_line] == ["b c.png", "\\udcff\\udcfe.png", "a.png"]
    assert base64.b64decode(by_line[1]["path_b64"]) == b"\xff\xfe.png"
    ended = process("predict", "a.png", "-", "-0", "-m", "runs/cnn", stdin=b"new\nline.png\0\xff\xfe.png\0\0b c.png")
    by_nul = rows(ended.out)
    assert [row["path"] for row in by_nul] == ["a.png", "new\nline.png", "\\udcff\\udcfe.png", "b c.png"]
    assert [row["error"] for row in by_nul] == [None] * 4
    assert printable(ended.out)
    assert by_nul[2] == by_line[1]


def test_a_nul_on_stdin_read_by_lines_is_a_bad_file(here: Path) -> None:
    ended = process("predict", "-", "-m", "runs/cnn", stdin=b"a.png\0b c.png\n")
    assert ended.code == 3
    assert rows(ended.out)[0]["error"] == "the path has a NUL character"


@pytest.mark.parametrize("stdin", [b"", b"\n\n"])
def test_no_paths_are_no_rows(here: Path, stdin: bytes) -> None:
    warning = "nettrain: warning: no picture was found in what was given\n"
    assert process("predict", "-", "-m", "runs/cnn", stdin=stdin) == Ended(0, "", warning)


def test_csv(here: Path, call: Call) -> None:
    names = ["a.png", "bad.png", "new\nline.png"]
    table = list(csv.DictReader(io.StringIO(call("predict", *names, "--format", "csv", "--all").out)))
    assert [row["path"] for row in table] == ["a.png", "bad.png", "new\\nline.png"]
    assert list(table[0]) == ["path", "label", "confidence", "index", "error", *(f"p:{digit}" for digit in range(10))]
    good, bad, _ = table
    shares = [float(good[f"p:{digit}"]) for digit in range(10)]
    assert sum(shares) == pytest.approx(1, abs=1e-6)
    assert good["confidence"] == good[f"p:{good['label']}"] == str(max(shares))
    assert [bad[name] for name in ("label", "confidence", "index", "p:0")] == [""] * 4
    short = csv.DictReader(io.StringIO(call("predict", *names, "--format", "csv").out))
    assert next(short) == {name: good[name] for name in ("path", "label", "confidence", "index", "error")}


def test_top_and_all(here: Path, call: Call) -> None:
    (one,) = rows(call("predict", "a.png", "--top", "3").out)
    (every,) = rows(call("predict", "a.png", "--all").out)
    (many,) = rows(call("predict", "a.png", "--top", "99").out)
    assert one["top"] == every["top"][:3]
    assert many == every
    assert len(every["top"]) == 10
    shares = [entry["confidence"] for entry in every["top"]]
    assert shares == sorted(shares, reverse=True)


def test_a_table_for_people(here: Path, call: Call) -> None:
    lines = call("predict", "a.png", "bad.png", "b c.png", "--format", "table", "--top", "2").out.splitlines()
    assert lines[0] == "path     label  confidence  label  confidence"
    assert lines[1].split()[0] == "a.png"
    assert len(lines[1].split()) == 5
    assert lines[2] == "bad.png  error: cut off: the JPEG file has no end marker"
    assert len({len(line) for line in (lines[0], lines[1], lines[3])}) == 1


def test_output_is_a_whole_file(here: Path, call: Call) -> None:
    wanted = call("predict", "a.png", "bad.png", "b c.png").out
    ended = call("predict", "a.png", "bad.png", "b c.png", "--output", "rows.jsonl", "-m", "runs/cnn/best.safetensors")
    assert (ended.code, ended.out) == (3, "")
    assert Path("rows.jsonl").read_text() == wanted
    before = tree(here)
    ended = call("predict", "a.png", "-o", "none/rows.jsonl", "-m", "runs/cnn")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == "nettrain: error: none/rows.jsonl: cannot write: no such file or folder; is the path right?\n"
    assert tree(here) == before


def test_output_has_the_format_of_its_name(here: Path, call: Call) -> None:
    wanted = {form: call("predict", "a.png", "--format", form).out for form in ("csv", "jsonl")}
    for name, form in (("rows.csv", "csv"), ("rows.jsonl", "jsonl"), ("rows", "jsonl")):
        assert call("predict", "a.png", "-m", "runs/cnn", "-o", name) == Ended(0, "", "")
        assert Path(name).read_text() == wanted[form]
    assert call("predict", "a.png", "-m", "runs/cnn", "-o", "rows.csv", "--format", "jsonl") == Ended(0, "", "")
    assert Path("rows.csv").read_text() == wanted["jsonl"]


def test_an_empty_folder_is_a_warning(here: Path, call: Call) -> None:
    Path("empty").mkdir()
    warning = "nettrain: warning: no picture was found in what was given\n"
    assert call("predict", "empty", "-m", "runs/cnn") == Ended(0, "", warning)


def test_output_is_all_or_nothing(here: Path) -> None:
    """A limit on the size of files stands for a disk that is full."""
    Path("rows.csv").write_text("before\n")
    names = b"a.png\n" * 300
    limited = after("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))")
    ended = process("predict", "-", "-m", "runs/cnn", "-o", "rows.csv", "--format", "csv", stdin=names, program=limited)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == (
        "nettrain: error: rows.csv: cannot write: the file would be larger than is allowed; raise the "
        "limit (ulimit -f)\n"
    )
    assert Path("rows.csv").read_text() == "before\n"
    assert not [name for name in os.listdir() if name.endswith(".tmp")]


def test_rows_do_not_depend_on_their_company(here: Path, call: Call, small: Path) -> None:
    """Alone, together, the other way round, with one thread and three: the same rows to the last digit."""
    names = [str(path) for path in sorted((small / "test").rglob("*.png"))]
    together = call("predict", *names, "--all").out.splitlines()
    assert len(together) == 50
    assert call("predict", *reversed(names), "--all", "--threads", "3").out.splitlines() == together[::-1]
    assert call("predict", *names, "--all", "--threads", "1").out.splitlines() == together
    for place in (0, 7, 49):
        assert call("predict", names[place], "--all").out.splitlines() == [together[place]]
    for count in (2, 3, 9, 33):
        assert call("predict", *names[:count], "--all").out.splitlines() == together[:count]


def test_a_reader_that_has_enough_ends_it(here: Path) -> None:
    ended = shell("yes a.png | { nettrain predict - -m runs/cnn; echo $? > code; } | head -1", here)
    assert rows(ended.out)[0]["path"] == "a.png"
    assert ended.err == ""
    assert Path("code").read_text() == "141\n"


def test_the_newest_finished_run_is_used(here: Path, call: Call) -> None:
    for name, state, ended in (
        ("older", "finished", "2001"),
        ("later", "running", "2999"),
        ("newest", "finished", "2500"),
    ):
        shutil.copytree("runs/cnn", f"runs/{name}")
        facts = json.loads(Path("runs/cnn/run.json").read_text())
        Path(f"runs/{name}/run.json").write_text(json.dumps({**facts, "state": state, "ended": ended}))
    ended = call("predict", "a.png")
    assert (ended.code, ended.err) == (0, "nettrain: using runs/newest\n")


def test_without_a_finished_run_it_says_what_is_there(here: Path, call: Call) -> None:
    facts = json.loads(Path("runs/cnn/run.json").read_text())
    Path("runs/cnn/run.json").write_text(json.dumps({**facts, "state": "stopped"}))
    Path("runs/other").mkdir()
    assert call("predict", "a.png") == Ended(
        2,
        "",
        "nettrain: error: runs: no finished run here; there is: cnn (stopped), other (no run); "
        "name a model with --model, or finish a run first\n",
    )


def test_results_alone_are_on_stdout_and_nothing_but_text(here: Path) -> None:
    ended = process("predict", "a.png", "bad.png", "new\nline.png", b"\xff\xfe.png", "x\x1b[31m.png")
    assert ended.code == 3
    assert printable(ended.out)
    assert printable(ended.err)
    assert len(rows(ended.out)) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_number_of_paths(here: Path) -> None:
    picture = png_of(smooth(64, 64))
    Path("one.png").write_bytes(picture)

    def peak(count: int) -> int:
        ended = process("predict", "-", "-m", "runs/cnn", stdin=b"one.png\n" * count, program=after(PEAK))
        assert ended.code == 0, ended.err
        assert ended.out.count("\n") == count
        (line,) = (line for line in ended.err.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1])  # kB

    assert peak(5000) - peak(500) < 15_000
