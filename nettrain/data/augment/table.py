"""The augmentations that a config may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import NoSettings, Record
from nettrain.data.augment.alternating_flip import alternating_flip
from nettrain.data.augment.aug_mix import AugMixConfig, aug_mix
from nettrain.data.augment.auto_contrast import AutoContrastConfig, auto_contrast
from nettrain.data.augment.color_jitter import ColorJitterConfig, color_jitter
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.equalize import EqualizeConfig, equalize
from nettrain.data.augment.gaussian_blur import GaussianBlurConfig, gaussian_blur
from nettrain.data.augment.posterize import PosterizeConfig, posterize
from nettrain.data.augment.rand_augment import RandAugmentConfig, rand_augment
from nettrain.data.augment.random_affine import RandomAffineConfig, random_affine
from nettrain.data.augment.random_crop import RandomCropConfig, random_crop
from nettrain.data.augment.random_erasing import RandomErasingConfig, random_erasing
from nettrain.data.augment.random_grayscale import RandomGrayscaleConfig, random_grayscale
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig, random_horizontal_flip
from nettrain.data.augment.random_perspective import RandomPerspectiveConfig, random_perspective
from nettrain.data.augment.random_resized_crop import RandomResizedCropConfig, random_resized_crop
from nettrain.data.augment.random_rotation import RandomRotationConfig, random_rotation
from nettrain.data.augment.random_vertical_flip import RandomVerticalFlipConfig, random_vertical_flip
from nettrain.data.augment.sharpness import SharpnessConfig, sharpness
from nettrain.data.augment.solarize import SolarizeConfig, solarize
from nettrain.data.augment.trivial_augment import TrivialAugmentConfig, trivial_augment

Augmentation = Callable[[npt.NDArray[np.uint8], Any, Draw], npt.NDArray[np.uint8]]

AUGMENTATIONS: dict[str, tuple[type[Record], Augmentation]] = {
    "random_crop": (RandomCropConfig, random_crop),
    "random_resized_crop": (RandomResizedCropConfig, random_resized_crop),
    "random_horizontal_flip": (RandomHorizontalFlipConfig, random_horizontal_flip),
    "alternating_flip": (NoSettings, alternating_flip),
    "random_vertical_flip": (RandomVerticalFlipConfig, random_vertical_flip),
    "random_rotation": (RandomRotationConfig, random_rotation),
    "random_affine": (RandomAffineConfig, random_affine),
    "random_perspective": (RandomPerspectiveConfig, random_perspective),
    "color_jitter": (ColorJitterConfig, color_jitter),
    "random_grayscale": (RandomGrayscaleConfig, random_grayscale),
    "gaussian_blur": (GaussianBlurConfig, gaussian_blur),
    "sharpness": (SharpnessConfig, sharpness),
    "auto_contrast": (AutoContrastConfig, auto_contrast),
    "equalize": (EqualizeConfig, equalize),
    "posterize": (PosterizeConfig, posterize),
    "solarize": (SolarizeConfig, solarize),
    "random_erasing": (RandomErasingConfig, random_erasing),
    "rand_augment": (RandAugmentConfig, rand_augment),
    "trivial_augment": (TrivialAugmentConfig, trivial_augment),
    "aug_mix": (AugMixConfig, aug_mix),
}
AUGMENTATION_ALIASES = {  # torchvision's names, where they are not these in snake_case
    "random_adjust_sharpness": "sharpness",
    "random_autocontrast": "auto_contrast",
    "random_equalize": "equalize",
    "random_posterize": "posterize",
    "random_solarize": "solarize",
    "trivial_augment_wide": "trivial_augment",
}
