"""All limits of a client, as calls meet them: entered before an attempt, settled after it.

hold = yield from limits.entering(subject, Cost(tokens=900), deadline)      # may wait; raises `LimitReached`
...                                                                         # the attempt
limits.settle(hold, Cost(tokens=640), now)                                  # or `release(hold, now)`
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias

from jackfield.config.amounts import usd_of
from jackfield.config.limits import LimitRule, LimitsSettings, Priority, Rate
from jackfield.errors import ErrorInfo, LimitReached
from jackfield.flow import NOW, Await, Flow, Sleep
from jackfield.policy.limits.base import NEVER, Admission
from jackfield.policy.limits.room import Place, Room
from jackfield.policy.limits.store import Key, LocalStore, Spec, Taken, Want

Subject: TypeAlias = Mapping[str, str]
"""Whom a call counts for, by scope: ``{"provider": "acme", "model": "m", "user": "u1"}``."""


class Cost(NamedTuple):
    """What a call takes of each unit; ``cost`` is in nano-dollars, ``concurrent`` is one while it runs."""

    requests: int = 1
    tokens: int = 0
    cost: int = 0
    concurrent: int = 1


NOTHING = Cost(0, 0, 0, 0)


class Store(Protocol):
    """Where what was taken is settled: in this process, or where several share."""

    def settle(
        self, wants: tuple[Want, ...], held: tuple[Admission, ...], actual: list[float], now: float
    ) -> None:
        """Correct what was taken to what it came to."""
        ...

    def complain(self, wants: tuple[Want, ...], now: float) -> None:
        """The other side refused or failed."""
        ...


class Shared(Store, Protocol):
    """Limits that several processes have together; see ``jackfield.policy.limits.shared``."""

    def taking(self, wants: tuple[Want, ...], now: float) -> Flow[tuple[Taken, Store]]:
        """Take all of it, or nothing; and who it was taken from."""
        ...


class Hold:
    """What was taken for one attempt. It is settled or released once; a second time changes nothing."""

    __slots__ = ("held", "open", "wants", "where")

    def __init__(self, wants: tuple[Want, ...], held: tuple[Admission, ...], where: Store) -> None:
        self.wants = wants
        self.held = held
        self.where = where
        self.open = True


class Limits:
    """The limits that are set. Falsy if there are none, so that calls need not ask."""

    def __init__(self, settings: LimitsSettings, shared: Shared | None = None) -> None:
        self.rules = settings.rules
        self._scoped = tuple((rule, _specs(rule)) for rule in settings.rules)
        self._local = LocalStore()
        self._shared = shared
        self._room = Room(settings.waiting)

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def waiting(self) -> int:
        """How many calls wait at this moment."""
        return len(self._room)

    def entering(
        self, subject: Subject, cost: Cost, deadline: float, priority: Priority = "normal"
    ) -> Flow[Hold]:
        """Take what the call needs of every limit that is about it, waiting for it where that is allowed.

        :raises LimitReached: with ``retry_after``, if a limit does not wait, or not as long as that would take
        """
        wants = self.wants(subject, cost)
        now: float = yield NOW
        for want in wants if self._room else ():
            if self._room.busy(want.key, priority):
                return (yield from self._waited(wants, want.key, (now, deadline), priority))
        if self._shared is None:
            store: Store = self._local
            taken = self._local.take(wants, now)
        else:
            taken, store = yield from self._shared.taking(wants, now)
        if taken.blocked is not None:
            queue = self._worth_waiting(wants, taken, deadline - now)
            return (yield from self._waited(wants, queue, (now, deadline), priority))
        hold = Hold(wants, taken.held, store)
        if taken.wait:
            yield from self._spaced(hold, taken, now, deadline)
        return hold

    def admit(self, subject: Subject, cost: Cost, now: float) -> Hold | Taken:
        """The same of this process alone and without waiting: a hold, or why there is none."""
        wants = self.wants(subject, cost)
        taken = self._local.take(wants, now)
        return taken if taken.blocked is not None else Hold(wants, taken.held, self._local)

    def settle(self, hold: Hold, actual: Cost | None, now: float) -> None:
        """The attempt is over and came to ``actual``; ``None`` if nobody knows: then what was taken stands."""
        if not hold.open:
            return
        hold.open = False
        if actual is None:
            spent = [admission.cost for admission in hold.held]
        else:
            spent = [actual[want.spec.place] for want in hold.wants]
        hold.where.settle(hold.wants, hold.held, spent, now)
        if self._room:
            for want in hold.wants:
                self._room.wake(want.key)

    def release(self, hold: Hold, now: float) -> None:
        """Nothing was sent: everything is given back."""
        self.settle(hold, NOTHING, now)

    def complain(self, hold: Hold, now: float) -> None:
        """The other side refused or failed: limits that adapt give way."""
        hold.where.complain(hold.wants, now)

    def wants(self, subject: Subject, cost: Cost) -> tuple[Want, ...]:
        """What a call needs of which limits. A rule by user is about calls whose user is known."""
        found = []
        for rule, specs in self._scoped:
            names = counted(rule.scope, rule.only, subject)
            if names is not None:
                for place, spec in specs:
                    amount = cost[spec.place]
                    if amount:
                        found.append(Want((rule.name, place, *names), spec, amount))
        return tuple(found)

    # -- waiting ---------------------------------------------------------------------------------

    def _waited(
        self, wants: tuple[Want, ...], queue: Key, times: tuple[float, float], priority: Priority
    ) -> Flow[Hold]:
        """The hold, once it is this call's turn and the limits allow."""
        began, deadline = times
        place = self._room.enter(queue, priority)
        if place is None:
            why = f"{self._room.most} calls wait already; nothing was sent"
            raise LimitReached(ErrorInfo("local.limit", why, sent="no"))
        longest = next(want.spec.rule.max_wait for want in wants if want.key == queue)
        last = min(deadline, began + longest)
        try:
            taken, store, now = yield from self._turn(place, wants, last)
        finally:
            self._room.leave(place)
        hold = Hold(wants, taken.held, store)
        if taken.wait:
            yield from self._spaced(hold, taken, now, last)
        return hold

    def _turn(self, place: Place, wants: tuple[Want, ...], last: float) -> Flow[tuple[Taken, Store, float]]:
        while True:
            now: float = yield NOW
            wait = NEVER
            if self._room.is_first(place):
                taken, store = yield from self._taken(wants, now)
                if taken.blocked is None:
                    return taken, store, now
                assert taken.refusal is not None
                self._room.move(place, self._worth_waiting(wants, taken, last - now))
                wait = taken.refusal.wait
            elif now >= last:
                raise _reached(wants[0].spec, None)
            try:
                yield Await(partial(_itself, place.woken), max(0.0, min(wait, last - now)))
            except TimeoutError:
                continue  # it is time to look

    def _worth_waiting(self, wants: tuple[Want, ...], taken: Taken, left: float) -> Key:
        """The queue to wait in; raises if the limit does not wait, or there is not so much time."""
        assert taken.blocked is not None
        assert taken.refusal is not None
        want, refusal = wants[taken.blocked], taken.refusal
        rule = want.spec.rule
        short = left <= 0 or (not refusal.on_release and refusal.wait > min(left, rule.max_wait))
        if short or not rule.wait:
            raise _reached(want.spec, refusal)
        return want.key

    def _spaced(self, hold: Hold, taken: Taken, now: float, deadline: float) -> Flow[None]:
        """Wait for a turn that was given ahead of time, by a limit that spaces calls out."""
        wait = taken.wait
        try:
            if now + wait > deadline or wait > min(want.spec.rule.max_wait for want in hold.wants):
                raise _reached(hold.wants[0].spec, max(taken.held, key=lambda admission: admission.wait))
            yield Sleep(wait)
        except BaseException:
            self.release(hold, now)
            raise

    def _taken(self, wants: tuple[Want, ...], now: float) -> Flow[tuple[Taken, Store]]:
        if self._shared is None:
            return self._local.take(wants, now), self._local
        return (yield from self._shared.taking(wants, now))


