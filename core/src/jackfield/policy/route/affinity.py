"""What binds a request to the account it came from: signed or encrypted reasoning, kept files, stored turns.

Such a request may go to targets of that provider alone, and never falls over to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.types import Media, Message, Opaque, Part, ToolResult

# Keys of a provider's payload that mean something in its own account alone, and what they are.
SEALS: Mapping[str, str] = {
    "signature": "signed reasoning",
    "thoughtSignature": "a thought signature",
    "thought_signature": "a thought signature",
    "encrypted_content": "encrypted reasoning",
    "redactedContent": "encrypted reasoning",
    "redacted_thinking": "encrypted reasoning",
}
# Fields of the provider's own that point at what it keeps.
POINTERS: Mapping[str, str] = {
    "previous_response_id": "a stored response",
    "conversation": "a stored conversation",
    "cachedContent": "cached content",
    "cached_content": "cached content",
    "container": "a container",
}
_KEPT_ITEM = ("rs_",)  # ids of reasoning that the provider keeps
_DEPTH = 5


@frozen
class Bound:
    """Whose a request is: a provider, where that can be told, and what binds it."""

    provider: str
    why: str

    def refusal(self, route: str) -> ErrorInfo:
        """Why a route cannot take the request."""
        whose = f"`{self.provider}`" if self.provider else "the account it came from"
        msg = f"the request carries {self.why} of {whose}, and no target of `{route}` is there; nothing was sent"
        hint = "name the model it came from, or leave those parts out"
        return ErrorInfo("request.affinity", msg, hint=hint, sent="no")


def bound_to(messages: Iterable[Message], extra: Mapping[str, Any] = {}) -> Bound | None:  # only read
    """What the last of several bindings says; ``None`` for a request that any account may answer."""
    pointed = next((what for name, what in POINTERS.items() if extra.get(name)), None)
    found = None if pointed is None else Bound("", pointed)
    for part in _parts(messages):
        opaque: Opaque | None = getattr(part, "opaque", None)
        why = None if opaque is None or not opaque.data else _sealed(opaque.data, _DEPTH)
        if opaque is not None and why is not None:
            found = Bound(opaque.provider, why)
        elif found is None and isinstance(part, Media) and part.file_id is not None:
            found = Bound("", "the id of a kept file")
    return found


def _parts(messages: Iterable[Message]) -> Iterator[Part]:
    for message in messages:
        for part in message.parts:
            yield part
            if type(part) is ToolResult:
                yield from part.parts


def _sealed(value: Any, depth: int) -> str | None:
    """What in a payload only its own account can read."""
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        for name, below in value.items():
            if name in SEALS and below:
                return SEALS[name]
            if name == "id" and isinstance(below, str) and below.startswith(_KEPT_ITEM):
                return "a kept reasoning item"
        return next(filter(None, (_sealed(below, depth - 1) for below in value.values())), None)
    if isinstance(value, list | tuple):
        return next(filter(None, (_sealed(below, depth - 1) for below in value)), None)
    return None
