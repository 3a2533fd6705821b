"""The records of a streamed answer, cut apart and changed in place, whatever the format frames them in.

A *form* is how an answer is framed: ``whole`` JSON, ``sse``, ``ndjson``, ``frames`` (binary event streams) or
``array`` (one JSON array that comes in pieces). Formats differ in far more than that, but faults do not care.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from jackfield.framing.event_stream import MEDIA_TYPE, EventStream, write_frame
from jackfield.jsontext import dumps
from jackfield.wire import Reply
from jackfield_simulator.exchange import Exchange, Piece, Streamed

Change: TypeAlias = Callable[[Any], Any]
Rewrite: TypeAlias = Callable[[bytes], bytes]

WHOLE, SSE, NDJSON, FRAMES, ARRAY = "whole", "sse", "ndjson", "frames", "array"
STREAMS = frozenset({SSE, NDJSON, FRAMES, ARRAY})
TEXTS = frozenset({SSE, NDJSON})
ALL = STREAMS | {WHOLE}

_FORMS: Mapping[str, str] = {"text/event-stream": SSE, "application/x-ndjson": NDJSON, MEDIA_TYPE: FRAMES}
_BETWEEN_EVENTS = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")
_DATA = re.compile(rb"(?m)^data: (?=[{\[])(.*?)(?=\r?$)")


def form_of(exchange: Exchange) -> str:
    """How the answer of an exchange is framed."""
    reply = exchange.reply
    if not isinstance(reply, Streamed):
        return WHOLE
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _FORMS.get(kind, ARRAY)


def cut(form: str, data: bytes) -> list[bytes]:
    """The records in ``data``, each with what ends it."""
    if form == SSE:
        return [record for record in _BETWEEN_EVENTS.split(data) if record]
    if form == NDJSON:
        return data.splitlines(keepends=True)
    return _frames(data) if form == FRAMES else [data]


def _frames(data: bytes) -> list[bytes]:
    found = []
    while data:
        size = int.from_bytes(data[:4], "big")
        found.append(data[:size])
        data = data[size:]
    return found


def records(exchange: Exchange) -> list[Piece]:
    """The pieces of a stream, one for each record; of several in one piece the last carries its tokens."""
    assert isinstance(exchange.reply, Streamed)
    form, found = form_of(exchange), []
    for pause, data, tokens in exchange.reply.pieces:
        *before, last = cut(form, data) or [b""]
        found += [Piece(0.0, record) for record in before]
        found.append(Piece(pause, last, tokens))
    return [piece for piece in found if piece.data]


def contents(pieces: Iterable[Piece]) -> list[int]:
    """Where content is."""
    return [place for place, piece in enumerate(pieces) if piece.tokens]


def changed(form: str, record: bytes, change: Change) -> bytes:
    """The record with its JSON value changed; one that holds none stays as it is."""
    return rewritten(form, record, lambda text: _changed_text(text, change))


def rewritten(form: str, record: bytes, rewrite: Rewrite) -> bytes:
    """The record with its text rewritten, framed anew."""
    if form == SSE:
        return _DATA.sub(lambda found: b"data: " + rewrite(found[1]), record)
    if form == FRAMES:
        frame = EventStream().feed(record)[0]
        return write_frame(frame.headers, _inside(frame.data, rewrite))
    if form == ARRAY:
        return record
    end = len(record.rstrip(b"\r\n"))
    return rewrite(record[:end]) + record[end:]


def _inside(data: bytes, rewrite: Rewrite) -> bytes:
    """The payload of a frame: itself, or what it wraps in base64."""
    if not data.startswith(b'{"bytes":'):
        return rewrite(data)
    value = json.loads(data)
    value["bytes"] = base64.b64encode(rewrite(base64.b64decode(value["bytes"]))).decode()
    return dumps(value)


def _changed_text(text: bytes, change: Change) -> bytes:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    after = change(value)
    return text if after is value else json.dumps(after, ensure_ascii=False, separators=(",", ":")).encode()


def changed_reply(reply: Reply, change: Change) -> Reply:
    """A whole answer with its JSON value changed."""
    return Reply(reply.status, reply.headers, _changed_text(reply.body, change))


def everywhere(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The value with every object in it changed, inner ones first."""
    if isinstance(value, dict):
        return change({name: everywhere(inner, change) for name, inner in value.items()})
    if isinstance(value, list):
        return [everywhere(inner, change) for inner in value]
    return value
