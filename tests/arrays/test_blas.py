"""BLAS in one thread, and what can be said of it."""

from __future__ import annotations

import os
import re

from threadpoolctl import threadpool_info

from nettrain.arrays import blas


def used() -> list[int]:
    return [row["num_threads"] for row in threadpool_info() if row["user_api"] == "blas"]


def test_the_environment_asks_for_one_thread() -> None:
    assert {os.environ[name] for name in blas.VARIABLES} == {"1"}
    assert set(used()) <= {1}


def test_the_kernel_is_named() -> None:
    assert re.fullmatch(r"(\w+( [\w.]+)?( \w+)?(, )?)+|unknown BLAS", blas.kernel())
    assert blas.libraries() is blas.libraries()


def test_a_worker_can_be_told() -> None:
    blas.hold_worker_to_one_thread()
    assert set(used()) <= {1}
