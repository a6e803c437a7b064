"""Free memory as Linux and containers tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nettrain.data.memory import all_memory, free_memory


@pytest.fixture
def system(tmp_path):
    def make(files: dict[str, str]) -> tuple[str, str]:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return str(tmp_path / "proc"), str(tmp_path / "cg")

    return make


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemFree: 1 kB\nMemAvailable:    4000 kB\n"}


def test_a_machine_of_its_own(system):
    assert free_memory(*system(MEMINFO)) == 4_096_000
    assert all_memory(*system(MEMINFO)) == 9_216_000


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({"a/memory.max": "900\n", "a/memory.current": "500\n", "a/memory.stat": "anon 7\ninactive_file 100\n"}, 500),
        ({"a/memory.max": "max\n", "a/memory.current": "5\n", "memory.max": "90\n", "memory.current": "50\n"}, 40),
        ({"a/b/memory.max": "90\n", "a/b/memory.current": "95\n"}, 0),
        ({"a/memory.max": "max\n", "a/memory.current": "5\n"}, 4_096_000),
    ],
)
def test_the_least_of_all_groups_above(system, files, free):
    mine = {"proc/self/cgroup": "0::/a/b\n"}
    there = system(MEMINFO | mine | {f"cg/{name}": text for name, text in files.items()})
    assert free_memory(*there) == free
    limits = [int(text) for name, text in files.items() if name.endswith("memory.max") and text != "max\n"]
    assert all_memory(*there) == min([9_216_000, *limits])


def test_the_older_layout(system):
    files = {
        "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/1\n",
        "cg/memory/memory.limit_in_bytes": "1000\n",
        "cg/memory/memory.usage_in_bytes": "900\n",
        "cg/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n",
    }
    assert free_memory(*system(MEMINFO | files)) == 150
    assert all_memory(*system(MEMINFO | files)) == 1000
    files["cg/memory/memory.limit_in_bytes"] = f"{2**63 - 4096}\n"
    assert free_memory(*system(MEMINFO | files)) == 4_096_000


def test_this_machine_has_some():
    if Path("/proc/meminfo").exists():
        assert (all_memory() or 0) >= (free_memory() or 0) > 1_000_000
