"""Initialisers: their laws on many numbers, and that each number depends on nothing but its seed, name and place."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from nettrain.config.fields import Chosen, NoSettings, Record
from nettrain.model.initialisers import INITIALISERS, FilledConfig, NormalConfig, UniformConfig, initialise

SHAPE, FANS = (3, 3, 64, 400), (576, 3600)
COUNT = math.prod(SHAPE)
STDDEV = {  # written out by hand from the papers
    "he_normal": math.sqrt(2 / 576),
    "he_uniform": math.sqrt(2 / 576),
    "glorot_normal": math.sqrt(2 / (576 + 3600)),
    "glorot_uniform": math.sqrt(2 / (576 + 3600)),
    "lecun_normal": math.sqrt(1 / 576),
    "lecun_uniform": math.sqrt(1 / 576),
    "normal": 0.05,
    "uniform": 0.05 / math.sqrt(3),
    "zeros": 0.0,
    "ones": 0.0,
    "constant": 0.0,
}
KERAS_CORRECTION = 0.87962566103423978  # the standard deviation of a standard normal variable cut at -2 and 2
TRUNCATED = ("he_normal", "glorot_normal", "lecun_normal")
UNIFORM = ("he_uniform", "glorot_uniform", "lecun_uniform", "uniform")
RANDOM = [kind for kind in STDDEV if kind not in ("zeros", "ones", "constant")]


def drawn(
    kind: str,
    name: str = "layers.0.weight",
    shape: tuple[int, ...] = SHAPE,
    seed: int = 1,
    settings: Record | None = None,
) -> np.ndarray:
    chosen = Chosen(kind, INITIALISERS[kind][0]() if settings is None else settings)
    return filled(chosen, name, shape, FANS, seed)


def filled(chosen: Chosen, name: str, shape: tuple[int, ...], fans: tuple[int, int], seed: int) -> np.ndarray:
    out = np.full(shape, np.nan)
    initialise(out, chosen, name, fans, seed)
    return out


def test_every_initialiser_has_a_law_here() -> None:
    assert set(INITIALISERS) == set(STDDEV)


@pytest.mark.parametrize("kind", STDDEV)
def test_mean_and_standard_deviation(kind: str) -> None:
    values = drawn(kind)
    assert values.shape == SHAPE
    assert values.dtype == np.float64
    noise = 5 * STDDEV[kind] / math.sqrt(COUNT)
    assert values.mean() == pytest.approx(1.0 if kind == "ones" else 0.0, abs=noise)
    assert values.std() == pytest.approx(STDDEV[kind], abs=noise)


@pytest.mark.parametrize("kind", TRUNCATED)
def test_truncated_kinds_end_at_two_of_the_wider_deviations(kind: str) -> None:
    largest = np.abs(drawn(kind)).max()
    end = 2 * STDDEV[kind] / KERAS_CORRECTION
    assert 0.999 * end < largest <= end


@pytest.mark.parametrize("kind", TRUNCATED)
def test_truncated_kinds_are_normal_inside(kind: str) -> None:
    values = drawn(kind) / STDDEV[kind] * KERAS_CORRECTION
    inside = math.erf(2 / math.sqrt(2))
    for z in (0.5, 1.0, 1.5):
        share = math.erf(z / math.sqrt(2)) / inside
        assert (np.abs(values) < z).mean() == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / COUNT))


def test_normal_is_not_truncated() -> None:
    beyond = (np.abs(drawn("normal")) > 2 * 0.05).mean()
    share = math.erfc(2 / math.sqrt(2))
    assert beyond == pytest.approx(share, abs=5 * math.sqrt(share / COUNT))


@pytest.mark.parametrize("kind", UNIFORM)
def test_uniform_kinds_fill_their_interval(kind: str) -> None:
    values = drawn(kind) / (STDDEV[kind] * math.sqrt(3))
    assert -1 <= values.min() < -0.999
    assert 0.999 < values.max() < 1
    counts, _ = np.histogram(values, 20, (-1, 1))
    assert np.abs(counts - COUNT / 20).max() < 5 * math.sqrt(COUNT / 20)


@pytest.mark.parametrize("kind", RANDOM)
def test_the_same_arguments_give_the_same_bits(kind: str, threads: Callable[[int], None]) -> None:
    found = set()
    for count in (1, 2, 3):
        threads(count)
        found.add(drawn(kind, shape=(300, 301)).tobytes())
    assert len(found) == 1


@pytest.mark.parametrize("kind", RANDOM)
def test_seed_and_name_change_the_numbers_and_the_shape_only_their_place(kind: str) -> None:
    values = drawn(kind, shape=(50, 40)).ravel()
    for other in (drawn(kind, "layers.1.weight", (50, 40)), drawn(kind, seed=2, shape=(50, 40))):
        assert (other.ravel() != values).all()
        assert abs(np.corrcoef(other.ravel(), values)[0, 1]) < 5 / math.sqrt(2000)
    assert drawn(kind, shape=(40, 50)).tobytes() == values.tobytes()
    assert drawn(kind, shape=(30,)).tobytes() == values[:30].tobytes()


def test_settings() -> None:
    base = drawn("normal", shape=(9,))
    np.testing.assert_allclose(drawn("normal", shape=(9,), settings=NormalConfig(0.1)), 2 * base, rtol=1e-15)
    base = drawn("uniform", shape=(9,))
    np.testing.assert_allclose(drawn("uniform", shape=(9,), settings=UniformConfig(0.1)), 2 * base, rtol=1e-15)
    assert (NormalConfig.short, UniformConfig.short) == ("stddev", "limit")


@pytest.mark.parametrize("kind", STDDEV)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3)])
def test_small_shapes(kind: str, shape: tuple[int, ...]) -> None:
    assert filled(Chosen(kind, INITIALISERS[kind][0]()), "bias", shape, (1, 1), 0).shape == shape


def test_constants() -> None:
    assert filled(Chosen("zeros", NoSettings()), "b", (2, 2), (1, 1), 1).tolist() == [[0, 0], [0, 0]]
    assert filled(Chosen("ones", NoSettings()), "b", (2, 2), (1, 1), 1).tolist() == [[1, 1], [1, 1]]
    assert filled(Chosen("constant", FilledConfig(0.3)), "b", (2, 1), (1, 1), 1).tolist() == [[0.3], [0.3]]
