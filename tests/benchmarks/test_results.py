"""The file of results: written, read again, added to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from bench_results import FACTS, results, step

from benchmarks.results import Result, Results, file_name, read, write


def test_what_is_written_is_read_again(tmp_path: Path):
    path = tmp_path / "results" / "file.json"
    written = Results(FACTS, [step(), step(threads=1)], "Haswell")
    write(path, written)
    assert read(path) == written


def test_figures_are_kept_to_five_digits(tmp_path: Path):
    path = tmp_path / "file.json"
    write(path, results(step(ours=0.123456789)))
    assert read(path).rows[0].figures["nettrain"][0] == 0.12346


def test_a_row_is_a_line(tmp_path: Path):
    path = tmp_path / "file.json"
    write(path, results(step(), step(threads=1)))
    lines = [line for line in path.read_text().splitlines() if line.startswith('{"group"')]
    assert len(lines) == 2


def test_another_version_of_the_file_is_refused(tmp_path: Path):
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"version": 2, "facts": {}, "rows": [], "kernel": ""}))
    with pytest.raises(ValueError, match="not a file of results of version 1"):
        read(path)


def test_the_name_says_cpu_threads_and_versions():
    assert file_name(results()) == "a-cpu-2-cores-numpy-2.4.6-torch-2.13.0-cpu.json"
    assert file_name(replace(results(), kernel="Haswell")) == "a-cpu-2-cores-numpy-2.4.6-torch-2.13.0-cpu-haswell.json"


def test_rows_of_an_older_file_stay_unless_they_were_measured_anew():
    now = results(step(ours=0.2)).with_older([step(ours=0.1), step(threads=1)])
    found = {row.key: row.figures["nettrain"][0] for row in now.rows}
    assert found == {"steps/cnn on 2": 0.2, "steps/cnn on 1": 0.1}


def test_the_best_peer_is_the_quickest_of_its_kind():
    row = step()
    assert row.best() == "torch channels_last"
    assert row.best("torch cont") == "torch contiguous"
    assert row.best("sklearn") is None


def test_there_is_a_ratio_only_where_both_have_figures():
    row = step()
    found = row.ratio("torch channels_last")
    assert found is not None
    assert found.rounds.median == pytest.approx(1.5)
    assert row.ratio("sklearn") is None
    assert row.ratio(None) is None
    assert Result("steps", "cnn", 1, "seconds", {}).ratio("torch") is None
