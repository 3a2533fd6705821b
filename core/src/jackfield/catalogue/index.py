"""The models of one provider in a form that is read in a blink: a table of columns, made from its two TOML files.

A table lies beside the files as ``models.json`` and names the sum of both; where the sums differ it counts for
nothing. TOML says what is true, the table says it fast: 3,300 models take 150 ms as TOML and 3 as columns (2026-11).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jackfield.capability import Capability, Support
from jackfield.profile.rates import UNITS, Price, Prices, kind_of
from jackfield.profile.reader import MODELS_FILE, PROFILE_FILE

if TYPE_CHECKING:
    from decimal import Decimal

    from jackfield.profile import Model, Profile

FORM = 1
"""The version of the table. A table of another form is not read."""

INDEX_FILE = "models.json"

_LETTERS: Mapping[Support, str] = {
    Support.FULL: "f",
    Support.PARTIAL: "p",
    Support.UNSUPPORTED: "u",
    Support.NOT_IMPLEMENTED: "n",
    Support.UNKNOWN: "?",
}
_SUPPORTS = {letter: support for support, letter in _LETTERS.items()}
STATED = frozenset("fp")  # the letters of what somebody said is there
_ORDER = " ".join(Capability)
_AT: Mapping[str, int] = {capability: at for at, capability in enumerate(Capability)}


class ListedPrice(NamedTuple):
    """The usual price of a model's text in USD per million tokens, as long as it holds; ``None`` is unknown."""

    input: Decimal | None
    output: Decimal | None
    source: str = ""
    checked: str = ""
    since: str | None = None
    until: str | None = None
    conflicts: tuple[str, ...] = ()  # which of them another source states otherwise


class Shelf:
    """The models of one provider: equal places in all columns are one model."""

    __slots__ = (
        "_sparse",
        "context",
        "facts",
        "ids",
        "max_output",
        "origin",
        "patterns",
        "prices",
        "sources",
        "supports",
    )

    def __init__(self, table: Mapping[str, Any], origin: str) -> None:
        self.origin = origin  # "bundled", "cached" or "read"
        self.facts: Mapping[str, Any] = table["provider"]
        self.ids: list[str] = table["id"]
        self.context: list[int | None] = table["context"]
        self.max_output: list[int | None] = table["max_output"]
        self.supports: list[int] = table["supports"]
        self.prices: list[str] = table["prices"]
        self.sources: list[list[str]] = table["sources"]
        self.patterns: list[str] = _ordered(table["capabilities"], table["patterns"])
        self._sparse: Mapping[str, Mapping[str, Any]] = table["sparse"]
        columns = (self.context, self.max_output, self.supports, self.prices)
        if any(len(column) != len(self.ids) for column in columns):
            msg = "the columns are of different length"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def provider(self) -> str:
        """The provider's id."""
        return str(self.facts["id"])

    def said(self, column: str, row: int) -> Any:
        """What a column that is mostly empty says of one model."""
        return self._sparse.get(column, {}).get(str(row))

    def column(self, name: str) -> Iterable[tuple[int, Any]]:
        """The places of a column that are not empty."""
        return ((int(row), value) for row, value in self._sparse.get(name, {}).items())

    def patterns_with(self, capability: Capability) -> frozenset[int]:
        """Which of the patterns state a capability."""
        at = _AT[capability]
        return frozenset(n for n, pattern in enumerate(self.patterns) if pattern[at] in STATED)

    def support(self, capability: Capability, row: int) -> Support:
        """How far one model supports a capability."""
        return _SUPPORTS[self.patterns[self.supports[row]][_AT[capability]]]

    def complying(self, tags: Iterable[str]) -> Shelf:
        """The same models, of a provider that complies with more than its package says."""
        from copy import copy

        found = copy(self)
        found.facts = {**self.facts, "compliance": sorted({*self.facts["compliance"], *tags})}
        return found

    def joined(self, more: Sequence[tuple[str, int | None, int | None]]) -> Shelf:
        """These models and others the provider was told to have by name, context and output; what else is theirs."""
        from copy import copy

        found = copy(self)
        first = len(self.ids)
        ids, context, max_output = zip(*more, strict=True)
        found.ids = [*self.ids, *ids]
        found.context = [*self.context, *context]
        found.max_output = [*self.max_output, *max_output]
        found.supports = [*self.supports, *([0] * len(more))]
        found.prices = [*self.prices, *([""] * len(more))]
        found._sparse = {**self._sparse, "origin": {str(row): "live" for row in range(first, len(found.ids))}}
        return found

    def stated(self, capability: Capability) -> Support:
        """How far the provider as a whole supports a capability."""
        return _SUPPORTS[self.patterns[0][_AT[capability]]]


def _ordered(names: str, patterns: list[str]) -> list[str]:
    """The patterns with one letter for each capability of this core, whichever core wrote them."""
    if names == _ORDER:
        return patterns
    there = {name: at for at, name in enumerate(names.split())}
    places = [there.get(capability) for capability in Capability]
    return ["".join("?" if at is None else pattern[at] for at in places) for pattern in patterns]


# -- made ----------------------------------------------------------------------------------------


