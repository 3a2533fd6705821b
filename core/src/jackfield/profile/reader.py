"""Reads a provider's two files, strictly: what is misspelt, mistyped or unknown is an error with its path.

``profile.toml`` is read at once; of ``models.toml`` only what is asked for, since it may list thousands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from jackfield.capability import (
    MODES,
    OTHER_CAPABILITIES,
    Capabilities,
    Capability,
    Statement,
    Support,
)
from jackfield.errors import KINDS, LEAVES, BadConfig, ErrorInfo, kind_named
from jackfield.profile.counting import token_rule
from jackfield.profile.profile import (
    QUALITY_LEVELS,
    RESERVED_SETTINGS,
    AuthSpec,
    Model,
    OptionRule,
    Profile,
    Quality,
    ReportedCharge,
    Setting,
)
from jackfield.profile.rates import Rate, rate, rate_of
from jackfield.profile.schema import (
    Check,
    Problems,
    Table,
    anything,
    boolean,
    choice,
    day,
    each,
    free,
    header_name,
    headers,
    integer,
    join,
    listed,
    message,
    number,
    pattern,
    suggestion,
    text,
    texts,
)

PROFILE_FILE = "profile.toml"
MODELS_FILE = "models.toml"

_SUPPORTS = {support.value: support for support in Support}
_CAPABILITIES = {capability.value: capability for capability in Capability}


def _support(raw: object, path: str, problems: Problems) -> Support:
    """The name of a support level."""
    word = choice(*_SUPPORTS)(raw, path, problems)
    return _SUPPORTS.get(word, Support.UNKNOWN)


_STATEMENT = Table({"support": _support, "models": texts, "note": text}, required=("support",))


def _statement(raw: object, path: str, problems: Problems) -> Statement:
    """What is said of one capability: a support level, or a table with one."""
    if isinstance(raw, str):
        return Statement(_support(raw, path, problems))
    fields = _STATEMENT(raw, path, problems)
    if fields.get("models") and fields.get("support") is not Support.PARTIAL:
        problems.append(f"{path}.models: only `partial` support is about some models")
    fields.setdefault("support", Support.UNKNOWN)
    return Statement(**fields)


def _statements(raw: object, path: str, problems: Problems) -> dict[Capability, Statement]:
    """Capabilities by name."""
    found: dict[Capability, Statement] = {}
    for name, value in free(raw, path, problems).items():
        capability = _CAPABILITIES.get(name)
        if capability is None:
            hint = suggestion(name, _CAPABILITIES)
            problems.append(f"{join(path, name)}: unknown capability{hint}")
        else:
            found[capability] = _statement(value, join(path, name), problems)
    return found


def _capabilities(raw: object, path: str, problems: Problems) -> Capabilities:
    """All capabilities; ``other`` stands for those beyond chat that are not stated."""
    table = dict(free(raw, path, problems))
    other = table.pop("other", None)
    found = _statements(table, path, problems)
    if other is not None:
        rest = _statement(other, join(path, "other"), problems)
        found = {**dict.fromkeys(OTHER_CAPABILITIES, rest), **found}
    return Capabilities(found)


_OPTION_RULE = Table(
    {
        "support": _support,
        "models": texts,
        "minimum": number,
        "maximum": number,
        "ignored": boolean,
        "note": text,
    }
)


def _options(raw: object, path: str, problems: Problems) -> dict[str, OptionRule]:
    """Rules for call options by name."""
    from jackfield.options import OPERATIONS, OPTIONS

    known = dict.fromkeys([*OPTIONS, *(name for spec in OPERATIONS.values() for name in spec.options)])
    found: dict[str, OptionRule] = {}
    for name, value in free(raw, path, problems).items():
        below = join(path, name)
        if name not in known:
            problems.append(f"{below}: unknown option{suggestion(name, known)}")
        found[name] = OptionRule(**_OPTION_RULE(value, below, problems))
    return found


_AUTH: dict[str, Check] = {
    "scheme": text,
    "env": texts,
    "header": header_name,
    "headers": each(texts),
    "fields": each(texts),
    "prefix": text,
    "optional": boolean,
    "key_pattern": pattern,
}

# What a scheme of core takes besides. A plugin's own scheme takes what its code says.
_SCHEME_KEYS: Mapping[str, Mapping[str, Check]] = {
    "none": {},
    "bearer": {},
    "header": {},
    "headers": {},
    "client_credentials": {"token_url": text, "scope": text, "style": choice("basic", "body")},
}

# What a scheme of core cannot do without.
_SCHEME_NEEDS: Mapping[str, tuple[str, ...]] = {
    "header": ("header",),
    "headers": ("headers",),
    "client_credentials": ("fields",),
}


def _auth(raw: object, path: str, problems: Problems) -> AuthSpec:
    """How calls are authenticated, with the alternatives."""
    table = dict(free(raw, path, problems))
    alternatives = table.pop("alternatives", [])
    scheme = str(table.get("scheme", ""))
    own = _SCHEME_KEYS.get(scheme)
    if own is None:
        own = dict.fromkeys(table.keys() - _AUTH.keys(), anything)
    needs = _SCHEME_NEEDS.get(scheme, ())
    fields = Table({**_AUTH, **own}, ("scheme", *needs))(table, path, problems)
    options = {name: fields.pop(name) for name in own if name in fields}
    if scheme == "client_credentials" and "fields" in fields:
        missing = [name for name in ("client_id", "client_secret") if name not in fields["fields"]]
        problems.extend(f"{join(path, 'fields')}.{name}: is missing" for name in missing)
    others = listed(_alternative)(alternatives, join(path, "alternatives"), problems)
    return AuthSpec(**fields, options=options, alternatives=others)


def _alternative(raw: object, path: str, problems: Problems) -> AuthSpec:
    """Another way to authenticate; it has no alternatives of its own."""
    spec = _auth(raw, path, problems)
    if spec.alternatives:
        problems.append(f"{path}.alternatives: an alternative has none of its own")
    return spec


_SETTING = Table({"env": texts, "header": header_name, "default": text, "guarded": boolean, "help": text})


def _settings(raw: object, path: str, problems: Problems) -> dict[str, Setting]:
    """The settings a user may make, by name."""
    found: dict[str, Setting] = {}
    for name, value in free(raw, path, problems).items():
        below = join(path, name)
        if name in RESERVED_SETTINGS:
            problems.append(f"{below}: every provider has this setting already")
        found[name] = Setting(name, **_SETTING(value, below, problems))
    return found


def _quirk(raw: object, path: str, problems: Problems) -> Mapping[str, Any]:
    """One quirk: its name, and what it takes."""
    table = free(raw, path, problems)
    if isinstance(raw, dict) and len(table) != 1:
        problems.append(f"{path}: a quirk has exactly one key, its name")
    return table


def _errors(raw: object, path: str, problems: Problems) -> dict[str, str]:
    """Vendor codes to kinds of failure, stated by kind or by leaf."""
    found: dict[str, str] = {}
    for code, name in each(text)(raw, path, problems).items():
        kind = kind_named(name)
        if kind is None:
            hint = suggestion(name, (*LEAVES, *KINDS))
            problems.append(f"{join(path, code)}: `{name}` is no kind of failure{hint}")
        found[code] = kind or name
    return found


_CHARGE = Table({"field": text, "per_usd": integer}, required=("field",))


def _charge(raw: object, path: str, problems: Problems) -> ReportedCharge:
    """Where answers say what they cost."""
    fields = _CHARGE(raw, path, problems)
    if fields.get("per_usd", 1) < 1:
        problems.append(f"{join(path, 'per_usd')}: must be 1 or more")
    return ReportedCharge(**{"field": "", **fields})


def _examples(raw: object, path: str, problems: Problems) -> dict[Capability, str]:
    """Models by the capability they are an example of."""
    found: dict[Capability, str] = {}
    for name, value in each(text)(raw, path, problems).items():
        if name in _CAPABILITIES:
            found[_CAPABILITIES[name]] = value
        else:
            problems.append(f"{join(path, name)}: unknown capability{suggestion(name, _CAPABILITIES)}")
    return found


_QUALITY = Table(
    {
        "level": choice(*QUALITY_LEVELS),
        "owner": text,
        "exempt": each(text),
        "examples": _examples,
        "settings": free,
        "volatile": texts,
        "significant": texts,
    }
)


def _quality(raw: object, path: str, problems: Problems) -> Quality:
    """The level claimed, and who answers for it."""
    return Quality(**_QUALITY(raw, path, problems))


_PROFILE = Table(
    {
        "spec": integer,
        "id": text,
        "name": text,
        "aliases": texts,
        "wire": text,
        "wires": texts,
        "dialects": each(free),
        "base_url": text,
        "base_url_env": texts,
        "base_path": text,
        "keys_url": text,
        "docs_url": text,
        "otel_name": text,
        "category": text,
        "request_id": texts,
        "auth": _auth,
        "headers": headers,
        "settings": _settings,
        "dialect": free,
        "quirks": listed(_quirk),
        "capabilities": _capabilities,
        "options": _options,
        "errors": _errors,
        "charge": _charge,
        "limits": free,
        "compliance": free,
        "regions": free,
        "tokens": listed(token_rule),
        "quality": _quality,
    },
    required=("spec", "id", "name", "wire"),
)

_MODEL = Table(
    {
        "id": text,
        "aliases": texts,
        "mode": choice(*MODES),
        "wire": text,
        "context": integer,
        "max_output": integer,
        "dimensions": integer,
        "first_token": number,
        "capabilities": _statements,
        "options": _options,
        "dialect": free,
        "deprecated": day,
        "replacement": text,
        "note": text,
        "rate": listed(rate),
    },
    required=("id",),
)


def _model(raw: object, path: str, problems: Problems) -> Model:
    """One model."""
    if isinstance(raw, dict) and isinstance(raw.get("id"), str):
        path = f"model `{raw['id']}`"
    fields = _MODEL(raw, path, problems)
    fields["rates"] = fields.pop("rate", ())
    return Model(**{"id": "", **fields})


def read_toml(file: Path) -> dict[str, Any]:
    """A file as TOML; ``BadConfig`` with the place where it is not."""
    return _parsed(_contents(file), file)


def _contents(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as exc:
        reason = f"cannot be read: {exc.strerror}"
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    raise BadConfig(ErrorInfo("config", f"`{_shown(file)}` {reason}"))


def _parsed(source: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as exc:
        reason = f"is not TOML: {exc}"
    except RecursionError:
        reason = "is nested too deep"
    raise BadConfig(ErrorInfo("config", f"`{_shown(file)}` {reason}"))


def _shown(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def _refuse(file: Path, problems: Problems) -> None:
    """Raise all problems of a file together."""
    if problems:
        named = [f"{file.name}: {problem}" for problem in problems]
        raise BadConfig(ErrorInfo("config", message(_shown(file), named)))


def profile_of(table: Mapping[str, Any], folder: Path) -> Profile:
    """The profile that the contents of ``profile.toml`` make; its models are read when asked for."""
    problems: Problems = []
    fields: dict[str, Any] = {}
    try:
        fields = _PROFILE(table, "", problems)
    except RecursionError:  # dotted keys nest as deep as anyone likes, and are still TOML
        problems.append("is nested too deep")
    _refuse(folder / PROFILE_FILE, problems)
    return Profile(**fields, models=ModelFile(folder / MODELS_FILE))


def read_profile(folder: Path) -> Profile:
    """The provider whose two files lie in ``folder``."""
    return profile_of(read_toml(folder / PROFILE_FILE), folder)


# A model's block starts at a line of its own, and so does a price that stands apart from its model. Files with escapes or multi-line strings, where text could
# look like that or an id could be spelt in two ways, are read whole.
_BLOCK = re.compile(r"^[ \t]*\[\[[ \t]*(?:model|rate)[ \t]*\]\]", re.MULTILINE)
MOST_KEPT = 1024
_UNSURE = ("\\", '"""', "'''")


