"""Where a resource has what: its two surfaces, their versions, and which deployment serves a model.

The older surface has a path for each deployment and a dated `api-version`; the newer, `v1`, has neither.
Hosts say nothing of the surface: gateways and private endpoints have names of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import attrs
from attrs import field, frozen

from jackfield.errors import BadConfig, ErrorInfo, Malformed
from jackfield.jsontext import dumps, loads

if TYPE_CHECKING:
    from jackfield.plugin import Call, ProviderSettings
    from jackfield.wire.call import Segment

V1, DEPLOYMENTS = "v1", "deployments"

# Versions of the newer surface: it needs none, and takes these.
UNDATED = ("v1", "preview", "latest")

# What is asked of a deployment on the older surface; all else is asked of the resource.
DEPLOYED: frozenset[tuple[Segment, ...]] = frozenset(
    {
        ("chat", "completions"),
        ("completions",),
        ("embeddings",),
        ("images", "generations"),
        ("images", "edits"),
        ("audio", "speech"),
        ("audio", "transcriptions"),
        ("audio", "translations"),
    }
)

# Operations of the shared wires that no resource has.
NOWHERE = ("rerank", "moderate")

# Versions of the older surface where none is set, by the first segment of what is asked. 2026-11.
VERSION = "2025-02-01-preview"
VERSIONS: Mapping[str, str] = dict.fromkeys(("responses", "images", "audio"), "2025-04-01-preview")


class Surface(Protocol):
    """Where calls go that were rendered for a base URL of the wire's own."""

    def offers(self, operation: str) -> bool:
        """Whether an operation of a shared wire is there."""

    def deployment(self, model: str) -> str:
        """The deployment that serves a model."""

    def placed(self, call: Call, deployment: str) -> Call:
        """The call at its place."""


@frozen
class Resource:
    """One of the two surfaces of a resource."""

    classic: bool = False
    version: str = ""
    versions: Mapping[str, str] = field(factory=dict)
    deployments: Mapping[str, str] = field(factory=dict)

    def offers(self, operation: str) -> bool:
        """Whether an operation of a shared wire is there; the older surface has other addresses in batches."""
        return operation not in NOWHERE and not (self.classic and operation == "batches.create")

    def deployment(self, model: str) -> str:
        """The deployment that serves a model: the one that is set, or that of the same name."""
        return self.deployments.get(model, model)

    def placed(self, call: Call, deployment: str) -> Call:
        """The call, rendered just now and nobody else's yet, at its place."""
        tail = call.path
        version = self._version(str(tail[0]))
        if not self.classic:
            call.path = ("openai", "v1", *tail)
        elif tail in DEPLOYED:
            call.path = ("openai", "deployments", deployment, *tail)
        else:
            call.path = ("openai", *tail)
        if version:
            call.query = (*call.query, ("api-version", version))
        return call

    def _version(self, asked: str) -> str:
        stated = self.versions.get(asked, self.version)
        return stated or (VERSIONS.get(asked, VERSION) if self.classic else "")


def with_model(call: Call) -> Call:
    """A call that was received, with the model its path names where the body does not."""
    path = call.path
    if "deployments" not in path[:-1] or call.body.lstrip()[:1] != b"{":
        return call
    try:
        body = loads(call.body)
    except Malformed:
        return call  # the wire that reads it says what is wrong
    if body.get("model"):
        return call
    return attrs.evolve(call, body=dumps({**body, "model": path[path.index("deployments") + 1]}))


# -- from settings ---------------------------------------------------------------------------------


def resource_of(settings: ProviderSettings, base: str) -> tuple[str, Resource]:
    """The endpoint of a resource and the surface that is spoken to, from the settings and the base URL."""
    chosen = settings.chosen
    endpoint, hinted = _endpoint(settings.provider, base)
    version = chosen.get("api_version", "")
    versions = pairs(settings, "api_versions")
    dated = next((found for found in (version, *versions.values()) if found and found not in UNDATED), "")
    api = chosen.get("api", "") or hinted or (DEPLOYMENTS if dated else V1)
    if api not in (V1, DEPLOYMENTS):
        raise bad(settings, f"`api` is `{V1}` or `{DEPLOYMENTS}`, not `{api:.40}`")
    if api == V1 and dated:
        hint = f'set `api_version = "v1"`, or `api = "{DEPLOYMENTS}"` for the surface that has dated versions'
        raise bad(settings, f"the v1 surface has no version `{dated:.40}`", hint)
    versions = {asked: "" if found == V1 else found for asked, found in versions.items()}
    version = "" if version == V1 else version
    return endpoint, Resource(api == DEPLOYMENTS, version, versions, pairs(settings, "deployments"))


def _endpoint(provider: str, base: str) -> tuple[str, str]:
    """The endpoint, whatever of a path was copied with it, and the surface such a path is of."""
    base = base.rstrip("/")
    if "/openai/deployments/" in f"{base}/":
        msg = f"the endpoint of `{provider}` ends before `/openai`; the name of a deployment is no part of it"
        hint = f"name the deployment in the call: `{provider}/NAME`"
        raise BadConfig(ErrorInfo("config", msg, provider=provider, hint=hint, sent="no"))
    for ending, api in (("/openai/v1", V1), ("/openai", "")):
        if base.endswith(ending):
            return base.removesuffix(ending), api
    return base, ""


def pairs(settings: ProviderSettings, name: str) -> Mapping[str, str]:
    """A setting that says what stands for what: `gpt-5.5=prod, gpt-4.1=old`."""
    found: dict[str, str] = {}
    for entry in filter(str.strip, settings.chosen.get(name, "").split(",")):
        before, _, after = map(str.strip, entry.partition("="))
        if not (before and after):
            raise bad(settings, f"`{name}` is written as `name=value, name=value`")
        found[before] = after
    return found


def bad(settings: ProviderSettings, message: str, hint: str = "") -> BadConfig:
    """The refusal of a setting."""
    msg = f"`{settings.provider}`: {message}"
    return BadConfig(ErrorInfo("config", msg, provider=settings.provider, hint=hint, sent="no"))
