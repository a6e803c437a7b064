"""What is printed of figures, and the table of goals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from bench_results import FACTS, results, step

from benchmarks import __main__ as program
from benchmarks.goals import GOALS, table
from benchmarks.report import amount, changes, head, lines
from benchmarks.results import Results, write


def test_amounts_have_the_unit_that_fits_them():
    assert amount(2.5, "seconds") == "2.5 s"
    assert amount(0.1513, "seconds") == "151 ms"
    assert amount(4.2e-6, "seconds") == "4.2 us"
    assert amount(235e6, "bytes") == "235 MB"
    assert amount(2.5e9, "bytes") == "2,500 MB"


def words(text: Iterable[str]) -> list[str]:
    """Lines without their columns."""
    return [" ".join(line.split()) for line in text]


def test_a_row_shows_spread_ratio_rates_and_who_is_missing():
    assert words(lines(step())) == [
        "steps/cnn, 2 threads, 3 rounds",
        "nettrain 100 ms 90 ms to 110 ms 1,280 images/s 20.0 GFLOP/s, 20% of peak",
        "torch contiguous 200 ms 180 ms to 220 ms x 2.00 (2.00 to 2.00), medians 2.00 "
        "640 images/s 10.0 GFLOP/s, 10% of peak",
        "torch channels_last 150 ms 135 ms to 165 ms x 1.50 (1.50 to 1.50), medians 1.50 "
        "853 images/s 13.3 GFLOP/s, 13% of peak",
        "sklearn sklearn is not installed",
    ]


def test_the_head_names_the_machine_and_every_version():
    assert list(head(FACTS, "Haswell")) == [
        "A CPU, 2 cores, every side held to Haswell kernels (AVX2)",
        "  nettrain: nettrain 0.1.0, numpy 2.4.6, blas openblas 0.3.31 SkylakeX",
        "  torch: torch 2.13.0+cpu",
    ]


def test_changes_since_a_file_are_those_of_ours_and_of_the_ratio():
    now, then = results(step(ours=0.05), step(threads=1)), results(step(ours=0.1))
    assert words(changes(now, then))[1:] == [
        "steps/cnn on 2 100 ms 50 ms -50.0% 1.50 1.50",
        "steps/cnn on 1 not in both",
    ]


def test_the_table_of_goals_has_a_line_for_each_and_says_what_was_not_measured():
    found = list(table(results(step())))
    assert len(found) == 2 + len(GOALS)
    assert found[2] == (
        "| training step, `cnn` | 1.8 times PyTorch, 2 as the stretch | steps/cnn | 2 | 3 | 100 ms "
        "| 150 ms, torch channels_last | 1.50 (1.50 to 1.50) | no | `make bench ARGS='steps/cnn'` |"
    )
    assert "| steps/cnn_bn steps/resnet20 |  |  |  |  | not measured |  |" in found[3]


def test_a_goal_whose_peer_is_missing_says_so():
    row = step()
    alone = replace(row, figures={"nettrain": row.figures["nettrain"]}, missing={"torch": "torch is not installed"})
    assert "| torch is not installed |  |" in list(table(results(alone)))[2]


def shown(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines of ``--show`` on a file with two rows."""
    path = tmp_path / "file.json"
    write(path, Results(FACTS, [step(), step(threads=1)]))
    assert program.main(["--show", str(path), *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_saved_file_is_shown_without_measuring(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = shown(tmp_path, capsys)
    assert lines[0] == "A CPU, 2 cores"
    assert [line for line in lines if line.startswith("steps/cnn")] == [
        "steps/cnn, 2 threads, 3 rounds",
        "steps/cnn, 1 thread, 3 rounds",
    ]
    assert shown(tmp_path, capsys, "steps/c*") == lines


def test_the_goals_of_a_saved_file_are_the_table_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert shown(tmp_path, capsys, "--goals") == list(table(results(step(), step(threads=1))))


def test_the_changes_of_a_saved_file_are_shown_without_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    lines = words(shown(tmp_path, capsys, "--against", str(tmp_path / "file.json")))
    assert lines[0] == "A CPU, 2 cores"
    assert lines[-2:] == [f"steps/cnn on {n} 100 ms 100 ms +0.0% 1.50 1.50" for n in (2, 1)]
    assert len(lines) == len(list(head(FACTS, ""))) + 3
