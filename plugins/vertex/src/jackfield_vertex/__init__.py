"""Vertex AI for jackfield: the models of Google at Google Cloud, and what its partners' packages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Model, Profile, ProviderSettings, Wire


@hookimpl
def auth(profile: Profile, settings: ProviderSettings) -> Auth:
    """Google's credentials, or a key."""
    # No module of this package may be called like a hook: importing it would put it in the hook's place.
    from jackfield_vertex.credentials import google_auth

    return google_auth(profile, settings)


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The shared wire, below a project."""
    from jackfield_vertex.wire import VertexContent

    return VertexContent.at(profile, model, settings)
