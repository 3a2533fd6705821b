"""Bedrock: the Converse API, the models' own formats, and two ways to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Model, Profile, ProviderSettings, Wire


@hookimpl
def auth(profile: Profile, model: Model, settings: ProviderSettings) -> Auth:
    """An API key, or the credentials of the cloud."""
    from jackfield_bedrock.choice import auth_for

    return auth_for(profile, model, settings)


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The wire that the user chose for the model."""
    from jackfield_bedrock.choice import wire_for

    return wire_for(profile, model, settings)
