"""Which scheme a profile asks for, and the auth made from it and the user's credentials."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from jackfield.auth.base import Auth
from jackfield.errors import BadConfig, ErrorInfo, MissingCredentials

if TYPE_CHECKING:
    from jackfield.config import ProviderSettings
    from jackfield.profile import AuthSpec, Profile

SCHEMES: Mapping[str, str] = {
    "none": "jackfield.auth.none:NoAuth",
    "bearer": "jackfield.auth.bearer:Bearer",
    "header": "jackfield.auth.header:NamedHeader",
    "headers": "jackfield.auth.headers:NamedHeaders",
    "client_credentials": "jackfield.auth.client_credentials:ClientCredentials",
}


class Scheme(Protocol):
    """What makes the auth of one scheme."""

    @classmethod
    def configured(cls, spec: AuthSpec, settings: ProviderSettings) -> Auth:
        """The auth with the user's credentials; ``MissingCredentials`` if there are none."""


def auth_named(scheme: str) -> type[Scheme]:
    """The scheme of that name, imported when it is first asked for."""
    place = SCHEMES.get(scheme)
    if place is None:
        known = ", ".join(f"`{name}`" for name in SCHEMES)
        msg = f"core has no auth scheme `{scheme}`; it has {known}. The provider's plugin must answer the `auth` hook"
        raise BadConfig(ErrorInfo("config", msg))
    module, _, name = place.partition(":")
    found: type[Scheme] = getattr(import_module(module), name)
    return found


def auth_for(profile: Profile, settings: ProviderSettings) -> Auth:
    """The auth that the profile states: its scheme, or the first alternative whose credential is found.

    Without any credential a provider whose key is optional is called without; another is refused with
    the places that were looked at.
    """
    missing: list[MissingCredentials] = []
    specs = (profile.auth, *profile.auth.alternatives)
    for spec in specs:
        try:
            return auth_named(spec.scheme).configured(spec, settings)
        except MissingCredentials as exc:
            missing.append(exc)
    if any(spec.optional for spec in specs):
        return auth_named("none").configured(profile.auth, settings)
    raise settings.missing(missing)
