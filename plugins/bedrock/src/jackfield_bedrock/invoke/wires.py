"""Formats with a wire in core or beside this, invoked: the model goes into the path, streams into frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import Event
from jackfield.framing.event_stream import MEDIA_TYPE, EventStream
from jackfield.framing.sse import Record
from jackfield.jsontext import dumps, loads
from jackfield.types import Completion, Request
from jackfield.wire import Call, Dialect, Headers, Reply, StreamParser, StreamWriter
from jackfield.wire.call import Segment
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.messages import Messages
from jackfield.wire.operation import Operations
from jackfield.wire.replies import json_body
from jackfield_bedrock.converse import Converse
from jackfield_bedrock.converse.render import merged
from jackfield_bedrock.converse.stream import ConverseStream
from jackfield_bedrock.converse.tables import OWN_FIELDS
from jackfield_bedrock.converse.write import ConverseWriter
from jackfield_bedrock.failures import parse_failure, write_failure
from jackfield_bedrock.families import answers_by_tool, reasoning_style
from jackfield_bedrock.invoke.chunks import (
    IN_HEADERS,
    ROUTES,
    Chunks,
    ChunkWriter,
    count_headers,
    guarded,
    headers_usage,
    invoke_path,
    lane,
    metered,
    path_facts,
    split_extra,
    write_chunk,
)

VERSION = "bedrock-2023-05-31"


def told(events: list[Event], reply: Reply, raw: Any) -> list[Event]:
    """The events of a whole answer with the figures and the tier of its headers, and what a guardrail did."""
    return lane(metered(guarded(raw) + events, headers_usage(reply.headers)), reply.headers)


def counted(reply: Reply, completion: Completion) -> Reply:
    """The reply with the figures as headers."""
    return Reply(reply.status, Headers({**reply.headers, **count_headers(completion.usage)}), reply.body)


class InvokeMessages(Messages):
    """The messages format: neither model nor stream stand in the body, but a version does."""

    name: ClassVar[str] = "invoke"
    media_type: ClassVar[str] = MEDIA_TYPE
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = ROUTES

    def __init__(self, dialect: Dialect, model: str = "") -> None:
        self.model = model
        adaptive = reasoning_style(model) == "adaptive"
        own = {
            "model_in_body": False,
            "stream_in_body": False,
            "fixed_fields": {"anthropic_version": VERSION},
            "extra_headers": IN_HEADERS,
            "structured": "tool" if answers_by_tool(model) else "native",
            "reasoning_style": "adaptive" if adaptive else "budget",
        }
        super().__init__(attrs.evolve(dialect, settings={**own, **_stated(dialect, Messages.defaults)}))

    def framing(self) -> EventStream:
        """A fresh framing for one stream."""
        return EventStream()

    def operations(self) -> Operations:
        """What else can be asked over this provider's other paths."""
        return _operations(self.dialect, self.model)

    def path(self, request: Request, stream: bool) -> tuple[Segment, ...]:
        """Where the call goes."""
        return invoke_path(request.model, stream)

    def path_fields(self, path: tuple[Segment, ...]) -> Mapping[str, Any]:
        """The fields of a body that the path says instead."""
        model, stream = path_facts(path)
        return {"model": model, "stream": stream}

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        events, raw = super().parse_completion(reply)
        return told(events, reply, raw), raw

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return Chunks(super().stream_parser(), self.dialect)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return counted(super().write_completion(completion), completion)

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return ChunkWriter(super().stream_writer(model))

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)


class InvokeChat(ChatCompletions):
    """The chat completions format, as several makers have it: streams are asked for by the path alone."""

    name: ClassVar[str] = "invoke"
    media_type: ClassVar[str] = MEDIA_TYPE
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = ROUTES

    def __init__(self, dialect: Dialect, model: str = "") -> None:
        self.model = model
        known = {name: value for name, value in dialect.settings.items() if name in ChatCompletions.defaults}
        own = attrs.evolve(dialect, settings={**known, "usage_opt_in": False})
        super().__init__(attrs.evolve(own, quirks=(*dialect.quirks, _invoked)))
        self.placed = dialect

    def framing(self) -> EventStream:  # type: ignore[override]
        """A fresh framing for one stream."""
        return EventStream()

    def operations(self) -> Operations:
        """What else can be asked over this provider's other paths."""
        return _operations(self.placed, self.model)

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        extra, headers = split_extra(request.extra)
        call = super().render_completion(attrs.evolve(request, extra=extra), stream)
        call.path = invoke_path(request.model, stream)
        return call.with_headers(headers) if headers else call

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        usual = Reply(reply.status, reply.headers, _as_usual(reply.body))
        events, _ = super().parse_completion(usual)
        raw = json_body(reply)
        return told(events, reply, raw), raw

    def stream_parser(self) -> StreamParser:  # type: ignore[override]
        """A fresh parser for one stream."""
        inner = super().stream_parser()
        return Chunks(
            inner,
            self.dialect,
            lambda data: inner.feed(Record("", _as_usual(data, "delta").decode("utf-8", "replace"))),
        )

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        model, stream = path_facts(call.path)
        try:
            body = loads(call.body)
        except Malformed:
            body = None  # the format's own reader refuses it
        data = dumps({**body, "model": model}) if isinstance(body, dict) else call.body
        request, _ = super().read_completion(Call(call.method, call.path, data, call.headers))
        return request, stream

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return counted(super().write_completion(completion), completion)

    def stream_writer(  # type: ignore[override]
        self, model: str = "", *, usage: bool = False
    ) -> StreamWriter:
        """A fresh writer for one stream."""
        return ChunkWriter(super().stream_writer(model, usage=usage))

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)


