"""An answer of the format as events, its figures as usage, its failures as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo
from jackfield.events import (
    Event,
    Failed,
    Finished,
    Logprobs,
    PartStarted,
    Started,
    Warned,
    ended,
)
from jackfield.types import UNKNOWN_USAGE, Finish, Notice, Part, Reasoning, Text, ToolCall, Usage
from jackfield.wire.base import Dialect
from jackfield.wire.facts import figure
from jackfield.wire.replies import body_error
from jackfield.wire.responses.items import contents_of, logprobs_of, parts_of_item, text_alone
from jackfield.wire.responses.tables import CODES, INCOMPLETE
from jackfield.wire.seal import Seal

_PENDING = frozenset({"queued", "in_progress"})


def parse_body(body: Any, seal: Seal, dialect: Dialect) -> list[Event]:
    """The events of a whole answer; a failure inside a success is the last event."""
    text = _words_alone(body, seal)
    if text is not None:
        started = Started(text_or(body.get("id")), text_or(body.get("model")))
        return [started, PartStarted(0, text), ended(0), Finished(_STOPPED, usage_of(body))]
    failure = failure_of(body, dialect)
    if failure is not None:
        return [Failed(failure)]
    parts, logprobs = _contents(body, seal)
    events: list[Event] = [Started(text_or(body.get("id")), text_or(body.get("model")))]
    for number, part in enumerate(parts):
        events += (PartStarted(number, part), ended(number))
    if logprobs:
        events.append(Logprobs(logprobs))
    called = any(type(part) is ToolCall and not part.hosted for part in parts)
    return [*events, *pending(body), Finished(finish_of(body, called), usage_of(body))]


_STOPPED = Finish("stop", "completed")


def _words_alone(body: Any, seal: Seal) -> Text | None:
    """The text of an answer that is done and holds one and nothing else: half the time of what follows."""
    if type(body) is not dict or body.get("status") != "completed" or body.get("error"):
        return None
    output = body.get("output")
    if type(output) is not list or len(output) != 1 or type(body.get("reasoning")) is str:
        return None
    return text_alone(output[0], seal)


def failure_of(body: Any, dialect: Dialect) -> ErrorInfo | None:
    """What a body says that comes as a success but is none; ``None`` for an answer."""
    table = body if isinstance(body, dict) else {}
    error, status = table.get("error"), table.get("status")
    if isinstance(table.get("output"), list) and not (error or status == "failed"):
        return None
    found = body_error({"error": error} if error else table, dialect, CODES)
    if found is None or (found.raw is table and ("object" in table or "output" in table)):
        # an answer's own fields are no words
        kind, words = (
            ("server", "the provider failed without saying why")
            if status == "failed"
            else ("protocol.body", "the answer is JSON, but no response")
        )
        found = ErrorInfo(kind, words, provider=dialect.provider, sent="yes", raw=body)
    return found


def _contents(body: Mapping[str, Any], seal: Seal) -> tuple[list[Part], Any]:
    """The parts of an answer, and the log probabilities beside its texts."""
    parts: list[Part] = []
    logprobs: tuple[Any, ...] = ()
    thought = body.get("reasoning")
    if isinstance(thought, str) and thought:  # 2026-08: one server puts it beside the items, as a text
        parts.append(Reasoning(thought))
    for item in body["output"]:
        parts += parts_of_item(item, seal)
        if type(item) is dict and item.get("type") == "message":
            for content in contents_of(item):
                if type(content) is dict and content.get("logprobs"):
                    logprobs += logprobs_of(content["logprobs"])
    if not parts and isinstance(body.get("output_text"), str) and body["output_text"]:
        parts.append(Text(body["output_text"]))
    return parts, logprobs


def pending(body: Mapping[str, Any]) -> list[Event]:
    """A warning, where an answer is still being made in the background."""
    status = text_or(body.get("status"))
    if status not in _PENDING:
        return []
    told = f"the answer `{text_or(body.get('id'))}` is still being made ({status})"
    return [Warned(Notice("unfinished", told))]


def finish_of(body: Mapping[str, Any], called: bool) -> Finish:
    """Why the model stopped; an answer without a status is taken as complete."""
    status = text_or(body.get("status"), "completed")
    if status in _PENDING:
        return Finish("unknown", status)
    details = body.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    if status == "incomplete" or (status != "completed" and isinstance(reason, str)):
        raw = text_or(reason, status)
        return Finish(INCOMPLETE.get(raw, "unknown"), raw)
    if status == "completed":
        return Finish("tool_calls" if called else "stop", status)
    return Finish(INCOMPLETE.get(status, "unknown"), status)


def text_or(value: Any, otherwise: str = "") -> str:
    """``value`` if it is text that says something."""
    return value if isinstance(value, str) and value else otherwise


# -- usage -----------------------------------------------------------------------------------------


def usage_of(body: Mapping[str, Any]) -> Usage:
    """The figures in disjoint buckets: what was cached or reasoned is also in the format's totals."""
    raw = body.get("usage")
    if not isinstance(raw, dict) or not ("input_tokens" in raw or "output_tokens" in raw):
        return UNKNOWN_USAGE
    left, said = raw.get("input_tokens"), raw.get("output_tokens")
    if type(left) is not int or type(said) is not int or left < 0 or said < 0:
        left, said = _count(raw, "input_tokens"), _count(raw, "output_tokens")
    searches = _searches(body, raw)
    into, out = raw.get("input_tokens_details"), raw.get("output_tokens_details")
    if type(into) is dict and type(out) is dict and not (any(into.values()) or any(out.values())):
        used = Usage(left, 0, 0, 0, 0, 0, said, 0, 0, 0, searches, "reported", raw)
        return used if "service_tier" not in body else used.in_tier(body["service_tier"])
    went_in, came_out = (left, 0, 0, 0, 0, 0), (said, 0, 0, 0)
    if type(into) is dict and any(into.values()):
        went_in = _input_buckets(into, left)
    if type(out) is dict and any(out.values()):
        came_out = _output_buckets(out, said)
    return Usage(*went_in, *came_out, searches, raw=raw).in_tier(body.get("service_tier"))


