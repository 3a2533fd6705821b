"""Perplexity for jackfield: a shared wire, and vectors in a form of its own."""

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
    from jackfield_perplexity.wire import PerplexityWire

    return PerplexityWire(dialect_of(profile, model, settings, PerplexityWire.defaults))
