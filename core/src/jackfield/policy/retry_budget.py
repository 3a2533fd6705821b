"""A budget for retries: when much fails, what can be spent on trying again runs out, and load stays near one.

It starts full. A retry takes from it, and gives back when it succeeds; each first try that succeeds adds
one. Nobody ever queues for it: where it is empty, the original failure is told.
"""

from __future__ import annotations

from threading import Lock
from typing import Final

from jackfield.types.resilience import RetryRules

EARNED: Final = 1
_THROTTLES: Final = frozenset({"throttle", "quota.window"})


class RetryBudget:
    """What one account may spend on retries at one endpoint; shared by threads."""

    __slots__ = ("_lock", "left", "rules")

    def __init__(self, rules: RetryRules | None = None) -> None:
        self.rules = rules or RetryRules()
        self.left = self.rules.budget
        self._lock = Lock()

    def cost(self, kind: str) -> int:
        """What a retry after a failure of ``kind`` costs."""
        return self.rules.throttle_cost if kind in _THROTTLES else self.rules.cost

    def take(self, cost: int) -> bool:
        """Pay for a retry; false, and nothing is paid, if there is not enough."""
        with self._lock:
            if self.left < cost:
                return False
            self.left -= cost
            return True

    def refund(self, cost: int) -> None:
        """Get back what a retry cost that succeeded, or was never made."""
        if cost:
            self._add(cost)

    def earn(self) -> None:
        """Take note of a first try that succeeded."""
        if self.left < self.rules.budget:  # full nearly always; whoever reads an old figure adds one too few
            self._add(EARNED)

    def _add(self, amount: int) -> None:
        with self._lock:
            self.left = min(self.rules.budget, self.left + amount)