def table_of(profile: Profile, total: str = "") -> dict[str, Any]:
    """The table of a provider, from what its files say."""
    models = profile.models
    patterns: dict[str, int] = {_stated(profile): 0}
    supports = [patterns.setdefault(_pattern(profile, model.id), len(patterns)) for model in models]
    sources: dict[tuple[str, str], int] = {}
    prices = [_periods(model, sources) for model in models]
    return {
        "form": FORM,
        "sum": total,
        "provider": _facts(profile),
        "capabilities": _ORDER,
        "patterns": list(patterns),
        "id": [model.id for model in models],
        "context": [model.context for model in models],
        "max_output": [model.max_output for model in models],
        "supports": supports,
        "prices": prices,
        "sources": [list(source) for source in sources],
        "sparse": {name: column for name, column in _columns(models).items() if column},
    }


def _stated(profile: Profile) -> str:
    """What is said of the provider as a whole; what holds for some models is partial."""
    return "".join(_LETTERS[profile.capabilities.statement(capability).support] for capability in Capability)


def _pattern(profile: Profile, model: str) -> str:
    return "".join(_LETTERS[profile.supports(capability, model)] for capability in Capability)


def _facts(profile: Profile) -> dict[str, Any]:
    """What is asked about providers as a whole."""
    auth = profile.auth
    return {
        "id": profile.id,
        "name": profile.name,
        "aliases": list(profile.aliases),
        "category": profile.category,
        "auth": [auth.scheme, *(other.scheme for other in auth.alternatives)],
        "wires": [profile.wire, *profile.wires],
        "regions": sorted(name for name in profile.regions if name != "note"),
        "compliance": sorted(profile.compliance.get("tags", ())),
        "retention": str(profile.compliance.get("retention", "")),
        "docs": profile.docs_url,
        "quality": profile.quality.shown,
    }


def _columns(models: Iterable[Model]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {name: {} for name in _SPARSE}
    for row, model in enumerate(models):
        for name in _SPARSE:
            value = getattr(model, name)
            if value and not (name == "mode" and value == "chat"):
                found[name][str(row)] = _plain(value)
    return found


def _periods(model: Model, sources: dict[tuple[str, str], int]) -> str:
    """The usual prices of a model's text by the time they hold, the newest first: ``since|until|in|out|source|conflicts``."""
    found: list[tuple[str, ...]] = []
    for rate in model.rates:
        figures = _usual(rate.standard.prices)
        if any(figures) and not rate.region and rate.currency == "USD":
            source = (rate.source, rate.checked.isoformat() if rate.checked else "")
            said = str(sources.setdefault(source, len(sources)))
            conflicts = " ".join(name for name in rate.conflicts if name in ("input", "output"))
            until = rate.valid_to.isoformat() if rate.valid_to else ""
            found.append((rate.valid_from.isoformat(), until, *figures, said, conflicts))
    return ";".join("|".join(period) for period in sorted(found, key=lambda one: one[0], reverse=True))


def _usual(prices: Prices) -> list[str]:
    """What tokens cost that go in and come out; nothing is known of it where something else is what is billed."""
    figures = [_per_million(prices.get(name)) for name in ("input", "output")]
    billed = {kind_of(name) for name, price in prices.items() if price.figure.strip("0.")}
    return figures if "tokens" in billed or not billed else ["", ""]


def _per_million(price: Price | None) -> str:
    if price is None:
        return ""
    from decimal import Decimal

    counted, number = UNITS[price.unit]
    return f"{(Decimal(price.figure) * 1_000_000 / number).normalize():f}" if counted == "tokens" else ""


_SPARSE = ("mode", "wire", "aliases", "dimensions", "deprecated", "replacement", "note")


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


# -- kept ----------------------------------------------------------------------------------------


def written(table: Mapping[str, Any]) -> str:
    """A table as the text of a file: a line for each column, so that changes can be read."""
    import json

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    lines = [f"{line(name)}:{line(value)}" for name, value in table.items() if name != "sparse"]
    sparse = [f"{line(name)}:{line(value)}" for name, value in table["sparse"].items()]
    return "{" + ",\n".join(lines) + ',\n"sparse":{' + ",\n".join(sparse) + "}}\n"


def sum_of(folder: Path | str) -> str:
    """The sum of a provider's two files. Line ends do not count: a checkout may change them."""
    return "-".join(
        f"{zlib.crc32(_contents(os.path.join(folder, name))):08x}" for name in (PROFILE_FILE, MODELS_FILE)
    )


def _contents(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except FileNotFoundError:
        return b""  # a provider need not list models
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def kept_shelf(file: Path | str, total: str, origin: str) -> Shelf | None:
    """The table in a file, if it is of those files and whole."""
    import json

    try:
        with open(file, "rb") as opened:
            table = json.loads(opened.read())
        if table["form"] == FORM and table["sum"] == total:
            return Shelf(table, origin)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None  # whatever is wrong with it: the TOML files say the same
    return None


def keep(file: Path, table: Mapping[str, Any]) -> None:
    """Keep a table for the next time; where that cannot be written it is made anew each time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.write_text(written(table), encoding="utf-8")
        draft.replace(file)
    except OSError:
        return
