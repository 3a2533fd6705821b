"""Mistral AI for jackfield: a shared wire, and the operations that have a form of their own here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import dialect_of, hookimpl, wire_name

if TYPE_CHECKING:
    from jackfield.plugin import Model, Profile, ProviderSettings, Wire


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire | None:
    """The main wire with operations of its own; other wires as core has them."""
    if wire_name(profile, model, settings) != profile.wire:
        return None
    from jackfield_mistral.wire import MistralWire

    return MistralWire(dialect_of(profile, model, settings, MistralWire.defaults))
