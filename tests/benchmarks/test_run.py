"""Rows as they are measured: with a missing peer, in new processes, and as whole programs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import run, runners, sides, workshop
from benchmarks.children import Children
from benchmarks.faults import Fault
from benchmarks.plan import OURS, Command, Fresh, Job, Kept, Row, Settings
from benchmarks.runners import Bench
from benchmarks.surroundings import environment
from benchmarks.table import chosen
from benchmarks.workshop import CIFAR10, Workshop

QUICK = run.Effort(rounds=1, quick=True)
SETTINGS = Settings((1,), pictures=20)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A rig without any peer, on small folders."""
    monkeypatch.setattr(sides, "installed", lambda package: package in ("nettrain", "PIL"))
    monkeypatch.setattr(workshop, "KINDS", {name: replace(kind, count=20) for name, kind in workshop.KINDS.items()})
    surroundings = environment()
    with Children(surroundings) as children:
        yield Bench(children, Workshop(tmp_path, tmp_path, surroundings), surroundings)


def one(name: str) -> Row:
    (row,) = chosen([name], SETTINGS)
    return row


def small(row: Row) -> Row:
    """The row with two pictures a batch."""
    contenders = (replace(c, job=replace(c.job, batch=2)) for c in row.contenders if isinstance(c, Kept | Fresh))
    return replace(row, contenders=tuple(contenders))


def test_a_peer_that_is_not_installed_is_a_line_of_the_row(bench: Bench):
    found = run.measure(small(one("steps/mnist_mlp")), QUICK, bench, gflops=50.0)
    assert set(found.figures) == {OURS}
    assert found.missing == {"torch contiguous": "torch is not installed", "sklearn": "sklearn is not installed"}
    assert len(found.figures[OURS]) == 1
    assert (found.images, found.gflops) == (2, 50.0)


def test_memory_is_the_peak_of_a_new_process_above_its_imports(bench: Bench):
    found = run.measure(small(one("memory/mnist_mlp")), QUICK, bench)
    assert found.unit == "bytes"
    assert 0 < found.figures[OURS][0] < 200e6


def test_decoding_is_measured_beside_pillow(bench: Bench):
    found = run.measure(one("decode/png-32"), QUICK, bench)
    assert set(found.figures) == {OURS, "Pillow"}
    assert found.images == 20


def test_whole_programs_are_measured_from_start_to_end(bench: Bench):
    for name in ("start/help", "start/predict-one", "whole/predict-10000"):
        assert run.measure(one(name), QUICK, bench).figures[OURS][0] > 0
    rows = (bench.workshop.folder / "rows.jsonl").read_text().splitlines()
    assert len(rows) == 20
    assert all('"error":null' in row for row in rows)


def test_a_fit_without_the_pictures_says_so(bench: Bench):
    found = run.measure(one("fit/mlp-20"), QUICK, bench)
    assert found.figures == {}
    assert found.missing[OURS] == "NETTRAIN_CIFAR10 names no zip of pictures"


def test_a_fit_takes_the_first_pictures_of_each_class(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = tmp_path / "pictures.zip"
    Image.new("RGB", (32, 32)).save(tmp_path / "one.jpg")
    with zipfile.ZipFile(archive, "w") as pictures:
        for label in range(10):
            for place in range(3):
                pictures.write(tmp_path / "one.jpg", f"cifar10/class{label}/{place}.jpg")
    monkeypatch.setenv(CIFAR10, str(archive))
    taken = bench.workshop.cifar(20)
    assert sorted(path.name for path in (taken / "class3").iterdir()) == ["0.jpg", "1.jpg"]
    assert run.measure(one("fit/mlp-20"), QUICK, bench).figures[OURS][0] > 0


def test_a_whole_program_that_fails_is_an_error_with_what_it_said(bench: Bench, capfd: pytest.CaptureFixture[str]):
    wrong = Command(OURS, lambda shop: ["python3", "-c", "raise SystemExit('no good')"])
    with pytest.raises(Fault) as failed:
        runners.ready(wrong, "seconds", 0.1, bench).run()
    assert str(failed.value) == """exit code 1 of python3 -c 'raise SystemExit('"'"'no good'"'"')'"""
    assert failed.value.code == 1
    assert "no good" in capfd.readouterr().err


def test_all_rows_of_a_run_are_shown_as_they_come(bench: Bench):
    job = Job("ops", "dense-256-10", 2)
    rows = [Row("ops", job.case, 1, (Kept(OURS, "nettrain", 1, job),))]
    shown = []
    assert run.run(rows, QUICK, bench, {1: 10.0}, shown.append) == shown
    assert shown[0].gflops == 10.0
