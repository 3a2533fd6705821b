"""What all formats have in common once they are invoked: paths, chunks in frames, figures in headers."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import Event, Failed, Finished, Warned
from jackfield.framing.event_stream import Frame, write_event
from jackfield.framing.sse import SSE, Record
from jackfield.jsontext import dumps, loads
from jackfield.types import UNKNOWN_USAGE, Notice, Usage
from jackfield.wire import Dialect, Headers, StreamParser, StreamWriter
from jackfield.wire.facts import figure
from jackfield_bedrock.failures import frame_failure, write_frame_failure

INVOKE, STREAM = "invoke", "invoke-with-response-stream"
METRICS = "amazon-bedrock-invocationMetrics"
ACTION = "amazon-bedrock-guardrailAction"
_OWN = b'"amazon-bedrock-'

# Fields of the provider's own that travel as headers.
IN_HEADERS: Mapping[str, str] = {
    "guardrailIdentifier": "x-amzn-bedrock-guardrailidentifier",
    "guardrailVersion": "x-amzn-bedrock-guardrailversion",
    "trace": "x-amzn-bedrock-trace",
    "performanceConfigLatency": "x-amzn-bedrock-performanceconfig-latency",
    "serviceTier": "x-amzn-bedrock-service-tier",
}
_COUNTS: Mapping[str, str] = {
    "input": "x-amzn-bedrock-input-token-count",
    "output": "x-amzn-bedrock-output-token-count",
    "cache_read": "x-amzn-bedrock-cache-read-input-token-count",
    "cache_write": "x-amzn-bedrock-cache-write-input-token-count",
}


def invoke_path(model: str, stream: bool) -> tuple[str, ...]:
    """Where an invocation goes."""
    return ("model", model, STREAM if stream else INVOKE)


ROUTES: Mapping[str, tuple[str, ...]] = {
    "complete": invoke_path("{model}", stream=False),
    "stream": invoke_path("{model}", stream=True),
}
"""Where all formats are invoked."""


def path_facts(path: tuple[Any, ...]) -> tuple[str, bool]:
    """The model and whether a stream is wanted, as a path says."""
    model, verb = path[-2:] if len(path) > 1 else ("", "")
    return (model if isinstance(model, str) else ":".join(model)), verb == STREAM


def split_extra(extra: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The provider's own fields of the body, and those that are headers."""
    body = {name: value for name, value in extra.items() if name not in IN_HEADERS}
    return body, {IN_HEADERS[name]: str(extra[name]) for name in extra if name in IN_HEADERS}


def headers_usage(headers: Mapping[str, str]) -> Usage:
    """The figures of an answer's headers, where its body has none."""
    found = {name: headers.get(header, "") for name, header in _COUNTS.items()}
    if not (found["input"].isdigit() or found["output"].isdigit()):
        return UNKNOWN_USAGE
    counts = {name: int(text) for name, text in found.items() if text.isdigit() and len(text) < 16}
    raw = {_COUNTS[name]: count for name, count in counts.items()}
    cached = counts.get("cache_read", 0), counts.get("cache_write", 0)
    return Usage(counts.get("input", 0), *cached, output=counts.get("output", 0), raw=raw)


def metered(events: list[Event], usage: Usage) -> list[Event]:
    """The events, the last of which tells ``usage`` if it told none."""
    last = events[-1] if events else None
    if isinstance(last, Finished) and usage.known and not last.usage.known:
        events[-1] = attrs.evolve(last, usage=usage)
    return events


def lane(events: list[Event], headers: Mapping[str, str]) -> list[Event]:
    """The events, the last of which is in the tier that the headers say has served."""
    last = events[-1] if events else None
    if isinstance(last, Finished):
        usage = last.usage
        for name in ("serviceTier", "performanceConfigLatency"):
            usage = usage.in_tier(headers.get(IN_HEADERS[name]))
        events[-1] = last if usage is last.usage else attrs.evolve(last, usage=usage)
    return events


def guarded(body: Any) -> list[Event]:
    """A warning where a guardrail changed or stopped an answer."""
    intervened = isinstance(body, dict) and body.get(ACTION) == "INTERVENED"
    return [Warned(Notice("guardrail", "a guardrail intervened"))] if intervened else []


