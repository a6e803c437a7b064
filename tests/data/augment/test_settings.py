"""Settings that change nothing, contradict themselves, or do not fit the pictures are errors with a place."""

from __future__ import annotations

import pytest

from nettrain.config.fields import Record, Table
from nettrain.config.reader import read_text
from nettrain.data.augment.table import AUGMENTATION_ALIASES, AUGMENTATIONS
from nettrain.data.config import DataConfig
from nettrain.errors import ConfigError
from nettrain.training.config import TABLES


def faults(augment: str, image: str = "size: [32, 32]") -> list[str]:
    """What the reader says of ``data.augment: [...]``, each from the key on."""
    text = f"train: x\nimage: {{{image}}}\naugment: [{augment}]\n"
    try:
        read_text(text, "c.yaml", DataConfig, {"augmentations": TABLES["augmentations"]}, "/base")
    except ConfigError as error:
        return [line.split(": ", 3)[3] for line in error.lines()]
    return []


WRONG = {
    "random_rotation: 0": "augment.0.random_rotation.degrees: 0 changes nothing; leave it out",
    "random_rotation: [0, 0]": "augment.0.random_rotation.degrees: 0 changes nothing; leave it out",
    "random_rotation: [20, -20]": ("augment.0.random_rotation.degrees: expected the lower end first, got [20, -20]"),
    "random_rotation: {degrees: 9, fill: [1, 2]}": (
        "augment.0.random_rotation.fill: expected one number a channel, 3 in all (image.channels), got 2"
    ),
    "random_affine: 0": (
        "augment.0.random_affine.degrees: 0 alone changes nothing; leave it out, or set translate, scale or shear"
    ),
    "random_affine: {degrees: 0, scale: [1, 2], fill: 7}": (
        "augment.0.random_affine.fill: has no effect: nothing outside the picture ever shows; leave it out"
    ),
    "random_affine: {degrees: 0, scale: [2, 1]}": (
        "augment.0.random_affine.scale: expected the lower end first, got [2, 1]"
    ),
    "random_affine: {degrees: 0, shear: [0, 9, 5, 4]}": (
        "augment.0.random_affine.shear: expected the lower end first, got [5, 4]"
    ),
    "random_resized_crop: {scale: [1, 1], ratio: [1, 1]}": (
        "augment.0.random_resized_crop.scale: the whole of every picture, kept at 37x37: that changes nothing; "
        "leave it out"
    ),
    "random_resized_crop: [1, 1]": (
        "augment.0.random_resized_crop.scale: the whole of every picture, kept at 37x37: that changes nothing; "
        "leave it out"
    ),
    "random_resized_crop, random_resized_crop: [1, 1]": (
        "augment.1.random_resized_crop.scale: the whole of every picture, kept at 32x32: that changes nothing; "
        "leave it out"
    ),
    "random_resized_crop: {ratio: [2, 1]}": (
        "augment.0.random_resized_crop.ratio: expected the lower end first, got [2, 1]"
    ),
    "color_jitter": "augment.0.color_jitter: changes nothing; set brightness, contrast, saturation or hue",
    "color_jitter: {brightness: [1, 1]}": (
        "augment.0.color_jitter: changes nothing; set brightness, contrast, saturation or hue"
    ),
    "color_jitter: {contrast: [2, 1]}": ("augment.0.color_jitter.contrast: expected the lower end first, got [2, 1]"),
    "color_jitter: {hue: 0.6}": "augment.0.color_jitter.hue: must be at least 0 and at most 0.5, got 0.6",
    "gaussian_blur: 4": ("augment.0.gaussian_blur.kernel_size: expected an odd number, which has a middle, got 4"),
    "gaussian_blur: 65": ("augment.0.gaussian_blur.kernel_size: must be at most 63 for pictures of 32x32, got 65"),
    "gaussian_blur: {kernel_size: 3, sigma: 1e-160}": (
        "augment.0.gaussian_blur.sigma: must be at least 0.01 and at most 1000, got 1e-160"
    ),
    "sharpness: 1": "augment.0.sharpness.sharpness_factor: 1 changes nothing; leave it out",
    "posterize: 8": "augment.0.posterize.bits: must be at least 1 and at most 7, got 8",
    "solarize: 256": "augment.0.solarize.threshold: must be at least 0 and at most 255, got 256",
    "random_erasing: {value: noise}": (
        "augment.0.random_erasing.value: expected 'random', a whole number of at least 0 and at most 255 or a list, "
        "each a whole number of at least 0 and at most 255, got 'noise'"
    ),
    "random_erasing: {value: [1, 2, 3, 4]}": (
        "augment.0.random_erasing.value: expected one number a channel, 3 in all (image.channels), got 4"
    ),
    "random_erasing: {scale: [0.5, 0.1]}": (
        "augment.0.random_erasing.scale: expected the lower end first, got [0.5, 0.1]"
    ),
    "random_erasing: {scale: [1, 1]}": (
        "augment.0.random_erasing.scale: as large as the picture, no rectangle lies within it: that changes nothing; "
        "leave it out"
    ),
    "rand_augment: {magnitude: 31}": (
        "augment.0.rand_augment.magnitude: must be at most 30, one less than num_magnitude_bins, got 31"
    ),
    "aug_mix: {chain_depth: 0}": (
        "augment.0.aug_mix.chain_depth: expected at least 1, or -1 for 1 to 3 by chance, got 0"
    ),
    "equalize: 0": "augment.0.equalize.p: must be above 0 and at most 1, got 0",
}


