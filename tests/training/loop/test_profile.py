"""A profile: its accounts add up to the time that passed, what it leaves out, its numbers by hand, its file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from commands import CNN, results
from training.setting_up import Setup, document_of, prepared_for

from nettrain.arrays import interrupt
from nettrain.training.loop.loop import train
from nettrain.training.loop.objective import training_loss
from nettrain.training.loop.profile import BESIDE, Profile, Row
from nettrain.training.loop.step import Stepper
from nettrain.training.run.opening import begin, named
from nettrain.training.run.run import Run, Stopped

COLUMNS = ["where", "what", "forward_ms", "backward_ms", "ms", "share", "gflop", "gflop_per_second"]
COLUMNS += ["steps", "from_step", "to_step", "images", "images_per_second"]
NETWORK = [  # of CNN: a layer that joins the epilogue of the one before it has no row of its own
    ("layers.0", "conv2d+batch_norm+max_pool2d+relu"),
    ("layers.2", "conv2d+batch_norm+relu+global_avg_pool+dropout"),
    ("layers.5", "linear+bias"),
    ("loss", "cross_entropy"),
    ("loss", "mean"),
]


class Time:
    """A time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.seconds += seconds


def one_step(profile: Profile, time: Time, pictures: int, *, begun: float = 0.5) -> None:
    """A step of known times: 0.25 s for data, then by powers of two."""
    time.passes(0.25)
    profile.lap("data")
    time.passes(begun)
    profile.begin_step()
    for layer in ("layers.0", "layers.1"):
        profile.lap("other")
        time.passes(1)
        profile.forward(layer, "conv2d", ("bias", "relu"), 3_000_000_000)
    for layer in ("layers.1", "layers.0"):
        time.passes(2)
        profile.backward(layer, "conv2d", ("bias", "relu"), 6_000_000_000)
    time.passes(4)
    profile.lap("gather")
    time.passes(8)
    profile.lap("update")
    profile.end_step(pictures)


def by_place(profile: Profile) -> dict[tuple[str, str], Row]:
    return {(row.where, row.what): row for row in profile.rows()}


def test_numbers_by_hand() -> None:
    time = Time()
    profile = Profile(time)
    for pictures in (100, 32, 16):  # the first is to warm up
        one_step(profile, time, pictures)
    time.passes(6)
    profile.lap("validation")
    rows = profile.rows()
    total = 2 * (0.25 + 0.5 + 2 * 1 + 2 * 2 + 4 + 8) + 6
    assert profile.seconds == total == time.seconds - 1000 - 18.75
    assert (profile.steps, profile.images, profile.step_seconds) == (2, 48, total - 6)
    share = 3 / (total / 2)
    assert rows[:2] == [Row(f"layers.{n}", "conv2d+bias+relu", 1000, 2000, 3000, share, 9, 3) for n in (0, 1)]
    beside = {row.where: row.ms for row in rows[2:-1]}
    assert beside == {
        "data": 250,
        "gather": 4000,
        "update": 8000,
        "logs": 0,
        "validation": 3000,
        "checkpoints": 0,
        "other": 500,
    }
    assert rows[-1] == Row(
        "all", "", 2000, 4000, 1e3 * total / 2, 1, 18, 36 / total, 2, 2, 3, 48, pytest.approx(48 / total)
    )


def test_one_step_is_no_profile(tmp_path: Path) -> None:
    time = Time()
    profile = Profile(time)
    assert profile.rows() == []
    one_step(profile, time, 10)
    profile.write(tmp_path / "profile.csv")
    assert profile.rows() == []
    assert not list(tmp_path.iterdir())
    one_step(profile, time, 10)
    assert profile.rows() != []


def test_a_step_that_never_ended_counts_for_nothing_nor_what_follows() -> None:
    time = Time()
    profile = Profile(time)
    for _ in range(3):
        one_step(profile, time, 10)
    before = profile.rows()
    profile.begin_step()
    time.passes(5)
    profile.forward("layers.0", "conv2d", ("bias", "relu"), 3_000_000_000)
    time.passes(9)
    profile.lap("checkpoints")
    assert profile.rows() == before


def test_an_account_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="dta"):
        Profile().lap("dta")


def test_memory_does_not_grow_with_the_steps() -> None:
    time = Time()
    profile = Profile(time)
    sizes = []
    for _ in range(4):
        one_step(profile, time, 10)
        sizes.append((len(profile.rows()), sum(1 for _ in profile._accounts())))
    assert sizes[1:] == 3 * [(2 + len(BESIDE) + 1, 4 + len(BESIDE))]


