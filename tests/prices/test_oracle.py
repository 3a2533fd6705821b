"""Our charges against a calculation of its own kind, straight from the price data: they agree to the last digit."""

from __future__ import annotations

import importlib
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT.parent / "shared" / "providers" / "prices.json"
sys.path[:0] = [str(HERE), str(ROOT / ".ci")]
if not DATA.is_file():
    pytest.skip(f"no price data at {DATA}", allow_module_level=True)

from generated import usage_of, use  # noqa: E402
from oracle import cost  # noqa: E402

from jackfield.catalogue.book import RatesBook, rate_on  # noqa: E402
from jackfield.profile import Rate  # noqa: E402
from jackfield.profile.rates import rate  # noqa: E402
from jackfield.registry import Registry  # noqa: E402

USAGES = 10_000
ON = datetime(2026, 11, 16).date()  # noqa: DTZ001  # a day
Row = tuple[str, str, dict[str, Any], tuple[Rate, ...], str]


@cache
def data() -> dict[str, Any]:
    """The price data."""
    return dict(json.loads(DATA.read_bytes()))


@cache
def gate(name: str) -> ModuleType:
    """A module of the gates."""
    return importlib.import_module(name)


@cache
def bundled() -> tuple[Row, ...]:
    """Every priced model of the installed providers, and each of its regions, with the row it is from."""
    return tuple(_bundled())


def _bundled() -> Iterator[Row]:
    for profile in Registry().profiles():
        rows = data().get(profile.id, {})
        regions = gate("catalogue").regions(profile.id, rows)
        for model in profile.models:
            row = next((name for name in (model.id, *model.aliases) if name in rows), None)
            if row is None:
                continue
            for region in {found.region for found in model.rates}:
                key = regions[row][region] if region else row
                yield f"{profile.id}/{model.id}", key, rows[key], model.rates, region


@cache
def everything() -> tuple[Row, ...]:
    """Every row of the data as a rate, of providers without a package and of what is no model, too."""
    return tuple(_everything())


def _everything() -> Iterator[Row]:
    for provider, rows in data().items():
        for name, row in rows.items() if provider != "_meta" else ():
            made = gate("rates").rate_of_row(name, row)
            problems: list[str] = []
            found = () if made is None else (rate(made, name, problems),)
            assert not problems
            yield f"{provider}/{name}", name, row, found, ""


def rare() -> tuple[Row, ...]:
    """The rows with what few others have."""
    count = Counter(name for row in everything() for name in _parts(row))
    return tuple(row for row in everything() if any(count[name] < 20 for name in _parts(row)))


def _parts(row: Row) -> list[str]:
    """What a row has prices for."""
    return [
        name
        for one in row[3]
        for name in (
            *one.standard.prices,
            *one.tiers,
            *one.without_tokens,
            *["off peak"] * bool(one.off_peak),
        )
    ]


def compared(rows: tuple[Row, ...], times: int) -> tuple[list[Any], Counter[str]]:
    """Where the two differ, and what was used while they agreed on an amount."""
    chance = random.Random(20261121)
    differing: list[Any] = []
    used_up: Counter[str] = Counter()
    for number in range(times):
        model, key, row, rates, region = rows[number % len(rows)]
        stated = rate_on(rates, ON, region)
        if stated is None:
            used_up["unpriced"] += cost(key, row, {"input": 1}, "", datetime(2026, 11, 16)) is None  # noqa: DTZ001
            continue
        used, tier, at = use(chance, stated)
        ours = RatesBook(rates, region).charge(usage_of(used, tier), at)
        theirs = cost(key, row, dict(used), tier, at)
        if not same(ours, theirs):
            differing.append((model, region, used, tier, at, ours, theirs and float(theirs)))
        if theirs is not None:
            used_up.update([name for name, value in used.items() if value], tier=1)
            used_up[f"tier {tier}"] += 1
            used_up["region"] += bool(region)
            used_up["off peak"] += "off_peak" in row
            used_up["step"] += any(used.get("input", 0) > step.input_tokens for step in stated.standard.above)
            used_up["without tokens"] += used.get("tokens_known") is False
        else:
            used_up["unknown"] += 1
    return differing, used_up


def same(ours: Decimal | None, theirs: Fraction | None) -> bool:
    """Whether both are unknown, or equal to the last digit (of 34, where a price per hour has no end)."""
    if ours is None or theirs is None:
        return ours is None and theirs is None
    exact = Fraction(ours) == theirs
    return exact or abs(Fraction(ours) - theirs) < Fraction(1, 10**30)


@cache
def of_models() -> tuple[list[Any], Counter[str]]:
    """Ten thousand usages of the models of the installed providers."""
    return compared(bundled(), USAGES)


@cache
def of_rows() -> tuple[list[Any], Counter[str]]:
    """Usages of every row of the data, and more of those that are rare."""
    rows = (*everything(), *rare() * 30)
    return compared(rows, len(rows))


def test_charges_of_all_models_equal_the_oracles():
    """Ten thousand usages over all priced models of the installed providers."""
    differing, used = of_models()

    assert not differing, (len(differing), differing[:5])
    assert len(bundled()) > 3_000
    assert used["unknown"] < USAGES / 4


def test_every_row_of_the_data_is_charged_as_the_oracle_says():
    """All providers of the data, and rows that are no models of ours: pages, sessions, sizes of pictures."""
    differing, _ = of_rows()

    assert not differing, (len(differing), differing[:5])


def test_every_dimension_is_exercised():
    """Whatever any rate has a price for was charged at least once, in agreement."""
    _, used = of_rows()
    stated = {name for *_, rates, _ in everything() for one in rates for name in one.standard.prices}
    tiers = {f"tier {name}" for *_, rates, _ in everything() for one in rates for name in one.tiers}

    missing = {*stated, *tiers, "off peak", "step", "without tokens"} - {name for name in used if used[name]}

    assert missing <= {"queries", "requests"}  # told as searches, or always 1
    assert of_models()[1]["region"] > 100
