"""Questions to the catalogue as callers put them: keywords, checked and turned into a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypedDict, TypeVar

from jackfield.capability import MODES, Capability
from jackfield.catalogue.features import ProviderFacts, checked_feature
from jackfield.catalogue.listed import STATUSES, Listed
from jackfield.catalogue.query import Query, capability_named
from jackfield.errors import ErrorInfo, InvalidRequest

__all__ = ["Listed", "ModelFilters", "ProviderFacts", "query_of"]

Money: TypeAlias = Decimal | int | float | str
_T = TypeVar("_T")


class ModelFilters(TypedDict, total=False):
    """What models may be asked for by. All that is said must hold, and what nobody states does not."""

    provider: str | Sequence[str]
    capability: (
        str | Sequence[str]
    )  # ``tools``; what goes in or out may be said as ``image`` or ``speech-out``
    mode: str  # what they are made for: ``chat``, ``embedding`` …
    category: str  # what kind of provider: ``lab``, ``cloud``, ``host`` …
    feature: str  # what the provider offers: a word of ``FEATURES``
    region: str  # where the provider can be told to serve from
    compliance: str | Sequence[str]  # what the provider is stated to comply with
    context_min: int
    output_min: int
    max_price_in: Money  # USD per million tokens
    max_price_out: Money
    status: str | Sequence[str]  # ``current``, ``deprecated``, ``retired``


def query_of(words: Sequence[str], filters: ModelFilters) -> Query:
    """The query that words and filters make; ``InvalidRequest`` says what is wrong with one."""
    given: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
    unknown = sorted(given.keys() - ModelFilters.__annotations__.keys())
    if unknown:
        raise _invalid(f"there is no filter `{unknown[0]}`", unknown[0], ModelFilters.__annotations__)
    prices = {
        name: _money(name, given.pop(name)) for name in ("max_price_in", "max_price_out") if name in given
    }
    numbers = {name: _whole(name, given.pop(name)) for name in ("context_min", "output_min") if name in given}
    if "mode" in given:
        _one_of("mode", given["mode"], MODES)
    if "feature" in given:
        checked_feature(given["feature"])
    status = _several(given.pop("status", ()))
    for word in status:
        _one_of("status", word, STATUSES)
    capabilities: tuple[Capability, ...] = tuple(map(capability_named, _several(given.pop("capability", ()))))
    providers, compliance = _several(given.pop("provider", ())), _several(given.pop("compliance", ()))
    lists = {"capabilities": capabilities, "providers": providers, "compliance": compliance, "status": status}
    return Query(words=tuple(words), **lists, **prices, **numbers, **given)  # type: ignore[arg-type]


def _several(value: _T | Sequence[_T]) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def _money(name: str, value: Money) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise _invalid(f"`{name}` must be an amount of USD per million tokens, not {value!r:.40}")
    return found


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _invalid(f"`{name}` must be a whole number from 0, not {value!r:.40}")
    return value


def _one_of(name: str, value: object, known: Iterable[str]) -> None:
    if value not in tuple(known):
        raise _invalid(f"there is no {name} `{value}`", str(value), known)


def _invalid(message: str, word: str = "", known: Iterable[str] = ()) -> InvalidRequest:
    from difflib import get_close_matches

    names = tuple(known)
    near = get_close_matches(word, names, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(names)}" if names else ""
    return InvalidRequest(ErrorInfo("request.invalid", message, hint=hint, sent="no"))
