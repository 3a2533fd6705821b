"""Budgets that several processes have together, and what a process does when it cannot ask the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

from jackfield.flow import Await, Flow
from jackfield.policy.budgets.periods import period_at
from jackfield.policy.budgets.store import LocalBudgets, Outcome, Reach, Want
from jackfield.state import Outcome as Answer
from jackfield.state import Reserve, State, StateUnavailable

KEPT = 86400.0
"""Seconds a budget is kept after its period, for those who settle late."""


class SharedBudgets:
    """Reserves from budgets that are kept elsewhere. While that is out of reach a process spends its own share.

    A hold belongs to the period it was reserved in.
    """

    def __init__(self, state: State, replicas: int = 1) -> None:
        self._state = state
        self._alone = LocalBudgets(1.0 / replicas)
        self._periods: dict[str, list[Reserve]] = {}
        self.tell: Callable[[tuple[Reach, ...]], None] | None = (
            None  # of budgets that are spent, when that is known
        )

    def reserving(
        self, hold: str, wants: Sequence[Want], now: float, expires: float
    ) -> Flow[tuple[Outcome, SharedBudgets | LocalBudgets]]:
        """Set everything aside, or nothing; of the shared budgets if they answer in time."""
        refused = next((place for place, want in enumerate(wants) if _too_large(want)), None)
        if refused is not None:
            return Outcome(refused, wants[refused].rule.limit), self
        asked = [_reserve(want, now) for want in wants if want.rule.period != "request"]
        if not asked:
            return Outcome(), self
        future = self._state.reserve(hold, asked, max(0.0, expires - now))
        try:
            answer: Answer = yield Await(partial(_itself, future), self._state.timeout)
        except (TimeoutError, StateUnavailable):
            self._state.release(hold, [want.key for want in asked])
            return self._alone.reserve(hold, wants, now, expires), self._alone
        except BaseException:
            self._state.release(hold, [want.key for want in asked])
            raise
        if answer.refused is None:
            self._periods[hold] = asked
        return _read(answer, wants, now), self

    def sent(self, hold: str, wants: Sequence[Want]) -> None:
        """The attempt may have cost something from here on."""
        asked = self._periods.get(hold)
        if asked:
            self._state.sent(hold, [want.key for want in asked])

    def settle(self, hold: str, wants: Sequence[Want], actual: int | None, now: float) -> Outcome:
        """Turn what was set aside into what it cost. Nobody waits for it; what it led to is told later."""
        asked = self._periods.pop(hold, None)
        if asked:
            settled = self._state.settle(hold, asked, actual)
            settled.add_done_callback(partial(self._told, tuple(wants), now))
        return Outcome()

    def release(self, hold: str, wants: Sequence[Want]) -> None:
        """Give back what was set aside."""
        asked = self._periods.pop(hold, None)
        if asked:
            self._state.release(hold, [want.key for want in asked])

    def _told(self, wants: tuple[Want, ...], now: float, settled: Future[Answer]) -> None:
        if self.tell is not None and settled.exception() is None:
            reached = _read(settled.result(), wants, now).reached
            if reached:
                self.tell(reached)


def _itself(future: Future[Answer]) -> Future[Answer]:
    return future


def _too_large(want: Want) -> bool:
    return want.rule.period == "request" and want.amount > want.rule.limit and not want.soft


def _reserve(want: Want, now: float) -> Reserve:
    period = period_at(want.rule.period, now)
    name = ":".join(part.replace(":", "%3A") for part in want.key)
    forever = period.end == float("inf")
    begin = "ever" if forever else f"{period.begin:.0f}"
    keep = 0.0 if forever else period.end - now + KEPT
    return Reserve(f"budget:{name}:{begin}", want.rule.limit, want.amount, want.soft, keep)


def _read(answer: Answer, wants: Sequence[Want], now: float) -> Outcome:
    """The answer, its places counted in all wants: budgets by request are not asked about."""
    places = [place for place, want in enumerate(wants) if want.rule.period != "request"]
    refused = None if answer.refused is None else places[answer.refused]
    ends = float("inf") if refused is None else period_at(wants[refused].rule.period, now).end
    reached = tuple(Reach(wants[places[place]], percent) for place, percent in answer.reached)
    return Outcome(refused, answer.left, ends, tuple(places[place] for place in answer.over), reached)
