# SPDX-License-Identifier: Apache-2.0
"""The sets found so far whose value is within a relative slack of the best."""

from __future__ import annotations

from wincraft.errors import NotApplicable, TooLarge

MAX_LEAVES = 1 << 16
"""Most sets kept; beyond, the slack is too wide."""

Leaf = tuple[float, tuple[int, ...]]


class Leaves:
    """Values and sets up to a threshold, which sinks to (1 + slack) times the best value unless `fixed`."""

    def __init__(self, threshold: float, slack: float, fixed: bool = False) -> None:
        self.threshold, self.slack, self.fixed = threshold, slack, fixed
        self.items: list[Leaf] = []

    def add(self, value: float, chosen: tuple[int, ...]) -> None:
        """Note a set whose value is within the threshold.

        Raises:
            NotApplicable: where more than `MAX_LEAVES` sets are.
        """
        self.items.append((value, chosen))
        if not self.fixed:
            self.threshold = min(self.threshold, value + abs(value) * self.slack)
        if len(self.items) > MAX_LEAVES:
            self.items = self.within
            if len(self.items) > MAX_LEAVES // 2:
                raise too_many()

    @property
    def within(self) -> list[Leaf]:
        """Those within the threshold as it is now."""
        return [item for item in self.items if item[0] <= self.threshold]


def too_many() -> NotApplicable:
    """The error of a slack that keeps too many sets."""
    what = f"over {MAX_LEAVES // 2:,} sets are so close to the best, or precede the first that meets the constraints"
    return TooLarge("a search", what, "lower --within, or relax a constraint")
