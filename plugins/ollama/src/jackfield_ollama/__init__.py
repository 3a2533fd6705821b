"""ollama for jackfield: a wire of its own, and prices that are 0 for what runs on one's own machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import FreePrices, base_of, dialect_of, hookimpl

if TYPE_CHECKING:
    from jackfield.plugin import Model, PriceBook, Profile, ProviderSettings, Wire

CLOUD = "ollama.com"


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The server's own wire."""
    from jackfield_ollama.wire import OllamaWire

    return OllamaWire(dialect_of(profile, model, settings, OllamaWire.defaults))


@hookimpl
def pricing(profile: Profile, model: Model, settings: ProviderSettings) -> PriceBook | None:
    """Nothing is owed for a server of one's own; what the cloud asks for is not known by the token."""
    from urllib.parse import urlsplit

    host = urlsplit(base_of(profile, settings)).hostname or ""
    in_the_cloud = host == CLOUD or host.endswith(f".{CLOUD}") or model.id.endswith(("-cloud", ":cloud"))
    return None if in_the_cloud else FreePrices()
