"""An answer of the format as events, its failures as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo
from jackfield.events import Event, Failed, Finished, Logprobs, PartEnded, PartStarted, Started, ended
from jackfield.types import Finish, Text, TokenLogprob, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.call import Reply
from jackfield.wire.facts import items, score
from jackfield.wire.replies import body_error, error_info, json_body
from jackfield_cohere.read import answered_parts
from jackfield_cohere.tables import CODES, FINISHES, PLAN, Rules
from jackfield_cohere.usage import usage_of

_BY_THE_MONTH = "/ month"


def parse_reply(reply: Reply, rules: Rules, dialect: Dialect) -> tuple[list[Event], Any]:
    """The events of a whole answer, and its payload; a failure inside a success is the only event."""
    body = json_body(reply)
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict) or body.get("error"):
        return [Failed(failure_in(body, dialect))], body
    words = _words_alone(message)
    if words and not body.get("logprobs"):
        finish, usage = finish_of(body.get("finish_reason"), False), usage_of(body.get("usage"))
        started = Started(str(body.get("id") or ""))
        return [started, PartStarted(0, Text(words)), ended(0), Finished(finish, usage)], body
    events: list[Event] = [Started(str(body.get("id") or ""))]
    called = False
    for number, part in enumerate(answered_parts(message, rules.seal)):
        events += (PartStarted(number, part), PartEnded(number))
        called = called or isinstance(part, ToolCall)
    tokens = tuple(token for item in items(body.get("logprobs")) for token in logprobs_of(item))
    if tokens:
        events.append(Logprobs(tokens))
    events.append(Finished(finish_of(body.get("finish_reason"), called), usage_of(body.get("usage"))))
    return events, body


def _words_alone(message: Mapping[str, Any]) -> str | None:
    """The text of a message that holds nothing else, as nearly all do: half the time of reading it by parts."""
    content = message.get("content")
    if type(content) is not list or len(content) != 1 or message.get(PLAN):
        return None
    if message.get("citations") or message.get("tool_calls"):
        return None
    item = content[0]
    text = item.get("text") if type(item) is dict and item.get("type") == "text" else None
    return text if type(text) is str else None


def failure_in(body: Any, dialect: Dialect) -> ErrorInfo:
    """What a body says that comes as a success but is none."""
    found = body_error(body, dialect, CODES)
    return found or ErrorInfo(
        "protocol.body", "the answer is JSON, but holds no message", sent="yes", raw=body
    )


def finish_of(raw: Any, called: bool) -> Finish:
    """Why the model stopped."""
    word = raw if isinstance(raw, str) else None
    return Finish(FINISHES.get(word or "", "tool_calls" if called else "unknown"), word)


def logprobs_of(item: Any) -> tuple[TokenLogprob, ...]:
    """The log probability of a stretch of text: that of its tokens together, which are not told apart."""
    figures = items(item.get("logprobs")) if isinstance(item, dict) else []
    return (TokenLogprob(str(item.get("text") or ""), sum(map(score, figures))),) if figures else ()


def parse_failure(reply: Reply, dialect: Dialect) -> ErrorInfo:
    """What a reply that is not a success says."""
    info = error_info(reply, dialect, CODES)
    kind = info.kind
    if kind == "throttle" and _BY_THE_MONTH in info.message:
        kind = "quota.window"  # 2026-11: trial keys have a thousand calls a month; coming back soon is no use
    identity = info.raw.get("id") if isinstance(info.raw, dict) else None
    return attrs.evolve(info, kind=kind).where(request_id=identity if isinstance(identity, str) else None)


def stream_failure(delta: Mapping[str, Any], dialect: Dialect) -> ErrorInfo:
    """What the end of a stream says that went wrong."""
    facts = {"message": delta.get("error"), "error_type": delta.get("error_type")}
    found = body_error(facts, dialect, CODES)
    return found or ErrorInfo("server", "the generation failed", provider=dialect.provider, sent="yes")
