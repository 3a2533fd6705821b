"""Answers as this provider would put them: the habits of the tables, laid over what the format has written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from attrs import frozen

from jackfield.errors import ErrorInfo, Malformed
from jackfield.framing.event_stream import MEDIA_TYPE, EventStream, write_event
from jackfield.jsontext import dumps, loads
from jackfield.wire import Headers, Reply
from jackfield_simulator.exchange import Piece
from jackfield_simulator.habits import HABITS, Habits
from jackfield_simulator.untold import NEVER, Always
from jackfield_simulator.ways import (
    CALLS_TOLD,
    DETAILED,
    DONE,
    ECHOED,
    ENDINGS,
    FAILED,
    FAILURES,
    FAILURES_WITHIN,
    NAMED_FAILURES,
    PADDING,
    PING,
    PINGS,
    REASONING,
    REPEATED,
    TIMED,
    TOLD_BESIDES,
    UNREADABLE,
    WITHIN,
    Details,
    details_of,
)

_DATA = re.compile(rb"^(data: ?|[\[,]\s*)?(\{.*\})(?=\s*?\]?\s*?$)", re.MULTILINE)
_WORDS = re.compile(rb'"(?:content|text|delta|reasoning_content|partial_json)":"((?:[^"\\\\]|\\\\.)+)"')
_NANOSECONDS = 1_000_000
UNREAD = "unread"  # the code of a failure to read what was asked


@frozen
class Step:
    """One step to where a habit shows: a name, whether it names a list, and of which kind what goes on from there is."""

    name: str
    each: bool = False
    by: str = "type"
    kind: str = "*"


@frozen
class Rule:
    """For which event, by which steps, what."""

    condition: str
    steps: tuple[Step, ...]
    value: Any


class Manners:
    """How one provider puts the answers of one wire, or of one operation.

    :param subject: path and model of the call: some habits are those of one model, or of one surface
    """

    def __init__(
        self, provider: str, wire: str, operation: str, asked: Any = None, subject: str = ""
    ) -> None:
        self.provider = provider
        self.wire = wire
        self._operation = operation
        names = (operation, wire) if operation == "complete" else (operation,)
        self._rules = rules_of(provider, names, subject)
        responding = wire == "responses" and operation == "complete"
        self._response = rules_of(provider, ("response",), subject) if responding else ()
        body = asked if isinstance(asked, Mapping) else {}
        self._dressings: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}
        self._thinks_aloud = provider in REASONING and wire == "chat_completions"
        self._details = details_of(subject) if provider in DETAILED else None
        self._calls_told = provider in CALLS_TOLD and CALLS_TOLD[provider].search(subject) is not None
        self._called = False
        self._repeated = {name: body[name] for name in REPEATED if name in body} if responding else {}
        self._echoed = {name: body[name] for name in ECHOED.get((provider, operation), ()) if name in body}

    # -- whole answers -----------------------------------------------------------------------------

    def reply(self, reply: Reply) -> Reply:
        """A whole answer, as the provider would put it."""
        idle = (
            not (self._rules or self._response or self._echoed or self._calls_told)
            and self._operation != "batches.get"
        )
        if idle or not reply.headers.get("content-type", "").startswith("application/json"):
            return reply
        body = _object(reply.body)
        if body is None:
            return reply
        self._respond(body)
        self.lay(body)
        body |= self._echoed
        if self._operation == "batches.get" and isinstance(body.get("metadata"), dict) and "response" in body:
            body["metadata"].setdefault("output", body["response"])  # both places were seen
        return Reply(reply.status, reply.headers, dumps(body))

    def lay(self, body: dict[str, Any]) -> None:
        """Add what the provider would say to one object."""
        kind = str(body.get("type") or body.get("object") or "")
        for rule in self._rules:
            if not rule.condition or kind.endswith(rule.condition):
                fill(body, rule.steps, rule.value)
        if self._thinks_aloud:
            _renamed(body, self._details)
        if self._calls_told:
            self._tell_calls(body)
        if body.get("done") is True and self.wire == "ollama":
            body |= {name: body.get(name, _NANOSECONDS) for name in TIMED}
        inner = body.get("response")
        if self._response and isinstance(inner, dict):
            self._respond(inner)

    def _tell_calls(self, body: dict[str, Any]) -> None:
        """Say beside the reason of an end that functions are called; a stream may have told the calls before."""
        for candidate in body.get("candidates") or ():
            parts = candidate.get("content", {}).get("parts") or ()
            self._called = self._called or any("functionCall" in part for part in parts)
            if self._called and "finishReason" in candidate:
                candidate["finishMessage"] = "Model generated function call(s)."

    def _respond(self, body: dict[str, Any]) -> None:
        if not self._response or body.get("object") != "response":
            return
        body |= self._repeated
        for rule in self._response:
            fill(body, rule.steps, rule.value)

    # -- streams -----------------------------------------------------------------------------------

    def stream(self, walked: Iterator[Piece], media_type: str) -> Iterator[Piece]:
        """The pieces of a stream, as the provider would put them."""
        if media_type == MEDIA_TYPE:
            return map(self._framed, walked)
        if media_type.endswith("ndjson"):
            return map(self._lined, walked)
        plain = media_type not in ("text/event-stream", "application/json")
        return walked if plain or not (self._rules or self._response) else self._events(walked)

    def _events(self, walked: Iterator[Piece]) -> Iterator[Piece]:
        ping = PINGS.get((self.provider, self.wire))
        ending = ENDINGS.get((self.provider, self.wire))
        for pause, data, tokens in walked:
            if ending is not None and data == DONE:
                continue
            data = self._dressed(data)
            if ping is not None and data.startswith(ping):
                data, ping = data + PING, None
            yield Piece(pause, data, tokens)
        if ending:
            yield Piece(0.0, ending)

    def _dressed(self, data: bytes) -> bytes:
        """A piece dressed. Those that differ in their words alone are dressed once: there are many."""
        words = _WORDS.search(data)
        if words is None:
            return self._anew(data)
        start, end = words.span(1)
        word = words[1]
        around = self._dressings.get((data[:start], data[end:]))
        if around is not None:
            return around[0] + word + around[1]
        dressed = self._anew(data)
        head, same, tail = dressed.partition(word)
        if same and word not in tail and len(word) > 2:
            self._dressings[data[:start], data[end:]] = head, tail
        return dressed

    def _anew(self, data: bytes) -> bytes:
        named = data.startswith(FAILED) and (self.provider, self.wire) in NAMED_FAILURES
        return (b"event: error\n" if named else b"") + _DATA.sub(self._dress, data)

    def _dress(self, found: re.Match[bytes]) -> bytes:
        body = _object(found[2])
        if body is None:
            return found[0]
        if body.keys() == {"error"} and self.provider in FAILURES_WITHIN:
            code = FAILURES_WITHIN[self.provider]
            body["error"] |= {"code": code, "metadata": {}}
        if body.keys() == {"error"} and (self.provider, self.wire) in TOLD_BESIDES:
            TOLD_BESIDES[self.provider, self.wire](body, str(body["error"].get("code")), WITHIN)
        self.lay(body)
        return (found[1] or b"") + dumps(body)

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


def failure(provider: str, wire: str, reply: Reply, error: ErrorInfo) -> Reply:
    """The report of a failure, as the provider would put it."""
    if error.code == UNREAD and provider in UNREADABLE:
        status, media_type = UNREADABLE[provider]
        return Reply(status, Headers({**reply.headers, "content-type": media_type}), error.message.encode())
    put, besides = FAILURES.get(provider), TOLD_BESIDES.get((provider, wire))
    if not (put or besides) or not reply.headers.get("content-type", "").startswith("application/json"):
        return reply
    body = _object(reply.body) or {}
    stated = body.get("error")
    told = stated if isinstance(stated, dict) else {}
    code = str(error.code or told.get("code") or told.get("type") or error.kind)
    if put is not None:
        body = put(error.message, code, reply.status, error.request_id or "")
    if besides is not None:
        besides(body, code, reply.status)
    return Reply(reply.status, reply.headers, dumps(body))


def _renamed(body: dict[str, Any], details: Details | None) -> None:
    """Reasoning under the name that some give it, and once more with details."""
    for choice in body.get("choices") or ():
        for part in (choice.get("message"), choice.get("delta")):
            if isinstance(part, dict) and "reasoning_content" in part:
                text = part["reasoning"] = part.pop("reasoning_content")
                if details is not None and text:
                    part["reasoning_details"] = details(text)


_STEP = re.compile(r"([^.()\[\]]+)(\[\])?(?:\(([^)]*)\))?(?:\.|$)")


@lru_cache(maxsize=1024)
def rules_of(provider: str, names: tuple[str, ...], subject: str) -> tuple[Rule, ...]:
    """The habits of a provider as rules, those of one model or surface before those of all."""
    special, own, common = list[Rule](), list[Rule](), list[Rule]()
    for (of, name), habits in HABITS.items():
        name, _, pattern = name.partition("@")
        if name in names and of in ("", provider) and (not pattern or fnmatchcase(subject, pattern)):
            (special if pattern else own if of else common).extend(compiled(habits))
    return (*special, *own, *common, *special)  # some add to what others have begun


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[Step, ...]:
    return tuple(_step(*found) for found in _STEP.findall(path))


def _step(name: str, each: str, condition: str) -> Step:
    by, _, kind = condition.rpartition("=")
    return Step(name, bool(each), by or "type", kind or "*")


def compiled(habits: Habits) -> Iterator[Rule]:
    """Habits as rules."""
    for path, value in habits.items():
        condition, _, rest = path.rpartition("?")
        yield Rule(condition, _steps(rest), value)


def fill(body: dict[str, Any], steps: tuple[Step, ...], value: Any) -> None:
    """Set what the steps lead to, where their way is there and it is not; what is never said is taken away."""
    step, *rest = steps
    if not rest:
        if isinstance(value, Always):
            body[step.name] = value.value
        elif value is NEVER:
            if not body.get(step.name) or isinstance(body[step.name], dict):
                body.pop(step.name, None)
        elif step.name not in body:
            body[step.name] = deepcopy(value) if type(value) in (dict, list) else value
        return
    found = body.get(step.name)
    for inner in (found if isinstance(found, list) else ()) if step.each else (found,):
        if isinstance(inner, dict) and fnmatchcase(str(inner.get(step.by, "")), step.kind):
            fill(inner, tuple(rest), value)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = loads(data)
    except Malformed:
        return None
    return found if isinstance(found, dict) else None
