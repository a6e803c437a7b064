"""Who takes part: each side with the package it needs, and the module that prepares the cases of a group for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec


class Missing(Exception):
    """Something that a contender needs is not here; the message is what its row says."""


@dataclass(frozen=True)
class Prepared:
    """A job that is ready: ``call`` does it once. ``flops`` and ``images`` are those of one call, where they are known.

    Notes   flops count the multiplications and additions of the plain algorithm, whatever the kernel does.
    """

    call: Callable[[], object]
    flops: float = 0
    images: int = 0


@dataclass(frozen=True)
class Side:
    """A side: ``begin(threads)`` and ``facts()`` are in ``module``, ``prepare(job)`` in the module of a group.

    ``products`` is the module whose ``gflops()`` tries how fast this side multiplies matrices, if it has one.
    """

    package: str
    module: str
    groups: Mapping[str, str]
    products: str = ""


SIDES = {
    "nettrain": Side(
        "nettrain",
        "benchmarks.ours.process",
        {
            "ops": "benchmarks.ours.ops",
            "steps": "benchmarks.ours.steps",
            "decode": "benchmarks.ours.decode",
            "augment": "benchmarks.ours.augment",
            "mixing": "benchmarks.ours.mixing",
            "loader": "benchmarks.ours.loader",
            "feeding": "benchmarks.ours.feeding",
        },
        "benchmarks.ours.products",
    ),
    "torch": Side(
        "torch",
        "benchmarks.peers.torch_process",
        {
            "ops": "benchmarks.peers.torch_ops",
            "steps": "benchmarks.peers.torch_steps",
            "mixing": "benchmarks.peers.torch_mixing",
            "loader": "benchmarks.peers.torch_loader",
        },
        "benchmarks.peers.torch_products",
    ),
    "sklearn": Side("sklearn", "benchmarks.peers.sklearn_process", {"steps": "benchmarks.peers.sklearn_steps"}),
    "pillow": Side(
        "PIL",
        "benchmarks.peers.pillow_process",
        {"decode": "benchmarks.peers.pillow_decode", "augment": "benchmarks.peers.pillow_augment"},
    ),
}


def installed(package: str) -> bool:
    """Whether a package is here; it is not loaded."""
    return find_spec(package) is not None


def require(package: str) -> None:
    """Errors: ``Missing`` if a package is named and not installed."""
    if package and not installed(package):
        raise Missing(f"{package} is not installed")
