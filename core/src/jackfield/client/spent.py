"""What an attempt has used when nobody tells in full: the provider's figures as far as it gave some, else estimates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from jackfield.types import UNKNOWN_USAGE, Part, Request, ToolCall, Usage

if TYPE_CHECKING:
    from jackfield.client.session import Session


def spent(session: Session) -> Usage:
    """The usage of a stream as it stands: all that came counts, whether it was read or not."""
    accumulator = session.accumulator
    if accumulator.finished and accumulator.usage.known:
        return accumulator.usage
    return estimated(session.plan.request, accumulator.usage, accumulator.parts())


def estimated(request: Any, told: Usage = UNKNOWN_USAGE, parts: Iterable[Part] = ()) -> Usage:
    """A usage labelled as estimated: what was told, and at least what the parts that came are thought to be."""
    output = sum(map(_tokens, parts))
    if told.known:
        more = max(0, output - told.total_output)
        return attrs.evolve(told, output=told.output + more, source="estimated")
    used = Usage(input=taken(request) or 0, output=output, source="estimated")
    return used.in_tier(request.options.get("service_tier")) if type(request) is Request else used


def taken(request: Any) -> int | None:
    """The tokens a request takes in, as an estimate; nothing for what is no conversation."""
    if type(request) is not Request:
        return None
    from jackfield.tokens.estimate import estimate

    return estimate(request).likely


def _tokens(part: Part) -> int:
    from jackfield.tokens.estimate import estimate_text

    text = part.name + part.json if isinstance(part, ToolCall) else getattr(part, "text", "")
    return estimate_text(text).likely if text else 0