@pytest.fixture(scope="module")
def trained(small: Path) -> Profile:
    """Two epochs of the small convolutional network, of 8 steps each, the last with 8 pictures."""
    setup = Setup(prepared_for(CNN.format(data=small), small))
    profile = Profile()
    config = setup.prepared.config
    stepper = Stepper(setup.prepared.network, setup.state.optimizer, training_loss(config.loss), profile)
    for _ in train(stepper, setup.batches, lambda step, history: 0.01, 2, 3, setup.state.progress, ()):
        profile.lap("logs")
    return profile


def test_a_training_has_a_row_an_operation_in_the_order_of_the_network(trained: Profile) -> None:
    rows = trained.rows()
    assert [(row.where, row.what) for row in rows] == [*NETWORK, *BESIDE.items(), ("all", "")]
    assert (trained.steps, trained.images) == (15, 2 * 120 - 16)
    assert all(row.forward_ms and row.backward_ms for row in rows[: len(NETWORK)])
    times = {row.where: row.ms for row in rows}
    assert [name for name in BESIDE if not times[name]] == ["validation", "checkpoints"]


def test_the_rows_add_up_to_all(trained: Profile) -> None:
    *rows, everything = trained.rows()
    assert sum(row.share for row in rows) == pytest.approx(1, abs=1e-12)
    assert sum(row.ms for row in rows) == pytest.approx(everything.ms, rel=1e-12)
    assert everything.ms == pytest.approx(1e3 * trained.seconds / 15)
    for row in rows[: len(NETWORK)]:
        assert row.ms == pytest.approx((row.forward_ms or 0) + (row.backward_ms or 0))
    assert everything.forward_ms == pytest.approx(sum(row.forward_ms or 0 for row in rows))
    assert everything.backward_ms == pytest.approx(sum(row.backward_ms or 0 for row in rows))


def test_the_flops_of_known_layers(trained: Profile) -> None:
    """8x8 pictures of 1 channel; the first layer needs no gradient by them, the others two gradients each."""
    a_picture = [2 * (64 * 4 * 9) * 2, 3 * (16 * 8 * 36) * 2, 3 * (8 * 10) * 2]
    pictures_a_step = (2 * 120 - 16) / 15
    rows = trained.rows()
    found = [(row.gflop or 0) * 1e9 for row in rows[:3]]
    assert found == pytest.approx([pictures_a_step * flops for flops in a_picture])
    assert rows[-1].gflop == pytest.approx(sum(found) / 1e9)
    for row in (*rows[:3], rows[-1]):
        assert row.gflop_per_second == pytest.approx((row.gflop or 0) / row.ms * 1e3)
    assert {row.gflop for row in rows[3:-1]} == {None}


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_has_the_rows(trained: Profile, tmp_path: Path) -> None:
    path = tmp_path / "profile.csv"
    trained.write(path)
    written = read(path)
    assert list(written[0]) == COLUMNS
    for row, line in zip(trained.rows(), written, strict=True):
        for column in COLUMNS:
            value = getattr(row, column)
            if isinstance(value, float):
                assert float(line[column]) == pytest.approx(value, abs=1e-6)
            else:
                assert line[column] == ("" if value is None else str(value))
    assert [written[-1][name] for name in ("steps", "from_step", "to_step")] == ["15", "2", "16"]
    assert {line["from_step"] for line in written[:-1]} == {""}


def opened(small: Path, folder: Path) -> Run:
    document = named(document_of(CNN.format(data=small), small), "cnn.yaml")
    return begin(document, lambda what, done, total: None, str(folder))


def test_a_run_accounts_for_validation_and_saves_and_changes_no_result(
    tmp_path: Path, small: Path, finished: Path
) -> None:
    run = opened(small, tmp_path / "run")
    list(run.go(Profile()))
    lines = {line["where"]: line for line in read(run.folder.profile)}
    assert all(float(lines[name]["ms"]) > 0 for name in BESIDE)
    assert (lines["all"]["steps"], lines["all"]["images"]) == ("31", str(4 * 120 - 16))
    assert sum(float(line["share"]) for line in read(run.folder.profile)[:-1]) == pytest.approx(1, abs=1e-4)
    assert results(run.folder.path) == results(finished)


def test_a_run_that_is_stopped_has_a_profile_of_the_steps_it_made(tmp_path: Path, small: Path) -> None:
    run = opened(small, tmp_path / "run")
    stream = run.go(Profile())
    for _ in range(5):
        next(stream)
    interrupt.request(2)
    with pytest.raises(Stopped):
        next(stream)
    assert read(run.folder.profile)[-1]["steps"] == "4"


def test_a_run_without_a_profile_writes_none(finished: Path) -> None:
    assert not (finished / "profile.csv").exists()
