"""Calls and their attempts as events, for whoever observes. Nothing of this is made where nobody does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jackfield.client.account import charge_of
from jackfield.client.books import Quiet
from jackfield.flow import Flow
from jackfield.telemetry.events import (
    AttemptFinished,
    AttemptStarted,
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    CacheAsked,
    CacheResult,
    CallFinished,
    CallOutcome,
    CallStarted,
    FallbackUsed,
    Happening,
    Reason,
    RouteDecided,
    StreamCompleted,
    StreamStarted,
)
from jackfield.types.routes import ROUTE

if TYPE_CHECKING:
    from decimal import Decimal

    from jackfield.client.attempts import Course, Run
    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan
    from jackfield.errors import ErrorInfo
    from jackfield.policy.board import Change
    from jackfield.policy.route import Decision
    from jackfield.telemetry import Fence
    from jackfield.types import Attempt, Part, Usage

_SHOWN = (bool, int, float, str, tuple)


def shown(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are plain values: what may hold a prompt is left out."""
    return {
        name: value
        for name, value in options.items()
        if isinstance(value, _SHOWN) and name not in ("system", "user", "tools")
    }


class Telling:
    """One call, as it is told: its beginning, what is decided on the way, its end."""

    __slots__ = (
        "_attempts",
        "_begun",
        "_spent",
        "_tags",
        "before",
        "fence",
        "id",
        "name",
        "open",
        "operation",
        "stream",
    )

    def __init__(self, fence: Fence, call: str, asked: CallStarted) -> None:
        self.fence = fence
        self.id = call
        self.name = asked.model
        self.operation = asked.operation
        self.stream = asked.stream
        self.open = True
        self.before: Decimal | None = None  # what the pieces cost that a stream went on after
        self._tags = asked.tags
        self._begun = time.perf_counter()
        self._attempts = 0
        self._spent = 0.0  # seconds that attempts took
        fence.tell(asked)

    @property
    def route(self) -> str:
        """The route that was asked for, if it was one."""
        return self.name.removeprefix(ROUTE) if self.name.startswith(ROUTE) else ""

    def decided(self, decision: Decision) -> None:
        """A route has put its targets in order."""
        self.fence.tell(RouteDecided(self.id, decision))

    def fell_over(self, route: str, failed: str, target: str, kind: str) -> None:
        """Another target stands in."""
        self.fence.tell(FallbackUsed(self.id, route, failed, target, kind))

    def looked_up(self, cache: str, result: CacheResult, saved: Decimal | None = None) -> None:
        """A cache was asked: the exact one, or that of questions that mean the same."""
        self.fence.tell(CacheAsked(cache, result, saved))

    def attempted(self, seconds: float) -> None:
        """An attempt is over."""
        self._attempts += 1
        self._spent += seconds

    def finished(self, answer: Any = None, error: ErrorInfo | None = None, *, gone: bool = False) -> None:
        """The call is over; told once."""
        if not self.open:
            return
        self.open = False
        seconds = time.perf_counter() - self._begun
        outcome: CallOutcome = "ok"
        if gone:
            outcome = "cancelled"
        elif error is not None:
            outcome = "refused" if error.sent == "no" else "failed"
        elif getattr(answer, "cached", False):
            outcome = "cached"
        self.fence.tell(
            CallFinished(
                self.id,
                self.name,
                seconds,
                self.operation,
                self.route,
                outcome,
                self._attempts,
                getattr(answer, "provider", ""),
                getattr(answer, "served_by", ""),
                getattr(answer, "charge", None),
                max(0.0, seconds - self._spent),
                error,
                self._tags,
                tuple(getattr(answer, "parts", ())) if self.fence.captures else (),
            )
        )


class WatchBooks:
    """Tells of every attempt."""

    __slots__ = ("_fence",)

    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[WatchEntry]:
        """The entry of an attempt, whose start is told."""
        return WatchEntry(self._fence, binding, plan, run, course)
        yield  # a flow like all others, though nothing is waited for


