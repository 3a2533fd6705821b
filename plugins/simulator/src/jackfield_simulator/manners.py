"""Answers as this provider would put them: the habits of the tables, laid over what the format has written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Malformed
from jackfield.framing.event_stream import MEDIA_TYPE, EventStream, write_event
from jackfield.jsontext import dumps, loads
from jackfield.wire import Reply
from jackfield_simulator.exchange import Piece
from jackfield_simulator.habits import (
    DONE,
    ENDINGS,
    FAILURES,
    HABITS,
    PADDING,
    PING,
    PINGS,
    REASONING,
    REPEATED,
    RESPONSE,
    TIMED,
    Habits,
)

_DATA = re.compile(rb"^(data: ?)(\{.*\})\s*?$", re.MULTILINE)
_WORDS = re.compile(rb'"(?:content|text|delta|reasoning_content|partial_json)":"((?:[^"\\\\]|\\\\.)+)"')
_NANOSECONDS = 1_000_000
Rule = tuple[str, tuple[str, ...], Any]


class Manners:
    """How one provider puts the answers of one wire, or of one operation."""

    def __init__(self, provider: str, wire: str, operation: str, asked: Any = None) -> None:
        self.provider = provider
        self.wire = wire
        self._operation = operation
        found: dict[str, Any] = {}
        for name in (wire, operation) if operation == "complete" else (operation,):
            found |= HABITS.get(("", name), {})
            found |= HABITS.get((provider, name), {})
        self._rules = compiled(found)
        responding = wire == "responses" and operation == "complete"
        self._response = compiled(RESPONSE) if responding else ()
        body = asked if responding and isinstance(asked, Mapping) else {}
        self._dressings: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}
        self._thinks_aloud = provider in REASONING and wire == "chat_completions"
        self._repeated = {name: body[name] for name in REPEATED if name in body}

    # -- whole answers -----------------------------------------------------------------------------

    def reply(self, reply: Reply) -> Reply:
        """A whole answer, as the provider would put it."""
        idle = not (self._rules or self._response) and self._operation != "batches.get"
        if idle or not reply.headers.get("content-type", "").startswith("application/json"):
            return reply
        body = _object(reply.body)
        if body is None:
            return reply
        self._respond(body)
        self.lay(body)
        if self._operation == "batches.get" and isinstance(body.get("metadata"), dict) and "response" in body:
            body["metadata"].setdefault("output", body["response"])  # both places were seen
        return Reply(reply.status, reply.headers, dumps(body))

    def lay(self, body: dict[str, Any]) -> None:
        """Add what the provider would say to one object."""
        kind = str(body.get("type") or body.get("object") or "")
        for condition, steps, value in self._rules:
            if not condition or kind.endswith(condition):
                fill(body, steps, value)
        if self._thinks_aloud:
            _renamed(body)
        if body.get("done") is True and self.wire == "ollama":
            body |= {name: body.get(name, _NANOSECONDS) for name in TIMED}
        inner = body.get("response")
        if self._response and isinstance(inner, dict):
            self._respond(inner)

    def _respond(self, body: dict[str, Any]) -> None:
        if not self._response or body.get("object") != "response":
            return
        body |= self._repeated
        for _, steps, value in self._response:
            fill(body, steps, value)

    # -- streams -----------------------------------------------------------------------------------

    def stream(self, walked: Iterator[Piece], media_type: str) -> Iterator[Piece]:
        """The pieces of a stream, as the provider would put them."""
        if media_type == MEDIA_TYPE:
            return map(self._framed, walked)
        if media_type.endswith("ndjson"):
            return map(self._lined, walked)
        if media_type != "text/event-stream" or not (self._rules or self._response):
            return walked
        return self._events(walked)

    def _events(self, walked: Iterator[Piece]) -> Iterator[Piece]:
        ping = PINGS.get((self.provider, self.wire))
        ending = ENDINGS.get((self.provider, self.wire))
        for pause, data, tokens in walked:
            if ending is not None and data == DONE:
                continue
            data = _DATA.sub(self._dressed, data)
            if ping is not None and data.startswith(ping):
                data, ping = data + PING, None
            yield Piece(pause, data, tokens)
        if ending:
            yield Piece(0.0, ending)

    def _dressed(self, found: re.Match[bytes]) -> bytes:
        """One event dressed. Those that differ in their words alone are dressed once: there are many."""
        data = found[0]
        words = _WORDS.search(data)
        if words is None:
            return self._dress(found)
        start, end = words.span(1)
        before = data[:start], data[end:]
        around = self._dressings.get(before)
        if around is None:
            dressed = self._dress(found)
            head, same, tail = dressed.partition(words[1])
            if not same or words[1] in tail or len(words[1]) < 3:
                return dressed
            around = self._dressings[before] = head, tail
        return around[0] + words[1] + around[1]

    def _dress(self, found: re.Match[bytes]) -> bytes:
        body = _object(found[2])
        if body is None:
            return found[0]
        self.lay(body)
        return found[1] + dumps(body)

    def _lined(self, piece: Piece) -> Piece:
        lines = []
        for line in piece.data.splitlines():
            body = _object(line)
            if body is not None:
                self.lay(body)
            lines.append(line if body is None else dumps(body))
        return Piece(piece.pause, b"".join(line + b"\n" for line in lines), piece.tokens)

    def _framed(self, piece: Piece) -> Piece:
        """Binary frames, each with its padding; those that report a failure stay as they are."""
        padding = PADDING.get(self.wire)
        frames = EventStream().feed(piece.data) if padding is not None else []
        written = []
        for frame in frames:
            body = _object(frame.data)
            if body is None or frame.headers.get(":message-type") != "event":
                return piece
            self.lay(body)
            written.append(write_event(frame.name, dumps({**body, "p": padding})))
        return Piece(piece.pause, b"".join(written) or piece.data, piece.tokens)


def failure(provider: str, reply: Reply, error: ErrorInfo, request_id: str) -> Reply:
    """The report of a failure, as the provider would put it."""
    put = FAILURES.get(provider)
    if put is None or not reply.headers.get("content-type", "").startswith("application/json"):
        return reply
    body = _object(reply.body) or {}
    stated = body.get("error")
    told = stated if isinstance(stated, dict) else {}
    code = error.code or told.get("code") or told.get("type") or error.kind
    return Reply(reply.status, reply.headers, dumps(put(error.message, str(code), reply.status, request_id)))


def _renamed(body: dict[str, Any]) -> None:
    """Reasoning under the name that some give it."""
    for choice in body.get("choices") or ():
        for part in (choice.get("message"), choice.get("delta")):
            if isinstance(part, dict) and "reasoning_content" in part:
                part["reasoning"] = part.pop("reasoning_content")


def compiled(habits: Habits) -> tuple[Rule, ...]:
    """Habits as rules: for which event, by which steps, what."""
    rules = []
    for path, value in habits.items():
        condition, _, rest = path.rpartition("?")
        rules.append((condition, tuple(rest.split(".")), value))
    return tuple(rules)


def fill(body: dict[str, Any], steps: tuple[str, ...], value: Any) -> None:
    """Set what the steps lead to, where their way is there and it is not."""
    name = steps[0]
    if name.endswith("[]"):
        items = body.get(name[:-2])
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                fill(item, steps[1:], value)
    elif len(steps) == 1:
        body.setdefault(name, value)
    elif isinstance(body.get(name), dict):
        fill(body[name], steps[1:], value)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = loads(data)
    except Malformed:
        return None
    return found if isinstance(found, dict) else None
