"""How much memory is free for pictures: what the system has, or what a container may still take."""

from __future__ import annotations

import os
from pathlib import Path

_UNLIMITED = 1 << 60  # bytes; cgroup v1 writes about 2**63 for no limit


def free_memory(proc: str = "/proc", cgroup: str = "/sys/fs/cgroup") -> int | None:
    """Free memory in bytes; None where the system does not say.

    Notes    the least of MemAvailable and, for every cgroup above this process, its limit less what it uses; cached
             files count as free.
    """
    numbers = [number for number in (_available(proc), *_cgroup_rooms(proc, cgroup)) if number is not None]
    if numbers:
        return max(0, min(numbers))
    if "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _available(proc: str) -> int | None:
    for line in _lines(Path(proc, "meminfo")):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _cgroup_rooms(proc: str, cgroup: str) -> list[int]:
    rooms = []
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
            if (room := _room(folder, *names)) is not None:
                rooms.append(room)
            if folder == base:
                break
    return rooms


def _room(folder: Path, limit_name: str, used_name: str, cached_name: str) -> int | None:
    limit, used = _lines(folder / limit_name), _lines(folder / used_name)
    if not limit or not used or not limit[0].isdigit() or int(limit[0]) >= _UNLIMITED:
        return None
    cached = [int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.startswith(cached_name + " ")]
    return int(limit[0]) - int(used[0]) + sum(cached)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
