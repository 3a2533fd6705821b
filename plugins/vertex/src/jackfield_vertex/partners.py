"""The wires of partners' models, by the two ways the host offers them, as answers to the hook for wires."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from jackfield.plugin import hookimpl
from jackfield.wire import address
from jackfield_vertex.place import Place, located_dialect, place_of

if TYPE_CHECKING:
    from jackfield.plugin import Model, Profile, ProviderSettings, Wire

Completion: TypeAlias = "Callable[[Profile, Model, ProviderSettings], Wire]"


def raw_chat(publisher: str) -> Completion:
    """Chat completions that the host passes on as they are, to one publisher's models."""

    @hookimpl
    def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
        """The shared wire, with the model in the path."""
        from jackfield_vertex.rawpredict import RawChatCompletions

        place = place_of(profile, settings)
        dialect = located_dialect(profile, model, settings, RawChatCompletions.defaults, place)
        return RawChatCompletions(dialect, place, publisher)

    return completion


def open_chat() -> Completion:
    """Chat completions at the one endpoint all publishers share; the model's id begins with the publisher's."""

    @hookimpl
    def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
        """The shared wire, below the project."""
        from jackfield_vertex.rawpredict import OpenChatCompletions

        place = place_of(profile, settings)
        shared = Place(address(place.base, place.under("endpoints", "openapi")))
        dialect = located_dialect(profile, model, settings, OpenChatCompletions.defaults, shared)
        return OpenChatCompletions(dialect)

    return completion
