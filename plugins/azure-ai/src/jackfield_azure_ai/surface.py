"""Where a Foundry resource has what. The same key opens several surfaces, so which is meant is a setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen
from jackfield_azure_openai.surface import V1, bad, pairs

if TYPE_CHECKING:
    from jackfield.plugin import Call, ProviderSettings
    from jackfield.wire.call import Segment

MODELS, SERVERLESS = "models", "serverless"
SURFACES = (MODELS, V1, SERVERLESS)

# The one version of the surface `models` that was ever recorded (2026-08).
VERSION = "2024-05-01-preview"

# What people copy along with an endpoint, and the surface it is of.
ENDINGS: tuple[tuple[str, str], ...] = (
    ("/openai/v1", V1),
    ("/openai", ""),
    ("/anthropic/v1", ""),
    ("/anthropic", ""),
    ("/models", MODELS),
    ("/v1", SERVERLESS),
)

# The operations of each wire that are there; of a serverless endpoint, the one of its model.
OFFERED: Mapping[str, frozenset[str]] = {
    "chat_completions": frozenset({"models", "embed", "rerank", "image"}),
    "responses": frozenset({"models"}),
    "messages": frozenset({"count_tokens"}),
}
_OF_ONE_MODEL = frozenset({"embed", "rerank"})


@frozen
class Foundry:
    """One of the surfaces of a resource, for one wire."""

    api: str = MODELS
    wire: str = "chat_completions"
    version: str = ""
    deployments: Mapping[str, str] = field(factory=dict)

    @property
    def versioned(self) -> bool:
        """Whether chat is where versions are dated, and fields that are not known are refused."""
        return self.api == MODELS and self.wire == "chat_completions"

    def offers(self, operation: str) -> bool:
        """Whether an operation of a shared wire is there."""
        return operation in OFFERED[self.wire] and (self.api != SERVERLESS or operation in _OF_ONE_MODEL)

    def deployment(self, model: str) -> str:
        """The deployment that serves a model: the one that is set, or that of the same name."""
        return self.deployments.get(model, model)

    def placed(self, call: Call, deployment: str) -> Call:
        """The call, rendered just now and nobody else's yet, at its place."""
        tail = call.path
        call.path = self._path(tail)
        version = self.version or (VERSION if call.path[0] == "models" else "")
        if version and call.path[0] in ("models", "v1"):
            call.query = (*call.query, ("api-version", version))
        return call

    def _path(self, tail: tuple[Segment, ...]) -> tuple[Segment, ...]:
        if self.wire == "messages":
            return ("anthropic", *tail)
        if self.api == SERVERLESS:
            return ("v1", *tail)
        if tail == ("rerank",):
            return ("providers", "cohere", "v2", "rerank")
        if self.api == MODELS and tail[0] in ("chat", "embeddings"):
            return ("models", *tail)
        return ("openai", "v1", *tail)


def foundry_of(settings: ProviderSettings, base: str, wire: str) -> tuple[str, Foundry]:
    """The endpoint of a resource and the surface that is spoken to, from the settings and the base URL."""
    chosen = settings.chosen
    base = base.rstrip("/")
    ending, hinted = next((pair for pair in ENDINGS if base.endswith(pair[0])), ("", ""))
    api = chosen.get("api", "") or hinted or MODELS
    if api not in SURFACES:
        raise bad(settings, f"`api` is one of {', '.join(SURFACES)}, not `{api:.40}`")
    if api == SERVERLESS and wire != "chat_completions":
        raise bad(settings, f"a serverless endpoint does not speak wire `{wire}`")
    foundry = Foundry(api, wire, chosen.get("api_version", ""), pairs(settings, "deployments"))
    return base.removesuffix(ending), foundry