def _input_buckets(details: Mapping[str, Any], left: int) -> tuple[int, int, int, int, int, int]:
    """Fresh, read from a cache, written to one (for how long is not told apart), heard, seen."""
    left, read = _share(left, _count(details, "cached_tokens"))
    left, written = _share(left, _count(details, "cache_write_tokens"))
    left, heard = _share(left, _count(details, "audio_tokens"))
    left, seen = _share(left, _count(details, "image_tokens"))
    return left, read, written, 0, heard, seen


def _output_buckets(details: Mapping[str, Any], left: int) -> tuple[int, int, int, int]:
    """Written, reasoned, spoken, drawn."""
    left, thought = _share(left, _count(details, "reasoning_tokens"))
    left, spoken = _share(left, _count(details, "audio_tokens"))
    left, drawn = _share(left, _count(details, "image_tokens"))
    return left, thought, spoken, drawn


def _searches(body: Mapping[str, Any], raw: Mapping[str, Any]) -> int:
    """The searches of the web: as they are told, else as they are listed."""
    usage = body.get("tool_usage")
    told = usage.get("web_search") if type(usage) is dict else None
    if type(told) is dict:
        return _count(told, "num_requests")
    details = raw.get("server_side_tool_usage_details")
    if type(details) is dict:
        return _count(details, "web_search_calls") + _count(details, "x_search_calls")
    searches = 0
    for item in body["output"]:
        if type(item) is dict and item.get("type") == "web_search_call":
            searches += _is_search(item)
    return searches


def _is_search(item: Mapping[str, Any]) -> bool:
    """Whether what was done is a search, rather than a look at a page that was found."""
    return bool(table(item.get("action")).get("type", "search") == "search")


def table(value: Any) -> dict[str, Any]:
    """``value`` if it is an object."""
    return value if isinstance(value, dict) else {}


def _count(raw: Mapping[str, Any], name: str) -> int:
    return figure(raw.get(name))


def _share(total: int, part: int) -> tuple[int, int]:
    """What is left of a total, and the part of it: no part is greater than its total."""
    part = min(part, total)
    return total - part, part
