"""All breakers, gates and retry budgets of one client, by what they are about.

A *guard* is what a call meets: the gate of its credential, the breaker of its target, the breaker of the
endpoint behind it, the retry budget of its account. It is looked up once and kept by whoever calls.

    guard = board.guard(("acme", "https://api.acme.example", "acme-2", "key-1"))
    leave = guard.admit(now)
    if isinstance(leave, Refused): ...      # another target, or ``guard.turn(now, latest)``
    leave.started(now, ttft)                # streams: at the first content
    leave.settle(now, error)                # at the end; ``release`` if the caller went away
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock
from typing import Final, NamedTuple

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.policy.breaker import (
    LEASE,
    RECHECK,
    Breaker,
    BreakerStatus,
    Outcome,
    ParentBreaker,
    Permit,
    Refused,
    State,
)
from jackfield.policy.gates import Gate, GateStatus
from jackfield.policy.retry_budget import RetryBudget
from jackfield.types.resilience import BreakerRules, RetryRules

MOST: Final = 10_000  # breakers; beyond this those that know nothing are forgotten

# What a failure counts as at its target. What does not stand here counts as nothing.
OUTCOMES: Final[dict[str, Outcome]] = {
    "transport.connect": "hard",
    "transport.reset": "hard",
    "config.tls": "hard",
    "timeout.connect": "hard",
    "timeout.upload": "hard",
    "timeout.headers": "stalled",
    "timeout.first_token": "stalled",
    "timeout.idle": "hard",
    "server": "hard",
    "server.overloaded": "hard",
    "server.transient": "failure",
    "protocol": "failure",
    "protocol.body": "failure",
    "stream.truncated": "failure",
}

# Failures that may be the whole endpoint's: transport and 5xx alone.
ENDPOINT: Final = frozenset(
    {"transport.connect", "transport.reset", "config.tls", "timeout.connect", "server", "server.overloaded"}
)


class Key(NamedTuple):
    """What a target is to a board."""

    provider: str
    endpoint: str
    model: str
    credential: str


@frozen
class Change:
    """A breaker has changed its state."""

    provider: str
    target: str
    before: State
    after: State
    reason: str
    until: float | None  # when an open one lets a probe through
    now: float
    key: tuple[str, ...] = ()  # what ``Board.learn`` of another process takes


class Leave:
    """Leave for one attempt from all that stand before it. Settle it once, or release it."""

    __slots__ = ("_endpoint", "_guard", "_started", "_target", "since")

    def __init__(self, guard: Guard, target: Permit, endpoint: Permit, since: float) -> None:
        self._guard = guard
        self._target = target
        self._endpoint = endpoint
        self._started = False
        self.since = since

    def started(self, now: float, ttft: float, allowance: float = 0.0) -> None:
        """Take note of a stream's first content after ``ttft`` seconds."""
        self._started = True
        self._target.started(now, ttft, allowance)

    def settle(self, now: float, error: ErrorInfo | None = None, resign: bool = False) -> None:
        """Take note of how the attempt ended. With ``resign`` the key is tried again with another signature."""
        guard = self._guard
        if error is None:
            guard.target.succeeded(self._target, now)
            guard.endpoint.succeeded(self._endpoint, now)
            guard.gate.reopen(guard.model)
            return
        kind = error.kind
        self._target.settle(self._outcome(kind, now), now)
        self._endpoint.settle("hard" if kind in ENDPOINT else "ignored", now, guard.source)
        if not resign:
            guard.gate.record(error, guard.model, now)

    def release(self, now: float) -> None:
        """Give it back: the call was cancelled, or never made."""
        self._target.release(now)
        self._endpoint.release(now)

    def _outcome(self, kind: str, now: float) -> Outcome:
        # A caller's own deadline says something of the target only where it was longer than patience is.
        if kind == "deadline" and not self._started and now - self.since > self._guard.slow_after:
            return "slow"
        return OUTCOMES.get(kind, "ignored")


