"""Figures are kept only from a quiet machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bench_results import results, step

from benchmarks import __main__ as program
from benchmarks.load import Snapshot, busy, loaded, snapshot


def test_a_busy_process_is_named_with_its_share_of_a_core():
    before = Snapshot(10.0, {(7, "cc1"): 3.0, (8, "sshd"): 1.0})
    after = Snapshot(12.0, {(7, "cc1"): 4.0, (8, "sshd"): 1.1, (9, "new"): 2.0})
    assert busy(before, after) == ["process 7 (cc1) uses 50% of a core", "process 9 (new) uses 100% of a core"]


def test_a_load_average_above_the_limit_is_a_reason():
    reasons = loaded(average=1.25, before=snapshot())
    assert reasons[0] == "the load average is 1.25, above 0.5"


def test_a_snapshot_leaves_out_this_process_and_what_it_started(tmp_path: Path):
    def process(pid: int, parent: int, name: str, user: int, system: int) -> None:
        (tmp_path / str(pid)).mkdir()
        fields = " ".join(["S", str(parent), *["0"] * 9, str(user), str(system), "0"])
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) {fields}")

    tick = os.sysconf("SC_CLK_TCK")
    process(os.getpid(), 1, "ours", 5 * tick, 0)
    process(1_000_001, os.getpid(), "child", 5 * tick, 0)
    process(1_000_002, 1_000_001, "grandchild", 5 * tick, 0)
    process(1_000_003, 1, "a (b) c", tick, 2 * tick)
    assert snapshot(tmp_path).used == {(1_000_003, "a (b) c"): 3.0}


def test_saving_is_refused_on_a_loaded_machine_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(program, "loaded", lambda: ["the load average is 3.00, above 0.5"])
    monkeypatch.setattr(program, "run", None)
    with pytest.raises(SystemExit) as refused:
        program.main(["steps", "--save"])
    assert refused.value.code == (
        "benchmarks: error: --save keeps figures of a quiet machine only: the load average is 3.00, above 0.5"
    )


def test_saving_is_refused_where_others_were_at_work_meanwhile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(program, "FOLDER", tmp_path)
    with pytest.raises(SystemExit) as refused:
        program._save(results(step()), ["process 7 (cc1) uses 50% of a core"])
    assert refused.value.code == (
        "benchmarks: error: nothing is saved, others were at work meanwhile: process 7 (cc1) uses 50% of a core"
    )
    assert list(tmp_path.iterdir()) == []


def test_saving_adds_to_the_file_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(program, "FOLDER", tmp_path)
    program._save(results(step()), [])
    program._save(results(step(threads=1)), [])
    (path,) = tmp_path.iterdir()
    assert [row.key for row in program.read(path).rows] == ["steps/cnn on 1", "steps/cnn on 2"]


def test_a_quick_look_is_never_saved():
    with pytest.raises(SystemExit) as refused:
        program.main(["steps", "--save", "--quick"])
    assert refused.value.code == (
        "benchmarks: error: --quick takes too few rounds for figures to keep; leave out one of it and --save"
    )


def test_a_process_that_changes_its_name_is_not_busy():
    """Workers of the kernel do so all the time; what they used under the old name is not used now."""
    before = Snapshot(0.0, {(7, "kworker/0:2-events"): 100.0})
    assert busy(before, Snapshot(2.0, {(7, "kworker/0:2-mm_percpu_wq"): 100.01})) == []
