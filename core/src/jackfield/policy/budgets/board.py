"""All budgets of a client, as attempts meet them: reserved before, settled after, whatever came in between.

    reserved = yield from budgets.reserving(attempt_id, subject, upper_bound, epoch, expires)
    if reserved.refusal is not None:            # raise it, or take `reserved.route` instead
        ...
    budgets.sent(reserved)                      # just before the first byte
    budgets.settle(reserved, nano, epoch)       # or `release(reserved)` if nothing was sent

Money is a whole number of nano-dollars. Times are seconds since 1970, for periods follow the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from attrs import frozen

from jackfield.config.amounts import usd_of
from jackfield.config.budgets import BudgetRule
from jackfield.errors import BudgetExceeded, ErrorInfo
from jackfield.flow import Flow
from jackfield.policy.budgets.store import LocalBudgets, Outcome, Reach, Want
from jackfield.policy.limits.board import counted
from jackfield.types import Notice

Subject: TypeAlias = Mapping[str, str]
Most: TypeAlias = "int | Callable[[int], int | None] | None"
"""The most a call may cost in nano-dollars, ``None`` if no price is known; or that by how many tokens are assumed to
come out, where nobody states a bound."""

GRACE = 60.0
"""Seconds a hold outlives the deadline of its call."""


@frozen
class Alert:
    """A budget is spent to 90 or 100 percent; told once a period."""

    budget: str
    names: tuple[str, ...]
    percent: int
    limit: int


class Reserved:
    """What was set aside for one attempt, or why nothing was."""

    __slots__ = ("hold", "notices", "refusal", "route", "wants", "where")

    def __init__(
        self,
        hold: str,
        wants: tuple[Want, ...],
        where: Store,
        refusal: BudgetExceeded | None = None,
        route: str = "",
    ) -> None:
        self.hold = hold
        self.wants = wants
        self.where = where
        self.refusal = refusal
        self.route = route  # the route to take instead, as `route:cheap`; empty if the call is refused
        self.notices: tuple[Notice, ...] = ()

    def __bool__(self) -> bool:
        return self.refusal is None


class Store(Protocol):
    """Where what was reserved is settled: in this process, or where several share."""

    def sent(self, hold: str, wants: tuple[Want, ...]) -> None:
        """The attempt may have cost something from here on."""
        ...

    def settle(self, hold: str, wants: tuple[Want, ...], actual: int | None, now: float) -> Outcome:
        """Turn what was set aside into what it cost."""
        ...

    def release(self, hold: str, wants: tuple[Want, ...]) -> None:
        """Give back what was set aside."""
        ...


class Shared(Store, Protocol):
    """Budgets that several processes have together; see ``jackfield.policy.budgets.shared``."""

    tell: Callable[[tuple[Reach, ...]], None] | None

    def reserving(
        self, hold: str, wants: tuple[Want, ...], now: float, expires: float
    ) -> Flow[tuple[Outcome, Store]]:
        """Set everything aside, or nothing; and where."""
        ...


class Budgets:
    """The budgets that are set. Falsy if there are none, so that calls need not ask."""

    def __init__(
        self,
        rules: tuple[BudgetRule, ...],
        shared: Shared | None = None,
        alert: Callable[[Alert], None] | None = None,
    ) -> None:
        self.rules = rules
        self._local = LocalBudgets()
        self._shared = shared
        self._alert = alert
        if shared is not None:
            shared.tell = self._tell

    def __bool__(self) -> bool:
        return bool(self.rules)

    def reserving(
        self, hold: str, subject: Subject, amount: Most, now: float, expires: float
    ) -> Flow[Reserved]:
        """Set ``amount`` aside in every budget that is about the call; the upper bound of what it may cost.

        :param hold: the attempt's id; the same id reserves once
        :param amount: nano-dollars; ``None`` if no price is known, which budgets refuse unless they say otherwise; a
            function of the tokens that are assumed to come out, if nobody states a bound
        :param expires: when the hold ends by itself: the deadline and ``GRACE``
        """
        if self._shared is None:
            return self.reserve(hold, subject, amount, now, expires)
        wants = self.wants(subject, amount)
        refused = self._unpriced(hold, wants)
        if refused is not None:
            return refused
        outcome, store = yield from self._shared.reserving(hold, wants, now, expires)
        return self._told(hold, wants, store, outcome, now)

    def reserve(self, hold: str, subject: Subject, amount: Most, now: float, expires: float) -> Reserved:
        """The same of this process alone, at once."""
        wants = self.wants(subject, amount)
        refused = self._unpriced(hold, wants)
        if refused is not None:
            return refused
        return self._told(hold, wants, self._local, self._local.reserve(hold, wants, now, expires), now)

    def sent(self, reserved: Reserved) -> None:
        """The first byte is about to leave: from here on the attempt may have cost something."""
        reserved.where.sent(reserved.hold, reserved.wants)

    def settle(self, reserved: Reserved, actual: int | None, now: float) -> tuple[str, ...]:
        """The attempt is over; ``None`` if nobody knows what it cost: then what was reserved is taken.

        Tells the budgets for which it cost more than was reserved; they let nothing in until they have room again.
        """
        outcome = reserved.where.settle(reserved.hold, reserved.wants, actual, now)
        self._tell(outcome.reached)
        return tuple(reserved.wants[place].rule.name for place in outcome.over)

    def release(self, reserved: Reserved) -> None:
        """Nothing was sent: everything is given back."""
        reserved.where.release(reserved.hold, reserved.wants)

    def status(self, now: float, subject: Subject) -> tuple[Status, ...]:
        """How the budgets of this process that are about a subject stand."""
        found = []
        for want in self.wants(subject, 0):
            budget = self._local.state(want.key, now)
            settled, held, ends = (
                (0, 0, None) if budget is None else (budget.settled, budget.held, budget.period.end)
            )
            found.append(Status(want.rule.name, want.key[1:], want.rule.limit, settled, held, ends))
        return tuple(found)

    def wants(self, subject: Subject, amount: Most) -> tuple[Want, ...]:
        """The budgets that are about a call. The route a spent budget leads to is taken, however spent it is."""
        found = []
        for rule in self.rules:
            names = counted(rule.scope, rule.only, subject)
            if names is not None:
                instead = rule.on_exceeded.removeprefix("route:") == subject.get("route", "").removeprefix(
                    "route:"
                )
                assumed = rule.assume_output if callable(amount) else 0
                nano = amount(assumed) if callable(amount) else amount
                soft = not rule.hard or instead
                found.append(Want((rule.name, *names), rule, nano or 0, soft, assumed, nano is not None))
        return tuple(found)

    def _unpriced(self, hold: str, wants: tuple[Want, ...]) -> Reserved | None:
        """The refusal of a call nobody knows the price of."""
        strict = [want for want in wants if not want.known and want.rule.unknown_price == "refuse"]
        if not strict:
            return None
        rule = strict[0].rule
        msg = f"budget `{rule.name}` cannot hold a call whose price is not known; nothing was sent"
        hint = "give the model a price, or set "
        hint += f'`unknown_price = "allow"` in [budgets.{rule.name}]'
        error = BudgetExceeded(ErrorInfo("local.budget", msg, hint=hint, sent="no"))
        return Reserved(hold, (), self._local, error)

    def _told(
        self, hold: str, wants: tuple[Want, ...], store: Store, outcome: Outcome, now: float
    ) -> Reserved:
        """What a store's answer means for the call."""
        if outcome.reached:
            self._tell(outcome.reached)
        if outcome.refused is not None:
            want = wants[outcome.refused]
            route = want.rule.on_exceeded if want.rule.on_exceeded.startswith("route:") else ""
            return Reserved(hold, (), store, _exceeded(want, outcome, now), route)
        reserved = Reserved(hold, wants, store)
        if outcome.over:
            reserved.notices = tuple(_warning(wants[place]) for place in outcome.over)
        return reserved

    def _tell(self, reached: tuple[Reach, ...]) -> None:
        if self._alert is not None:
            for want, percent in reached:
                self._alert(Alert(want.rule.name, want.key[1:], percent, want.rule.limit))