@attrs.define(frozen=True, slots=False, eq=False)
class ModelFile:
    """The models of one ``models.toml``: each is parsed when it is asked for, all when all are."""

    file: Path
    cache: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False)

    def all(self) -> tuple[Model, ...]:
        """Every model, in the order of the file."""
        found: tuple[Model, ...] = self._kept("all", self._read_all)
        return found

    def named(self, name: str) -> Model | None:
        """The model of that id or alias."""
        found: Model | None = self._kept(f"model {name}", lambda: self._find(name))
        return found

    def _kept(self, key: str, make: Callable[[], Any]) -> Any:
        kept = self.cache.get(key, self)  # a model may be kept as not listed, which is ``None``
        if kept is self:
            kept = make()
            if len(self.cache) >= MOST_KEPT:  # names come from callers, and there is no end of them
                self.cache.clear()
            self.cache[key] = kept
        return kept

    def _find(self, name: str) -> Model | None:
        if self._blocks is None or "all" in self.cache:  # when all are read, nothing is read again
            index: dict[str, Model] = self._kept("index", lambda: _index(self.all()))
            return index.get(name)
        found = _index(self._parse(self._mentioning(name))).get(name)
        if found is None or found.id == name:
            return found
        return self._find(found.id)  # prices that stand apart name the id alone

    @property
    def _text(self) -> str:
        found: str = self._kept("text", self._read_text)
        return found

    def _read_text(self) -> str:
        # A provider need not list models: every name is passed on as it is.
        return _contents(self.file) if self.file.exists() else ""

    @property
    def _blocks(self) -> list[str] | None:
        found: list[str] | None = self._kept("blocks", self._cut)
        return found

    def _cut(self) -> list[str] | None:
        if any(mark in self._text for mark in _UNSURE):
            return None
        starts = [match.start() for match in _BLOCK.finditer(self._text)]
        if not starts:
            return None
        return [self._text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]

    def _mentioning(self, name: str) -> str:
        marks = (f'"{name}"', f"'{name}'")
        return "\n".join(block for block in self._blocks or () if any(mark in block for mark in marks))

    def _read_all(self) -> tuple[Model, ...]:
        return self._parse(self._text)

    def _parse(self, source: str) -> tuple[Model, ...]:
        table = _parsed(source, self.file)
        problems: Problems = []
        fields = _MODELS(table, "", problems)
        _refuse(self.file, problems)
        models: tuple[Model, ...] = fields.get("model", ())
        return _priced(models, fields["rate"]) if "rate" in fields else models


def _index(models: tuple[Model, ...]) -> dict[str, Model]:
    """Models by their ids, and by the aliases that are no other's id; the first of two wins."""
    found = {name: model for model in reversed(models) for name in model.aliases}
    return {**found, **{model.id: model for model in reversed(models)}}


_MODELS = Table({"model": listed(_model), "rate": listed(rate_of)})


def _priced(models: tuple[Model, ...], apart: tuple[tuple[str, Rate], ...]) -> tuple[Model, ...]:
    """The models with the prices that stand apart from them; those of a model's own block come first."""
    rates: dict[str, tuple[Rate, ...]] = {}
    for name, found in apart:
        rates[name] = (*rates.get(name, ()), found)
    return tuple(
        attrs.evolve(model, rates=(*model.rates, *rates[model.id])) if model.id in rates else model
        for model in models
    )