class Guard:
    """What stands before the attempts at one target; shared by threads."""

    __slots__ = (
        "_lock",
        "_turn",
        "budget",
        "endpoint",
        "gate",
        "key",
        "model",
        "slow_after",
        "source",
        "target",
    )

    def __init__(self, key: Key, target: Breaker, endpoint: Breaker, gate: Gate, budget: RetryBudget) -> None:
        self.key = key
        self.model = key.model
        self.target = target
        self.endpoint = endpoint
        self.gate = gate
        self.budget = budget
        self.slow_after = target.rules.slow_after
        self.source = f"{key.model} {key.credential}"
        self._turn = float("-inf")
        self._lock = Lock()

    def admit(self, now: float, lease: float = LEASE) -> Leave | Refused:
        """Leave for an attempt that is over within ``lease`` seconds; or until when there is none, and why."""
        if self.target.state == "closed" and self.endpoint.state == "closed" and self.gate.open:
            return Leave(self, self.target.pass_, self.endpoint.pass_, now)
        shut = self.gate.admit(self.model, now)
        return self.insist(now, lease) if shut is None else shut

    def insist(self, now: float, lease: float = LEASE) -> Leave | Refused:
        """Leave whatever the credential's gate says, where there is no other: the answer says more than we could."""
        endpoint = self.endpoint.admit(now, lease)
        if isinstance(endpoint, Refused):
            return endpoint
        target = self.target.admit(now, lease)
        if isinstance(target, Refused):
            endpoint.release(now)
            return target
        return Leave(self, target, endpoint, now)

    @property
    def clear(self) -> bool:
        """Whether nothing stands in the way of anybody."""
        return self.target.state == "closed" and self.endpoint.state == "closed" and self.gate.open

    def refusal(self, now: float) -> Refused | None:
        """What stands in the way and opens last; nothing is taken."""
        if self.clear:
            return None
        shut = self.gate.admit(self.model, now)
        until = max(self.endpoint.opens(now), self.target.opens(now))
        if shut is not None and shut.until >= until:
            return shut
        return Refused(until) if until > now else None

    def turn(self, now: float, latest: float) -> float | None:
        """Seconds after which it is worth asking again, if all targets refuse; nothing if it is not before ``latest``.

        For a breaker one call waits at a time: the others learn at once that they fail. Whoever meets a
        throttle may wait, for waiting is all that helps.
        """
        refusal = self.refusal(now)
        if refusal is None:
            return 0.0
        if refusal.until > latest:
            return None
        if refusal.kind != "local.breaker":
            return refusal.until - now
        with self._lock:
            if self._turn > now:
                return None
            self._turn = refusal.until + RECHECK
        return refusal.until - now

    def succeeded(self, cost: int, first: bool) -> None:
        """Settle the retry budget after a success: what the retry cost comes back, a first try earns."""
        if first:
            self.budget.earn()
        else:
            self.budget.refund(cost)


