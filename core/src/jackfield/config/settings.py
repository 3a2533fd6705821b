"""All settings, merged: argument > command line > environment > project > user > system > profile default."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from attrs import field, frozen

from jackfield.config.bounds import bounds_of
from jackfield.config.credentials import Environment, Lookup
from jackfield.config.keys import PROVIDER_KEYS, provider_id, unknown_keys
from jackfield.config.layers import Found, Layer, Layers
from jackfield.config.notes import warn
from jackfield.config.paths import Paths
from jackfield.config.provider import (
    ProviderSettings,
    checked_base_url,
    completed_base_url,
    credential_names,
)
from jackfield.config.resilience import NO_STAGE, STAGES, Stage
from jackfield.config.sources import environment, file_layer, given, key_variables, project_file
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.profile.schema import HEADER_NAME, message, suggestion
from jackfield.secret import Secret
from jackfield.types.tags import Tags

if TYPE_CHECKING:
    from jackfield.config.budgets import BudgetRule
    from jackfield.config.cache import CacheSettings
    from jackfield.config.limits import LimitsSettings
    from jackfield.config.state import StateSettings
    from jackfield.config.telemetry import TelemetrySettings
    from jackfield.profile import Profile, Setting
    from jackfield.types.resilience import BreakerRules, RetryRules
    from jackfield.types.routes import Route, Routing


@frozen
class Entry:
    """One effective value as it may be shown, and where it stands."""

    path: str
    value: str
    origin: str


_PLAIN = (
    "timeout",
    "max_retries",
    "default_model",
    "one_account",
    "wire",
)  # settings that are one value, as it stands


@frozen
class Settings:
    """What the user has set. Made once; nothing is read again."""

    paths: Paths
    warnings: tuple[str, ...] = ()
    _layers: Layers = field(factory=lambda: Layers(()), repr=False)
    _env: Environment = field(factory=lambda: Environment({}), repr=False)
    _warned: set[str] = field(factory=set, init=False, repr=False)

    @classmethod
    def load(
        cls,
        overrides: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        flags: Mapping[str, Any] | None = None,
    ) -> Self:
        """The settings of this moment.

        :param overrides: what the caller says, in the form of a configuration file; wins over all else
        :param env: the environment; the process's own if left out
        :param cwd: where the search for a project's file begins; the working directory if left out
        :param flags: what a command line says; wins over the environment
        """
        # Bare values are put out of sight at once: this frame stands in the traceback of what is raised.
        argument = given("argument", "the options given", overrides)
        line = given("command line", "the command line", flags)
        values = Environment(dict(os.environ if env is None else env))
        overrides = flags = env = None
        paths = Paths.of(values.values)
        loaded = _load(argument, line, values, paths, cwd)
        faults = [fault for _, fault in loaded.read if fault]
        if faults:
            raise BadConfig(ErrorInfo("config", "\n".join(faults)))
        for warning in loaded.warnings:
            warn(warning)
        settings = cls(
            paths, tuple(loaded.warnings), Layers(tuple(layer for layer, _ in loaded.read)), values
        )
        if (settings.default or "").startswith("route:") or settings._layers.merged("routes"):
            _ = settings.routes  # what is wrong with them as a whole is told at once
        return settings

    # -- what every call may need ----------------------------------------------------------------

    @property
    def default(self) -> str | None:
        """The model of a call that names none."""
        found: str | None = self._value("default")
        return found

    @property
    def prefer(self) -> Mapping[str, str]:
        """Which distribution answers for an id, or for ``id.face``, where several would."""
        return self._layers.merged("prefer")

    @property
    def block(self) -> tuple[str, ...]:
        """Providers and extensions that are never listed nor imported."""
        return self._value("block") or ()

    @property
    def timeout(self) -> float | None:
        """Seconds for a whole call."""
        found: float | None = self._value("timeout")
        return self._stage.timeout if found is None else found

    @property
    def max_retries(self) -> int | None:
        """How often a call is repeated that may succeed then."""
        found: int | None = self._value("max_retries")
        return self._stage.max_retries if found is None else found

    @property
    def transport(self) -> str:
        """The HTTP library: ``auto``, or one by name."""
        return self._value("transport") or "auto"

    @property
    def proxy(self) -> str | None:
        """The proxy calls go through: its address, or ``environment``; none if nobody says."""
        found: str | None = self._value("proxy")
        return found

    @property
    def limits(self) -> LimitsSettings:
        """The limits of our own, and how those of providers are met."""
        from jackfield.config.limits import limits_settings

        try:
            return limits_settings(self._tables("limits"), self._tables("tiers"), self._stage.pacing)
        except ValueError as exc:
            raise BadConfig(ErrorInfo("config", str(exc))) from None

    @property
    def budgets(self) -> tuple[BudgetRule, ...]:
        """The budgets, by name."""
        from jackfield.config.budgets import budget_rules

        try:
            return budget_rules(self._tables("budgets"), self._layers.merged("routes"))
        except ValueError as exc:
            raise BadConfig(ErrorInfo("config", str(exc))) from None

    @property
    def breaker(self) -> BreakerRules:
        """When targets that fail are left alone."""
        from jackfield.config.resilience import breaker_rules

        try:
            return breaker_rules(self._layers.merged("breaker"), self._stage.breaker)
        except ValueError as exc:
            raise BadConfig(ErrorInfo("config", str(exc), hint="`jackfield config show --origin`")) from None

    @property
    def retry(self) -> RetryRules:
        """How long is waited between attempts, and how many may be made."""
        from jackfield.config.resilience import retry_rules

        try:
            return retry_rules(self._layers.merged("retry"))
        except ValueError as exc:
            raise BadConfig(ErrorInfo("config", str(exc), hint="`jackfield config show --origin`")) from None

    @property
    def _stage(self) -> Stage:
        return STAGES.get(self._value("stage") or "", NO_STAGE)

    @property
    def routes(self) -> Mapping[str, Route]:
        """The routes by name; checked as a whole."""
        from jackfield.config.routes import routes_of

        routes, problems = routes_of(self._tables("routes"), self.default)
        if problems:
            raise BadConfig(ErrorInfo("config", message("configuration", problems)))
        return routes

    @property
    def routing(self) -> Routing:
        """What holds for all routes."""
        from jackfield.config.routes import routing_of

        return routing_of(self._layers.merged("routing"))

    @property
    def ledger(self) -> str | None:
        """Where the ledger is; it is off if nobody says."""
        found: str | None = self._value("ledger")
        return found

    @property
    def tags(self) -> Tags:
        """Whose calls are that do not say so."""
        return Tags.checked(self._layers.merged("tags"))

    @property
    def telemetry(self) -> TelemetrySettings:
        """Who is told of what happens during calls."""
        from jackfield.config.telemetry import telemetry_of

        return telemetry_of(self._layers.merged("telemetry"), self._stage)

    @property
    def state(self) -> StateSettings:
        """Where several processes keep what they share."""
        from jackfield.config.state import state_settings

        try:
            return state_settings(self._layers.merged("state"), self._env.values)
        except ValueError as exc:
            raise BadConfig(ErrorInfo("config", str(exc))) from None

    @property
    def cache(self) -> CacheSettings:
        """Which answers are kept, where and for how long."""
        from jackfield.config.cache import cache_settings

        found = self._layers.merged("cache")
        if "semantic" in found:
            found["semantic"] = self._layers.merged("cache", "semantic")
        try:
            return cache_settings(found, self._layers.merged("routes"), self._stage.cache)
        except ValueError as exc:
            raise BadConfig(ErrorInfo("config", str(exc))) from None

    def _tables(self, name: str) -> dict[str, Any]:
        """A table of tables, each merged of what all places say of it."""
        return {
            key: self._layers.merged(name, key) if isinstance(value, Mapping) else value
            for key, value in self._layers.merged(name).items()
        }

    def _value(self, *path: str) -> Any:
        found = self._layers.first(*path)
        return None if found is None else found.value

    # -- where values stand ----------------------------------------------------------------------

    def origin(self, path: str) -> str | None:
        """Where the effective value at a dotted path stands; ``None`` if nobody states one."""
        found = self._layers.first(*path.split("."))
        return None if found is None else found.label

    def entries(self) -> Iterator[Entry]:
        """Every effective value with its origin; credentials are masked."""
        for path, found in self._layers.effective().items():
            yield Entry(".".join(path), _shown(path, found.value), found.label)

    def unknown_providers(self, names: Iterable[str]) -> tuple[str, ...]:
        """Warnings of settings for what is no provider; ``names`` are all ids and aliases there are.

        ``Registry.names()`` knows them. It is no error: the plugin may be on another machine.
        """
        known = frozenset(map(provider_id, names))
        stated = {
            provider: place
            for provider, place in self._stated_providers()
            if provider and provider not in known
        }
        return tuple(
            f"{place}: no provider `{provider}` is installed or known{suggestion(provider, known)}"
            for provider, place in stated.items()
        )

    def _stated_providers(self) -> Iterator[tuple[str, str]]:
        """Every id that something is set for, and where; the most important place last."""
        for layer in reversed(self._layers.layers):
            places = {path[1]: label for path, label in layer.labels.items() if path[0] == "providers"}
            for provider in layer.at(("providers",)) or {}:
                yield provider, places.get(provider, layer.name)
        for variable, provider in key_variables(self._env.values):
            yield provider, f"env `{variable}`"

    # -- one provider ----------------------------------------------------------------------------

    def provider(self, profile: Profile) -> ProviderSettings:
        """What is set for one provider, resolved against its profile."""
        names = tuple(dict.fromkeys(map(provider_id, (profile.id, *profile.aliases))))
        self._refuse_unknown(profile, names)
        chosen = {name: value for name, value in self._chosen(profile, names) if value is not None}
        values = {
            setting.header: chosen[name]
            for name, setting in profile.settings.items()
            if setting.header and name in chosen
        }
        own = {name: found.value for name in _PLAIN if (found := self._of(names, name)) is not None}
        address, stated = self._base_url(profile, names)
        bounds = bounds_of(self._layers, names, profile.base_url, stated)
        return ProviderSettings(
            profile.id,
            address,
            own.get("timeout", self.timeout),
            own.get("max_retries", self.max_retries),
            own.get("default_model"),
            own.get("wire"),
            {**values, **self._headers(names)},
            values,
            chosen,
            profile.keys_url,
            tuple(tags.value) if (tags := self._of(names, "compliance")) else (),
            Lookup(profile.id, names, self._layers, self._env, self.paths, self._warned, bounds),
            own.get("one_account", False),
        )

    @property
    def compliance(self) -> Mapping[str, tuple[str, ...]]:
        """What providers comply with by the user's own word, by the ids he calls them."""
        stated = [layer.at(("providers",)) or {} for layer in reversed(self._layers.layers)]
        tables = [(provider_id(name), table) for layer in stated for name, table in layer.items()]
        return {name: tuple(table["compliance"]) for name, table in tables if table.get("compliance")}

    def _of(self, names: tuple[str, ...], key: str, env: tuple[str, ...] = ()) -> Found | None:
        """What the most important place says of a provider; the vendor's variables count as environment."""
        for layer in self._layers.layers:
            for name in names:
                value = layer.at(("providers", name, key))
                if value is not None:
                    return Found(value, layer.label(("providers", name, key)), layer.kind)
            if layer.kind == "environment":
                for variable in filter(self._env.get, env):
                    return Found(self._env.get(variable), f"env `{variable}`", layer.kind)
        return None

    def _base_url(self, profile: Profile, names: tuple[str, ...]) -> tuple[str | None, str]:
        """The address of calls, and where it stands if not in the profile."""
        found = self._of(names, "base_url", profile.base_url_env)
        if found is not None:
            given = completed_base_url(found.value, profile.base_url or "")
            return checked_base_url(given, found.label, profile.base_path), found.label
        return profile.base_url, ""

    def _headers(self, names: tuple[str, ...]) -> dict[str, str]:
        merged: dict[str, str] = {}
        for name in reversed(names):
            merged |= self._layers.merged("providers", name, "headers")
        return merged

    def _chosen(self, profile: Profile, names: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
        """The profile's own settings by name, as they are set or by default."""
        for name, setting in profile.settings.items():
            found = self._of(names, name, setting.env)
            yield name, setting.default if found is None else _sendable(profile, setting, found)

    def _refuse_unknown(self, profile: Profile, names: tuple[str, ...]) -> None:
        """Keys of the provider's table that mean nothing: an error in files, a warning from the environment."""
        parts = credential_names(profile)
        known = (*PROVIDER_KEYS, *profile.settings, *parts)
        misplaced = dict.fromkeys(parts, "it is a credential") | {
            setting.name: "it decides where credentials go"
            for setting in profile.settings.values()
            if setting.guarded
        }
        for layer in self._layers.layers:
            problems: list[str] = []
            for name in names:
                problems += unknown_keys(layer.at(("providers", name)) or {}, f"providers.{name}", known)
                problems += _misplaced(layer, name, misplaced)
            if problems and layer.kind == "environment":
                self._warn_once(problems)
            elif problems:
                raise BadConfig(ErrorInfo("config", message(layer.name, problems), provider=profile.id))

    def _warn_once(self, problems: list[str]) -> None:
        for problem in problems:
            if problem not in self._warned:
                self._warned.add(problem)
                warn(f"environment: {problem}")


@frozen
class _Loaded:
    """All layers with what is wrong with each."""

    read: tuple[tuple[Layer, str], ...]
    warnings: list[str]


def _load(
    argument: tuple[Layer, str],
    flags: tuple[Layer, str],
    env: Environment,
    paths: Paths,
    cwd: Path | str | None,
) -> _Loaded:
    """Read every layer, the most important first."""
    variables, warnings = environment(env.values)
    project, table, warning = project_file(_start(cwd))
    files = [] if project is None else [file_layer("project", project, env.values, table)]
    files.append(file_layer("user", paths.config, env.values))
    files += [file_layer("system", path, env.values) for path in paths.system]
    return _Loaded((argument, flags, (variables, ""), *files), [*warnings, *filter(None, [warning])])


def _start(cwd: Path | str | None) -> Path:
    """The folder where the search for a project begins."""
    try:
        return Path(cwd).absolute() if cwd is not None else Path.cwd()
    except FileNotFoundError:
        return Path("/")  # the working directory has been removed


def _misplaced(layer: Layer, name: str, reasons: Mapping[str, str]) -> list[str]:
    """What only a profile knows to be no matter of a project's file, where it stands in one."""
    if layer.kind != "project":
        return []
    table = layer.at(("providers", name)) or {}
    return [
        f"providers.{name}.{part}: not allowed here: {reason}"
        for part, reason in reasons.items()
        if part in table
    ]


def _sendable(profile: Profile, setting: Setting, found: Found) -> str:
    """A setting's value, if it can be sent; the fault does not show it."""
    value = str(found.value).strip()
    if setting.header and not (
        value.isascii() and value.isprintable() and HEADER_NAME.fullmatch(setting.header)
    ):
        found = Found(None, found.label, found.kind)
        value = ""
        msg = f"`{setting.name}` of `{profile.id}` from {found.label} has characters that no header can carry"
        raise BadConfig(ErrorInfo("config", msg, provider=profile.id))
    return value


_SECRET_NAME = re.compile(r"api_?key|headers|command|secret|token|password|credential|private", re.IGNORECASE)


def _shown(path: tuple[str, ...], value: Any) -> str:
    """A value for a person's eyes; what may be a credential is masked."""
    named = path[0] == "providers" and any(map(_SECRET_NAME.search, path[2:]))
    if (
        named or isinstance(value, Secret) or (isinstance(value, str) and "@" in value)
    ):  # a password in an address
        return "***"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
