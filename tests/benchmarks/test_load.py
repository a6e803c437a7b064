"""Figures are kept only from a quiet machine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from bench_results import results, step

from benchmarks import __main__ as program
from benchmarks.faults import Fault
from benchmarks.load import Snapshot, apart, busy, loaded, snapshot
from benchmarks.results import Result


def test_a_busy_process_is_named_with_its_share_of_a_core():
    before = Snapshot(10.0, {(7, "cc1"): 3.0, (8, "sshd"): 1.0})
    after = Snapshot(12.0, {(7, "cc1"): 4.0, (8, "sshd"): 1.1, (9, "new"): 2.0})
    assert busy(before, after) == ["process 9 (new) uses 100% of a core", "process 7 (cc1) uses 50% of a core"]


def test_of_many_busy_processes_the_busiest_are_named():
    after = Snapshot(10.0, {(pid, "cc1"): 1.5 + pid / 10 for pid in range(8)})
    reasons = busy(Snapshot(0.0, {}), after)
    assert [reason.split()[1] for reason in reasons] == ["7", "6", "5", "4", "3", "3"]
    assert reasons[-1] == "and 3 more"


def test_a_load_average_above_the_limit_is_a_reason():
    reasons = loaded(1.25, before=snapshot())
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


def test_saving_is_refused_on_a_loaded_machine_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(program, "loaded", lambda: ["the load average is 3.00, above 0.5"])
    monkeypatch.setattr(program, "run", None)
    assert program.main(["steps", "--save"]) == 2
    assert capsys.readouterr().err == (
        "benchmarks: error: --save keeps figures of a quiet machine only: the load average is 3.00, above 0.5\n"
    )


def test_saving_is_refused_where_others_were_at_work_meanwhile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(program, "FOLDER", tmp_path)
    with pytest.raises(Fault) as refused:
        program._save(results(step()), ["process 7 (cc1) uses 50% of a core"])
    assert str(refused.value) == ("nothing is saved, others were at work meanwhile: process 7 (cc1) uses 50% of a core")
    assert refused.value.code == 1
    assert list(tmp_path.iterdir()) == []


def test_saving_adds_to_the_file_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(program, "FOLDER", tmp_path)
    program._save(results(step()), [])
    program._save(results(step(threads=1)), [])
    (path,) = tmp_path.iterdir()
    assert [row.key for row in program.read(path).rows] == ["steps/cnn on 1", "steps/cnn on 2"]


def test_a_process_that_changes_its_name_is_not_busy():
    """Workers of the kernel do so all the time; what they used under the old name is not used now."""
    before = Snapshot(0.0, {(7, "kworker/0:2-events"): 100.0})
    assert busy(before, Snapshot(2.0, {(7, "kworker/0:2-mm_percpu_wq"): 100.01})) == []


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """What the rig finds when it is asked to measure, on a quiet machine."""
    rows = [step()]
    monkeypatch.setattr(program, "_measured", lambda chosen, options: results(*rows))
    monkeypatch.setattr(program, "average", lambda: 0.1)
    monkeypatch.setattr(program, "busy", lambda before, after: [])
    return rows


def test_nothing_is_said_of_a_quiet_machine(measured: list[Result], capsys: pytest.CaptureFixture[str]):
    assert program.main(["steps/cnn"]) == 0
    assert capsys.readouterr() == ("", "")


def test_figures_of_a_busy_machine_say_so(
    measured: list[Result], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(program, "average", lambda: 3.25)
    monkeypatch.setattr(program, "busy", lambda before, after: ["process 7 (cc1) uses 50% of a core"])
    assert program.main(["steps/cnn", "--quick"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "benchmarks: warning: the load average is 3.25, above 0.5: figures of a busy machine",
        "benchmarks: warning: others were at work meanwhile: process 7 (cc1) uses 50% of a core",
    ]


def test_figures_that_lie_far_apart_say_so(measured: list[Result], capsys: pytest.CaptureFixture[str]):
    far = replace(step(), figures={"nettrain": [1.0, 1.2], "torch contiguous": [2.0, 4.5]})
    measured.append(far)
    assert program.main(["steps/cnn", "--quick"]) == 0
    assert capsys.readouterr().err == (
        "benchmarks: warning: figures of one contender lie more than 2 times apart: steps/cnn on 2; "
        "measure again on a quiet machine\n"
    )
    assert apart(7 * [far]) == (
        "figures of one contender lie more than 2 times apart: "
        + 4 * "steps/cnn on 2, "
        + "steps/cnn on 2 and 2 more; "
        "measure again on a quiet machine"
    )
