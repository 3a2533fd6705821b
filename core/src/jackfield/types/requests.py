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

    ``headers`` and ``first_token`` are about streams: whole answers begin late by nature.
    """

    total: float | None = None
    pool: float = 5.0
    connect: float = 5.0
    upload: float = 30.0
    headers: float = 120.0
    first_token: float = 120.0
    idle: float = 60.0

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if name == "total" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                from jackfield.errors import ErrorInfo, InvalidRequest

                msg = f"timeout `{name}` must be a number of seconds above 0, not {value!r:.40}"
                raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))

    def evolve(self, **changes: Any) -> Timeouts:
        """These clocks with some of them set anew."""
        return attrs.evolve(self, **changes)
