"""Which wire a model is spoken to over, and what signs its calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import attrs
from jackfield_azure_openai.credentials import azure_auth
from jackfield_azure_openai.located import Located
from jackfield_azure_openai.surface import bad

from jackfield.auth.bearer import Bearer
from jackfield.auth.headers import NamedHeaders
from jackfield.plugin import Dialect, Headers, base_of, dialect_of, wire_name
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.quirks import rename
from jackfield_azure_ai.surface import SERVERLESS, Foundry, foundry_of

if TYPE_CHECKING:
    from jackfield_azure_openai.responses import AzureResponses

    from jackfield.plugin import Auth, Model, Profile, ProviderSettings, Wire
    from jackfield.secret import Secret
    from jackfield_azure_ai.messages import FoundryMessages

MESSAGES = "messages"

# 2026-11: these refuse `max_tokens`, and the models of other makers know no other name for it.
_LIMIT_BY_ITS_NEW_NAME = re.compile(r"(gpt-[5-9]|o\d)", re.IGNORECASE)


class FoundryChat(Located, ChatCompletions):
    """Chat completions of a deployment, whoever made its model."""


def wire_of(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The wire of a model, on the surface that is set."""
    model, settings = known(model), addressed(settings)
    name = wire_name(profile, model, settings)
    endpoint, foundry = foundry_of(settings, base_of(profile, settings), name)
    wire, dialect = _WIRES[name](profile, model, settings)
    return wire(attrs.evolve(dialect, base=endpoint, headers=_headers(dialect, foundry)), foundry)


def known(model: Model) -> Model:
    """The model; one that is not listed is spoken to over the wire of its family."""
    unlisted = not model.listed and model.id.lower().startswith("claude")
    return attrs.evolve(model, wire=MESSAGES) if unlisted else model


def addressed(settings: ProviderSettings) -> ProviderSettings:
    """The settings with the address of a resource that is only named."""
    resource = settings.chosen.get("resource", "")
    if settings.base_url is not None or not resource:
        return settings
    if re.fullmatch(r"[A-Za-z0-9-]+", resource) is None:
        raise bad(settings, "`resource` is the name of a resource, not an address")
    return attrs.evolve(settings, base_url=f"https://{resource}.services.ai.azure.com")


# 2026-11: the version of the format that is documented here; without one calls are refused.
_VERSION = {"anthropic-version": "2023-06-01"}


def _headers(dialect: Dialect, foundry: Foundry) -> Headers:
    """The headers without those that mean something elsewhere only."""
    elsewhere = {"anthropic-beta" if foundry.wire != MESSAGES else "extra-parameters"}
    if not foundry.versioned:
        elsewhere.add("extra-parameters")
    own = _VERSION if foundry.wire == MESSAGES else {}
    kept = {name: value for name, value in dialect.headers.items() if name not in elsewhere}
    return Headers({**own, **kept})


Made: TypeAlias = "tuple[type[FoundryChat | AzureResponses | FoundryMessages], Dialect]"


def _chat(profile: Profile, model: Model, settings: ProviderSettings) -> Made:
    dialect = dialect_of(profile, model, settings, FoundryChat.defaults)
    if _LIMIT_BY_ITS_NEW_NAME.match(model.id) is None:
        quirks = (*dialect.quirks, rename({"max_completion_tokens": "max_tokens"}))
        dialect = attrs.evolve(dialect, quirks=quirks)
    return FoundryChat, dialect


def _responses(profile: Profile, model: Model, settings: ProviderSettings) -> Made:
    from jackfield_azure_openai.responses import AzureResponses

    return AzureResponses, dialect_of(profile, model, settings, AzureResponses.defaults)


def _messages(profile: Profile, model: Model, settings: ProviderSettings) -> Made:
    from jackfield_azure_ai.messages import FoundryMessages

    return FoundryMessages, dialect_of(profile, model, settings, FoundryMessages.defaults)


_WIRES: Mapping[str, Callable[[Profile, Model, ProviderSettings], Made]] = {
    "chat_completions": _chat,
    "responses": _responses,
    MESSAGES: _messages,
}


# -- auth ------------------------------------------------------------------------------------------


def auth_of(profile: Profile, model: Model, settings: ProviderSettings) -> Auth:
    """The auth of a model's calls: surfaces differ in the header a key goes in."""
    name, settings = wire_name(profile, known(model), settings), addressed(settings)
    _, foundry = foundry_of(settings, base_of(profile, settings), name)
    if name == MESSAGES:
        return azure_auth(profile, settings, _two_headers)
    return azure_auth(profile, settings, Bearer if foundry.api == SERVERLESS else None)


def _two_headers(key: Secret) -> Auth:
    """2026-11: the surface reads the first; the second is what all others read, and some gateways before it."""
    return NamedHeaders({"x-api-key": key, "api-key": key})
