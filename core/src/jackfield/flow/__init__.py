"""Flows: generators that yield effects and return a value.

A flow says what it needs of the world; a driver (one sync, one async, in ``jackfield.transport``) does it
and sends the result back in. Failures come back in as exceptions, so ``try`` works as in plain code:

    def signed_and_sent(auth: Auth, call: Call) -> Flow[Reply]:
        call = yield from auth.sign(call)
        return (yield Send(call, timeouts, deadline))

Whatever is written as a flow is written once, and is the same for sync, async, streams, replay and tests.
"""

from __future__ import annotations

from jackfield.flow.effects import (
    NOW,
    Abandoned,
    Aside,
    Await,
    Close,
    Effect,
    Flow,
    Now,
    Once,
    Open,
    Opened,
    Race,
    Read,
    Send,
    Sleep,
)
from jackfield.flow.local import LocalStream, answered_locally

__all__ = [
    "NOW",
    "Abandoned",
    "Aside",
    "Await",
    "Close",
    "Effect",
    "Flow",
    "LocalStream",
    "Now",
    "Once",
    "Open",
    "Opened",
    "Race",
    "Read",
    "Send",
    "Sleep",
    "answered_locally",
]
