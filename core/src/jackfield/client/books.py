"""Who else has a say in attempts, and keeps count of them: limits, the provider's own pace, budgets, measures.

Each is a shelf: asked before an attempt, it may wait, refuse, or give an entry that is closed once. They are asked
in one order, and whoever refuses undoes what those before it took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from jackfield.client.account import charge_of
from jackfield.client.attempts import Course, Entry, Run
from jackfield.client.binding import Binding, Books
from jackfield.client.bounds import EXPECTED, assumed_of, bound_of, most_of, nano, tokens_of
from jackfield.client.plan import Plan
from jackfield.client.spent import estimated
from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.flow import NOW, Flow
from jackfield.policy.board import refusal_info
from jackfield.policy.budgets import Budgets, Reserved
from jackfield.policy.budgets.board import GRACE
from jackfield.policy.limits import Cost, Limits
from jackfield.policy.limits.pacing import Pace, Paces, Tokens
from jackfield.types import Answered, Attempt, Part, Usage

if TYPE_CHECKING:
    from jackfield.client.client import Bindings
    from jackfield.policy.limits import Hold
    from jackfield.policy.route import Measures, Meter
    from jackfield.state.notes import Notes

UNSENT = ErrorInfo("local.overload", "it was never sent", sent="no")


# After these a whole answer may have been made and charged without anybody here having seen it.
UNSEEN = frozenset(
    {
        "deadline",
        "internal.plugin",
        "protocol.body",
        "stream.truncated",
        "timeout.first_token",
        "timeout.headers",
        "timeout.idle",
        "transport.reset",
    }
)


class Quiet:
    """An entry that minds nothing; others mind some of it."""

    __slots__ = ()

    def replied(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the answer has come."""

    def content(self, now: float) -> None:
        """The first content of a stream has come."""

    def answered(self, answer: Answered) -> None:
        """An operation has this answer."""

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """The attempt has succeeded."""

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """The attempt has failed."""

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """The caller has gone away."""


class Shelves:
    """Several books as one."""

    __slots__ = ("_shelves",)

    def __init__(self, shelves: Sequence[Books]) -> None:
        self._shelves = tuple(shelves)

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """The entries of all; those of the first are withdrawn where a later one refuses."""
        entries: list[Entry] = []
        try:
            for shelf in self._shelves:
                entry: Entry = yield from shelf.entering(binding, plan, run, course)
                entries.append(entry)
        except BaseException as exc:
            error = exc.info if isinstance(exc, JackfieldError) else UNSENT
            for entry in reversed(entries):
                entry.lost(run.begun, error)
            raise
        return Entries(entries)


def shelved(shelves: Sequence[Books]) -> Books | None:
    """Books as few as may be: none, one, or all as one."""
    if not shelves:
        return None
    return shelves[0] if len(shelves) == 1 else Shelves(shelves)


class Entries:
    """The entries of one attempt in several books."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)

    def replied(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the answer has come."""
        for entry in self._entries:
            entry.replied(status, headers)

    def content(self, now: float) -> None:
        """The first content of a stream has come."""
        for entry in self._entries:
            entry.content(now)

    def answered(self, answer: Answered) -> None:
        """An operation has this answer."""
        for entry in self._entries:
            entry.answered(answer)

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """The attempt has succeeded."""
        for entry in self._entries:
            entry.won(now, usage, facts, parts)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """The attempt has failed."""
        for entry in self._entries:
            entry.lost(now, error, usage)

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """The caller has gone away."""
        for entry in self._entries:
            entry.dropped(now, usage)


# -- whom and what -----------------------------------------------------------------------------------


def subject_of(binding: Binding, plan: Plan, run: Run) -> dict[str, str]:
    """Whom a call counts for, by scope."""
    tags = plan.tags
    named = {
        "user": tags.user,
        "key": tags.key,
        "project": tags.project,
        "department": tags.department,
        "route": binding.tags.route,  # the one that led here: a call's own word opens no budget
        "tag": tags.tag,
    }
    return {
        **tags.more,
        **{name: value for name, value in named.items() if value is not None},
        "provider": binding.profile.id,
        "model": binding.name,
        "account": f"{binding.profile.id}/{run.key.guard.key.credential}",
    }


