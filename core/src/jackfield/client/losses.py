"""What of a conversation a model's format cannot carry, found by asking the format itself.

The request is rendered as it would be sent, and read back by the wire's own server half: what is not there
any more has been left out. Nothing is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import evolve

from jackfield.client.binding import Binding
from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    CachePoint,
    Document,
    Image,
    Media,
    Message,
    Notice,
    Opaque,
    Part,
    Reasoning,
    Request,
    Text,
    ToolCall,
    ToolResult,
    Video,
)

Fact = tuple[str, str]
"""What a part is, in words for people, and what makes it that part."""


def losses(binding: Binding, request: Request) -> tuple[Notice, ...]:
    """A notice for each kind of thing that is left out, with how many of it there are."""
    plain = evolve(request, extra={})  # a field of the provider's own may be one its server half refuses
    call = binding.wire.render_completion(plain, stream=False)
    carried, _ = binding.wire.read_completion(call)
    left_out = Counter(_facts(request.messages)) - Counter(_facts(carried.messages))
    left_out += Counter(_missing_texts(request.messages, carried.messages))
    kinds = Counter(kind for kind, _ in left_out.elements())
    return tuple(
        Notice("left_out", f"`{binding.name}` cannot carry {kind}: {count} left out")
        for kind, count in kinds.items()
    )


def foreign(binding: Binding, messages: tuple[Message, ...]) -> bool:
    """Whether a conversation holds what belongs to another provider, and so may not all arrive."""
    return any(_is_foreign(binding, part) for message in messages for part in message.parts)


def _is_foreign(binding: Binding, part: Part) -> bool:
    opaque: Opaque | None = getattr(part, "opaque", None)
    if opaque is None or not opaque.data:
        return type(part) is Reasoning
    return opaque.provider != binding.provider or opaque.wire != binding.wire.name


def _facts(messages: tuple[Message, ...]) -> Iterator[Fact]:
    for message in messages:
        if message.name is not None:
            yield "names of speakers", message.name
        for part in message.parts:
            yield from _of_part(part)


def _of_part(part: Part) -> Iterator[Fact]:
    opaque: Opaque | None = getattr(part, "opaque", None)
    if opaque is not None and opaque.data:
        yield "what another provider wants back", f"{opaque.provider} {opaque.wire} {dump_text(opaque.data)}"
    tell = _TELL.get(type(part))
    if tell is not None:
        yield from tell(part)


def _of_text(part: Text) -> Iterator[Fact]:
    for citation in part.citations:
        yield "citations", f"{citation.url} {citation.title} {citation.quote}"


def _of_call(part: ToolCall) -> Iterator[Fact]:
    yield "tool calls", f"{part.name} {dump_text(part.arguments)}"


def _of_result(part: ToolResult) -> Iterator[Fact]:
    yield "results of tools", "".join(inner.text for inner in part.parts if isinstance(inner, Text))
    for inner in part.parts:
        if isinstance(inner, Media):
            yield from _of_part(inner)


def _of_media(part: Media) -> Iterator[Fact]:
    yield f"{type(part).__name__.lower()}s", part.url or part.file_id or part.base64


_TELL: Mapping[type, Callable[[Any], Iterator[Fact]]] = {
    Text: _of_text,
    Reasoning: lambda part: iter([("reasoning", part.text)] if part.text else []),
    ToolCall: _of_call,
    ToolResult: _of_result,
    CachePoint: lambda part: iter([("cache points", "")]),
    **dict.fromkeys((Image, Audio, Document, Video), _of_media),
}


def _missing_texts(asked: tuple[Message, ...], carried: tuple[Message, ...]) -> Iterator[Fact]:
    """Texts that are nowhere in what is carried; several may have become one."""
    there = "\n".join(message.text for message in carried)
    for message in asked:
        for part in message.parts:
            if isinstance(part, Text) and part.text not in there:
                yield "texts", part.text
