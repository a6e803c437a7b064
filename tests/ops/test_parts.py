"""An epilogue in place gives what its parts give one at a time, in every order, and writes nobody else's memory."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from epilogue_cases import DIFFERENT, MORE, PICTURES, POOLS, ROWS, Epilogue, Names, by_leaf, by_node, fits
from promises import Array, apart

N = 35  # pictures: more than one piece of training, whose largest have 32


def orders(parts: tuple[str, ...], length: int) -> list[Names]:
    return [names for names in product(parts, repeat=length) if fits(names)]


def sampled(parts: tuple[str, ...], length: int, count: int) -> list[Names]:
    """Some of the longer ones, the same ones every time; three poolings leave one pixel of 8x8, so no more."""
    random = np.random.default_rng(length)
    drawn = [tuple(parts[i] for i in random.integers(len(parts), size=length)) for _ in range(20 * count)]
    return [names for names in drawn if fits(names) and sum("x_pool" in n or "g_pool" in n for n in names) <= 3][:count]


EVERY = [names for length in (1, 2) for names in orders(PICTURES, length)] + orders((*DIFFERENT, *POOLS), 3)
LONG = [names for length in (4, 5, 6, 7) for names in sampled(PICTURES, length, 15)]
FOLLOWING = [("training norm", *names) for names in [(), *orders(PICTURES, 1), *orders(PICTURES, 2), *LONG[::5]]]
OF_ROWS = [names for length in (1, 2) for names in orders(ROWS, length)] + sampled(ROWS, 5, 20)
BESIDE = [names for length in (1, 2) for names in orders((*MORE, *DIFFERENT, *POOLS), length) if {*names} & {*MORE}]
TABLE: dict[str, list[tuple[str, Names]]] = {
    "through, up to three parts": [("through", names) for names in EVERY],
    "through, longer": [("through", names) for names in LONG],
    "conv2d, up to two parts": [("conv2d", names) for names in EVERY if len(names) < 3],
    "conv2d, more parts": [("conv2d", names) for names in BESIDE],
    "conv2d, longer": [("conv2d", names) for names in LONG],
    "conv2d with a norm in training": [("conv2d", names) for names in FOLLOWING],
    "linear": [("linear", names) for names in OF_ROWS],
    "linear with a norm in training": [("linear", ("training norm", *names)) for names in OF_ROWS[:42:3]],
}
each_table = pytest.mark.parametrize("table", TABLE)


def assert_near(found: dict[str, Array], expected: dict[str, Array], what: object) -> None:
    assert found.keys() == expected.keys(), what
    for name, array in found.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-9, atol=1e-11, err_msg=f"{what}: {name}")


@each_table
def test_results_are_those_of_the_parts_one_at_a_time(table: str) -> None:
    for core, names in TABLE[table]:
        for recorded, pictures in ((True, N), (False, 3)):  # at inference a piece is one picture
            case = Epilogue(core, names, pictures)
            y, expected = case.joined(recorded=recorded).array, case.apart(recorded=recorded).array
            assert_near({"y": y}, {"y": expected}, (names, recorded))


@each_table
def test_gradients_are_those_of_the_parts_one_at_a_time(table: str) -> None:
    """Whoever owns the incoming gradient; what nobody owns is read-only here, and so is every input."""
    for core, names in TABLE[table]:
        case = Epilogue(core, names, N)
        g = case.gradient()
        expected = by_leaf(case.apart(recorded=True), g)
        y = case.joined(recorded=True)
        y.array.flags.writeable = False
        assert_near(by_node(y, g, owned=False), expected, (names, "kept"))
        assert_near(by_node(y, g.copy(), owned=True), expected, (names, "owned"))


@pytest.mark.parametrize("table", ["through, longer", "conv2d, longer", "conv2d with a norm in training", "linear"])
def test_gradients_share_no_memory_and_do_not_depend_on_which_are_wanted(table: str) -> None:
    for core, names in TABLE[table]:
        case = Epilogue(core, names, N)
        g = case.gradient()
        y = case.joined(recorded=True)
        found = by_node(y, g, owned=False)
        for (one, a), (other, b) in combinations([*found.items(), ("y", y.array)], 2):
            assert not np.may_share_memory(a, b), (names, one, other)
        wanted = list(found)[:: 2 if len(found) > 2 else 1]
        some = by_node(y, g, owned=False, only=wanted)
        assert {name: array.tobytes() for name, array in some.items()} == {n: found[n].tobytes() for n in wanted}, names


@each_table
def test_an_owned_gradient_need_not_be_contiguous(table: str) -> None:
    for core, names in [row for row in TABLE[table] if row[1][-1:] in [("norm",), ("bias",), ("relu",)]][::2]:
        case = Epilogue(core, names, N)
        g = case.gradient()
        expected = by_node(case.joined(recorded=True), g, owned=False)
        for scattered in (apart(g), np.copy(g, order="F")):
            assert_near(by_node(case.joined(recorded=True), scattered, owned=True), expected, names)