@frozen
class Status:
    """How one budget stands, in nano-dollars; ``ends`` is when it begins anew, if it ever does."""

    budget: str
    names: tuple[str, ...]
    limit: int
    settled: int
    held: int
    ends: float | None


def _written(rule: BudgetRule) -> str:
    per = "" if rule.period == "total" else f" / {rule.period}"
    return f"budget `{rule.name}` ({usd_of(rule.limit).normalize():f} USD{per})"


def _exceeded(want: Want, outcome: Outcome, now: float) -> BudgetExceeded:
    rule = want.rule
    left = f"{usd_of(outcome.left).normalize():f} USD are left"
    may = f"the call may cost {usd_of(want.amount).normalize():f} USD"
    if want.assumed:
        may += f" if its answer has {want.assumed} tokens, as is assumed where nobody states a limit"
    msg = f"{_written(rule)}: {left}, {may}; nothing was sent"
    after = None if outcome.ends == float("inf") else max(0.0, outcome.ends - now)
    hint = "set `max_tokens`" if want.assumed else "lower `max_tokens`"
    hint += ", take a cheaper model, or raise the budget"
    return BudgetExceeded(ErrorInfo("local.budget", msg, None, None, after, hint=hint, sent="no"))


def _warning(want: Want) -> Notice:
    return Notice("budget_exceeded", f"{_written(want.rule)} is spent; the call was made all the same")
