"""The pieces a message is made of, in the order they were said."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

from attrs import field, frozen

from jackfield.types.quick import quick


def _bytes_repr(data: bytes | None) -> str:
    return "None" if data is None else f"<{len(data)} bytes>"


@quick
@frozen
class Opaque:
    """A provider's payload, kept verbatim for the next turn: a signature, encrypted reasoning, an item id.

    It is sent back only over the wire and to the provider it came from; anywhere else it is left out. ``account`` is
    whose key it came with, where a provider has several: a few letters of a hash.
    """

    provider: str
    wire: str
    data: Mapping[str, Any]
    account: str = field(default="", eq=False)


@frozen
class Citation:
    """Where a statement comes from: a web page, or a passage of a document that was sent."""

    kind: str = "url"
    url: str | None = None
    title: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    document: int | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@quick
@frozen
class Text:
    """Written text, with the citations that belong to it."""

    text: str
    citations: tuple[Citation, ...] = ()
    opaque: Opaque | None = field(default=None, repr=False)


@quick
@frozen
class Reasoning:
    """The model's thinking as far as the provider shows it; ``opaque`` carries what it wants back."""

    text: str
    opaque: Opaque | None = field(default=None, repr=False)


@frozen
class Refusal:
    """The model's own words for declining."""

    text: str
    opaque: Opaque | None = field(default=None, repr=False)


@frozen
class Media:
    """Bytes, an address, or the id of an uploaded file: exactly one of the three."""

    media_type: str
    data: bytes | None = field(default=None, repr=_bytes_repr)
    url: str | None = None
    file_id: str | None = None
    name: str | None = None
    opaque: Opaque | None = field(default=None, repr=False)

    default_media_type: ClassVar[str] = "application/octet-stream"

    def __attrs_post_init__(self) -> None:
        if sum(source is not None for source in (self.data, self.url, self.file_id)) != 1:
            msg = f"{type(self).__name__} needs exactly one of data, url and file_id"
            raise ValueError(msg)

    @classmethod
    def from_path(cls, path: str | Path, *, media_type: str | None = None) -> Self:
        """The file's bytes; the media type is guessed from its name unless given."""
        path = Path(path)
        guessed = media_type or mimetypes.guess_type(path.name)[0] or cls.default_media_type
        return cls(guessed, data=path.read_bytes(), name=path.name)

    @classmethod
    def from_url(cls, url: str, *, media_type: str | None = None) -> Self:
        """An address the provider fetches itself; a ``data:`` URL is taken apart instead."""
        if url.startswith("data:"):
            head, _, payload = url[5:].partition(",")
            kind = head.removesuffix(";base64") or cls.default_media_type
            return cls(kind, data=base64.b64decode(payload))
        guessed = media_type or mimetypes.guess_type(url.partition("?")[0])[0] or cls.default_media_type
        return cls(guessed, url=url)

    @property
    def base64(self) -> str:
        """The bytes in base64; empty for media that is an address or a file id."""
        return base64.b64encode(self.data or b"").decode("ascii")

    @property
    def data_url(self) -> str:
        """The bytes as a ``data:`` URL, or the address itself."""
        return self.url if self.url is not None else f"data:{self.media_type};base64,{self.base64}"


@frozen
class Image(Media):
    """A picture; ``detail`` is the resolution hint some providers take."""

    detail: str | None = None
    default_media_type: ClassVar[str] = "image/png"


@frozen
class Audio(Media):
    """Sound; ``transcript`` is what the provider says was spoken."""

    transcript: str | None = None
    default_media_type: ClassVar[str] = "audio/wav"


@frozen
class Video(Media):
    """Moving pictures."""

    default_media_type: ClassVar[str] = "video/mp4"


@frozen
class Document(Media):
    """A PDF or text file; ``citations`` asks the provider to cite it, ``context`` tells it what the document is."""

    context: str | None = None
    citations: bool = False
    default_media_type: ClassVar[str] = "application/pdf"


@quick
@frozen
class ToolCall:
    """A request of the model to call a tool; ``json`` is the argument text exactly as it came.

    ``hosted`` calls are run by the provider itself and need no answer from the caller.
    """

    id: str
    name: str
    json: str = "{}"
    hosted: bool = False
    opaque: Opaque | None = field(default=None, repr=False)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as an object; models do send invalid JSON, which raises ``Malformed``."""
        from jackfield.jsontext import loads

        value = loads(self.json or "{}")
        if value is None:  # seen for tools that take no arguments (2026-03)
            return {}
        if isinstance(value, dict):
            return value
        from jackfield.errors import ErrorInfo, Malformed

        raise Malformed(
            ErrorInfo("protocol.body", f"tool call `{self.name}` has arguments that are not a JSON object")
        )


def parts_of(value: str | Part | Sequence[str | Part]) -> tuple[Part, ...]:
    """The parts of ``value``: a string is one text."""
    if isinstance(value, str):
        return (Text(value),)
    if isinstance(value, tuple | list):
        return tuple(Text(item) if isinstance(item, str) else item for item in value)
    return (value,)  # type: ignore[return-value]


@frozen
class ToolResult:
    """What a tool answered, as text or parts; ``error`` tells the model that the call failed."""

    call_id: str
    parts: tuple[Part, ...] = field(converter=parts_of)
    error: bool = False
    name: str | None = None
    hosted: bool = False
    opaque: Opaque | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The text of the result."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@frozen
class CachePoint:
    """Everything before this point may be cached by the provider, for ``ttl`` where it can choose."""

    ttl: str | None = None


@frozen
class Other:
    """A part no neutral type describes yet, kept verbatim so that it survives the next turn."""

    kind: str
    opaque: Opaque


Part: TypeAlias = (
    Text | Reasoning | Refusal | Image | Audio | Video | Document | ToolCall | ToolResult | CachePoint | Other
)
