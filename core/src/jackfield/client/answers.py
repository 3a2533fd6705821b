"""Core's own answers to the four hooks, made from the profile. They are asked last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jackfield.auth import auth_for
from jackfield.auth.base import Auth
from jackfield.catalogue import PriceBook, UnknownPrices
from jackfield.config import ProviderSettings
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.hookspecs import hookimpl
from jackfield.profile import Model, Profile
from jackfield.wire import WIRES, Decoder, Dialect, Headers, Wire, WireDecoder, wire_named
from jackfield.wire.quirks import compile_quirks


class CoreAnswers:
    """The answers a provider gets that has only data."""

    @hookimpl(trylast=True)
    def auth(self, profile: Profile, settings: ProviderSettings) -> Auth:
        """The scheme the profile names, with the user's credentials."""
        return auth_for(profile, settings)

    @hookimpl(trylast=True)
    def completion(self, profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
        """The shared wire the profile names, in the provider's dialect."""
        if profile.wire not in WIRES:
            msg = f"`{profile.id}` names wire `{profile.wire}`, which is none of {', '.join(WIRES)}"
            hint = "a plugin with a wire of its own answers the `completion` hook"
            raise BadConfig(ErrorInfo("config", msg, provider=profile.id, hint=hint))
        wire = wire_named(profile.wire)
        return wire(dialect_of(profile, model, settings, wire.defaults))

    @hookimpl(trylast=True)
    def streaming(self, wire: Wire) -> Callable[[], Decoder]:
        """The wire's own framing and parser."""
        return lambda: WireDecoder(wire.framing(), wire.stream_parser())

    @hookimpl(trylast=True)
    def pricing(self) -> PriceBook:
        """No price is known unless somebody states one."""
        return UnknownPrices()


def dialect_of(
    profile: Profile, model: Model, settings: ProviderSettings, defaults: Mapping[str, Any]
) -> Dialect:
    """How this provider speaks the wire for this model: wire defaults, then provider, then model family."""
    stated = {**profile.dialect, **model.dialect}
    unknown = sorted(set(stated) - set(defaults))
    if unknown:
        msg = f"`{profile.id}`: wire `{profile.wire}` has no setting {', '.join(f'`{name}`' for name in unknown)}"
        raise BadConfig(
            ErrorInfo("config", msg, provider=profile.id, hint=f"it has: {', '.join(sorted(defaults))}")
        )
    return Dialect(
        provider=profile.id,
        base=base_of(profile, settings),
        headers=Headers({**profile.headers, **settings.headers}),
        settings={**defaults, **stated},
        quirks=compile_quirks(profile.quirks),
        errors=profile.errors,
        request_id=profile.request_id,
        max_output=model.max_output,
    )


def base_of(profile: Profile, settings: ProviderSettings) -> str:
    """The address calls go to: the user's if there is one, else the profile's."""
    base = settings.base_url or profile.base_url
    if not base:
        names = " or ".join(f"`{name}`" for name in profile.base_url_env) or "the environment"
        msg = f"`{profile.id}` has no fixed address: `base_url` is not set"
        hint = f"set {names}, or `base_url` under `[providers.{profile.id}]`"
        raise BadConfig(ErrorInfo("config", msg, provider=profile.id, hint=hint))
    return base
