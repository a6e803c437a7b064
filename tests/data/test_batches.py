"""Batches: a pure function of seed, epoch and start, made one ahead, on a thread that never outlives its reader."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from data.samples import config

from nettrain.config.fields import Chosen, NoSettings
from nettrain.data.augment.mixing import CutmixConfig, MixupConfig
from nettrain.data.augment.random_crop import RandomCropConfig
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig
from nettrain.data.batches import Batch, Batches, ahead
from nettrain.data.cache import Pictures
from nettrain.data.normalize import Normalization
from nettrain.data.order import epoch_order
from nettrain.data.reader import on_disk
from nettrain.data.sampling import Sampling, WeightedSampling
from nettrain.data.split import Split

MIXED = (Chosen("alternating_flip", NoSettings()), Chosen("mixup", MixupConfig()), Chosen("cutmix", CutmixConfig()))
AUGMENT = (Chosen("random_crop", RandomCropConfig(1)), Chosen("random_horizontal_flip", RandomHorizontalFlipConfig()))
PLAIN = Normalization((0.0,), (1 / 255,))  # so that numbers are pixels


def batches(n: int = 23, size: int = 5, augment=(), seed: int = 1, sampling: Sampling = "shuffle") -> Batches:
    pixels = np.arange(n * 6, dtype=np.uint8).reshape(n, 2, 3, 1)
    split = Split("train", on_disk("root"), tuple(f"{i}.png" for i in range(n)), np.arange(n) % 4, tuple("abcd"))
    pictures = Pictures(split, config(2, 3, channels=1), ("",) * n, (), 1, pixels, np.arange(n))
    return Batches(pictures, size, seed, PLAIN, augment, sampling=sampling)


def same(one: Batch, other: Batch) -> bool:
    numbers = ((one.images, other.images), (one.labels, other.labels), (one.targets, other.targets))
    return one.start == other.start and all((ours == theirs).all() for ours, theirs in numbers)


def background_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("nettrain-batches")]


def test_training_sees_every_picture_once_in_the_epochs_order():
    made = list(batches().training(3))
    assert [batch.start for batch in made] == [0, 5, 10, 15, 20]
    assert [len(batch.labels) for batch in made] == [5, 5, 5, 5, 3]
    order = epoch_order(23, 1, 3)
    np.testing.assert_array_equal(np.concatenate([batch.labels for batch in made]), order % 4)
    images = np.concatenate([batch.images for batch in made])
    np.testing.assert_allclose(images[:, 0, 0, 0], order * 6 % 256, rtol=1e-6)
    assert images.dtype == np.float32
    assert made[0].images.flags.c_contiguous


@pytest.mark.parametrize("sampling", ["shuffle", "balanced", WeightedSampling({"a": 1, "b": 2, "c": 3, "d": 4})])
@pytest.mark.parametrize("augment", [(), AUGMENT, MIXED])
def test_an_epoch_can_begin_at_any_batch(augment, sampling):
    whole = list(batches(augment=augment, sampling=sampling).training(2))
    for place, start in enumerate(range(0, 23, 5)):
        rest = list(batches(augment=augment, sampling=sampling).training(2, start))
        assert len(rest) == 5 - place
        assert all(map(same, rest, whole[place:]))
    assert list(batches().training(0, 23)) == []


def test_epochs_are_augmented_differently():
    one = batches(augment=AUGMENT)
    pixels = one.pictures.take(np.arange(23))
    at, order = np.arange(len(pixels)), one.order(1)
    assert not (one.augmented(pixels, 0, at, order) == one.augmented(pixels, 1, at, order)).all()
    np.testing.assert_array_equal(one.augmented(pixels, 1, at, order)[7:], one.augmented(pixels[7:], 1, at[7:], order))


def test_a_mixed_picture_is_labelled_with_its_shares_and_with_what_it_mostly_is():
    plain, mixed = next(batches(size=23).training(1)), next(batches(size=23, augment=MIXED[1:]).training(1))
    assert plain.shares is None
    assert plain.targets is plain.labels
    assert mixed.targets is mixed.shares
    assert (mixed.shares.shape, mixed.shares.dtype) == ((23, 4), np.float32)
    assert (mixed.shares.sum(axis=1) == 1).all()
    own, other = np.eye(4)[plain.labels], np.eye(4)[np.roll(plain.labels, 1)]
    assert (mixed.shares[(own + other) == 0] == 0).all()
    assert (mixed.labels == mixed.shares.argmax(axis=1)).all()
    assert (mixed.labels != plain.labels).any()
    assert mixed.labels.dtype == plain.labels.dtype


def test_what_an_epoch_has_does_not_hang_on_the_size_of_its_batches():
    augment = (*AUGMENT, *MIXED)
    (whole,) = batches(size=23, augment=augment).training(1)
    for size in (1, 5, 22):
        parts = list(batches(size=size, augment=augment).training(1))
        np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), whole.images)
        np.testing.assert_array_equal(np.concatenate([part.shares for part in parts]), whole.shares)
        np.testing.assert_array_equal(np.concatenate([part.labels for part in parts]), whole.labels)


def test_the_sides_of_a_picture_alternate_wherever_it_stands():
    one = batches(size=23, augment=MIXED[:1])
    found = np.empty((6, 23, 2, 3, 1), np.float32)
    for epoch in range(6):
        found[epoch, epoch_order(23, 1, epoch)] = next(one.training(epoch)).images
    np.testing.assert_array_equal(found[::2], np.broadcast_to(found[0], (3, *found[0].shape)))
    np.testing.assert_array_equal(found[1::2], np.broadcast_to(found[0, :, :, ::-1], (3, *found[0].shape)))


def test_the_sides_of_a_picture_alternate_however_often_it_comes():
    """Pictures that come in every other epoch, say, would else be seen from one side only."""
    one = batches(size=23, augment=MIXED[:1], sampling=WeightedSampling({"a": 6, "b": 1, "c": 0.5, "d": 1}))
    seen = {picture: [] for picture in range(23)}
    for epoch in range(60):
        order, (batch,) = one.order(epoch), one.training(epoch)
        for place in np.argsort(order.turns, kind="stable"):
            seen[int(order.pictures[place])].append(batch.images[place])
    assert min(map(len, seen.values())) >= 8
    for views in seen.values():
        for place, view in enumerate(views):
            np.testing.assert_array_equal(view, views[0][:, ::-1] if place % 2 else views[0])


@pytest.mark.parametrize("sampling", ["balanced", WeightedSampling({"a": 1, "b": 2, "c": 3, "d": 4})])
@pytest.mark.parametrize("size", [5, 100])
def test_an_epoch_is_as_long_as_there_are_pictures_however_they_are_drawn(sampling, size):
    made = list(batches(size=size, sampling=sampling).training(0))
    assert sum(len(batch.labels) for batch in made) == 23
    assert [batch.start for batch in made] == list(range(0, 23, size))


@pytest.mark.parametrize("size", [1, 4, 23, 100])
def test_evaluation_goes_in_file_order_without_augmentation(size):
    made = list(batches(23, size, (*AUGMENT, *MIXED), sampling="balanced").in_order())
    images = np.concatenate([batch.images for batch in made])
    np.testing.assert_allclose(images.ravel(), np.arange(23 * 6) % 256, rtol=1e-6)
    np.testing.assert_array_equal(np.concatenate([batch.labels for batch in made]), np.arange(23) % 4)
    assert [batch.start for batch in made] == list(range(0, 23, size))


def test_a_picture_has_the_same_bits_in_any_batch():
    whole = next(batches(23, 23).in_order()).images
    parts = np.concatenate([batch.images for batch in batches(23, 4).in_order()])
    np.testing.assert_array_equal(whole, parts)


def test_one_batch_is_made_ahead_and_no_more():
    made: list[int] = []
    reached = threading.Event()

    def make(place: int) -> Batch:
        made.append(place)
        if place == 1:
            reached.set()
        return Batch(place, np.zeros(0, np.float32), np.zeros(0, np.int64))

    reader = ahead(make, range(10))
    assert next(reader).start == 0
    assert reached.wait(10)
    assert made == [0, 1]
    assert len(background_threads()) == 1
    reader.close()
    assert background_threads() == []


def test_what_goes_wrong_behind_is_raised_in_its_turn():
    def make(place: int) -> Batch:
        if place == 2:
            raise ValueError("third")
        return Batch(place, np.zeros(0, np.float32), np.zeros(0, np.int64))

    reader = ahead(make, range(5))
    assert [next(reader).start, next(reader).start] == [0, 1]
    with pytest.raises(ValueError, match=r"^third$"):
        next(reader)
    assert background_threads() == []


def test_the_thread_ends_with_the_epoch():
    assert len(list(batches().training(0))) == 5
    assert background_threads() == []
    for _ in batches().training(0):
        break
    assert background_threads() == []
