"""An answer of the format as events, and its figures as usage."""

from __future__ import annotations

from typing import Any

from jackfield.errors import ErrorInfo
from jackfield.events import Event, Failed, Finished, PartStarted, Started, Warned, ended
from jackfield.types import UNKNOWN_USAGE, Finish, Notice, Part, Text, ToolCall, Usage
from jackfield.wire import Dialect, Reply
from jackfield.wire.facts import figure
from jackfield.wire.replies import json_body
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.parts import part_of
from jackfield_bedrock.converse.tables import ANSWER_TOOL, finish_reason
from jackfield_bedrock.failures import body_failure


def parse_reply(reply: Reply, seal: Seal, dialect: Dialect, model: str) -> tuple[list[Event], Any]:
    """The events of a whole answer, and its payload."""
    body = json_body(reply)
    content = content_of(body)
    if content is None:
        return [Failed(no_message(body, dialect))], body
    text = content[0].get("text") if len(content) == 1 and type(content[0]) is dict else None
    if type(text) is str and len(content[0]) == 1:  # words alone, as nearly always
        parts: list[Part] = [Text(text)]
    else:
        parts = [answer_of(part_of(block, seal)) for block in content]
    events: list[Event] = [Started("", invoked(body, model))]
    for number, part in enumerate(parts):
        events += (PartStarted(number, part), ended(number))
    reason = body.get("stopReason")
    if reason == GUARDED:
        events += warnings_of(reason, body.get("trace"))
    events.append(Finished(finish_of(reason, parts), served(usage_of(body.get("usage")), body)))
    return events, body


GUARDED = "guardrail_intervened"


def content_of(body: Any) -> list[Any] | None:
    """The blocks of the message; ``None`` if there is no message."""
    output = body.get("output") if isinstance(body, dict) else None
    message = output.get("message") if isinstance(output, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if content is None and isinstance(message, dict):
        return []
    return content if isinstance(content, list) else None


def no_message(body: Any, dialect: Dialect) -> ErrorInfo:
    """A success that holds no message: an error in disguise, or nothing that can be read."""
    found = body_failure(body, dialect) if isinstance(body, dict) else None
    return found or ErrorInfo("protocol.body", "the answer is JSON, but no message", sent="yes", raw=body)


def invoked(body: dict[str, Any], model: str) -> str:
    """The model that answered, which only a router tells; else the one that was asked."""
    trace = body.get("trace")
    router = trace.get("promptRouter") if isinstance(trace, dict) else None
    found = router.get("invokedModelId") if isinstance(router, dict) else None
    return found if isinstance(found, str) else model


def answer_of(part: Part) -> Part:
    """The part, or the text it stands for where a tool's arguments are the answer."""
    return Text(part.json) if isinstance(part, ToolCall) and part.name == ANSWER_TOOL else part


def finish_of(stop_reason: Any, parts: list[Part]) -> Finish:
    """Why the model stopped. A tool that only carried the answer, or ran over there, was no call."""
    raw = stop_reason if isinstance(stop_reason, str) else None
    reason = finish_reason(raw)
    if reason == "tool_calls" and parts:
        called = any(isinstance(part, ToolCall) and not part.hosted for part in parts)
        reason = reason if called else "stop"
    return Finish(reason, raw)


def warnings_of(stop_reason: Any, trace: Any) -> list[Event]:
    """What the provider says about an answer that was stopped or changed."""
    if stop_reason != GUARDED:
        return []
    guardrail = trace.get("guardrail") if isinstance(trace, dict) else None
    words = guardrail.get("actionReason") if isinstance(guardrail, dict) else None
    return [Warned(Notice("guardrail", words if isinstance(words, str) else "a guardrail intervened"))]


# -- usage -----------------------------------------------------------------------------------------


def usage_of(raw: Any) -> Usage:
    """The figures in disjoint buckets. Whether the input counts what was cached is read from the total."""
    if not isinstance(raw, dict) or not ("inputTokens" in raw or "outputTokens" in raw):
        return UNKNOWN_USAGE
    fresh, out = figure(raw.get("inputTokens")), figure(raw.get("outputTokens"))
    read = figure(raw.get("cacheReadInputTokens", raw.get("cacheReadInputTokenCount")))
    written = figure(raw.get("cacheWriteInputTokens", raw.get("cacheWriteInputTokenCount")))
    server, details = raw.get("serverToolUsage"), raw.get("cacheDetails")
    hour = min(_by_the_hour(details), written) if details else 0
    if (read or written) and figure(raw.get("totalTokens")) == fresh + out and fresh >= read + written:
        fresh -= read + written
    searches = figure(server.get("webSearchRequests")) if server and isinstance(server, dict) else 0
    return Usage(fresh, read, written - hour, hour, 0, 0, out, searches=searches, raw=raw)


def served(usage: Usage, told: dict[str, Any]) -> Usage:
    """The figures in the tier that served: a service tier, or the fast lane, which has prices of its own."""
    if "serviceTier" not in told and "performanceConfig" not in told:
        return usage
    tier, lane = told.get("serviceTier"), told.get("performanceConfig")
    found = usage.in_tier(tier.get("type")) if isinstance(tier, dict) else usage
    return found.in_tier(lane.get("latency")) if isinstance(lane, dict) else found


def _by_the_hour(details: Any) -> int:
    """What was written to the cache for an hour."""
    items = details if isinstance(details, list) else ()
    return sum(
        figure(item.get("inputTokens"))
        for item in items
        if isinstance(item, dict) and item.get("ttl") == "1h"
    )
