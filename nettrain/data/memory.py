"""How much memory there is, and is free: what the system has, or what a container may still take."""

from __future__ import annotations

import os
from pathlib import Path

_UNLIMITED = 1 << 60  # bytes; cgroup v1 writes about 2**63 for no limit


def free_memory(proc: str = "/proc", cgroup: str = "/sys/fs/cgroup") -> int | None:
    """Free memory in bytes; None where the system does not say.

    Notes    the least of MemAvailable and, for every cgroup above this process, its limit less what it uses; cached
             files count as free.
    """
    return _least([*_meminfo(proc, "MemAvailable:"), *(room for _, room in _groups(proc, cgroup))], "SC_AVPHYS_PAGES")


def all_memory(proc: str = "/proc", cgroup: str = "/sys/fs/cgroup") -> int | None:
    """All memory that this process could have, in bytes, if nobody else had any; None where the system does not say.

    Notes    swap is no part of it: a training goes through all that it holds at every step.
    """
    return _least([*_meminfo(proc, "MemTotal:"), *(limit for limit, _ in _groups(proc, cgroup))], "SC_PHYS_PAGES")


def _least(numbers: list[int], pages: str) -> int | None:
    if numbers:
        return max(0, min(numbers))
    if pages in getattr(os, "sysconf_names", {}):
        return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")
    return None


def _meminfo(proc: str, key: str) -> list[int]:
    return [int(line.split()[1]) * 1024 for line in _lines(Path(proc, "meminfo")) if line.startswith(key)]


def _groups(proc: str, cgroup: str) -> list[tuple[int, int]]:
    """The limit of every cgroup above this process that has one, and what is left of it."""
    groups = []
    for line in _lines(Path(proc, "self/cgroup")):
        hierarchy, controllers, path = line.split(":", 2)
        if hierarchy == "0":
            base, names = Path(cgroup), ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base = Path(cgroup, "memory")
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        below = base / path.strip("/")
        for folder in (below, *below.parents):
            if (group := _group(folder, *names)) is not None:
                groups.append(group)
            if folder == base:
                break
    return groups


def _group(folder: Path, limit_name: str, used_name: str, cached_name: str) -> tuple[int, int] | None:
    limit, used = _lines(folder / limit_name), _lines(folder / used_name)
    if not limit or not used or not limit[0].isdigit() or int(limit[0]) >= _UNLIMITED:
        return None
    cached = [int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.startswith(cached_name + " ")]
    return int(limit[0]), int(limit[0]) - int(used[0]) + sum(cached)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
