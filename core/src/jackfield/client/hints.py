"""What a call says of how it wants to be routed, taken out of its options and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jackfield.capability import Capability
from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.options import OPTIONS, RoutingOptions
from jackfield.types import Audio, Document, Image, Message, ToolResult, Video
from jackfield.types.routes import NO_HINTS, PRESETS, Hints

HINTS: frozenset[str] = frozenset(RoutingOptions.__annotations__)

_LANES: Mapping[str, int] = {"high": 10, "normal": 5, "low": 3}
_TAGS = "tags"
# What the shortest kinds of task say, what most say, and what the longest say, in tokens.
_SIZES: Mapping[str, int] = {"short": 500, "medium": 1500, "long": 5000}
_FORMS: Mapping[str, tuple[str, ...]] = {"text": (), "json": ("json_mode",), "schema": ("json_schema",)}


def without_hints(options: Mapping[str, Any]) -> tuple[Hints, Mapping[str, Any]]:
    """The hints of a call, and its other options. Tags are hints, too, and stay: the ledger keeps them."""
    tags = options.get(_TAGS) if options else None
    if not tags and (not options or HINTS.isdisjoint(options)):
        return NO_HINTS, options
    given = {name: options[name] for name in HINTS & options.keys() if options[name] is not None}
    values: dict[str, Any] = dict(_preset(given.pop("preset", None)))
    form = _form(given.pop("format", None))
    values |= {name: _READERS[name](name, value) for name, value in given.items()}
    if form:
        values["needs"] = (*values.get("needs", ()), *form)
    if isinstance(tags, Mapping):
        values["tags"] = {str(name): str(value) for name, value in tags.items()}
    return Hints(**values), {name: value for name, value in options.items() if name not in HINTS}


def _preset(name: Any) -> Mapping[str, object]:
    if name is None:
        return {}
    if not isinstance(name, str) or name not in PRESETS:
        raise _invalid(f"option `preset` must be one of {', '.join(PRESETS)}, not {name!r:.40}")
    return PRESETS[name]


def _form(name: Any) -> tuple[str, ...]:
    """What an answer of that form needs of a model."""
    if name is None:
        return ()
    if not isinstance(name, str) or name not in _FORMS:
        raise _invalid(f"option `format` must be one of {', '.join(_FORMS)}, not {name!r:.40}")
    return _FORMS[name]


def _size(name: str, value: Any) -> int:
    """How long an answer is expected to be, in tokens."""
    if isinstance(value, str) and value in _SIZES:
        return _SIZES[value]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        words = ", ".join(_SIZES)
        raise _invalid(f"option `{name}` must be a number of tokens, or one of {words}, not {value!r:.40}")
    return value


def _task(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid(f"option `{name}` must be text, not {type(value).__name__}")
    from jackfield.policy.route.tasks import task_named  # needed only where somebody names a task

    return task_named(value)


def _between(low: float, high: float) -> Callable[[str, Any], float]:
    def read(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _invalid(
                f"option `{name}` must be a number between {low:g} and {high:g}, not {value!r:.40}"
            )
        return value

    return read


def _priority(name: str, value: Any) -> int:
    if isinstance(value, str) and value in _LANES:
        return _LANES[value]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10:
        lanes = ", ".join(_LANES)
        raise _invalid(
            f"option `{name}` must be a whole number from 1 to 10, or one of {lanes}, not {value!r:.40}"
        )
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid(f"option `{name}` must be true or false, not {value!r:.40}")
    return value


def _words(name: str, value: Any) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else value
    if not isinstance(words, Sequence) or not all(isinstance(word, str) and word for word in words):
        raise _invalid(f"option `{name}` must be a text or several, and none of them empty")
    return tuple(words)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _invalid(f"option `{name}` must be a whole number from 0, not {value!r:.40}")
    return value


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "task": _task,
    "max_cost": _between(0, 1e9),
    "min_quality": _between(0, 1),
    "priority": _priority,
    "prefer_speed": _flag,
    "minimise_cost": _flag,
    "max_latency_ms": _between(1, 3.6e6),
    "region": _words,
    "compliance": _words,
    "needs": _words,
    "size": _size,
    "estimated_tokens": _count,
}


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(ErrorInfo("request.invalid", f"{message}; nothing was sent", sent="no"))


# -- what a request needs of a model -------------------------------------------------------------

# Plain words need a model that chats; by whether it is to stream.
NEEDS: Mapping[bool, frozenset[Capability]] = {
    False: frozenset({Capability.CHAT}),
    True: frozenset({Capability.CHAT, Capability.STREAMING}),
}
_PARTS: Mapping[type, Capability] = {
    Image: Capability.IMAGES_IN,
    Audio: Capability.AUDIO_IN,
    Document: Capability.DOCUMENTS_IN,
    Video: Capability.VIDEO_IN,
}


def needs_of(messages: Sequence[Message], options: Mapping[str, Any], stream: bool) -> frozenset[Capability]:
    """What a completion asks of a model: by its parts, its tools, its form, and options that shape the answer."""
    found = set(NEEDS[stream])
    for message in messages:
        if message.role == "system":
            found.add(Capability.SYSTEM_PROMPT)
        for part in message.parts:
            inner = part.parts if type(part) is ToolResult else (part,)
            found.update(_PARTS[type(each)] for each in inner if type(each) in _PARTS)
    for name, value in options.items():
        spec = OPTIONS.get(name)
        if spec is not None and spec.capability is not None and value not in (None, False, "none"):
            found.add(spec.capability)
    found.update(_of_form(options))
    return frozenset(found)


def _of_form(options: Mapping[str, Any]) -> set[Capability]:
    found = set()
    if options.get("tools"):
        found.add(Capability.TOOLS)
    if options.get("tool_choice") not in (None, "auto"):
        found.add(Capability.TOOL_CHOICE)
    into = options.get("into")
    if into is not None:
        found.add(Capability.JSON_MODE if into is dict else Capability.JSON_SCHEMA)
    return found