def _itself(future: Future[None]) -> Future[None]:
    return future


def _specs(rule: LimitRule) -> tuple[tuple[str, Spec], ...]:
    """What stands behind a rule's keys, by the place of its rates."""
    return tuple(
        (str(place), Spec(rule, rate, Cost._fields.index(rate.unit))) for place, rate in enumerate(rule.rates)
    )


_EVERYBODY: Key = ("global",)


def counted(scope: tuple[str, ...], only: Mapping[str, tuple[str, ...]], subject: Subject) -> Key | None:
    """The names a rule counts a call by; ``None`` if it is not about the call."""
    if not only and scope == _EVERYBODY:
        return _EVERYBODY
    for name, patterns in only.items():
        value = subject.get(name)
        if value is None or not any(fnmatchcase(value, pattern) for pattern in patterns):
            return None
    names: list[str] = []
    for name in scope:
        known = name if name == "global" else subject.get(name)
        if known is None:
            return None
        names.append(known)
    return tuple(names)


_WORDS = {"concurrent": "calls at once"}


def _amount(unit: str, number: float) -> str:
    return f"{usd_of(int(number)).normalize():f} USD" if unit == "cost" else f"{number:,}"


def _told(rate: Rate) -> str:
    words = "" if rate.unit == "cost" else f" {_WORDS.get(rate.unit, rate.unit)}"
    return f"{_amount(rate.unit, rate.limit)}{words}" + (f" in {rate.window:g} s" if rate.window else "")


def _reached(spec: Spec, refusal: Admission | None) -> LimitReached:
    """The exception for a call that a limit does not let in."""
    told = f"limit `{spec.rule.name}` ({_told(spec.rate)}) is reached"
    hint = "raise the limit, or its `max_wait`" if spec.rule.wait else "wait, or raise the limit"
    if refusal is None:
        why, after = "no turn came in time", None
    elif refusal.wait == NEVER and not refusal.on_release:
        why, after, hint = (
            f"this call alone takes {_amount(spec.rate.unit, refusal.cost)}",
            None,
            "ask for less, or raise the limit",
        )
    elif refusal.wait == NEVER:
        why, after = "all places are taken", None
    else:
        why, after = f"there is room in {refusal.wait:.3g} s", refusal.wait
    return LimitReached(
        ErrorInfo("local.limit", f"{told}: {why}; nothing was sent", None, None, after, hint=hint, sent="no")
    )
