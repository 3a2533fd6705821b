"""The shared wires as this provider speaks them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.plugin import Dialect, base_of, dialect_of, wire_name
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.quirks import rename
from jackfield_azure_openai.located import Located
from jackfield_azure_openai.surface import Surface, resource_of

if TYPE_CHECKING:
    from jackfield.plugin import Model, Profile, ProviderSettings, Wire
    from jackfield_azure_openai.responses import AzureResponses


# 2026-11: recorded clients send these `max_tokens`, and the models of this provider's own the newer name.
PARTNERS = re.compile(
    r"(deepseek|llama|meta-llama|mistral|ministral|codestral|grok|kimi|mai-|phi-|cohere|qwen)", re.IGNORECASE
)


class AzureChat(Located, ChatCompletions):
    """Chat completions of a deployment."""

    def __init__(self, dialect: Dialect, surface: Surface | None = None) -> None:
        super().__init__(attrs.evolve(dialect, quirks=(*dialect.quirks, refuse_files)), surface)


def refuse_files(body: dict[str, Any]) -> dict[str, Any]:
    """The body, if it holds no file: chat refuses them here, whatever the format says (2026-11)."""
    for turn in body.get("messages", ()):  # other operations have none
        content = turn.get("content")
        if type(content) is list and any(item.get("type") == "file" for item in content):
            msg = "chat completions take no documents here; nothing was sent"
            hint = 'set `wire = "responses"`, which takes them'
            raise Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, sent="no"))
    return body


def wire_of(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The wire of a model, on the surface that is set."""
    endpoint, resource = resource_of(settings, base_of(profile, settings))
    wire: type[AzureChat | AzureResponses] = AzureChat
    if wire_name(profile, model, settings) == "responses":
        from jackfield_azure_openai.responses import AzureResponses

        wire = AzureResponses
    dialect = attrs.evolve(dialect_of(profile, model, settings, wire.defaults), base=endpoint)
    if wire is AzureChat and PARTNERS.match(model.id) is not None:
        dialect = attrs.evolve(
            dialect, quirks=(*dialect.quirks, rename({"max_completion_tokens": "max_tokens"}))
        )
    return wire(dialect, resource)
