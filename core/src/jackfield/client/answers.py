"""Core's own answers to the four hooks, made from the profile. They are asked last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jackfield.auth import auth_for
from jackfield.auth.base import Auth
from jackfield.catalogue import PriceBook, RatesBook, ReportedPrices, UnknownPrices
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
        name = wire_name(profile, model, settings)
        if name not in WIRES:
            msg = f"`{profile.id}` names wire `{name}`, which is none of {', '.join(WIRES)}"
            hint = "a plugin with a wire of its own answers the `completion` hook"
            raise BadConfig(ErrorInfo("config", msg, provider=profile.id, hint=hint))
        wire = wire_named(name)
        return wire(dialect_of(profile, model, settings, wire.defaults))

    @hookimpl(trylast=True)
    def streaming(self, wire: Wire) -> Callable[[], Decoder]:
        """The wire's own framing and parser."""
        return lambda: WireDecoder(wire.framing(), wire.stream_parser())

    @hookimpl(trylast=True)
    def pricing(self, profile: Profile, model: Model, settings: ProviderSettings) -> PriceBook:
        """The dated prices of the provider's data; where it tells with an answer what it costs, that wins."""
        book = RatesBook(model.rates, region_of(settings)) if model.rates else None
        told = profile.charge
        if told is not None:
            return ReportedPrices(told.field, told.per_usd, book)
        return UnknownPrices() if book is None else book


def region_of(settings: ProviderSettings) -> str:
    """The region the user has set, for providers whose prices differ by it."""
    return settings.chosen.get("region", "")


def wire_name(profile: Profile, model: Model, settings: ProviderSettings) -> str:
    """The wire this model is spoken to over: the only one it has, else the user's choice, else the main one."""
    if model.wire or settings.wire is None:
        return model.wire or profile.wire
    wires = (profile.wire, *profile.wires)
    if settings.wire not in wires:
        msg = f"`{profile.id}` does not speak wire `{settings.wire}`; nothing was sent"
        hint = f"it speaks {', '.join(dict.fromkeys(wires))}: see `wire` under `[providers.{profile.id}]`"
        raise BadConfig(ErrorInfo("config", msg, provider=profile.id, hint=hint))
    return settings.wire


def _stated(profile: Profile, model: Model, wire: str) -> dict[str, Any]:
    """What provider and model family say of their dialect of one wire."""
    provider = profile.dialect if wire == profile.wire else profile.dialects.get(wire, {})
    family = model.dialect if wire == (model.wire or profile.wire) else {}
    return {**provider, **family}


def dialect_of(
    profile: Profile, model: Model, settings: ProviderSettings, defaults: Mapping[str, Any]
) -> Dialect:
    """How this provider speaks the wire for this model: wire defaults, then provider, then model family.

    Quirks are about the provider's main wire; what is special about another is all in its settings.
    """
    wire = wire_name(profile, model, settings)
    stated = _stated(profile, model, wire)
    unknown = sorted(set(stated) - set(defaults))
    if unknown:
        msg = f"`{profile.id}`: wire `{wire}` has no setting {', '.join(f'`{name}`' for name in unknown)}"
        raise BadConfig(
            ErrorInfo("config", msg, provider=profile.id, hint=f"it has: {', '.join(sorted(defaults))}")
        )
    return Dialect(
        provider=profile.id,
        base=base_of(profile, settings),
        headers=Headers({**profile.headers, **settings.headers}),
        settings={**defaults, **stated},
        quirks=compile_quirks(profile.quirks) if wire == profile.wire else (),
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
