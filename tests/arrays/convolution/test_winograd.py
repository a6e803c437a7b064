"""How exact Winograd's convolution is in float32, at the shapes of real layers.

Errors are in units of the largest result, for standard normal pictures, filters and gradients. Over three seeds and the
OpenBLAS kernels Sandybridge, Haswell and SkylakeX they were 0.9e-6 to 3.5e-6 (results), 1.1e-6 to 4.3e-6 (gradient by
the pictures) and 0.8e-6 to 2.8e-6 (by the filters); those of patches, under Haswell, 0.3e-6 to 0.7e-6.
"""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import Row, error, reference, run

from nettrain.arrays.windows import Pair, Window

SAME = Window((3, 3), padding="same")
LAYERS: list[tuple[Pair, int, int]] = [
    ((32, 32), 32, 32),
    ((16, 16), 64, 64),
    ((8, 8), 128, 128),
    ((8, 8), 256, 256),
    ((32, 32), 16, 16),
    ((32, 32), 16, 32),
]
MOST = 5e-6


@pytest.mark.parametrize(("size", "C", "K"), LAYERS, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_float32_is_within_a_few_millionths_of_the_largest_result(size: Pair, C: int, K: int, seed: int) -> None:
    row = Row("Winograd", size, SAME, C, K, pictures=4)
    found, expected = run(row, np.float32, seed), reference(row, seed)
    errors = {name: error(getattr(found, name), getattr(expected, name)) for name in ("y", "dx", "dw")}
    assert max(errors.values()) < MOST, errors
