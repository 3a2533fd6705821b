"""What is asked of a model, and within which time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import attrs
from attrs import field, frozen

from jackfield.types.parts import CachePoint, Part, Text, parts_of
from jackfield.types.quick import quick

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ToolChoice: TypeAlias = str  # "auto", "none", "required", or the name of one tool


@quick
@frozen
class Message:
    """One turn: a role and ordered parts. ``Message("user", "hi")`` is short for one text part."""

    role: Role
    parts: tuple[Part, ...] = field(converter=parts_of)
    name: str | None = None

    @property
    def text(self) -> str:
        """The text of the message, without reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@frozen
class Tool:
    """A function the model may ask for; ``function`` is what ``run_tools`` calls, if anything."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(factory=lambda: {"type": "object", "properties": {}})
    function: Callable[..., object] | None = field(default=None, eq=False, repr=False)
    strict: bool | None = None
    cache: CachePoint | None = None
    extra: Mapping[str, Any] = field(factory=dict)  # the provider's own fields of a tool, sent as they are


@frozen
class HostedTool:
    """A tool the provider runs itself, named by the provider's own type and options."""

    kind: str
    options: Mapping[str, Any] = field(factory=dict)


@frozen
class Output:
    """The form an answer must take: any JSON object, or one that fits ``schema``."""

    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    description: str | None = None
    strict: bool | None = None
    target: Any = field(default=None, eq=False, repr=False)  # the class to build, never sent


@quick
@frozen(slots=False)  # a dict takes many frozen fields faster than slots do
class Request:
    """What is asked of a model. ``options`` holds only what the caller set, so an absent option and 0 differ."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool | HostedTool, ...] = ()
    tool_choice: ToolChoice | None = None
    output: Output | None = None
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)  # the provider's own body fields, sent as they are


@frozen
class EmbedRequest:
    """Texts to turn into vectors."""

    model: str
    texts: tuple[str, ...]
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Timeouts:
    """The clocks of one call, in seconds. ``None`` for ``total`` means the default of the kind of call.

    ``headers``, ``first_token`` and ``idle_content`` are about streams: whole answers begin late by nature.
    ``None`` for ``first_token`` is 120, or what the model is known to need; for ``idle_content`` it is off.
    """

    total: float | None = None
    pool: float = 5.0
    connect: float = 5.0
    upload: float = 30.0
    headers: float = 120.0
    first_token: float | None = None
    idle: float = 60.0
    idle_content: float | None = None

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if value is None and name in _OPEN_CLOCKS:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
                from jackfield.errors import ErrorInfo, InvalidRequest

                msg = f"timeout `{name}` must be a number of seconds above 0 and up to a year, not {value!r:.40}"
                raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))

    def evolve(self, **changes: Any) -> Timeouts:
        """These clocks with some of them set anew."""
        return attrs.evolve(self, **changes)

    def allowing(self, first_token: float | None) -> Timeouts:
        """These clocks, with what a model is known to need before its first token unless that is set already."""
        return (
            self
            if first_token is None or self.first_token is not None
            else self.evolve(first_token=first_token)
        )


FIRST_TOKEN = 120.0
LONGEST = 366 * 86400.0  # seconds; what is longer no clock can count
_OPEN_CLOCKS = frozenset({"total", "first_token", "idle_content"})
