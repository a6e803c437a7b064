"""What every optimizer promises: decay where it is due, the same bits on any number of threads, nothing lost."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optim_cases import CASES, SHAPES, chosen, flat, of_case

import nettrain.optim.optimizer
from nettrain.arrays import interrupt
from nettrain.arrays.flat import Flat
from nettrain.optim.optimizer import CHUNK, Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig
from nettrain.optim.table import OPTIMIZER_ALIASES, OPTIMIZERS, state_numbers

each_case = pytest.mark.parametrize("case", CASES)
IN_CHUNKS = [case for case, (kind, *_) in CASES.items() if kind != "muon"]  # which takes matrices whole
ALIKE = [case for case in CASES if case not in ("clipped", "in groups")]  # each weight by itself


def steps(optimizer: Optimizer, first: int, last: int) -> None:
    for step in range(first, last):
        optimizer.step(flat(100 + step), 0.01)


@each_case
def test_the_bits_do_not_depend_on_the_number_of_threads(case: str, threads: Callable[[int], None]) -> None:
    found = []
    for count in (1, 2, 3):
        threads(count)
        weights = flat(1)
        optimizer = of_case(case, weights, weight_decay=0.1, no_decay=("*.bias", "*norm*"))
        steps(optimizer, 0, 3)
        found.append(weights.array.tobytes() + b"".join(array.tobytes() for array in optimizer.state().values()))
    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.parametrize("case", IN_CHUNKS)
def test_two_lanes_never_write_the_same_scratch(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nettrain.optim.optimizer, "CHUNK", 3)
    optimizer = of_case(case, flat(1, {**SHAPES, "layers.2.weight": (50, 2)}))
    lanes = optimizer._lanes
    assert 1 < lanes.count < lanes.pieces, "expected more chunks than lanes"
    scratch = [{id(optimizer._chunks[i].scratch.base) for i in lanes.pieces_of(lane)} for lane in range(lanes.count)]
    starts = [{optimizer._chunks[i].scratch.ctypes.data for i in lanes.pieces_of(lane)} for lane in range(lanes.count)]
    assert all(len(found) == 1 for found in (*scratch, *starts))
    assert len(set.union(*starts)) == lanes.count


@pytest.mark.parametrize("case", ALIKE)
def test_where_a_weight_lies_makes_no_difference(case: str) -> None:
    together = flat(1)
    optimizer = of_case(case, together, weight_decay=0.1)
    steps(optimizer, 0, 2)
    for name, shape in SHAPES.items():
        alone = Flat({name: shape})
        alone.views[name][...] = flat(1).views[name]
        optimizer = of_case(case, alone, weight_decay=0.1)
        for step in range(2):
            gradient = Flat({name: shape})
            gradient.views[name][...] = flat(100 + step).views[name]
            optimizer.step(gradient, 0.01)
        assert alone.array.tobytes() == together.views[name].tobytes()


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(case: str, dtype: type) -> None:
    weights = flat(1, dtype=dtype)
    optimizer = of_case(case, weights, weight_decay=0.1)
    optimizer.step(flat(2, dtype=dtype), 0.01)
    assert weights.array.dtype == dtype
    assert {array.dtype for array in optimizer.state().values()} == {np.dtype(dtype)}


@pytest.mark.parametrize("case", [case for case in CASES if case != "lamb"])  # whose no_decay says more
def test_only_what_is_to_decay_does(case: str) -> None:
    def after(**settings: object) -> Flat:
        weights = flat(1)
        of_case(case, weights, **settings).step(flat(2), 0.01)
        return weights

    plain = after(weight_decay=0.0)
    decayed = after(weight_decay=50.0)
    chosen = after(weight_decay=50.0, no_decay=("*.bias", "layers.1.*"))
    for name in SHAPES:
        assert decayed.views[name].tobytes() != plain.views[name].tobytes()
        same = plain if name.endswith("bias") or "norm" in name else decayed
        assert chosen.views[name].tobytes() == same.views[name].tobytes(), name


@each_case
def test_a_step_allocates_no_arrays(case: str, threads: Callable[[int], None]) -> None:
    threads(1)
    weights, gradients = flat(1), flat(2)
    optimizer = of_case(case, weights, weight_decay=0.1)
    optimizer.step(gradients, 0.01)
    tracemalloc.start()
    optimizer.step(gradients, 0.01)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 10  # bytes; a chunk has 128 KB


@each_case
def test_a_step_cannot_be_interrupted(case: str) -> None:
    weights, expected = flat(1), flat(1)
    of_case(case, expected).step(flat(2), 0.01)
    optimizer = of_case(case, weights)
    interrupt.request(15)
    try:
        optimizer.step(flat(2), 0.01)
    finally:
        interrupt.clear()
    assert weights.array.tobytes() == expected.array.tobytes()
    assert optimizer.steps == 1


# state


@each_case
def test_state_has_every_slot_of_every_parameter(case: str) -> None:
    optimizer = of_case(case, flat(1))
    steps(optimizer, 0, 1)
    state = optimizer.state()
    kind, settings, slots = CASES[case]
    if kind != "muon":
        assert set(state) == {f"{slot}/{name}" for slot in slots for name in SHAPES}
    assert sum(array.size for array in state.values()) == state_numbers(chosen(kind, **settings), SHAPES)
    for name, array in state.items():
        assert array.shape == SHAPES[name.partition("/")[2]]
        assert array.any()
    next(iter(state.values()))[...] = 7
    assert (next(iter(optimizer.state().values())) == 7).all()  # views


@each_case
def test_a_training_that_is_taken_up_gives_the_bits_of_one_that_never_stopped(case: str) -> None:
    weights = flat(1)
    whole = of_case(case, weights, weight_decay=0.1)
    steps(whole, 0, 2)
    saved = {name: array.copy() for name, array in whole.state().items()}
    middle = weights.array.copy()
    steps(whole, 2, 4)
    other = flat(9)
    taken_up = of_case(case, other, weight_decay=0.1)
    other.array[:] = middle
    for name, array in taken_up.state().items():
        array[...] = saved[name]
    taken_up.steps = 2
    steps(taken_up, 2, 4)
    assert taken_up.steps == whole.steps == 4
    assert other.array.tobytes() == weights.array.tobytes()


# the walk


class _Seen(Optimizer):
    """Writes down what it is given, and does nothing."""

    decay = "own"

    def __init__(self, weights: Flat) -> None:
        super().__init__(OptimizerConfig(lr=0.1, weight_decay=0.5, no_decay=("c", "none")), weights)
        self.seen: list[Chunk] = []

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        assert len(chunk.weights) == len(g) == len(chunk.scratch) <= max(CHUNK, self.weights.array.size)
        self.seen.append(chunk)


class _Whole(_Seen):
    unit = "parameter"


class _Piece(_Seen):
    unit = "piece"


def walked(kind: type[_Seen]) -> list[tuple[int, int, float]]:
    shapes = {"a": (CHUNK - 1,), "b": (2 * CHUNK,), "c": (3,), "none": (0,), "d": (CHUNK,)}
    weights = Flat(shapes)
    optimizer = kind(weights)
    optimizer.step(Flat(shapes), 0.1)
    assert not weights.array.any()
    return sorted((chunk.span.start, chunk.span.stop, chunk.weight_decay) for chunk in optimizer.seen)


def test_no_chunk_lies_across_the_border_of_what_decays() -> None:
    ends = [CHUNK, 2 * CHUNK, 3 * CHUNK - 1]
    assert walked(_Seen) == [
        (0, ends[0], 0.5),
        (ends[0], ends[1], 0.5),
        (ends[1], ends[2], 0.5),
        (ends[2], ends[2] + 3, 0.0),
        (ends[2] + 3, ends[2] + 3 + CHUNK, 0.5),
    ]


def test_a_rule_gets_whole_parameters_or_pieces_of_one_if_it_asks_for_them() -> None:
    b, c, d = CHUNK - 1, 3 * CHUNK - 1, 3 * CHUNK + 2
    assert walked(_Whole) == [(0, b, 0.5), (b, c, 0.5), (c, d, 0.0), (d, d + CHUNK, 0.5)]
    assert walked(_Piece) == [(0, b, 0.5), (b, b + CHUNK, 0.5), (b + CHUNK, c, 0.5), (c, d, 0.0), (d, d + CHUNK, 0.5)]


@pytest.mark.parametrize("case", ALIKE)
def test_nothing_to_train_is_no_fault(case: str) -> None:
    optimizer = of_case(case, Flat({}))
    optimizer.step(Flat({}), 0.1)
    assert (optimizer.steps, optimizer.state()) == (1, {})


# the table


def test_the_table_equals_the_files() -> None:
    (folder,) = nettrain.optim.__path__
    shared = {"__init__", "optimizer", "settings", "groups", "clip", "table", "average"}
    assert {path.stem for path in Path(folder).glob("*.py")} - shared == set(OPTIMIZERS)
    assert {kind for kind, *_ in CASES.values()} == set(OPTIMIZERS)
    for kind, (record, optimizer) in OPTIMIZERS.items():
        assert record.__module__ == optimizer.__module__ == f"nettrain.optim.{kind}"
        assert set(OPTIMIZER_ALIASES.values()) <= set(OPTIMIZERS)
        assert kind not in OPTIMIZER_ALIASES
