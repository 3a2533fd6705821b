"""Azure AI Foundry for jackfield: the models of many makers in one resource, over three shared wires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Model, Profile, ProviderSettings, Wire


@hookimpl
def auth(profile: Profile, model: Model, settings: ProviderSettings) -> Auth:
    """A key where the surface looks for it, a token, or tokens for an identity."""
    from jackfield_azure_ai.foundry import auth_of

    return auth_of(profile, model, settings)


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The wire the model is spoken to over, where the resource has it."""
    from jackfield_azure_ai.foundry import wire_of

    return wire_of(profile, model, settings)
