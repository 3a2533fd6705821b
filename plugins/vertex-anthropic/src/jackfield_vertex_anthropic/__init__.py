"""Claude on Vertex AI for jackfield: the messages format, passed on by Google Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield_vertex import auth

from jackfield.plugin import hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Model, Profile, ProviderSettings, Wire

__all__ = ["auth", "completion"]


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The shared wire, with model and stream in the path."""
    from jackfield_vertex_anthropic.wire import RawMessages

    return RawMessages.at(profile, model, settings)
