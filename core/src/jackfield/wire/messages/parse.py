"""An answer of the format as events, its figures as usage, its failures as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import Event, Failed, Finished, PartStarted, Started, Warned, ended
from jackfield.types import UNKNOWN_USAGE, Finish, Notice, Part, Text, ToolCall, Usage
from jackfield.wire.base import Dialect
from jackfield.wire.call import Reply
from jackfield.wire.facts import figure
from jackfield.wire.messages.parts import PLAIN_LENGTH, part_of
from jackfield.wire.messages.tables import ANSWER_TOOL, CODES, Rules, finish_reason
from jackfield.wire.replies import body_error, error_info, json_body


def parse_body(body: Any, rules: Rules, dialect: Dialect) -> list[Event]:
    """The events of a whole answer."""
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        return [Failed(_no_message(body, dialect))]
    content = body["content"]
    if len(content) == 1 and not body.get("stop_details"):
        block = content[0]  # words alone, as in nearly all answers: half the time of what follows
        if type(block) is dict and block.get("type") == "text" and len(block) == PLAIN_LENGTH:
            part = part_of(block, rules.seal)
            started = Started(text_or(body.get("id")), text_or(body.get("model")))
            finish = finish_of(body.get("stop_reason"), [part], rules)
            return [started, PartStarted(0, part), ended(0), Finished(finish, usage_of(body.get("usage")))]
    parts = [part_of(block, rules.seal) for block in content]
    if rules.answers_by_tool:
        parts = list(map(_answer, parts))
    events: list[Event] = [Started(text_or(body.get("id")), text_or(body.get("model")))]
    for number, part in enumerate(parts):
        events += (PartStarted(number, part), ended(number))
    if body.get("stop_details"):
        events += warnings_of(body["stop_details"])
    events.append(Finished(finish_of(body.get("stop_reason"), parts, rules), usage_of(body.get("usage"))))
    return events


def _no_message(body: Any, dialect: Dialect) -> ErrorInfo:
    """A success that holds no message: an error in disguise, or nothing that can be read."""
    found = body_error(body, dialect, CODES) if isinstance(body, dict) and "error" in body else None
    return found or ErrorInfo("protocol.body", "the answer is JSON, but no message", sent="yes", raw=body)


def _answer(part: Part) -> Part:
    """The part, or the text it stands for where a tool's arguments are the answer."""
    if isinstance(part, ToolCall) and part.name == ANSWER_TOOL:
        return Text(part.json)
    return part


def finish_of(stop_reason: Any, parts: list[Part], rules: Rules) -> Finish:
    """Why the model stopped. A tool that only carried the answer was no call."""
    raw = stop_reason if isinstance(stop_reason, str) else None
    reason = finish_reason(raw)
    if reason == "tool_calls" and rules.answers_by_tool:
        called = any(isinstance(part, ToolCall) and not part.hosted for part in parts)
        reason = reason if called else "stop"
    return Finish(reason, raw)


def warnings_of(details: Any) -> list[Event]:
    """What the provider says about a refusal, if anything."""
    if not isinstance(details, dict):
        return []
    words = [value for name in ("category", "explanation") if isinstance(value := details.get(name), str)]
    return [Warned(Notice("refused", ": ".join(words)))] if words else []


def text_or(value: Any, otherwise: str = "") -> str:
    """``value`` if it is text."""
    return value if isinstance(value, str) else otherwise


# -- usage ---------------------------------------------------------------------------------------


def usage_of(raw: Any) -> Usage:
    """The figures in disjoint buckets: the format counts cached input apart, and reasoning as output."""
    if not isinstance(raw, dict) or not ("input_tokens" in raw or "output_tokens" in raw):
        return UNKNOWN_USAGE
    fresh, out, read = (
        figure(raw.get("input_tokens")),
        figure(raw.get("output_tokens")),
        raw.get("cache_read_input_tokens"),
    )
    details, tools = raw.get("output_tokens_details"), raw.get("server_tool_use")
    written, written_1h = _written(raw) if "cache_creation" in raw or _WRITTEN in raw else (0, 0)
    reasoning = min(_count(details, "thinking_tokens"), out) if details else 0
    searches = _count(tools, "web_search_requests") if tools else 0
    read = figure(read) if read else 0
    said = out - reasoning
    used = Usage(fresh, read, written, written_1h, 0, 0, said, reasoning, 0, 0, searches, "reported", raw)
    if _TIERS.isdisjoint(raw):
        return used
    used, place = used.in_tier(raw.get("service_tier")).in_tier(raw.get("speed")), _place(raw)
    return used.in_tier(f"{used.tier} {place}".strip()) if place else used


# Where the format says how a request was served: which lane it took, how fast, and where.
_TIERS = frozenset({"service_tier", "speed", "inference_geo"})
_ANYWHERE = ("global", "not_available")


def _place(raw: dict[str, Any]) -> str:
    """The place a request was kept to, as a tier: what is served in one place alone has prices of its own."""
    place = raw.get("inference_geo")
    return f"geo-{place}" if isinstance(place, str) and place and place not in _ANYWHERE else ""


_WRITTEN = "cache_creation_input_tokens"


def _written(raw: dict[str, Any]) -> tuple[int, int]:
    """What was written to the cache for the usual time, and for an hour: streams repeat the total alone."""
    split, total = raw.get("cache_creation"), raw.get(_WRITTEN)
    hour = _count(split, "ephemeral_1h_input_tokens")
    if total is None:
        return _count(split, "ephemeral_5m_input_tokens"), hour
    return max(figure(total) - hour, 0), hour


def _count(raw: Any, name: str) -> int:
    return figure(raw.get(name)) if type(raw) is dict else 0


# -- failures ------------------------------------------------------------------------------------


def parse_reply(reply: Reply, rules: Rules, dialect: Dialect) -> tuple[list[Event], Any]:
    """The events of a whole answer, and its payload."""
    body = json_body(reply)
    return parse_body(body, rules, dialect), body


def parse_failure(reply: Reply, dialect: Dialect) -> ErrorInfo:
    """What a reply that is not a success says."""
    return _detailed(error_info(reply, dialect, CODES), dialect)


def stream_failure(value: Mapping[str, Any], dialect: Dialect) -> ErrorInfo:
    """What an error inside a stream says."""
    found = body_error(value, dialect, CODES)
    if found is None:
        return ErrorInfo(
            "server", f"{dialect.provider or 'the provider'} reported an error without words", sent="yes"
        )
    request_id = value.get("request_id")
    return _detailed(found, dialect).where(request_id=request_id if isinstance(request_id, str) else None)


def _detailed(info: ErrorInfo, dialect: Dialect) -> ErrorInfo:
    """The failure by its finer code, which the format puts under ``details``."""
    error = info.raw.get("error") if isinstance(info.raw, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    code = details.get("error_code") if isinstance(details, dict) else None
    if not isinstance(code, str):
        return info
    kind = dialect.errors.get(code) or CODES.get(code)
    return attrs.evolve(info, kind=kind or info.kind, code=code if kind else info.code)


def malformed(message: str) -> Malformed:
    """An answer that breaks the format."""
    return Malformed(ErrorInfo("protocol.body", message, sent="yes"))
