"""The lines of an answer as events. A whole answer is one line; some servers send many where one was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import (
    Event,
    Failed,
    Finished,
    Logprobs,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    ended,
)
from jackfield.framing.ndjson import NDJSON
from jackfield.jsontext import dump_text, loads
from jackfield.types import Finish, Reasoning, Text, TokenLogprob, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.call import Reply
from jackfield.wire.facts import score
from jackfield.wire.replies import body_error
from jackfield_ollama.tables import FINISHES, mark, usage_of


class OllamaStream:
    """Parses one stream. Only a line that says ``done`` ends it well."""

    __slots__ = ("_broken", "_calls", "_count", "_dialect", "_done", "_kind", "_started")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._broken: Malformed | None = None
        self._started = False
        self._done = False
        self._kind = ""  # of the part that is open: its field
        self._count = 0
        self._calls = 0

    def feed(self, record: Any) -> list[Event]:
        """The events of one line."""
        if self._done:
            return []
        if self._broken is not None:
            raise self._broken
        try:
            value = loads(record)
        except Malformed as exc:
            self._broken = exc  # a last line may be cut short with the stream, which its end will tell
            return []
        return self.take(value)

    def take(self, value: Any) -> list[Event]:
        """The events of what one line holds."""
        if not isinstance(value, dict):
            raise Malformed(ErrorInfo("protocol.body", "a line of the answer is no JSON object", sent="yes"))
        if value.get("error"):
            self._done = True
            return [Failed(failure_in(value, self._dialect))]
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(Started("", str(value.get("model") or "")))
        said = value.get("message")
        if not isinstance(said, dict):  # answers to a bare prompt stand beside the rest
            said = {"content": value.get("response"), "thinking": value.get("thinking")}
        events += self._say("thinking", said.get("thinking"))
        events += self._say("content", said.get("content"))
        for call in said.get("tool_calls") or ():
            if call is not None:
                events += self._call(call)
        scored = value.get("logprobs")
        tokens = tuple([_token(one) for one in scored if type(one) is dict]) if type(scored) is list else ()
        if tokens:
            events.append(Logprobs(tokens))
        return events + self._finish(value) if value.get("done") is True else events

    def end(self) -> list[Event]:
        """``Failed``: a stream that ended well has said so before."""
        if self._done:
            return []
        who = self._dialect.provider or "the server"
        msg = f"{who} ended the stream before the answer"
        return [Failed(ErrorInfo("stream.truncated", msg, sent="yes"))]

    def _say(self, kind: str, text: Any) -> list[Event]:
        if not text or not isinstance(text, str):
            return []
        events: list[Event] = []
        if self._kind != kind:
            events = self._close()
            thinks = kind == "thinking"
            part = Reasoning("", mark(self._dialect.provider)) if thinks else Text("")
            events.append(PartStarted(self._count, part))
            self._kind = kind
            self._count += 1
        delta = ReasoningDelta if kind == "thinking" else TextDelta
        return [*events, delta(self._count - 1, text)]

    def _close(self) -> list[Event]:
        if not self._kind:
            return []
        self._kind = ""
        return [PartEnded(self._count - 1)]

    def _call(self, raw: Mapping[str, Any]) -> list[Event]:
        """A call, which always comes whole; older servers give it no id."""
        function = raw["function"]
        arguments = function.get("arguments") or {}
        text = arguments if isinstance(arguments, str) else dump_text(arguments)
        identity = str(raw.get("id") or f"call_{self._calls}")
        self._calls += 1
        events = self._close()
        number, self._count = self._count, self._count + 1
        return [
            *events,
            PartStarted(number, ToolCall(identity, str(function["name"]), text)),
            PartEnded(number),
        ]

    def _finish(self, value: Mapping[str, Any]) -> list[Event]:
        self._done = True
        finish = finish_of(value.get("done_reason"), self._calls > 0)
        return [*self._close(), Finished(finish, usage_of(value))]


def finish_of(raw: Any, called: bool) -> Finish:
    """Why the model stopped; older servers say nothing of it."""
    word = raw if isinstance(raw, str) and raw else None
    reason = FINISHES.get(word, "unknown") if word is not None else "stop"
    return Finish("tool_calls" if called and reason == "stop" else reason, word)


def failure_in(value: Mapping[str, Any], dialect: Dialect) -> ErrorInfo:
    """What a line says that went wrong."""
    found = body_error(value, dialect)
    return found or ErrorInfo(
        "server", "the server failed without words", provider=dialect.provider, sent="yes"
    )


def _token(item: Mapping[str, Any]) -> TokenLogprob:
    top = item.get("top_logprobs")
    others = [_scored(one) for one in top if type(one) is dict] if type(top) is list else []
    return TokenLogprob(*_scored(item), tuple(others))


def _scored(item: Mapping[str, Any]) -> tuple[str, float]:
    return str(item.get("token", "")), score(item.get("logprob"))


def parse_reply(reply: Reply, dialect: Dialect) -> tuple[list[Event], Any]:
    """The events of a whole answer, and its payload: one object, or a list where lines came."""
    values = _values(reply)
    plain = _plain(values[0]) if len(values) == 1 else None
    if plain is not None:
        return plain, values[0]
    parser = OllamaStream(dialect)
    events = [event for value in values for event in parser.take(value)]
    if not events or not isinstance(events[-1], Finished | Failed):
        said = ErrorInfo("protocol.body", "the answer is JSON, but holds no end", sent="yes", raw=values)
        events.append(Failed(said))
    return events, values[0] if len(values) == 1 else values


def _plain(value: Any) -> list[Event] | None:
    """The events of an answer of words alone, as nearly all are: a third of the time of reading it as a stream."""
    said = value.get("message") if type(value) is dict else None
    if type(said) is not dict or value.get("done") is not True or value.get("error"):
        return None
    text = said.get("content")
    if type(text) is not str or said.get("thinking") or said.get("tool_calls") or value.get("logprobs"):
        return None
    finished = Finished(finish_of(value.get("done_reason"), False), usage_of(value))
    started = Started("", str(value.get("model") or ""))
    return [started, PartStarted(0, Text(text)), ended(0), finished] if text else [started, finished]


def _values(reply: Reply) -> list[Any]:
    try:
        return [loads(reply.body)]
    except Malformed as exc:
        first = exc
    framing = NDJSON()
    lines = [*framing.feed(reply.body), *framing.end()]
    if len(lines) < 2:
        raise first
    return [loads(line) for line in lines]
