"""Mean and std against exact fractions, and the float32 arithmetic against float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from data.samples import config, noise
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.data import normalize
from nettrain.data.cache import Pictures
from nettrain.data.config import MeanStd
from nettrain.data.normalize import IMAGENET, Normalization, measure, resolve
from nettrain.data.reader import on_disk
from nettrain.data.split import Split


def pictures_of(pixels: np.ndarray) -> Pictures:
    n, height, width, channels = pixels.shape
    split = Split("train", on_disk("root"), tuple(f"{i}.png" for i in range(n)), np.zeros(n, np.int64), ("a",))
    image = config(height, width, channels=channels)
    return Pictures(split, image, ("",) * n, (), 1, pixels, np.arange(n))


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 20), side=st.integers(1, 6), channels=st.sampled_from([1, 3, 4]), seed=st.integers(0, 99))
def test_mean_and_std_agree_with_fractions(n, side, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (n, side, side, channels), np.uint8)
    measured = measure(pictures_of(pixels))
    for channel in range(channels):
        values = [Fraction(int(value), 255) for value in pixels[..., channel].ravel()]
        mean = sum(values) / len(values)
        variance = sum((value - mean) ** 2 for value in values) / len(values)
        assert measured.mean[channel] == float(mean)
        assert measured.std[channel] == pytest.approx(float(variance) ** 0.5 if variance else 1.0, rel=4e-16)


@pytest.mark.parametrize("chunk", [1, 100, 10_000])
def test_order_and_chunks_do_not_matter(monkeypatch, chunk):
    pixels = noise(50, 12).reshape(10, 5, 4, 9)[..., :3].copy()
    expected = measure(pictures_of(pixels))
    monkeypatch.setattr(normalize, "CHUNK_BYTES", chunk)
    assert measure(pictures_of(pixels[::-1])) == expected


def test_a_constant_channel_has_std_1_and_becomes_0():
    pixels = np.full((3, 2, 2, 3), 77, np.uint8)
    pixels[0, ..., 1] = 9
    measured = measure(pictures_of(pixels))
    assert measured.std[0] == measured.std[2] == 1.0
    assert np.abs(measured.apply(pixels)[..., [0, 2]]).max() < 1e-7


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_apply_is_the_formula(channels):
    pixels = np.arange(256, dtype=np.uint8).repeat(channels).reshape(1, 16, 16, channels)
    mean, std = np.linspace(0.2, 0.6, channels), np.linspace(0.1, 0.3, channels)
    got = Normalization(tuple(mean), tuple(std)).apply(pixels)
    assert got.dtype == np.float32
    assert got.flags.c_contiguous
    np.testing.assert_allclose(got, (pixels / 255 - mean) / std, rtol=0, atol=2e-6)


def test_a_picture_gets_the_same_bits_alone_and_in_company():
    pixels = noise(7 * 9, 11).reshape(7, 9, 11, 3)
    together = IMAGENET.apply(pixels)
    for place in range(7):
        np.testing.assert_array_equal(IMAGENET.apply(pixels[place : place + 1])[0], together[place])
    np.testing.assert_array_equal(IMAGENET.apply(pixels[::2]), together[::2])


def test_what_the_config_may_ask_for():
    pictures = pictures_of(noise(4, 4).reshape(1, 4, 4, 3))
    assert resolve("imagenet", pictures) == IMAGENET
    assert resolve("none", pictures) == Normalization((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert resolve("dataset", pictures) == measure(pictures)
    assert resolve(MeanStd((0.1, 0.2, 0.3), (1.0, 2.0, 3.0)), pictures) == Normalization(
        (0.1, 0.2, 0.3), (1.0, 2.0, 3.0)
    )
    white = np.full((1, 1, 1, 3), 255, np.uint8)
    assert resolve("none", pictures).apply(white).tolist() == [[[[1.0, 1.0, 1.0]]]]
