"""The surroundings, those that the bits depend on among them: for run.json, ``env``, and a warning at resume."""

from __future__ import annotations

import os
import platform
from itertools import takewhile
from typing import Any

import numpy
import PIL

from nettrain.arrays import blas
from nettrain.arrays.threads import available_cores, get_threads
from nettrain.version import __version__

DECIDING = ("nettrain", "numpy", "pillow", "blas", "machine", "cpu_features")  # equal here, equal bits
CPU_NUMBERS = {"cpu family": "family", "model": "model"}  # of /proc/cpuinfo, and how we call them


def surroundings() -> dict[str, Any]:
    """Versions, processor, BLAS kernel, threads and host."""
    return {
        "nettrain": __version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "blas": blas.kernel(),
        "machine": platform.machine(),
        "cpu": _cpu_name(),
        "cpu_features": cpu_features(),
        "cores": available_cores(),
        "threads": get_threads(),
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()}",
        "process": os.getpid(),
    }


def cpu_features() -> str:
    """The widest vector instructions that NumPy's own loops use here."""
    features = numpy.show_config(mode="dicts").get("SIMD Extensions", {})
    return " ".join(sorted({*features.get("baseline", ()), *features.get("found", ())}))


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What decides the bits and is not as it was: ``numpy 2.3.0, now 2.4.6``."""
    return [f"{key} {then.get(key)}, now {now.get(key)}" for key in DECIDING if then.get(key) != now.get(key)]


def bits_hold() -> bool:
    """Whether the promise of equal bits holds with this BLAS: only where it can be held to one thread."""
    return bool(blas.libraries())


def _cpu_name() -> str:
    """Such as ``AMD EPYC, family 25, model 17``: clouds give all their processors of a maker the same name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            cells = [line.partition(":") for line in takewhile(str.strip, lines)]  # of the first processor
    except OSError:
        cells = []
    known = {key.strip(): value.strip() for key, _, value in cells}
    name = known.get("model name") or platform.machine() or "unknown"
    return ", ".join([name, *(f"{word} {known[key]}" for key, word in CPU_NUMBERS.items() if key in known)])
