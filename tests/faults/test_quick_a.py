"""A few of each of the long tests: killed, signalled, moved about, shared; and that each of them is able to fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from commands import after
from faults import kills, matrix, sharing, signals
from faults.reference import STEPS, Figures, Reference, environment, make_data
from faults.run_all import MODULES, main

AT_THE_START = """
import signal
from nettrain.files import streams
streams.open_streams = lambda: signal.raise_signal({number})"""


def check(rows: Iterable[Figures]) -> None:
    """Every row held, and says what was tried."""
    rows = list(rows)
    assert rows
    for row in rows:
        assert row.promise_held, "\n".join([f"{row.held} of {row.cases}: {row.note}", *row.failures])
        if row.skipped:
            print(f"{row.note}: {row.skipped}")


def caught(rows: Iterable[Figures]) -> str:
    """What was found; it is an error that nothing was."""
    failures = "\n".join(failure for row in rows for failure in row.failures)
    assert failures, "nothing was found"
    return failures


def test_the_reference_is_the_same_everywhere(tmp_path: Path) -> None:
    first, second = Reference(tmp_path / "first"), Reference(tmp_path / "second")
    assert first.expected == second.expected
    names = ["best.safetensors", "checkpoints/step-000000020.safetensors", f"checkpoints/step-{STEPS:09d}.safetensors"]
    assert sorted(first.expected) == [*names, "events.jsonl", "metrics.csv"]
    assert len(list(make_data(tmp_path / "third").rglob("*.bmp"))) == 64
    assert len(set(first.inputs().values())) == 65


def test_a_killed_fit_goes_on_to_the_same_bytes() -> None:
    check([kills.figures(kills.kill_many(16, real=0.07, large=0.07), 0.0)])


@pytest.mark.parametrize("defect", ["log kept", "inputs touched"])  # the others by ``make faults``
def test_the_killer_finds(defect: str) -> None:
    assert kills.finds(defect) == ""


def test_every_file_with_goals_is_among_those_that_are_run() -> None:
    files = [path for path in Path(__file__).parent.glob("*.py") if "\ndef goals(" in path.read_text()]
    assert {path.stem for path in files} == set(MODULES)


def test_a_broken_promise_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Figures("G1", 2, 2, "fine"), Figures("G2", 0, 0, skipped="no disk"), Figures("G3", 5, 4, "", 0.5, ("why",))]
    for last, code in ((0, 1), (2, 0), (3, 1)):
        monkeypatch.setattr(kills, "goals", lambda scale, last=last: iter(rows[:last]))
        monkeypatch.setattr(sys, "argv", ["run_all", "kills"])
        assert main() == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].endswith("BROKEN: ")
    assert lines[-2].strip() == "why"
    assert lines[-1].endswith("s; 1 rows did not hold")


def test_too_few_hits_are_a_failure() -> None:
    tally = kills.Tally(kills=100)
    tally.by_phase.update({"save": 20, "resume": 5, "log": 75})
    row = kills.figures(tally, 0.0)
    assert (row.held, row.failures) == (90, ("only 20 kills inside a save, 10 too few",))
    assert not Figures("G1", 0, 0).promise_held


def test_a_signalled_fit_ends_as_it_should_and_goes_on_to_the_same_bytes() -> None:
    check(signals.signal_many(3, 1))


def test_the_sender_finds_another_exit_code() -> None:
    assert signals.finds("exit 0 of a signal") == ""


@pytest.mark.parametrize("number", signals.STOPPING)
def test_process_1_heeds_a_signal_before_anything_is_imported(number: int) -> None:
    if not signals.can_be_first():
        pytest.skip("unshare --pid is not possible here")
    program = [*signals.FIRST_PROCESS, *after(AT_THE_START.format(number=int(number))), "env"]
    done = subprocess.run(program, capture_output=True, check=False, env=environment(), text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


def test_nothing_around_a_fit_changes_its_bytes() -> None:
    check(matrix.same_bytes(every=6))


def test_the_matrix_finds_a_result_that_hangs_on_threads() -> None:
    assert "4 threads: not the bytes of a run never stopped" in caught(
        matrix.same_bytes(every=3, only="threads", defect="threads shown")
    )


def test_every_way_is_another() -> None:
    names = [way.name for way in matrix.ways()]
    assert len(set(names)) == len(names)
    assert len(names) + STEPS - 1 >= 59


def test_other_surroundings_are_said_at_resume() -> None:
    check(matrix.said_at_resume())


def test_inputs_are_only_read() -> None:
    check(matrix.inputs_kept(3))


def test_one_of_eight_fits_has_the_folder() -> None:
    check([sharing.fits(1)])


def test_a_model_is_never_read_in_parts() -> None:
    check([sharing.predicts(12)])


def test_the_reader_finds_parts() -> None:
    def in_parts(path: Path, data: bytes) -> None:
        path.write_bytes(data)

    assert "exit code 4" in caught([sharing.predicts(5, in_parts)])
