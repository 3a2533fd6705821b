"""A published fake provider: deterministic, free, offline. It answers its own calls, over a real wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import FreePrices, dialect_of, hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Model, PriceBook, Profile, ProviderSettings, Wire


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The shared wire, with the answers made here."""
    from jackfield_echo.wire import EchoWire

    return EchoWire(dialect_of(profile, model, settings, EchoWire.defaults))


@hookimpl
def pricing() -> PriceBook:
    """An echo costs exactly nothing."""
    return FreePrices()
