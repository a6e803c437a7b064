"""The first lines of a run: what a new one leaves out is said, and once."""

from __future__ import annotations

from pathlib import Path

from commands import MLP, pictures
from training.setting_up import document_of

from nettrain.training.run.notes import first_notes
from nettrain.training.run.opening import begin, named, take_up


def nothing(what: str, done: int, total: int) -> None:
    """No report."""


def test_a_new_run_says_what_it_leaves_out_and_one_taken_up_only_where_its_cache_is(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 8, 2)
    for name in ("train/3/bad.png", "test/4/bad.png"):
        (data / name).touch()
    text = MLP.format(data=data).replace("data:\n", "data:\n  on_bad_image: skip\n")
    run = begin(named(document_of(text, tmp_path), "a.yaml"), nothing, str(tmp_path / "run"))
    run.close()
    assert first_notes(run) == (
        "nettrain: note: data.train: uses train/, test/ found in it",
        f"nettrain: warning: 2 bad pictures skipped; see {tmp_path}/run/bad_images.csv",
    )
    run = take_up(tmp_path / "run", nothing)
    run.close()
    assert first_notes(run) == ()
