"""What binds a request to the account it came from: signed or encrypted reasoning, kept files, stored turns.

Such a request may go to targets of that provider alone, with the key it came with, and never falls over to another.
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


@frozen
class Tie:
    """One thing that binds a request: whose provider's, what it is, its id or seal, and its account if it is marked."""

    provider: str
    why: str
    token: str
    account: str = ""


def bound_to(messages: Iterable[Message], extra: Mapping[str, Any] = {}) -> Bound | None:  # only read
    """What the last of several bindings says; ``None`` for a request that any account may answer."""
    found: Bound | None = None
    for tie in ties(messages, extra):
        if tie.provider or found is None:
            found = Bound(tie.provider, tie.why)
    return found


def ties(messages: Iterable[Message], extra: Mapping[str, Any] = {}) -> Iterator[Tie]:  # only read
    """All that binds a request: what it points at, then what its turns carry."""
    for name, what in POINTERS.items():
        pointed = extra.get(name)
        if pointed:
            named = pointed.get("id", "") if isinstance(pointed, Mapping) else pointed
            yield Tie("", what, str(named))
    for message in messages:
        yield from ties_of(message.parts)


def ties_of(parts: Iterable[Part]) -> Iterator[Tie]:
    """What the parts of a turn carry."""
    for part in parts:
        opaque: Opaque | None = getattr(part, "opaque", None)
        seal = None if opaque is None or not opaque.data else _sealed(opaque.data, _DEPTH)
        if opaque is not None and seal is not None:
            yield Tie(opaque.provider, *seal, opaque.account)
        elif isinstance(part, Media) and part.file_id is not None:
            account = "" if opaque is None else opaque.account
            yield Tie("", "the id of a kept file", part.file_id, account)
        if type(part) is ToolResult:
            yield from ties_of(part.parts)


def _sealed(value: Any, depth: int) -> tuple[str, str] | None:
    """What in a payload only its own account can read: what that is, and the seal itself."""
    if depth == 0:
        return None
    below: Iterable[Any] = ()
    if isinstance(value, Mapping):
        below = value.values()
        for name, inner in value.items():
            if name in SEALS and inner:
                return SEALS[name], str(inner)
            if name == "id" and isinstance(inner, str) and inner.startswith(_KEPT_ITEM):
                return "a kept reasoning item", inner
    elif isinstance(value, list | tuple):
        below = value
    return next(filter(None, (_sealed(inner, depth - 1) for inner in below)), None)
