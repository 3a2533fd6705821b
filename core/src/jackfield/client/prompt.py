"""What callers may pass as a prompt, as messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, get_args

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.types import Message, Part, Role, Text

Prompt: TypeAlias = str | Part | Message | Sequence["str | Part | Message | Mapping[str, Any]"]

_ROLES = frozenset(get_args(Role))


def conversation(prompt: Prompt, system: str | None = None) -> tuple[Message, ...]:
    """The messages of a prompt: loose strings and parts make up user turns."""
    if isinstance(prompt, str) and prompt:
        messages: tuple[Message, ...] = (Message("user", prompt),)
    else:
        messages = _messages(prompt)
        if all(_is_blank(message) for message in messages):
            msg = "the prompt is empty; nothing was sent"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
    return (Message("system", system), *messages) if system else messages


def _is_blank(message: Message) -> bool:
    return all(type(part) is Text and not part.text for part in message.parts)


def _messages(prompt: Any) -> tuple[Message, ...]:
    items = prompt if isinstance(prompt, Sequence) and not isinstance(prompt, str) else (prompt,)
    messages: list[Message] = []
    loose: list[str | Part] = []
    for item in items:
        if isinstance(item, Message | Mapping):
            if loose:
                messages.append(Message("user", tuple(loose)))
                loose = []
            messages.append(item if isinstance(item, Message) else _from_mapping(item))
        else:
            loose.append(item)
    if loose:
        messages.append(Message("user", tuple(loose)))
    return tuple(messages)


def _from_mapping(value: Mapping[str, Any]) -> Message:
    """A ``{"role": …, "content": "text"}`` turn; richer ones are written as ``Message``."""
    role: Any = value.get("role")
    content = value.get("content")
    known = type(role) is str and role in _ROLES and isinstance(content, str)
    if known and set(value) <= {"role", "content", "name"}:
        return Message(role, str(content), value.get("name"))
    msg = "a turn given as a mapping needs a role and text content, and nothing else"
    hint = "for images, tools and the like use jackfield.Message with parts"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