# -- what other processes found out --------------------------------------------------------------------


def note_of(key: Sequence[str]) -> str:
    """The name under which processes tell each other of a breaker."""
    return "\n".join(key)


class NoteBooks:
    """Breakers that other processes have opened are open here, too."""

    __slots__ = ("_client", "_notes")

    def __init__(self, client: Bindings, notes: Notes) -> None:
        self._client = client
        self._notes = notes

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """An entry that minds nothing; a target that somebody found closed refuses."""
        now: float = yield NOW
        guard = run.key.guard
        for key in (guard.key[:2], guard.key):
            until = self._notes.until(note_of(key), now)
            if until:
                self._client.board.learn(key, until, now)
        refused = guard.refusal(now)
        if refused is not None and refused.kind == "local.breaker":
            raise refusal_info([refused], now).to_exception()
        return Quiet()


# -- limits ------------------------------------------------------------------------------------------


class LimitBooks:
    """Limits of our own."""

    __slots__ = ("_limits",)

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """What the call needs of every limit; it waits only where there is nowhere else to go."""
        subject = subject_of(binding, plan, run)
        tokens = tokens_of(binding, plan)
        most = bound_of(binding, plan)
        if most is None:
            most = assumed_of(binding, plan, EXPECTED)
        cost = Cost(1, tokens.input + tokens.output, most or 0)
        now: float = yield NOW
        until = now if course.could_move(None, now) else course.deadline
        hold = yield from self._limits.entering(subject, cost, until, plan.lane)
        return LimitEntry(self._limits, hold, binding)


class LimitEntry(Quiet):
    """What one attempt took of the limits."""

    __slots__ = ("_binding", "_hold", "_limits")

    def __init__(self, limits: Limits, hold: Hold, binding: Binding) -> None:
        self._limits = limits
        self._hold = hold
        self._binding = binding

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """Correct what was taken to what was used."""
        if not usage.known:
            self._limits.settle(self._hold, None, now)
            return
        cost = nano(charge_of(self._binding, usage))
        used = usage.total_input + usage.total_output
        self._limits.settle(self._hold, Cost(1, used, cost or 0), now)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """Give back what was taken if nothing was sent; a refusal makes limits that adapt give way."""
        if error.sent == "no":
            self._limits.release(self._hold, now)
            return
        if error.kind in ("throttle", "server.overloaded"):
            self._limits.complain(self._hold, now)
        self._limits.settle(self._hold, Cost(1, 0, 0) if error.billed == "no" else None, now)

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """What was taken stands: nobody knows what was used."""
        self._limits.settle(self._hold, None, now)


class PaceBooks:
    """The provider's own limits, as its answers tell of them or its profile."""

    __slots__ = ("_paces", "_seeded")

    def __init__(self, paces: Paces, seeded: bool) -> None:
        self._paces = paces
        self._seeded = seeded

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """The entry of a call that the provider would not refuse now."""
        key = tuple(run.key.guard.key)
        pace = self._paces.of(key, binding.profile.limits, seeded=self._seeded)
        tokens = tokens_of(binding, plan)
        now: float = yield NOW
        until = now if course.could_move(None, now) else course.deadline
        yield from self._paces.entering(key, tokens, until, plan.lane)
        return PaceEntry(pace, tokens)


class PaceEntry(Quiet):
    """What one attempt took of the provider's limits."""

    __slots__ = ("_headers", "_pace", "_tokens")

    def __init__(self, pace: Pace, tokens: Tokens) -> None:
        self._pace = pace
        self._tokens = tokens
        self._headers: Mapping[str, str] = {}

    def replied(self, status: int, headers: Mapping[str, str]) -> None:
        """Keep what the answer tells of limits."""
        self._headers = headers

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """Correct the tokens, and believe what the answer told."""
        if usage.known:
            self._pace.settle(self._tokens, Tokens(usage.total_input, usage.total_output), now)
        self._learn(now)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """Give the tokens back that were not used."""
        if error.billed == "no":
            self._pace.settle(self._tokens, Tokens(), now)
        self._learn(now)

    def _learn(self, now: float) -> None:
        if self._headers:
            self._pace.learn_from(self._headers, now, time.time)


