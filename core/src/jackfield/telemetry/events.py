"""What happens during calls, as values: one kind for each moment, one table of their names.

No event holds a prompt, an answer or a key. ``call`` is the call's id, ``attempt`` the attempt's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import field, frozen

from jackfield.types.quick import quick

if TYPE_CHECKING:
    from jackfield.errors import ErrorInfo
    from jackfield.policy.route import Decision
    from jackfield.types import Message, Usage

Reason: TypeAlias = Literal["first", "retry", "fallback", "hedge", "refresh", "escalation"]
CacheResult: TypeAlias = Literal["hit", "miss", "stale", "bypass"]
CallOutcome: TypeAlias = Literal["ok", "refused", "failed", "cancelled", "cached"]


@quick
@frozen(slots=False)
class CallStarted:
    """A call has begun: what was asked for, before anything is decided. ``options`` hold no prompt."""

    call: str
    model: str  # as the caller named it: a model or a route
    operation: str = "complete"
    stream: bool = False
    route: str = ""
    tags: Mapping[str, str] = field(factory=dict)
    options: Mapping[str, Any] = field(factory=dict)
    messages: tuple[Message, ...] = field(default=(), repr=False)  # only where content capture is on


@quick
@frozen(slots=False)
class RouteDecided:
    """A route has put its targets in order."""

    call: str
    decision: Decision


@quick
@frozen(slots=False)
class AttemptStarted:
    """One physical request is about to be sent."""

    call: str
    attempt: str
    number: int
    provider: str
    model: str
    otel_name: str = ""
    operation: str = "complete"
    reason: Reason = "first"
    route: str = ""
    host: str = ""
    port: int | None = None
    stream: bool = False
    options: Mapping[str, Any] = field(factory=dict)


@quick
@frozen(slots=False)
class AttemptFinished:
    """One physical request has ended."""

    call: str
    attempt: str
    number: int
    provider: str
    model: str
    seconds: float
    otel_name: str = ""
    operation: str = "complete"
    reason: Reason = "first"
    error: ErrorInfo | None = None
    cancelled: bool = False
    status: int | None = None
    first_token: float | None = None  # seconds
    chunks: int = 0
    usage: Usage | None = None
    charge: Decimal | None = None
    answered_by: str = ""  # the model that the provider says answered
    response_id: str | None = None
    finish: str = ""


@quick
@frozen(slots=False)
class FallbackUsed:
    """Another target stands in for one that failed."""

    call: str
    route: str
    failed: str
    target: str
    kind: str  # of the failure
    seconds: float = 0.0  # from the failure to the decision


@quick
@frozen(slots=False)
class StreamStarted:
    """The first content of a stream has come."""

    call: str
    attempt: str
    provider: str
    model: str
    first_token: float


@quick
@frozen(slots=False)
class StreamCompleted:
    """A stream has ended: whole, or broken off after content."""

    call: str
    attempt: str
    provider: str
    model: str
    seconds: float
    chunks: int = 0
    tokens: int | None = None
    error: ErrorInfo | None = None


@quick
@frozen(slots=False)
class BreakerOpened:
    """A target is left alone for a while."""

    provider: str
    target: str
    seconds: float
    failures: int = 0
    why: str = ""


@quick
@frozen(slots=False)
class BreakerHalfOpened:
    """A target is tried with single requests."""

    provider: str
    target: str


@quick
@frozen(slots=False)
class BreakerClosed:
    """A target is used again."""

    provider: str
    target: str


@quick
@frozen(slots=False)
class LimiterWaited:
    """A call waited for a limit."""

    provider: str
    kind: str  # rpm, tpm, concurrent
    seconds: float


@quick
@frozen(slots=False)
class LimitSeen:
    """What a provider says is left of its limit, from 0 to 1."""

    provider: str
    kind: str
    remaining: float


@quick
@frozen(slots=False)
class BudgetSettled:
    """How much of a budget is spent, from 0 to 1 and above."""

    budget: str
    spent: float


@quick
@frozen(slots=False)
class CacheAsked:
    """A cache was looked into."""

    cache: str
    result: CacheResult
    saved: Decimal | None = None


@quick
@frozen(slots=False)
class GuardFound:
    """A guard has found something."""

    guard: str
    action: Literal["redacted", "blocked", "flagged"]


@quick
@frozen(slots=False)
class CallFinished:
    """A call has ended, with all its attempts."""

    call: str
    model: str
    seconds: float
    operation: str = "complete"
    route: str = ""
    outcome: CallOutcome = "ok"
    attempts: int = 1
    provider: str = ""  # that answered
    served_by: str = ""
    charge: Decimal | None = None
    overhead: float | None = None  # seconds that were ours
    error: ErrorInfo | None = None
    tags: Mapping[str, str] = field(factory=dict)
    parts: tuple[Any, ...] = field(default=(), repr=False)  # only where content capture is on


Happening: TypeAlias = (
    CallStarted
    | RouteDecided
    | AttemptStarted
    | AttemptFinished
    | FallbackUsed
    | StreamStarted
    | StreamCompleted
    | BreakerOpened
    | BreakerHalfOpened
    | BreakerClosed
    | LimiterWaited
    | LimitSeen
    | BudgetSettled
    | CacheAsked
    | GuardFound
    | CallFinished
)

# The one table of names: logs, metrics and other people's subscribers go by it.
NAMES: Mapping[type, str] = {
    CallStarted: "llm.call.started",
    RouteDecided: "llm.routing.decision",
    AttemptStarted: "llm.attempt.started",
    AttemptFinished: "llm.attempt.finished",
    FallbackUsed: "llm.fallback.used",
    StreamStarted: "llm.streaming.started",
    StreamCompleted: "llm.streaming.completed",
    BreakerOpened: "llm.circuit_breaker.opened",
    BreakerHalfOpened: "llm.circuit_breaker.half_opened",
    BreakerClosed: "llm.circuit_breaker.closed",
    LimiterWaited: "llm.limiter.waited",
    LimitSeen: "llm.limit.seen",
    BudgetSettled: "llm.budget.settled",
    CacheAsked: "llm.cache.asked",
    GuardFound: "llm.guard.found",
    CallFinished: "llm.call.finished",
}


def name_of(event: Happening) -> str:
    """The name of an event."""
    return NAMES[type(event)]
