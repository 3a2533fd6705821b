"""Circuit breakers: what failed too often of late is left alone for a while, then tried with one real call.

    closed ──(too many failures, or too slow)──> open ──(its time is up)──> half-open ──(probes succeed)──> closed
                                                  ^                             │
                                                  └────────(a probe fails)──────┘

A result counts in the state it was admitted in and in no later one: every change of state begins a new
*generation*, and a permit belongs to one. A probe's permit is a lease: it is given back when the call is
cancelled, and runs out when the call can no longer be under way.

Nothing here reads a clock. ``now`` is monotonic seconds; chance is a function that may be handed in. Every
change happens under one lock; the path of a closed breaker takes none, for it reads one attribute.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Lock
from typing import Final, Literal, TypeAlias

from attrs import frozen

from jackfield.policy.window import Anomaly, Window
from jackfield.types.resilience import BreakerRules

State: TypeAlias = Literal["closed", "open", "half_open"]
Outcome: TypeAlias = Literal["ok", "failure", "hard", "stalled", "slow", "ignored"]
Changed: TypeAlias = Callable[["Breaker", State, State, float], None]

LEASE: Final = 600.0  # seconds after which a probe that was never heard of again is given up
RECHECK: Final = 1.0  # how soon to ask again while others' probes are under way
_NEVER: Final = float("-inf")
_FOREVER: Final = float("inf")

# Outcome -> whether it is a failure, one of those that open a breaker in a row, and a slow start.
_MEANING: Final[dict[Outcome, tuple[bool, bool, bool]]] = {
    "ok": (False, False, False),
    "failure": (True, False, False),
    "hard": (True, True, False),
    "stalled": (True, True, True),
    "slow": (False, False, True),
}


@frozen
class BreakerStatus:
    """One breaker as it stands, for people and endpoints. Times are on the clock that was handed in."""

    provider: str
    target: str
    state: State
    failures: int  # in the window
    calls: int  # in the window
    last_failure: float | None
    next_retry: float | None
    opened: int  # how often, ever
    total_calls: int
    total_failures: int
    fallbacks: int
    reason: str = ""  # why it opened last

    @property
    def fallback_rate(self) -> float:
        """How many of the calls that were meant for it went elsewhere."""
        wanted = self.total_calls + self.fallbacks
        return self.fallbacks / wanted if wanted else 0.0


class Refused:
    """No admission before ``until``."""

    __slots__ = ("kind", "until")

    def __init__(self, until: float, kind: str = "local.breaker") -> None:
        self.until = until
        self.kind = kind

    def __repr__(self) -> str:
        return f"Refused(until={self.until}, kind={self.kind!r})"


class Permit:
    """Leave for one attempt. Settle it once, or release it if nothing was learnt."""

    __slots__ = ("_breaker", "expires", "generation", "started_well")

    def __init__(self, breaker: Breaker, generation: int, expires: float) -> None:
        self._breaker = breaker
        self.generation = generation
        self.expires = expires  # infinite for what is no probe
        self.started_well = False

    @property
    def probe(self) -> bool:
        """Whether a breaker waits for what becomes of it."""
        return self.expires != _FOREVER

    def started(self, now: float, ttft: float, allowance: float = 0.0) -> None:
        """Take note of a stream's first content after ``ttft`` seconds; its end is settled later.

        ``allowance`` is what the model may take, where that is longer than what all may.
        """
        self._breaker._started(self, now, ttft, allowance)

    def settle(self, outcome: Outcome, now: float, source: str = "") -> None:
        """Take note of how the attempt ended; ``source`` says where, to a breaker that listens to several."""
        self._breaker._settle(self, outcome, now, source)

    def release(self, now: float) -> None:
        """Give it back: the call was cancelled, and counts as nothing."""
        self._breaker._settle(self, "ignored", now, "")


class Breaker:
    """One circuit breaker; shared by threads."""

    __slots__ = (
        "_anomaly",
        "_changed",
        "_entered",
        "_lock",
        "_probes",
        "_random",
        "_run",
        "_successes",
        "_window",
        "fallbacks",
        "generation",
        "last_failure",
        "name",
        "opened",
        "pass_",
        "provider",
        "reason",
        "rules",
        "state",
        "step",
        "total_calls",
        "total_failures",
        "until",
    )  # fmt: skip

    def __init__(
        self,
        rules: BreakerRules | None = None,
        name: tuple[str, str] = ("", ""),
        changed: Changed | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.rules = rules or BreakerRules()
        self.provider, self.name = name
        self.state: State = "closed"
        self.generation = 0
        self.step = 0  # how often the open time is doubled
        self.until = _NEVER  # when an open breaker lets a probe through
        self.reason = ""
        self.opened = self.total_calls = self.total_failures = self.fallbacks = 0
        self.last_failure: float | None = None
        self._changed = changed
        self._random = chance
        self._entered = _NEVER
        self._lock = Lock()
        self._run = 0  # hard failures in a row
        self._successes = 0  # of probes
        self._probes: list[Permit] = []
        self._window = Window(self.rules.window)
        self._anomaly = Anomaly(self.rules.anomaly) if self.rules.anomaly else None
        self.pass_ = Permit(self, 0, _FOREVER)

    def admit(self, now: float, lease: float = LEASE) -> Permit | Refused:
        """Leave for an attempt that is over, one way or another, within ``lease`` seconds; or when to ask again."""
        # The state is one attribute: whoever reads "closed" a moment before it opens was admitted before.
        if self.state == "closed":
            return self.pass_
        return self._admit_probe(now, lease)

    def note_fallback(self) -> None:
        """Take note that a call went elsewhere."""
        with self._lock:
            self.fallbacks += 1

    def learn(self, until: float, now: float, reason: str = "told by another process") -> None:
        """Open, at least until then: another process has found out. What is open longer stays so."""
        change = None
        with self._lock:
            if self.state == "open":
                self.until = max(self.until, until)
            elif until > now:
                change = self._enter("open", now)
                self.until, self.reason = until, reason
        self._tell(change, now)

    def opens(self, now: float) -> float:
        """When it may admit again; ``now`` if it does. Nothing is taken."""
        if self.state == "closed":
            return now
        with self._lock:
            return self._opens(now)

    def status(self, now: float) -> BreakerStatus:
        """How it stands."""
        with self._lock:
            calls, failures = self._window.counts(now)
            return BreakerStatus(
                self.provider,
                self.name,
                self.state,
                failures,
                calls,
                self.last_failure,
                self.until if self.state == "open" else None,
                self.opened,
                self.total_calls,
                self.total_failures,
                self.fallbacks,
                self.reason,
            )

    # -- probes ----------------------------------------------------------------------------------

    def _admit_probe(self, now: float, lease: float) -> Permit | Refused:
        changes: list[tuple[State, State]] = []
        with self._lock:
            admission = self._probe(now, lease, changes)
        for change in changes:
            self._tell(change, now)
        return admission

    def _probe(self, now: float, lease: float, changes: list[tuple[State, State]]) -> Permit | Refused:
        if self.state == "open":
            if now < self.until:
                return Refused(self.until)
            changes.append(self._enter("half_open", now))
        elif self._proven(now):
            changes.append(self._enter("closed", now))
        if self.state == "closed":
            return self.pass_
        self._live(now)
        if len(self._probes) >= self.rules.probes:
            return Refused(self._opens(now))
        permit = Permit(self, self.generation, now + lease)
        self._probes.append(permit)
        return permit

    def _opens(self, now: float) -> float:
        if self.state == "open":
            return max(now, self.until)
        self._live(now)
        if len(self._probes) < self.rules.probes:
            return now
        return min(now + RECHECK, *(permit.expires for permit in self._probes))

    def _live(self, now: float) -> None:
        """Forget the probes that were never heard of again."""
        if any(permit.expires <= now for permit in self._probes):
            self._probes = [permit for permit in self._probes if permit.expires > now]

    def _proven(self, now: float) -> bool:
        """Whether probes have shown enough, for long enough."""
        return (
            self.state == "half_open"
            and self._successes >= self.rules.successes
            and now - self._entered >= self.rules.min_state
        )

    # -- results ---------------------------------------------------------------------------------

    def _started(self, permit: Permit, now: float, ttft: float, allowance: float) -> None:
        change = None
        with self._lock:
            if permit.generation == self.generation:
                slow = ttft > max(self.rules.slow_after, allowance)
                if self._anomaly is not None and self._anomaly.unusual(ttft):
                    slow = True
                change = self._timed(permit, now, slow)
        self._tell(change, now)

    def _timed(self, permit: Permit, now: float, slow: bool) -> tuple[State, State] | None:
        if self.state == "closed":
            self._window.add_start(now, slow)
            return self._tripped(now)
        if permit not in self._probes:
            return None
        self._probes.remove(permit)
        permit.started_well = not slow
        return self._probed(now, failed=slow)

    def succeeded(self, permit: Permit, now: float) -> None:
        """The same as settling ``permit`` with ``ok``, made short: this is what nearly every call comes to."""
        if self.state != "closed" or permit.generation != self.generation or self._window.failures:
            self._settle(permit, "ok", now, "")
            return
        # Between that look and the lock it may have opened; then the call is not counted, as all late ones.
        with self._lock:
            self.total_calls += 1
            if permit.generation == self.generation:
                self._window.add(now, failed=False)
                self._run = 0

    def _settle(self, permit: Permit, outcome: Outcome, now: float, source: str) -> None:
        change = None
        with self._lock:
            if outcome != "ignored":
                self._total(outcome, now)
            if permit.generation == self.generation:
                change = (
                    self._counted(outcome, now, source)
                    if self.state == "closed"
                    else self._probe_ended(permit, outcome, now)
                )
        self._tell(change, now)

    def _total(self, outcome: Outcome, now: float) -> None:
        self.total_calls += 1
        if _MEANING[outcome][0]:
            self.total_failures += 1
            self.last_failure = now

    def _counted(self, outcome: Outcome, now: float, source: str) -> tuple[State, State] | None:
        if outcome == "ignored":
            return None
        failed, hard, slow = _MEANING[outcome]
        if slow:
            self._window.add_start(now, slow=True)
        if outcome != "slow":
            self._window.add(now, failed)
        if hard:
            self._run += 1
            self._note_source(source, now)
        elif not failed and not slow:
            self._run = 0
        return self._tripped(now)

    def _probe_ended(self, permit: Permit, outcome: Outcome, now: float) -> tuple[State, State] | None:
        if permit in self._probes:
            self._probes.remove(permit)
        elif not permit.started_well or outcome == "ok":
            return None  # its lease has run out, or its good start was counted
        permit.started_well = False
        return None if outcome == "ignored" else self._probed(now, failed=outcome != "ok")

    def _probed(self, now: float, failed: bool) -> tuple[State, State] | None:
        if failed:
            self.reason = "a probe failed"
            return self._enter("open", now)
        self._successes += 1
        return self._enter("closed", now) if self._proven(now) else None

    # -- states ----------------------------------------------------------------------------------

    def _tripped(self, now: float) -> tuple[State, State] | None:
        """The change to open, if the rules say so and the state has lasted long enough to be judged."""
        window, rules = self._window, self.rules
        if self._run >= rules.failures:
            reason = f"{self._run} failures in a row"
        elif window.calls >= rules.min_calls and window.failures >= rules.failure_rate * window.calls:
            reason = f"{window.failures} of {window.calls} calls failed"
        elif window.timed >= rules.min_calls and window.slow >= rules.slow_rate * window.timed:
            reason = f"{window.slow} of {window.timed} calls were slow"
        else:
            return None
        if now - self._entered < rules.min_state or not self._enough_sources(now):
            return None
        self.reason = reason
        return self._enter("open", now)

    def _enter(self, state: State, now: float) -> tuple[State, State]:
        """Begin a new generation."""
        before, lasted = self.state, now - self._entered
        self.generation += 1
        self._entered = now
        self._run = self._successes = 0
        self._probes = []
        self._window.clear()
        if state == "closed":
            self.pass_ = Permit(self, self.generation, _FOREVER)
        elif state == "open":
            healthy = min(self.step, lasted / self.rules.window) if before == "closed" else 0
            self._open(now, self.step - int(healthy))
        self.state = state
        return before, state

    def _open(self, now: float, step: int) -> None:
        rules = self.rules
        seconds = min(rules.open_max, rules.open_time * 2.0 ** min(step, 16))
        self.until = now + seconds * (1 - rules.jitter * self._random())
        self.step = step + 1
        self.opened += 1

    def _note_source(self, source: str, now: float) -> None:
        """Remember where a failure came from; one breaker of one target has no need to."""

    def _enough_sources(self, now: float) -> bool:
        return True

    def _tell(self, change: tuple[State, State] | None, now: float) -> None:
        if change is not None and self._changed is not None:
            self._changed(self, *change, now)


class ParentBreaker(Breaker):
    """The breaker of an endpoint: failures of one target alone, however many, do not open it."""

    __slots__ = ("_sources",)

    def __init__(
        self,
        rules: BreakerRules | None = None,
        name: tuple[str, str] = ("", ""),
        changed: Changed | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(rules, name, changed, chance)
        self._sources: dict[str, float] = {}

    def _note_source(self, source: str, now: float) -> None:
        self._sources[source] = now

    def _enough_sources(self, now: float) -> bool:
        since = now - self.rules.window
        self._sources = {source: at for source, at in self._sources.items() if at > since}
        return len(self._sources) >= LEAVES


LEAVES: Final = 2  # targets that have to fail before their endpoint is given up