class WatchEntry(Quiet):
    """One attempt, as it is told."""

    __slots__ = (
        "_begun",
        "_binding",
        "_course",
        "_fence",
        "_first",
        "_id",
        "_number",
        "_plan",
        "_reason",
        "_run",
    )

    def __init__(self, fence: Fence, binding: Binding, plan: Plan, run: Run, course: Course) -> None:
        self._fence = fence
        self._binding = binding
        self._plan = plan
        self._course = course
        self._number = run.number
        self._run = run
        self._id = f"{course.id}.{run.number}"
        self._begun = run.begun
        self._first: float | None = None
        self._reason: Reason = course.reason
        address = urlsplit(run.key.guard.key.endpoint)
        telling = course.telling
        fence.tell(
            AttemptStarted(
                course.id,
                self._id,
                run.number,
                binding.profile.id,
                binding.model.id,
                binding.profile.otel_name,
                plan.operation,
                self._reason,
                "" if telling is None else telling.route,
                address.hostname or "",
                address.port,
                plan.stream,
                shown(getattr(plan.request, "options", {})),
            )
        )

    def content(self, now: float) -> None:
        """The first content of a stream has come."""
        self._first = now - self._begun
        target = (self._binding.profile.id, self._binding.model.id)
        self._fence.tell(StreamStarted(self._course.id, self._id, *target, self._first))

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """The attempt has succeeded."""
        self._end(now, parts, usage=usage, status=facts.status, response_id=facts.request_id)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """The attempt has failed."""
        self._end(now, error=error, usage=usage, status=error.status, response_id=error.request_id)

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """The caller has gone away."""
        self._end(now, usage=usage, cancelled=True)

    def _end(
        self,
        now: float,
        parts: Iterable[Part] = (),
        *,
        usage: Usage | None,
        error: ErrorInfo | None = None,
        **facts: Any,
    ) -> None:
        binding, course = self._binding, self._course
        seconds = now - self._begun
        charge = None if usage is None or not usage.known else charge_of(binding, usage)
        target = (binding.profile.id, binding.model.id)
        self._fence.tell(
            AttemptFinished(
                course.id,
                self._id,
                self._number,
                *target,
                seconds,
                binding.profile.otel_name,
                self._plan.operation,
                self._reason,
                error,
                first_token=self._first,
                usage=usage,
                charge=charge,
                **facts,
            )
        )
        if course.telling is not None:
            course.telling.attempted(seconds)
        if self._first is None:
            return
        tokens = None if usage is None or not usage.known else usage.total_output
        self._fence.tell(StreamCompleted(course.id, self._id, *target, seconds, 0, tokens, error))
        if course.telling is not None and not self._run.spare:
            answer = _Streamed(binding.profile.id, binding.name, charge, parts)
            self._end_call(course.telling, answer, error, gone=bool(facts.get("cancelled")))

    def _end_call(self, telling: Telling, answer: _Streamed, error: ErrorInfo | None, *, gone: bool) -> None:
        """The call ends with its stream, unless another attempt goes on with it."""
        if telling.before is not None and answer.charge is not None:
            answer.charge = telling.before + answer.charge
        if self._run.goes_on:
            telling.before = answer.charge
        else:
            telling.finished(answer, error, gone=gone)


class _Streamed:
    """What is known of the answer of a stream, when it is over."""

    __slots__ = ("charge", "parts", "provider", "served_by")

    def __init__(self, provider: str, served_by: str, charge: Any, parts: Iterable[Part]) -> None:
        self.parts = parts
        self.provider = provider
        self.served_by = served_by
        self.charge = charge


def breaker_event(change: Change) -> Happening:
    """A change of a breaker's state as an event."""
    if change.after == "open":
        seconds = max(0.0, (change.until or change.now) - change.now)
        return BreakerOpened(change.provider, change.target, seconds, why=change.reason)
    made = BreakerClosed if change.after == "closed" else BreakerHalfOpened
    return made(change.provider, change.target)
