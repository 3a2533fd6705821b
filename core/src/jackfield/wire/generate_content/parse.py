"""An answer of the format as events, and its failures as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo
from jackfield.events import Cited, Event, Failed, Finished, Logprobs, PartStarted, Started, Warned, ended
from jackfield.types import (
    UNFINISHED,
    UNKNOWN_USAGE,
    Citation,
    Finish,
    Notice,
    Part,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire.base import Dialect
from jackfield.wire.call import Reply
from jackfield.wire.generate_content.grounding import citations_of, has_citations, searches_of
from jackfield.wire.generate_content.parts import part_of
from jackfield.wire.generate_content.tables import CODES, DETAILED, FINISHES, OURS, TEXTS, Rules
from jackfield.wire.generate_content.usage import usage_of
from jackfield.wire.replies import body_error, error_info, json_body

MOST_CANDIDATES = 128


def parse_reply(reply: Reply, rules: Rules, dialect: Dialect) -> tuple[list[Event], Any]:
    """The events of a whole answer, and its payload."""
    body = json_body(reply)
    return parse_body(body, rules, dialect), body


def parse_body(body: Any, rules: Rules, dialect: Dialect) -> list[Event]:
    """The events of a whole answer."""
    candidates = body.get("candidates") if isinstance(body, dict) else None
    if type(candidates) is not list or not candidates:
        return [Failed(no_answer(body, dialect))]
    identity = word_or(body.get("responseId"))
    events: list[Event] = [Started(identity, word_or(body.get("modelVersion")))]
    text = _words_alone(candidates) if len(candidates) == 1 else None
    if text is not None:
        finish, usage = finish_of(candidates[0], called=False), _usage_in(body, 0)
        return [*events, PartStarted(0, Text(text)), ended(0), Finished(finish, usage)]
    finishes: dict[int, Finish] = {}
    searches = called = number = 0
    for place, candidate in enumerate(candidates):
        if type(candidate) is not dict:
            return [Failed(malformed("a candidate is no object", body))]
        index = index_of(candidate, place)
        parts: list[Part] = []
        for raw in parts_of(candidate):
            part = part_of(raw, rules, call_id(identity, called))
            called += type(part) is ToolCall
            parts.append(part)
        finishes[index] = _take(events, candidate, index, (parts, number))
        number += len(parts) + 1  # one more may be made, to hold citations
        searches += searches_of(candidate)
    rest = tuple([finishes.get(index, UNFINISHED) for index in range(1, max(finishes) + 1)])
    events.append(Finished(finishes.get(0, UNFINISHED), _usage_in(body, searches), rest))
    return events


_PLAIN = frozenset({"content", "finishReason", "index", "avgLogprobs", "safetyRatings", "tokenCount"})


def _words_alone(candidates: list[Any]) -> str | None:
    """The text of a candidate that holds nothing else, as nearly all do: a third of the time of what follows."""
    candidate = candidates[0]
    if type(candidate) is not dict or not _PLAIN.issuperset(candidate):
        return None
    index = candidate.get("index", 0)
    if type(index) is not int or index:
        return None
    parts = parts_of(candidate)
    if len(parts) != 1 or type(parts[0]) is not dict or len(parts[0]) != 1:
        return None
    text = parts[0].get("text")
    return text if type(text) is str else None


def _usage_in(body: Mapping[str, Any], searches: int) -> Usage:
    figures = body.get("usageMetadata")
    return usage_of(figures, searches) if isinstance(figures, dict) else UNKNOWN_USAGE


def _take(
    events: list[Event], candidate: Mapping[str, Any], index: int, numbered: tuple[list[Part], int]
) -> Finish:
    """Append the events of one candidate; its parts go by numbers from the one given."""
    parts, first = numbered
    cited: list[tuple[int, Citation]] = []
    if has_citations(candidate):
        texts = [(first + at, part.text) for at, part in enumerate(parts) if type(part) is Text]
        cited = citations_of(candidate, texts or [(first + len(parts), "")])
        if cited and not texts:
            parts = [*parts, Text("")]
    for number, part in enumerate(parts, first):
        events.append(PartStarted(number, part, index))
        if cited:
            events += [Cited(number, citation) for owner, citation in cited if owner == number]
        events.append(ended(number))
    events += details_of(candidate, index)
    return finish_of(candidate, any(type(part) is ToolCall and not part.hosted for part in parts))


def parts_of(candidate: Mapping[str, Any]) -> list[Any]:
    """The parts of a candidate: many have no content, and some contents have no parts."""
    content = candidate.get("content")
    parts = content.get("parts") if type(content) is dict else None
    return parts if type(parts) is list else []


def call_id(identity: str, number: int) -> str:
    """An id for a call that came without one: the same whenever and however the answer is read."""
    return f"{OURS}{identity or 'call'}_{number}"


def index_of(candidate: Mapping[str, Any], place: int) -> int:
    """Which answer a candidate is; the only one need not say."""
    index = candidate.get("index")
    if index is None:
        return place
    if type(index) is not int or not 0 <= index < MOST_CANDIDATES:
        raise malformed("a candidate has no sensible index").to_exception()
    return index


def finish_of(candidate: Mapping[str, Any], called: bool) -> Finish:
    """Why the model stopped; to call a tool is no reason of its own in this format."""
    raw = candidate.get("finishReason")
    if not isinstance(raw, str):
        return UNFINISHED
    reason = FINISHES.get(raw, "unknown")
    return Finish("tool_calls" if called and reason == "stop" else reason, raw)


def details_of(candidate: Mapping[str, Any], index: int) -> list[Event]:
    """Log probabilities, and what the provider says of an end that was no good one."""
    events: list[Event] = []
    result = candidate.get("logprobsResult")
    if result:
        tokens = _logprobs(result)
        if tokens:
            events.append(Logprobs(tokens, index))
    message = candidate.get("finishMessage")
    if message and FINISHES.get(word_or(candidate.get("finishReason"))) in ("error", "content_filter"):
        events.append(Warned(Notice("finish", str(message))))
    return events


def _logprobs(result: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    chosen, tops = result.get("chosenCandidates") or [], result.get("topCandidates") or []
    found = []
    for place, token in enumerate(chosen):
        others = (tops[place].get("candidates") or []) if place < len(tops) else []
        found.append(TokenLogprob(*_token(token), tuple(map(_token, others))))
    return tuple(found)


def _token(raw: Mapping[str, Any]) -> tuple[str, float]:
    return word_or(raw.get("token")), float(raw.get("logProbability") or 0)


def word_or(value: Any, otherwise: str = "") -> str:
    """``value`` if it is text."""
    return value if isinstance(value, str) else otherwise


# -- failures ------------------------------------------------------------------------------------


def no_answer(body: Any, dialect: Dialect) -> ErrorInfo:
    """A success without candidates: a prompt that was blocked, an error in disguise, or nothing to read."""
    blocked = blocked_prompt(body, dialect)
    if blocked is not None:
        return blocked
    if failed(body):
        return stream_failure(body, dialect)
    return malformed("the answer holds no candidates", body)


def failed(body: Any) -> bool:
    """Whether a body reports a failure; one front end puts it into a list."""
    one = body[0] if isinstance(body, list) and body else body
    return isinstance(one, dict) and bool(one.get("error"))


def blocked_prompt(body: Any, dialect: Dialect) -> ErrorInfo | None:
    """Why the prompt was declined, if it was."""
    feedback = body.get("promptFeedback") if isinstance(body, dict) else None
    if not isinstance(feedback, dict):
        return None
    reason = feedback.get("blockReason")
    if not isinstance(reason, str) or reason.endswith("UNSPECIFIED"):
        return None
    words = word_or(feedback.get("blockReasonMessage")) or f"the prompt was blocked ({reason})"
    hint = (
        "say it otherwise; some categories have thresholds of their own: see `safetySettings` of the provider"
    )
    provider = dialect.provider
    return ErrorInfo(
        "request.policy", words, status=200, code=reason, provider=provider, hint=hint, sent="yes", raw=body
    )


def malformed(message: str, raw: Any = None) -> ErrorInfo:
    """An answer that breaks the format."""
    return ErrorInfo("protocol.body", message, sent="yes", raw=raw)


def parse_failure(reply: Reply, dialect: Dialect) -> ErrorInfo:
    """What a reply that is not a success says."""
    return _detailed(error_info(reply, dialect, CODES), dialect)


def stream_failure(value: Any, dialect: Dialect) -> ErrorInfo:
    """What an error inside a success says."""
    found = body_error(value, dialect, CODES)
    if found is None:
        who = dialect.provider or "the provider"
        return ErrorInfo("server", f"{who} reported an error without words", sent="yes", raw=value)
    return _detailed(found, dialect)


def _detailed(info: ErrorInfo, dialect: Dialect) -> ErrorInfo:
    """The failure by its finer reason or its words, where the code alone says less."""
    error = _error_of(info.raw)
    reasons = [str(detail.get("reason")) for detail in _details(error)]
    reason = next(
        (reason for reason in reasons if reason in dialect.errors or reason.lower() in DETAILED), None
    )
    if reason is not None:
        return attrs.evolve(info, kind=dialect.errors.get(reason) or CODES[reason.lower()], code=reason)
    words = word_or(error.get("message")).lower()
    kind = next((kind for text, kind in TEXTS if text in words), None)
    if kind is None and info.kind == "throttle" and _by_the_day(error):
        kind = "quota.window"
    return info if kind is None else attrs.evolve(info, kind=kind)


def _error_of(raw: Any) -> dict[str, Any]:
    one = raw[0] if isinstance(raw, list) and raw else raw
    error = one.get("error") if isinstance(one, dict) else None
    return error if isinstance(error, dict) else {}


def _details(error: Mapping[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _by_the_day(error: Mapping[str, Any]) -> bool:
    """Whether a quota of the day is used up: a minute's wait will not help."""
    violations = [
        one for detail in _details(error) for one in detail.get("violations") or () if isinstance(one, dict)
    ]
    return any("PerDay" in str(violation.get("quotaId")) for violation in violations)
