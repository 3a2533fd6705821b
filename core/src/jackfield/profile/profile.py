"""The data a provider consists of, as it is read from ``profile.toml`` and ``models.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from attrs import field, frozen

from jackfield.capability import MODES, Capabilities, Capability, Statement, Support, by_mode
from jackfield.profile.counting import USUAL, Counting, TokenRule, counting_of
from jackfield.profile.rates import Rate

SPEC = 1
"""The version of the plugin contract this core implements."""

SUPPORTED_SPECS = (SPEC,)

MOST_KEPT = 1024  # answers for names that callers give


RESERVED_SETTINGS = (
    "allow_hosts",
    "api_key",
    "base_url",
    "command",
    "compliance",
    "default_model",
    "headers",
    "max_retries",
    "one_account",
    "timeout",
    "wire",
)
"""What a user may set for every provider; a profile's own settings have other names."""


@frozen
class AuthSpec:
    """How calls are authenticated: a scheme, where its credentials are looked for, and the scheme's own options.

    ``env`` names the variables of a scheme with one key. ``headers`` (scheme ``headers``) and ``fields``
    (schemes with several credentials, such as a client's id and secret) map each to its variables.
    ``alternatives`` are asked in order where this one finds no credential.
    """

    scheme: str = "none"
    env: tuple[str, ...] = ()
    header: str = ""
    headers: Mapping[str, tuple[str, ...]] = field(factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(factory=dict)
    prefix: str = ""
    optional: bool = False
    key_pattern: str = ""
    options: Mapping[str, Any] = field(factory=dict)
    alternatives: tuple[AuthSpec, ...] = ()


@frozen
class Setting:
    """One thing a user may set for this provider besides key and base URL: where it is read, where it goes."""

    name: str
    env: tuple[str, ...] = ()
    header: str = ""
    default: str | None = None
    guarded: bool = False  # not in a project's file: it decides where credentials go
    help: str = ""


@frozen
class ReportedCharge:
    """Where in the usage of its answers a provider says what they cost, and how many of its units are a USD."""

    field: str
    per_usd: int = 1


@frozen
class OptionRule:
    """What a provider or model does with a call option: refuse it, ignore it, or take it within bounds."""

    support: Support = Support.FULL
    models: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    ignored: bool = False  # the answer does not differ: leave it out with a warning
    note: str = ""

    def applies_to(self, model: str) -> bool:
        """Whether the rule is about ``model``."""
        return not self.models or Statement(Support.PARTIAL, self.models).of(model) is Support.FULL


@frozen
class Model:
    """One model of a provider. A model no catalogue lists is as good as one that is: its facts are unknown."""

    id: str
    listed: bool = True
    aliases: tuple[str, ...] = ()
    mode: str = "chat"
    wire: str = ""  # set where the model speaks one wire alone, and not the provider's main one
    context: int | None = None
    max_output: int | None = None
    dimensions: int | None = None
    first_token: float | None = None  # seconds that it may think before its first word, where that is long
    capabilities: Mapping[Capability, Statement] = field(factory=dict)
    options: Mapping[str, OptionRule] = field(factory=dict)
    dialect: Mapping[str, Any] = field(factory=dict)
    deprecated: date | None = None
    replacement: str | None = None
    rates: tuple[Rate, ...] = ()
    note: str = ""


QUALITY_LEVELS = ("bronze", "silver", "gold", "platinum")


@frozen
class Quality:
    """The level a provider claims, who looks after it, and what it is exempt from."""

    level: str = "bronze"
    owner: str = ""
    exempt: Mapping[str, str] = field(factory=dict)
    examples: Mapping[Capability, str] = field(factory=dict)  # the models the contract is tested with
    settings: Mapping[str, Any] = field(factory=dict)  # what a user has to set, as the tests set it
    volatile: tuple[str, ...] = ()  # dotted paths into bodies that differ with each call
    significant: tuple[
        str, ...
    ] = ()  # headers that decide what is asked, besides those that always do; patterns

    @property
    def shown(self) -> str:
        """The level as it is told: one lower where nobody looks after the provider."""
        lower = QUALITY_LEVELS[max(0, QUALITY_LEVELS.index(self.level) - 1)]
        return self.level if self.owner else lower


class ModelSource(Protocol):
    """Where the models of a provider are looked up."""

    def all(self) -> tuple[Model, ...]:
        """Every model that is listed."""

    def named(self, name: str) -> Model | None:
        """The model of that id or alias; ``None`` if it is not listed."""


@frozen
class ListedModels:
    """Models that are all at hand."""

    models: tuple[Model, ...] = ()

    def all(self) -> tuple[Model, ...]:
        """Every model that is listed."""
        return self.models

    def named(self, name: str) -> Model | None:
        """The model of that id or alias; ``None`` if it is not listed."""
        by_id = (model for model in self.models if model.id == name)
        by_alias = (model for model in self.models if name in model.aliases)
        return next(by_id, None) or next(by_alias, None)


def _as_source(models: ModelSource | Iterable[Model]) -> ModelSource:
    return ListedModels(tuple(models)) if isinstance(models, Iterable) else models


@frozen
class Profile:
    """Who a provider is, where it is, and what it can. Nothing here is code."""

    id: str
    name: str
    wire: str
    spec: int = SPEC
    wires: tuple[str, ...] = ()  # others that may be chosen; ``dialects`` holds the settings of each
    dialects: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    base_url: str | None = None
    base_url_env: tuple[str, ...] = ()
    base_path: str = ""  # appended to a base URL that has no path
    aliases: tuple[str, ...] = ()
    keys_url: str = ""
    docs_url: str = ""
    otel_name: str = ""
    category: str = ""
    auth: AuthSpec = field(factory=AuthSpec)
    headers: Mapping[str, str] = field(factory=dict)
    settings: Mapping[str, Setting] = field(factory=dict)
    dialect: Mapping[str, Any] = field(factory=dict)
    quirks: tuple[Mapping[str, Any], ...] = ()
    capabilities: Capabilities = field(factory=Capabilities)
    options: Mapping[str, OptionRule] = field(factory=dict)
    errors: Mapping[str, str] = field(factory=dict)
    request_id: tuple[str, ...] = ("x-request-id", "request-id")
    charge: ReportedCharge | None = None
    limits: Mapping[str, Any] = field(factory=dict)
    compliance: Mapping[str, Any] = field(factory=dict)
    regions: Mapping[str, Any] = field(factory=dict)
    tokens: tuple[TokenRule, ...] = ()
    quality: Quality = field(factory=Quality)
    _models: ModelSource = field(default=ListedModels(), converter=_as_source, repr=False)
    _counted: dict[str, Counting] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def models(self) -> tuple[Model, ...]:
        """All models that are listed; they are read when this is asked first."""
        return self._models.all()

    def model(self, name: str) -> Model:
        """The model of that id or alias; one that no catalogue lists is allowed, with unknown facts."""
        return self._models.named(name) or Model(name, listed=False)

    def supports(self, capability: Capability, model: str = "") -> Support:
        """How far ``model`` (or the provider as a whole) supports ``capability``."""
        if not model:
            return self.capabilities.of(capability)
        found = self.model(model)
        own = found.capabilities.get(capability)
        stated = self.capabilities.of(capability, found.id)
        return by_mode(found.mode, capability, stated) if own is None else own.of(found.id)

    def able(self, capability: Capability) -> tuple[Model, ...]:
        """The listed models to name to whoever looks for ``capability``: those made for it, if there are any."""
        able = [model for model in self.models if self.supports(capability, model.id).usable]
        made_for = [model for model in able if MODES[model.mode] is capability]
        return tuple(made_for or able)

    def counting(self, model: str) -> Counting:
        """How the tokens of a model are counted."""
        if not self.tokens:
            return USUAL
        kept = self._counted.get(model)
        if kept is None:
            if len(self._counted) >= MOST_KEPT:  # names come from callers, and there is no end of them
                self._counted.clear()
            kept = self._counted[model] = counting_of(self.tokens, model)
        return kept

    def option_rule(self, option: str, model: Model) -> OptionRule | None:
        """What this model does with a call option, where it is special."""
        rule = model.options.get(option) or self.options.get(option)
        return rule if rule is not None and rule.applies_to(model.id) else None
