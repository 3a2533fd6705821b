"""The rows of the ledger. They are only ever added: what is known at the start, at the end, and of the whole.

Money is exact: a Decimal, kept as text where a database has no exact numbers. What is not known is ``None``,
and never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from time import time_ns
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from jackfield.types.answers import Usage
from jackfield.types.quick import quick
from jackfield.types.tags import NO_TAGS, Tags

Role: TypeAlias = Literal[
    "first", "retry", "refresh", "fallback", "escalation", "hedge", "hedge_loser", "batch"
]
Outcome: TypeAlias = Literal["ok", "failed", "cancelled", "interrupted", "unknown"]
Billed: TypeAlias = Literal["no", "maybe", "yes"]

STARTED, FINISHED, RECOVERED, REQUEST = (
    "attempt.started",
    "attempt.finished",
    "attempt.recovered",
    "request.finished",
)


def now_us() -> int:
    """This moment in microseconds of the epoch."""
    return time_ns() // 1000


@quick
@frozen(slots=False)
class AttemptStarted:
    """An attempt is about to be made. It is on the disk before the first byte leaves."""

    attempt_id: str
    provider: str
    model: str
    operation: str = "complete"
    role: Role = "first"
    credential: str | None = None  # a hash of it, never itself
    tags: Tags = NO_TAGS
    estimate: int | None = None  # tokens of input, for an attempt of which nothing more is ever heard
    at: int = field(factory=now_us)


@quick
@frozen(slots=False)
class AttemptFinished:
    """An attempt has ended, one way or the other."""

    attempt_id: str
    outcome: Outcome = "ok"
    billed: Billed = "yes"
    usage: Usage | None = None  # None: nothing is known
    charge: Decimal | None = (
        None  # in USD; None: not known. A ``Charge`` tells who says so, and what we make of it
    )
    seconds: float | None = None
    status: int | None = None
    error: str | None = None  # the kind of failure
    provider_request_id: str | None = None
    role: Role | None = None  # where the end shows that it had another one: who lost a race
    at: int = field(factory=now_us)


@quick
@frozen(slots=False)
class RequestFinished:
    """All attempts of a request are over; ``attempts`` is how many there were."""

    request_id: str
    outcome: Outcome = "ok"
    attempts: int = 1
    seconds: float | None = None
    error: str | None = None
    at: int = field(factory=now_us)


Row: TypeAlias = AttemptStarted | AttemptFinished | RequestFinished

BUCKETS = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "input_audio",
    "input_image",
    "output",
    "reasoning",
    "output_audio",
    "output_image",
    "searches",
)
SOURCES: Mapping[str, str | None] = {"reported": "provider", "estimated": "estimated", "unknown": None}

# The columns of each kind of row behind (attempt_id, kind), in the order of its values. What a row does not
# have is NULL. One table, so that one key holds for all.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    STARTED: (
        "at", "owner", "role", "provider", "model", "operation", "credential", "estimate",
        "user_id", "key_id", "project", "department", "route", "tag", "tags",
    ),
    FINISHED: (
        "at", "outcome", "billed", "source", *BUCKETS, "more", "tier", "charge", "priced_by", "computed", "seconds", "status",
        "error", "provider_request_id", "role",
    ),
    REQUEST: ("at", "outcome", "attempts", "seconds", "error"),
}  # fmt: skip


def values_of(row: Row, owner: str) -> tuple[str, tuple[Any, ...]]:
    """The kind of a row, and its values in the order of the columns."""
    kind, values = _FORMS[type(row)]
    return kind, values(row, owner)


def _started(row: AttemptStarted, owner: str) -> tuple[Any, ...]:
    tags = row.tags
    return (
        row.attempt_id, STARTED, row.at, owner, row.role, row.provider, _kept(row.model), row.operation, row.credential,
        row.estimate, tags.user, tags.key, tags.project, tags.department, tags.route, tags.tag, _text(tags.more),
    )  # fmt: skip


def _finished(row: AttemptFinished, owner: str) -> tuple[Any, ...]:
    usage = row.usage
    used: tuple[Any, ...] = _NOTHING
    charge = row.charge
    if usage is not None and usage.total_input + usage.total_output + usage.searches > BELIEVED:
        usage = charge = None
    if usage is not None and usage.source != "unknown":
        # attribute by attribute: this runs for every call
        used = (
            SOURCES[usage.source], usage.input, usage.cache_read, usage.cache_write, usage.cache_write_1h,
            usage.input_audio, usage.input_image, usage.output, usage.reasoning, usage.output_audio,
            usage.output_image, usage.searches, _text(usage.more), _kept(usage.tier) or None,
        )  # fmt: skip
    price = _UNPRICED if charge is None else _price(charge)
    return (
        row.attempt_id, FINISHED, row.at, row.outcome, row.billed, *used, *price, row.seconds,
        row.status, row.error, _kept(row.provider_request_id), row.role,
    )  # fmt: skip


BELIEVED = 10**12
"""Tokens of one attempt: of more than that nothing is known, and one such figure would spoil every sum."""


def _kept(text: str | None) -> str | None:
    """What others have named, as databases keep it: they refuse NUL, and surrogates that stand alone."""
    if not text or text.isprintable():
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


_NOTHING = (None,) * (len(BUCKETS) + 3)
_UNPRICED = (None, None, None)


def _price(charge: Decimal) -> tuple[str | None, ...]:
    """The amount, who says so, and our own figure beside that of a provider that told what it charges."""
    computed = None if getattr(charge, "reported", None) is None else getattr(charge, "computed", None)
    beside = None if computed is None else format(computed, "f")
    return format(charge, "f"), getattr(charge, "source", None), beside


def _closed(row: RequestFinished, owner: str) -> tuple[Any, ...]:
    return (row.request_id, REQUEST, row.at, row.outcome, row.attempts, row.seconds, row.error)


_FORMS: Mapping[type, tuple[str, Any]] = {
    AttemptStarted: (STARTED, _started),
    AttemptFinished: (FINISHED, _finished),
    RequestFinished: (REQUEST, _closed),
}


def _text(more: Mapping[str, Any] | None) -> str | None:
    """A small mapping as JSON; nothing if there is none."""
    if not more:
        return None
    import json

    return json.dumps(dict(more), sort_keys=True, default=str)
