"""Messages whose model stands in the path, and whose version stands in the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from jackfield_vertex.place import Path, Place, located_dialect, place_of
from jackfield_vertex.rawpredict import METHODS, raw_fields, raw_path

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.types import Document, Image, Request, ToolResult
from jackfield.wire.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield.plugin import Call, Dialect, Model, Profile, ProviderSettings
    from jackfield.types import Part
    from jackfield.wire.operation import Operations

PUBLISHER = "anthropic"
MODELS = ("publishers", PUBLISHER, "models")


class RawMessages(Messages):
    """Both halves of the format, as the host passes it on."""

    routes: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "complete": (*MODELS, ("{model}", METHODS[False])),
        "stream": (*MODELS, ("{model}", METHODS[True])),
    }

    def __init__(self, dialect: Dialect, place: Place) -> None:
        super().__init__(dialect)
        self.place = place

    @classmethod
    def at(cls, profile: Profile, model: Model, settings: ProviderSettings) -> Self:
        """The wire for a provider's settings."""
        place = place_of(profile, settings)
        return cls(located_dialect(profile, model, settings, cls.defaults, place), place)

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion; pictures and documents elsewhere on the web cannot be asked about."""
        for message in request.messages:
            self._check(message.parts)
        return super().render_completion(request, stream)

    def path(self, request: Request, stream: bool) -> Path:
        """The model, and whether a stream is wanted."""
        return raw_path(self.place, PUBLISHER, request.model, stream)

    def path_fields(self, path: Path) -> Mapping[str, Any]:
        """The model, and whether a stream is wanted."""
        return raw_fields(path)

    def operations(self) -> Operations:
        """Counting alone is offered here."""
        if self._operations is None:
            from jackfield_vertex_anthropic.count import MODEL, RawCountTokens  # most clients only chat

            place = self.place.model(PUBLISHER, MODEL, METHODS[False])
            self._operations = {"count_tokens": RawCountTokens(self, place)}
        return self._operations

    def _check(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if isinstance(part, ToolResult):
                self._check(part.parts)
            elif isinstance(part, Image | Document) and part.url is not None:
                msg = f"`{self.dialect.provider}` fetches nothing from addresses; nothing was sent"
                hint = "give the bytes instead: `data=`"
                raise Unsupported(
                    ErrorInfo(
                        "request.unsupported", msg, hint=hint, provider=self.dialect.provider, sent="no"
                    )
                )