def _as_usual(data: bytes, piece: str = "message") -> bytes:
    """An answer in the usual words: one maker says `stop_reason`, and `message` in streams too. 2026-05."""
    if b'"stop_reason"' not in data:
        return data
    body = loads(data)
    for choice in body.get("choices") or () if isinstance(body, dict) else ():
        if isinstance(choice, dict) and "stop_reason" in choice:
            choice.setdefault("finish_reason", choice.pop("stop_reason"))
            if "message" in choice:
                choice.setdefault(piece, choice.pop("message"))
    return dumps(body)


def _invoked(body: dict[str, Any]) -> dict[str, Any]:
    if "max_completion_tokens" in body:  # 2026-05: all makers take the older name, few the newer
        body["max_tokens"] = body.pop("max_completion_tokens")
    body.pop("stream", None)
    body.pop("stream_options", None)
    return body


class InvokeNova(Converse):
    """The maker's own form of conversation, which the neutral one was made after."""

    name: ClassVar[str] = "invoke"
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = ROUTES
    version: ClassVar[str] = "messages-v1"

    def body(self, request: Request) -> dict[str, Any]:
        """The body that asks for a completion: the model's own fields are fields like any other."""
        extra, _ = split_extra(request.extra)
        body = super().body(attrs.evolve(request, extra=extra))
        own = body.pop(OWN_FIELDS, {})
        return {"schemaVersion": self.version, **merged(body, own)}

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        _, headers = split_extra(request.extra)
        call = super().render_completion(request, stream)
        return call.with_headers(headers) if headers else call

    def read_body(self, body: Any, model: str) -> Request:
        """The request a body asks."""
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name != "schemaVersion"}
            body = _with_own_fields(body)
        return super().read_body(body, model)

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        events, raw = super().parse_completion(reply)
        found = raw.get("usage") if isinstance(raw, dict) else None
        if (
            isinstance(found, dict) and "outputTokens" not in found
        ):  # cut short by a guardrail's trace, 2026-05
            events = _unmetered(events)
        return told(events, reply, raw), raw

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        inner = ConverseStream(self.rules.seal, self.dialect, self.model)
        return Chunks(inner, self.dialect, lambda data: _taken(inner, data))

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return counted(super().write_completion(completion), completion)

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return NovaWriter(self.rules.seal)


class NovaWriter(ConverseWriter):
    """Writes one stream: each event is named inside its frame."""

    def _put(self, name: str, value: Mapping[str, Any]) -> bytes:
        return write_chunk({name: dict(value)})


_NOVA_FIELDS = ("reasoningConfig",)


def _with_own_fields(body: dict[str, Any]) -> dict[str, Any]:
    """The body as the neutral form has it: what only this maker knows is set apart."""
    own = {name: body.pop(name) for name in _NOVA_FIELDS if name in body}
    config = body.get("inferenceConfig")
    if isinstance(config, dict) and "topK" in config:
        body["inferenceConfig"] = {name: value for name, value in config.items() if name != "topK"}
        own["inferenceConfig"] = {"topK": config["topK"]}
    return {**body, OWN_FIELDS: own} if own else body


def _unmetered(events: list[Event]) -> list[Event]:
    from jackfield.events import Finished
    from jackfield.types import UNKNOWN_USAGE

    last = events[-1]
    return [*events[:-1], attrs.evolve(last, usage=UNKNOWN_USAGE)] if isinstance(last, Finished) else events


def _taken(inner: ConverseStream, data: bytes) -> list[Event]:
    value = loads(data)
    if not isinstance(value, dict):
        return []
    return [
        event for name in value for event in inner.take(name, value[name]) if not name.startswith("amazon-")
    ]


def _stated(dialect: Dialect, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What the dialect states beside the format's own defaults, which it holds too."""
    return {name: value for name, value in dialect.settings.items() if defaults.get(name) != value}


def _operations(dialect: Dialect, model: str) -> Operations:
    from jackfield_bedrock.operations import operations_of

    return operations_of(dialect, model)