class Board:
    """The guards of one client. ``changed`` is told of every change of state, outside of any lock."""

    def __init__(
        self,
        breaker: BreakerRules | None = None,
        retry: RetryRules | None = None,
        changed: Callable[[Change], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._rules = breaker or BreakerRules()
        self._retry = retry or RetryRules()
        self._changed = changed
        self._random = chance
        self._guards: dict[Key, Guard] = {}
        self._endpoints: dict[tuple[str, str], Breaker] = {}
        self._gates: dict[tuple[str, str], Gate] = {}
        self._budgets: dict[tuple[str, str, str], RetryBudget] = {}
        self._lock = Lock()

    def guard(self, key: tuple[str, str, str, str]) -> Guard:
        """The guard of (provider, endpoint, model, credential), made when it is asked for first."""
        known = self._guards.get(key)  # type: ignore[call-overload]  # a tuple is as good a key as a named one
        if known is not None:
            return known  # type: ignore[no-any-return]
        with self._lock:
            return self._guards.get(Key(*key)) or self._make(Key(*key))

    def learn(self, key: tuple[str, ...], until: float, now: float) -> None:
        """Take over what another process told of: the breaker of a ``Change``'s key is open until then."""
        if not self._rules.enabled:
            return
        if len(key) == len(Key._fields):
            self.guard((key[0], key[1], key[2], key[3])).target.learn(until, now)
            return
        with self._lock:
            found = self._endpoints.get((key[0], key[1]))
        if found is not None:  # who has never asked an endpoint finds out by himself
            found.learn(until, now)

    def breakers(self, now: float) -> tuple[BreakerStatus, ...]:
        """Every breaker as it stands: endpoints first, then targets."""
        with self._lock:
            breakers = [*self._endpoints.values(), *(guard.target for guard in self._guards.values())]
        return tuple(breaker.status(now) for breaker in breakers)

    def gates(self, now: float) -> tuple[GateStatus, ...]:
        """Every gate that is closed."""
        with self._lock:
            gates = list(self._gates.values())
        return tuple(status for gate in gates for status in gate.status(now))

    def _make(self, key: Key) -> Guard:
        if len(self._guards) >= MOST:
            self._forget()
        endpoint = self._endpoints.get(key[:2]) or self._breaker(ParentBreaker, key[:2])
        self._endpoints[key[:2]] = endpoint
        target = self._breaker(Breaker, key)
        gate = self._gates.setdefault((key.provider, key.credential), Gate(key.provider, key.credential))
        account = (key.provider, key.endpoint, key.credential)
        budget = self._budgets.setdefault(account, RetryBudget(self._retry))
        guard = self._guards[key] = Guard(key, target, endpoint, gate, budget)
        return guard

    def _breaker(self, kind: type[Breaker], key: tuple[str, ...]) -> Breaker:
        if not self._rules.enabled:
            kind = NoBreaker
        name = key[1] if len(key) == len(Key._fields[:2]) else key[2]
        return kind(self._rules, (key[0], name), partial(self._tell, key), self._random)

    def _tell(self, key: tuple[str, ...], breaker: Breaker, before: State, after: State, now: float) -> None:
        if self._changed is not None:
            until = breaker.until if after == "open" else None
            facts = (breaker.provider, breaker.name, before, after, breaker.reason, until, now)
            self._changed(Change(*facts, tuple(key)))

    def _forget(self) -> None:
        """Forget guards without a past worth keeping: names of models come from callers."""
        idle = [key for key, guard in self._guards.items() if guard.target.state == "closed"]
        for key in idle[: MOST // 2]:
            del self._guards[key]


class NoBreaker(Breaker):
    """A breaker that is switched off: it counts, and never opens."""

    __slots__ = ()

    def _tripped(self, now: float) -> tuple[State, State] | None:
        return None


def soonest(guards: Iterable[Guard], now: float) -> tuple[Guard, Refused] | None:
    """Of guards that all refuse, the one that opens first."""
    refused = [(guard, refusal) for guard in guards if (refusal := guard.refusal(now)) is not None]
    return min(refused, key=lambda pair: pair[1].until, default=None)


def refusal_info(refusals: Iterable[Refused], now: float) -> ErrorInfo:
    """What a caller is told when every target refuses: when to come back, and a rate limit if all were that."""
    found = list(refusals)
    wait = max(0.0, min((refusal.until for refusal in found), default=now) - now)
    kinds = {refusal.kind for refusal in found}
    kind = _ALIKE.get(next(iter(kinds)), "local.breaker") if len(kinds) == 1 else "local.breaker"
    message = f"{_WORDS[kind]}; nothing was sent"
    return ErrorInfo(kind, message, retry_after=wait, sent="no", hint=f"come back in {wait:.0f} s")


_ALIKE: Final = {
    "throttle": "throttle",
    "quota.window": "quota.window",
    "auth": "auth",
    "quota.money": "quota.money",
}
_WORDS: Final = {
    "local.breaker": "every target failed too often of late and is left alone",
    "throttle": "every target limits the rate",
    "quota.window": "every target's quota is used up",
    "auth": "every credential was refused of late and rests",
    "quota.money": "every account was out of money of late and rests",
}