@pytest.mark.parametrize("augment", WRONG)
def test_a_setting_without_effect_or_sense_is_an_error(augment: str) -> None:
    assert faults(augment) == [WRONG[augment]]


MISFITS = {
    ("random_grayscale", "size: [32, 32], channels: 1"): (
        "augment.0.random_grayscale: needs colours, but image.channels is 1; leave it out"
    ),
    ("color_jitter: {brightness: 0.1, hue: 0.1}", "size: [32, 32], channels: 1"): (
        "augment.0.color_jitter.hue: needs colours, but image.channels is 1; leave it out"
    ),
    ("color_jitter: {saturation: 0.1}", "size: [32, 32], channels: 1"): (
        "augment.0.color_jitter.saturation: needs colours, but image.channels is 1; leave it out"
    ),
    ("equalize", "size: [8, 8]"): (
        "augment.0.equalize: changes nothing in pictures of 8x8, which have fewer pixels than levels to spread; "
        "leave it out"
    ),
    ("sharpness: 2", "size: [2, 9]"): (
        "augment.0.sharpness: changes nothing in pictures of 2x9, which have edges only; leave it out"
    ),
    ("random_erasing", "size: [9, 1]"): (
        "augment.0.random_erasing: in pictures of 9x1 no rectangle lies within: that changes nothing; leave it out"
    ),
    ("random_resized_crop: [1, 1]", "size: [32, 32], load_size: [60, 50]"): (
        "augment.0.random_resized_crop.scale: the whole of every picture, kept at 60x50: that changes nothing; "
        "leave it out"
    ),
    ("random_crop: 37, random_resized_crop", "size: [32, 32]"): (
        "augment.0.random_crop.padding: must be smaller than the picture's shorter side, 37, got 37"
    ),
    ("random_resized_crop, random_crop: 32", "size: [32, 32]"): (
        "augment.1.random_crop.padding: must be smaller than the picture's shorter side, 32, got 32"
    ),
    ("trivial_augment: {fill: [1, 2, 3]}", "size: [9, 9], channels: 4"): (
        "augment.0.trivial_augment.fill: expected one number a channel, 4 in all (image.channels), got 3"
    ),
}


@pytest.mark.parametrize(("augment", "image"), MISFITS)
def test_what_makes_no_sense_for_the_pictures_is_an_error(augment: str, image: str) -> None:
    assert faults(augment, image) == [MISFITS[augment, image]]


FINE = {
    "grey": ("color_jitter: {brightness: 0.1, contrast: 0.1}", "size: [32, 32], channels: 1"),
    "a square out of what is wide": ("random_resized_crop: {scale: [1, 1], ratio: [1, 1]}", "size: [32, 64]"),
    "a square out of what is kept wide": (
        "random_resized_crop: {scale: [1, 1], ratio: [1, 1]}",
        "size: [32, 32], load_size: [32, 64]",
    ),
    "before the part is cut out": ("gaussian_blur: 41, random_resized_crop", "size: [20, 20], load_size: [40, 40]"),
    "few pixels only afterwards": ("equalize, random_resized_crop", "size: [15, 15], load_size: [30, 30]"),
    "the narrowest bell": ("gaussian_blur: {kernel_size: 255, sigma: 0.01}", "size: [200, 200]"),
}


@pytest.mark.parametrize(("augment", "image"), FINE.values(), ids=FINE)
def test_what_fits_the_pictures_as_they_are_then_is_fine(augment: str, image: str) -> None:
    assert faults(augment, image) == []


@pytest.mark.parametrize("name", AUGMENTATION_ALIASES)
def test_torchvisions_names_are_understood_with_a_note(name: str) -> None:
    kind = AUGMENTATION_ALIASES[name]
    needed = {"sharpness": ": 2", "posterize": ": 3", "solarize": ": 99"}.get(kind, "")
    rows: dict[str, type[Record]] = {row: record for row, (record, _) in AUGMENTATIONS.items()}
    tables = {"augmentations": Table(rows, AUGMENTATION_ALIASES)}
    text = f"train: x\nimage: {{size: [32, 32]}}\naugment: [{name}{needed}]\n"
    document = read_text(text, "c.yaml", DataConfig, tables, "/base")
    assert document.config.augment[0].kind == kind
    assert document.notes == (f"nettrain: note: c.yaml:3:11: augment.0.{name}: read as '{kind}'",)