def metrics_usage(raw: Any) -> Usage:
    """The figures that the last chunk of every stream tells."""
    if not isinstance(raw, dict):
        return UNKNOWN_USAGE
    return Usage(
        figure(raw.get("inputTokenCount")),
        figure(raw.get("cacheReadInputTokenCount")),
        figure(raw.get("cacheWriteInputTokenCount")),
        output=figure(raw.get("outputTokenCount")),
        raw=raw,
    )


class Chunks:
    """Parses a stream whose frames each hold one event of the model's own format."""

    __slots__ = ("_dialect", "_done", "_inner", "_take", "_usage", "_warned")

    def __init__(
        self, inner: StreamParser, dialect: Dialect, take: Callable[[bytes], list[Event]] | None = None
    ) -> None:
        self._inner = inner
        self._take = take or (lambda data: inner.feed(Record("", data.decode("utf-8", "replace"))))
        self._dialect = dialect
        self._usage = UNKNOWN_USAGE
        self._warned = False
        self._done = False

    def feed(self, record: Frame) -> list[Event]:
        """The events of one frame."""
        if self._done:
            return []
        if record.kind != "event":
            self._done = True
            return [Failed(frame_failure(record, self._dialect))]
        return self._chunk(_payload(record)) if record.name == "chunk" else []

    def _chunk(self, data: bytes) -> list[Event]:
        events = self._noted(data) if _OWN in data else []
        return metered(events + self._take(data), self._usage)

    def _noted(self, data: bytes) -> list[Event]:
        """Take note of what the provider adds to the model's words."""
        value = loads(data)
        if not isinstance(value, dict):
            return []
        if METRICS in value:
            self._usage = metrics_usage(value[METRICS])
        if self._warned:
            return []
        warning = guarded(value)
        self._warned = bool(warning)
        return warning

    def end(self) -> list[Event]:
        """What follows from the end of the bytes."""
        return [] if self._done else metered(self._inner.end(), self._usage)


def _payload(frame: Frame) -> bytes:
    value = loads(frame.data)
    data = value.get("bytes") if isinstance(value, dict) else None
    if isinstance(data, str):
        try:
            return b64decode(data, validate=True)
        except ValueError:
            pass  # told below
    raise Malformed(ErrorInfo("protocol.body", "a chunk of the stream holds no bytes", sent="yes"))


def write_chunk(value: Mapping[str, Any]) -> bytes:
    """One frame around one event of the model's own format."""
    return write_event("chunk", dumps({"bytes": b64encode(dumps(dict(value))).decode("ascii")}))


class ChunkWriter:
    """Writes what another writer makes as server-sent events into frames, the figures with the last of them."""

    def __init__(self, inner: StreamWriter) -> None:
        self._inner = inner
        self._framing = SSE()
        self._held: dict[str, Any] | None = None
        self._usage = UNKNOWN_USAGE

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        if isinstance(event, Failed):
            return self._flush() + write_frame_failure(event.error)
        if isinstance(event, Finished):
            self._usage = event.usage
        return self._framed(self._inner.write(event))

    def end(self) -> bytes:
        """The last frame."""
        out = self._framed(self._inner.end())
        if self._held is not None and self._usage.known:
            self._held[METRICS] = metrics_of(self._usage)
        return out + self._flush()

    def _framed(self, data: bytes) -> bytes:
        out = b""
        for record in self._framing.feed(data):
            if record.data == "[DONE]":
                continue
            out += self._flush()
            self._held = loads(record.data)
        return out

    def _flush(self) -> bytes:
        held, self._held = self._held, None
        return b"" if held is None else write_chunk(held)


def metrics_of(usage: Usage) -> dict[str, int]:
    """The figures as the last chunk tells them."""
    figures = {"inputTokenCount": usage.input, "outputTokenCount": usage.total_output}
    written = usage.cache_write + usage.cache_write_1h
    if usage.cache_read or written:
        figures |= {"cacheReadInputTokenCount": usage.cache_read, "cacheWriteInputTokenCount": written}
    return figures


def count_headers(usage: Usage) -> Headers:
    """The figures as headers of a whole answer."""
    if not usage.known:
        return Headers()
    counts = (usage.input, usage.total_output, usage.cache_read, usage.cache_write + usage.cache_write_1h)
    return Headers({header: str(n) for header, n in zip(_COUNTS.values(), counts, strict=True)})
