"""How work is cut: every picture once, by shape alone, in an order that never changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Lock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.arrays import pieces as cut
from nettrain.arrays.pieces import Lanes, Pieces, Sum, pictures_a_piece


@given(st.integers(0, 300), st.integers(1, 40))
def test_pieces_hold_every_picture_once_in_order(pictures: int, size: int) -> None:
    pieces = Pieces(pictures, size)
    spans = [pieces[i] for i in range(len(pieces))]
    assert [n for span in spans for n in range(span.start, span.stop)] == list(range(pictures))
    assert all(0 < span.stop - span.start <= size for span in spans)


@given(st.integers(0, 300), st.integers(0, 1 << 26))
def test_lanes_hold_every_piece_once_in_order(pieces: int, accumulator_bytes: int) -> None:
    lanes = Lanes.of(pieces, accumulator_bytes)
    taken = [list(lanes.pieces_of(lane)) for lane in range(lanes.count)]
    assert sorted(piece for lane in taken for piece in lane) == list(range(pieces))
    assert all(lane == sorted(lane) for lane in taken)
    assert 1 <= lanes.count <= cut.MAX_LANES
    assert lanes.count == 1 or lanes.count * accumulator_bytes <= cut.LANES_BYTES


@pytest.mark.parametrize(
    ("pieces", "accumulator_bytes", "count"),
    [(0, 4, 1), (1, 4, 1), (9, 4, 9), (100, 4, 16), (100, 4 << 20, 8), (100, 20 << 20, 1), (100, 1 << 30, 1)],
)
def test_the_number_of_lanes(pieces: int, accumulator_bytes: int, count: int) -> None:
    assert Lanes.of(pieces, accumulator_bytes).count == count


@pytest.mark.parametrize(
    ("recorded", "numbers", "pictures"),
    [
        (False, (10,), 1),
        (False, (10_000_000,), 1),
        (True, (1,), 32),
        (True, (0,), 32),
        (True, (32 * 32 * 32,), 4),
        (True, (4096, 8192), 8),
        (True, (8192, 4096), 8),
    ],
)
def test_pictures_of_a_piece(recorded: bool, numbers: tuple[int, ...], pictures: int) -> None:
    assert pictures_a_piece(recorded, *numbers) == pictures


@pytest.mark.parametrize("count", [1, 2, 3])
def test_neither_depends_on_the_number_of_threads(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    pieces, lanes = Pieces(77, 4), Lanes.of(20, 8)
    seen: list[tuple[int, int, int]] = []
    order: dict[int, list[int]] = {lane: [] for lane in range(lanes.count)}
    lock = Lock()

    def look(index: int, span: slice) -> None:
        with lock:
            seen.append((index, span.start, span.stop))

    pieces.each(look)
    lanes.each(lambda lane, piece: order[lane].append(piece))
    assert sorted(seen) == [(i, 4 * i, min(4 * i + 4, 77)) for i in range(20)]
    assert order == {lane: list(lanes.pieces_of(lane)) for lane in range(16)}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_sum_is_added_in_the_order_of_lanes(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    terms = np.random.default_rng(1).normal(size=(50, 7, 3)).astype(np.float32)
    lanes = Lanes.of(50, terms[0].nbytes)
    total = Sum(lanes, (7, 3), np.float32)

    def add(lane: int, piece: int) -> None:
        place, begun = total.place(lane)
        np.copyto(place, place + terms[piece] if begun else terms[piece])

    lanes.each(add)
    by_lane = np.zeros((16, 7, 3), np.float32)
    for lane in range(16):
        for piece in lanes.pieces_of(lane):
            by_lane[lane] += terms[piece]
    expected = by_lane[0]
    for lane in by_lane[1:]:
        expected = expected + lane
    assert total.total().tobytes() == expected.tobytes()


def test_only_the_first_term_of_a_lane_is_written() -> None:
    total = Sum(Lanes.of(3, 4), (2,), np.float32)
    assert [total.place(lane)[1] for lane in (0, 2, 0, 2, 1)] == [False, False, True, True, False]
    for lane in range(3):
        place, begun = total.place(lane)
        assert begun
        place[...] = 10.0**lane
    found = total.total()
    assert found.tolist() == [111, 111]
    assert np.may_share_memory(found, total.place(0)[0])


def test_every_piece_runs_once(threads: Callable[[int], None]) -> None:
    threads(3)
    runs: list[int] = []
    Pieces(1001, 3).each(lambda index, span: runs.append(index))
    assert Counter(runs) == Counter(range(334))


def test_a_lane_without_a_term_adds_nothing() -> None:
    total = Sum(Lanes(3, 3), (2,), np.float32)
    for lane, value in ((0, 1.0), (2, 5.0)):
        total.place(lane)[0][...] = value
    total.accumulators[1].fill(np.nan)
    assert total.total().tolist() == [6.0, 6.0]
