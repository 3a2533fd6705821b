"""Which wire speaks to a model, where, and how its calls are signed."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.plugin import (
    Auth,
    Dialect,
    Model,
    Profile,
    ProviderSettings,
    Wire,
    dialect_of,
    wire_name,
    wire_named,
)
from jackfield.wire import WIRES
from jackfield_bedrock.converse import Converse
from jackfield_bedrock.converse.tables import NAME
from jackfield_bedrock.invoke import NAME as INVOKE
from jackfield_bedrock.invoke import invoke_class
from jackfield_bedrock.places import AGENTS, CONTROL, MANTLE, RUNTIME, chosen_endpoint, region_set
from jackfield_bedrock.signing import SERVICE, auth_of

# The shared formats have a host of their own, each below a path of its own.
_BELOW: Mapping[str, str] = {"chat_completions": "/v1", "responses": "/openai/v1", "messages": "/anthropic"}


def auth_for(profile: Profile, model: Model, settings: ProviderSettings) -> Auth:
    """What signs the calls of one model."""
    service = SERVICE if chosen_wire(profile, model, settings) not in _BELOW else MANTLE
    return auth_of(profile, settings, model.id, service)


def wire_for(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The wire for one model."""
    name = chosen_wire(profile, model, settings)
    if name in _BELOW:
        return _shared(name, profile, model, settings)
    if name == NAME:
        return Converse(_placed(profile, model, settings, Converse.defaults), model.id)
    kind = invoke_class(model.id)
    plainly = attrs.evolve(profile, wire=INVOKE, dialect=profile.dialects.get(INVOKE, {}), quirks=())
    invoked = attrs.evolve(settings, wire=None)
    wire: Wire = kind(_placed(plainly, attrs.evolve(model, dialect={}), invoked, kind.defaults), model.id)
    return wire


def chosen_wire(profile: Profile, model: Model, settings: ProviderSettings) -> str:
    """The wire of a model: what it needs, else `wire`, else what `api` says."""
    if settings.wire is None and not model.wire:
        api = settings.chosen.get("api", NAME)
        if api not in (NAME, INVOKE):
            msg = f"`api` of `{settings.provider}` must be `{NAME}` or `{INVOKE}`"
            raise BadConfig(ErrorInfo("config", msg, provider=settings.provider))
        return api
    return wire_name(profile, model, settings)


def _placed(
    profile: Profile, model: Model, settings: ProviderSettings, defaults: Mapping[str, object]
) -> Dialect:
    """The dialect with the addresses and the region that operations besides completions need."""
    base = chosen_endpoint(RUNTIME, settings, model.id)
    places = {
        "region": region_set(settings, model.id),
        "control_base": settings.chosen.get("control_url") or chosen_endpoint(CONTROL, settings, model.id),
        "agents_base": settings.chosen.get("agents_url") or chosen_endpoint(AGENTS, settings, model.id),
    }
    dialect = dialect_of(profile, model, attrs.evolve(settings, base_url=base), defaults)
    return attrs.evolve(dialect, settings={**dialect.settings, **places})


def _shared(name: str, profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    if name not in WIRES:
        msg = f"this jackfield has no wire `{name}`"
        raise BadConfig(ErrorInfo("config", msg, provider=settings.provider, hint="update jackfield"))
    base = settings.base_url or chosen_endpoint(MANTLE, settings, model.id) + _BELOW[name]
    wire = wire_named(name)
    placed = attrs.evolve(settings, base_url=base, wire=None if model.wire else name)
    return wire(dialect_of(profile, model, placed, wire.defaults))
