"""The shape of an answer: its keys with the types of their values, and the order of the events of a stream."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from attrs import field, frozen

from jackfield.framing.event_stream import EventStream
from jackfield.framing.sse import SSE

# Subtrees whose keys are content: arguments, metadata, what tools gave.
FREE = frozenset({"arguments", "input", "args", "parameters", "metadata", "json", "schema", "inputSchema"})


@frozen
class Shape:
    """``keys``: path to types, ``events``: the kinds of events of a stream in order, repetitions once."""

    status: int
    keys: dict[str, set[str]] = field(factory=dict)
    events: tuple[str, ...] = ()


def shape_of(status: int, content_type: str, body: bytes) -> Shape:
    """The shape of one answer."""
    values, events = records(content_type, body)
    keys: dict[str, set[str]] = {}
    for value in values:
        walk(value, "", keys)
    return Shape(status, keys, tuple(kind for kind, _ in groupby(events)))


def records(content_type: str, body: bytes) -> tuple[list[Any], list[str]]:
    """The JSON values of an answer, and the kinds of its events where it is a stream."""
    if "eventstream" in content_type:
        frames = EventStream().feed(body)
        return [json.loads(frame.data) for frame in frames if frame.data[:1] == b"{"], [
            frame.name for frame in frames
        ]
    text = body.lstrip()
    if text[:5] in (b"data:", b"event") or text[:1] == b":":
        framing = SSE()
        found = [*framing.feed(body), *framing.end()]
        values = [json.loads(one.data) for one in found if _is_json(one.data)]
        return values, [_kind(one.event, one.data) for one in found if one.data]
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" for line in lines):
        return [json.loads(line) for line in lines], ["line"]
    try:
        value = json.loads(body)
    except ValueError:
        return [], []
    return (value, ["item"]) if isinstance(value, list) else ([value], [])


def _is_json(data: str) -> bool:
    return data[:1] == "{" and data.rstrip()[-1:] == "}"


def _kind(event: str, data: str) -> str:
    if not _is_json(data):
        return data.strip()[:20]
    value = json.loads(data)
    stated = value.get("type") if isinstance(value, dict) else None
    return str(stated) if isinstance(stated, str) else event or "data"


def walk(value: Any, path: str, keys: dict[str, set[str]]) -> None:
    """Note the types of a value and all that is in it."""
    if path:
        keys.setdefault(path, set()).add(_type(value))
    if isinstance(value, dict):
        for name, inner in value.items():
            where = f"{path}.{name}" if path else name
            if name in FREE and isinstance(inner, dict):
                keys.setdefault(where, set()).add("object")
            else:
                walk(inner, where, keys)
    elif isinstance(value, list):
        for inner in value:
            walk(inner, f"{path}[]", keys)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {int: "number", float: "number", str: "string", list: "list", dict: "object"}[type(value)]


def missing(recorded: Shape, given: Shape) -> list[str]:
    """The keys that an answer lacks which the recorded one has."""
    return sorted(path for path in recorded.keys if path not in given.keys)


def conflicts(recorded: Shape, given: Shape) -> list[str]:
    """The keys whose values are of other types than those recorded; nothing and something agree."""
    return sorted(
        path
        for path, types in recorded.keys.items()
        if path in given.keys and not (types | {"null"}) & given.keys[path] and types != {"null"}
    )
