"""Azure OpenAI for jackfield: shared wires at places of its own, and keys or identities to sign with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Model, Profile, ProviderSettings, Wire


@hookimpl
def auth(profile: Profile, settings: ProviderSettings) -> Auth:
    """A key, a token, or tokens for an identity."""
    from jackfield_azure_openai.credentials import azure_auth

    return azure_auth(profile, settings)


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The shared wire, where this resource has it."""
    from jackfield_azure_openai.wire import wire_of

    return wire_of(profile, model, settings)
