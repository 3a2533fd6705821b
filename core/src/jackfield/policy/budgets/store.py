"""The budgets of a process: several are reserved from as one, by calls of many threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from jackfield.config.budgets import BudgetRule
from jackfield.policy.budgets.budget import Budget

MOST_KEPT = 10_000

Key = tuple[str, ...]


class Want(NamedTuple):
    """So much of the budget behind a key; ``soft`` if it is taken even where there is too little.

    ``assumed`` is the length in tokens that the answer is thought to have at most, where nobody states it: then
    ``amount`` is no bound. ``known`` is false where no price is.
    """

    key: Key
    rule: BudgetRule
    amount: int
    soft: bool = False
    assumed: int = 0
    known: bool = True


class Reach(NamedTuple):
    """A budget that is newly spent to 90 or 100 percent."""

    want: Want
    percent: int


class Outcome(NamedTuple):
    """What a store answers: everything was set aside, or nothing, because of the budget that is ``refused``."""

    refused: int | None = None  # the place of the want that was refused
    left: int = 0  # of that budget
    ends: float = float("inf")  # when it begins anew, in seconds since 1970
    over: tuple[int, ...] = ()  # places of soft wants that went beyond
    reached: tuple[Reach, ...] = ()


class LocalBudgets:
    """Budgets in this process, each ``share`` of its limit. Everything happens under one lock."""

    __slots__ = ("_budgets", "_lock", "_most", "_share")

    def __init__(self, share: float = 1.0, most: int = MOST_KEPT) -> None:
        self._budgets: dict[Key, Budget] = {}
        self._lock = threading.Lock()
        self._share = share
        self._most = most

    def reserve(self, hold: str, wants: Sequence[Want], now: float, expires: float) -> Outcome:
        """Set everything aside, or nothing."""
        over: list[int] = []
        with self._lock:
            budgets = [self._budget(want, now) for want in wants]
            for place, (want, budget) in enumerate(zip(wants, budgets, strict=True)):
                if budget.reserve(hold, want.amount, expires):
                    continue
                if not want.soft:
                    for before in budgets[:place]:
                        before.release(hold)
                    reached = tuple(Reach(want, share) for share in budget.alerts(refused=True))
                    return Outcome(place, max(0, budget.left), budget.period.end, (), reached)
                budget.force(hold, want.amount, expires)
                over.append(place)
        return Outcome(over=tuple(over))

    def sent(self, hold: str, wants: Sequence[Want]) -> None:
        """The attempt may have cost something from here on."""
        with self._lock:
            for budget in self._known(wants):
                budget.sent(hold)

    def settle(self, hold: str, wants: Sequence[Want], actual: int | None, now: float) -> Outcome:
        """Turn what was set aside into what it cost; ``None`` for all of it."""
        reached: list[Reach] = []
        over: list[int] = []
        with self._lock:
            for place, want in enumerate(wants):
                budget = self._budget(want, now)
                if budget.settle(hold, actual):
                    over.append(place)
                reached += [Reach(want, share) for share in budget.alerts()]
        return Outcome(over=tuple(over), reached=tuple(reached))

    def release(self, hold: str, wants: Sequence[Want]) -> None:
        """Give back what was set aside: nothing was sent."""
        with self._lock:
            for budget in self._known(wants):
                budget.release(hold)

    def state(self, key: Key, now: float) -> Budget | None:
        """The budget behind a key, as of now; ``None`` if nothing was ever reserved from it."""
        with self._lock:
            budget = self._budgets.get(key)
            if budget is not None:
                budget.tick(now)
            return budget

    def _known(self, wants: Sequence[Want]) -> list[Budget]:
        """The budgets that something is held or was spent of; others have been forgotten."""
        return [self._budgets[want.key] for want in wants if want.key in self._budgets]

    def _budget(self, want: Want, now: float) -> Budget:
        budget = self._budgets.get(want.key)
        if budget is None:
            if len(self._budgets) >= self._most:
                self._budgets = {key: kept for key, kept in self._budgets.items() if not kept.idle()}
            budget = self._budgets[want.key] = Budget(
                int(want.rule.limit * self._share), want.rule.period, now
            )
        budget.tick(now)
        return budget
