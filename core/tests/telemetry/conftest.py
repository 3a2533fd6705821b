"""The events of one call, as a client tells of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jackfield.errors import ErrorInfo
from jackfield.policy.route import Candidate, Decision, Dropped
from jackfield.telemetry import events
from jackfield.types import Message, Text, Usage

CANARY = "canary-9f8e7d6c"
SERVER = ErrorInfo("server", f"it said {CANARY}", 500)
DECISION = Decision("cheap", "cost", (Candidate("b/two", 0.0, ("here",)),), (Dropped("a/one", "no tools"),))


@pytest.fixture
def call():
    """A routed call whose first attempt fails, and whose second streams."""
    where = {"call": "c1", "model": "m", "provider": "acme", "otel_name": "acme_ai", "operation": "complete"}
    options = {"temperature": 0, "max_tokens": 9, "user": CANARY}
    usage = Usage(input=10, cache_read=4, output=5, reasoning=2)
    first = {**where, "attempt": "c1.1", "number": 1}
    second = {**where, "attempt": "c1.2", "number": 2, "reason": "fallback"}
    turns = (Message("system", f"be {CANARY}"), Message("user", f"hi {CANARY} sk-{'a' * 20}"))
    stream = {name: second[name] for name in ("call", "attempt", "provider", "model")}
    return [
        events.CallStarted(
            "c1", "route:cheap", stream=True, route="cheap", tags={"user": CANARY}, messages=turns
        ),
        events.RouteDecided("c1", DECISION),
        events.AttemptStarted(**first, host="acme.invalid", port=443, options=options),
        events.AttemptFinished(**first, seconds=0.2, error=SERVER, status=500),
        events.FallbackUsed("c1", "cheap", "a/one", "b/two", "server", 0.001),
        events.AttemptStarted(**second, stream=True, options=options, route="cheap"),
        events.StreamStarted(**stream, first_token=0.3),
        events.StreamCompleted(**stream, seconds=1.3, chunks=11, tokens=7),
        events.AttemptFinished(
            **second,
            seconds=1.3,
            first_token=0.3,
            chunks=11,
            usage=usage,
            status=200,
            charge=Decimal("0.002"),
            answered_by="m-2",
            response_id="r1",
            finish="stop",
        ),
        events.CallFinished(
            "c1",
            "route:cheap",
            1.6,
            route="cheap",
            attempts=2,
            provider="acme",
            served_by="acme/m",
            charge=Decimal("0.002"),
            overhead=0.0002,
            parts=(Text(f"so {CANARY}"),),
        ),
    ]


@pytest.fixture
def canary():
    """A word that stands in everything a caller or a provider says."""
    return CANARY