# -- budgets -----------------------------------------------------------------------------------------


class BudgetBooks:
    """Budgets: the most an attempt may cost is set aside before it is made."""

    __slots__ = ("_budgets", "_clock")

    def __init__(self, budgets: Budgets, clock: Callable[[], float] = time.time) -> None:
        self._budgets = budgets
        self._clock = clock

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """The entry of an attempt there is money for; ``BudgetExceeded`` else, with the route to take if one is set."""
        now, left = self._clock(), course.deadline - run.begun
        hold = f"{course.id}.{run.number}"
        reserved: Reserved = yield from self._budgets.reserving(
            hold, subject_of(binding, plan, run), most_of(binding, plan), now, now + left + GRACE
        )
        if reserved.refusal is not None:
            course.instead = reserved.route
            raise reserved.refusal.info.to_exception()
        course.notices += reserved.notices
        self._budgets.sent(reserved)
        return BudgetEntry(self._budgets, reserved, (binding, plan), self._clock)


class BudgetEntry(Quiet):
    """What was set aside for one attempt."""

    __slots__ = ("_binding", "_budgets", "_clock", "_plan", "_reserved")

    def __init__(
        self, budgets: Budgets, reserved: Reserved, about: tuple[Binding, Plan], clock: Callable[[], float]
    ) -> None:
        self._budgets = budgets
        self._reserved = reserved
        self._binding, self._plan = about
        self._clock = clock

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """It cost what it cost; what nobody told of a completion is estimated by what came."""
        if not usage.known and self._plan.operation == "complete":
            usage = estimated(self._plan.request, usage, parts)
        self._settle(usage)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """It is given back where nothing was charged."""
        if error.sent == "no" or (error.billed == "no" and usage is None):
            self._budgets.release(self._reserved)
        elif usage is None and not self._plan.stream and error.kind in UNSEEN:
            self._budgets.settle(self._reserved, None, self._clock())
        else:
            self._settle(usage)

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """What was used counts; of an answer that was to come whole, what was expected."""
        if usage is None and self._plan.operation == "complete" and not self._plan.stream:
            tokens = tokens_of(self._binding, self._plan)
            usage = Usage(input=tokens.input, output=tokens.output, source="estimated")
        self._settle(usage)

    def _settle(self, usage: Usage | None) -> None:
        """Take what it cost: of a completion that told nothing, as the ledger says, what went in is estimated.

        What an operation cost that told nothing is what was set aside.
        """
        if usage is None and self._plan.operation == "complete":
            usage = estimated(self._plan.request)
        known = usage is not None and usage.known
        actual = nano(charge_of(self._binding, usage)) if known and usage is not None else None
        self._budgets.settle(self._reserved, actual, self._clock())


# -- measures ----------------------------------------------------------------------------------------


class MeasureBooks:
    """What routes go by: how soon targets answer, how often, and how busy they are."""

    __slots__ = ("_measures",)

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """The entry of an attempt, which counts as on its way from here on."""
        meter = self._measures.of(binding.name)
        meter.begin()
        return MeasureEntry(meter, run.begun)
        yield  # a flow like all others, though nothing is waited for


class MeasureEntry(Quiet):
    """One attempt in the measures."""

    __slots__ = ("_begun", "_first", "_meter")

    def __init__(self, meter: Meter, begun: float) -> None:
        self._meter = meter
        self._begun = begun
        self._first: float | None = None

    def content(self, now: float) -> None:
        """The first content has come."""
        self._first = now

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """Count a success, and the time to its first content."""
        first = now if self._first is None else self._first
        self._meter.succeeded((first - self._begun) * 1000)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """Count a failure of the target's own."""
        from jackfield.policy.route import Outcome

        self._meter.end(Outcome.failed(error.kind))

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """It says nothing of the target."""
        self._meter.end()
