"""Models of partners, which keep their own formats: the host passes bodies on as they are.

The path says model and method; the method says whether a stream is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from jackfield.plugin import Call
from jackfield.types import Request
from jackfield.wire.chat_completions import ChatCompletions
from jackfield_vertex.place import Path, Place, asked_of

if TYPE_CHECKING:
    from jackfield.plugin import Dialect
    from jackfield.wire.operation import Operations

METHODS: Mapping[bool, str] = {False: "rawPredict", True: "streamRawPredict"}
"""Whether a stream is wanted -> how the model is asked."""


def raw_path(place: Place, publisher: str, model: str, stream: bool) -> Path:
    """Where a partner's model is asked."""
    return place.model(publisher, model, METHODS[stream])


def raw_fields(path: Path) -> dict[str, Any]:
    """What a path says of the request: the opposite of ``raw_path``."""
    model, method = asked_of(path)
    if method not in METHODS.values():
        return {}
    return {"model": model, **({"stream": True} if method == METHODS[True] else {})}


def bare(model: str) -> str:
    """A model's id without its version, as bodies name it."""
    return model.partition("@")[0]


class OpenChatCompletions(ChatCompletions):
    """Chat completions at the endpoint of all publishers, which has nothing else."""

    def operations(self) -> Operations:
        """None."""
        return {}


class RawChatCompletions(OpenChatCompletions):
    """Chat completions of one publisher's models."""

    routes: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "complete": ("publishers", "{publisher}", "models", ("{model}", METHODS[False])),
        "stream": ("publishers", "{publisher}", "models", ("{model}", METHODS[True])),
    }

    def __init__(self, dialect: Dialect, place: Place, publisher: str) -> None:
        super().__init__(dialect)
        self.place = place
        self.publisher = publisher

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion: the version of the model is in the path alone."""
        call = super().render_completion(attrs.evolve(request, model=bare(request.model)), stream)
        call.path = raw_path(self.place, self.publisher, request.model, stream)
        return call

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, of the version that the path names."""
        request, stream = super().read_completion(call)
        said = raw_fields(call.path)
        model = said.get("model", request.model)
        return attrs.evolve(request, model=model), stream or said.get("stream", False)
