"""Groups out of pairs: whatever hangs together, through however many others."""

from __future__ import annotations

from collections.abc import Iterator


class Groups:
    """Disjoint sets of the numbers 0..n-1, which ``join`` makes larger.

    Source   Galler and Fisher, "An Improved Equivalence Algorithm", 1964; the smaller number is the root, and paths are
             halved on the way.
    """

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def root(self, one: int) -> int:
        """The smallest number of its set."""
        parents = self._parents
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    def join(self, one: int, other: int) -> None:
        """Make one set of the two that these are in."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low

    def __iter__(self) -> Iterator[list[int]]:
        """The sets of more than one, each in order, by their first."""
        found: dict[int, list[int]] = {}
        for one in range(len(self._parents)):
            if (root := self.root(one)) != one:
                found.setdefault(root, [root]).append(one)
        return iter([found[root] for root in sorted(found)])
