"""Uses of models made up by chance, so that every price there is gets used: sizes, tiers, steps, hours, regions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jackfield.profile.rates import MORE_TOKENS, QUANTITIES, TOKENS, Rate, Schedule
from jackfield.types import Usage

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
_MORE = tuple(name for name in QUANTITIES if name not in (*TOKENS, "searches", "queries", "requests"))


def use(chance: random.Random, rate: Rate) -> tuple[dict[str, Any], str, datetime]:
    """Quantities by name, a tier, and a moment; ``tokens_known`` is False where only sizes are told."""
    at = MONDAY + timedelta(minutes=chance.randrange(7 * 24 * 60))
    tier = chance.choice(["", "", "", *rate.tiers, *(["sideways"] if chance.random() < 0.1 else [])])
    sizes = [name for name in (*rate.standard.prices, *rate.without_tokens) if name in _MORE]
    schedule = rate.tiers.get(tier, rate.standard)
    odds = 0.9 if rate.without_tokens or not set(rate.standard.prices) & set(TOKENS) else 0.03
    if chance.random() < odds * 0.6:
        told = {
            name: _size(chance, name) for name in sizes if name not in MORE_TOKENS and chance.random() < 0.8
        }
        return {**told, "tokens_known": False}, tier, at
    used: dict[str, Any] = {name: chance.randrange(1, 200_000) for name in _some_tokens(chance, schedule)}
    used |= {name: _size(chance, name) for name in sizes if chance.random() < 0.7}
    if "searches" in rate.standard.prices or "queries" in rate.standard.prices or chance.random() < 0.02:
        used["searches"] = chance.randrange(0, 4)
    if chance.random() < 0.02:
        used[chance.choice(_MORE)] = chance.randrange(0, 3)
    return _at_a_step(chance, schedule, used), tier, at


def _size(chance: random.Random, name: str) -> Any:
    if QUANTITIES[name] == "seconds":
        return chance.choice([chance.randrange(0, 4000), round(chance.uniform(0, 90), 2)])
    return (
        chance.randrange(0, 5000)
        if QUANTITIES[name] in ("tokens", "characters", "pixels")
        else chance.randrange(4)
    )


def _some_tokens(chance: random.Random, schedule: Schedule) -> Iterator[str]:
    stated = [name for name in TOKENS if name in schedule.prices]
    yield from chance.sample(stated, min(len(stated), chance.randrange(0, 5)))
    if chance.random() < 0.05:
        yield chance.choice(TOKENS)


def _at_a_step(chance: random.Random, schedule: Schedule, used: dict[str, Any]) -> dict[str, Any]:
    """At times just at, or just above, the input where another price begins."""
    if not schedule.above or chance.random() < 0.4:
        return used
    step = chance.choice(schedule.above).input_tokens + chance.choice((0, 1, 1, 7))
    if "input" not in schedule.above[0].prices:
        return used
    plain = {name: size for name, size in used.items() if name == "output" or QUANTITIES[name] != "tokens"}
    kept = used if chance.random() < 0.3 else plain
    return {**kept, "input": step}


def usage_of(used: Mapping[str, Any], tier: str) -> Usage:
    """The quantities as a usage."""
    tokens = {name: used[name] for name in (*TOKENS, "searches") if name in used}
    more = {name: value for name, value in used.items() if name in _MORE}
    source = "reported" if used.get("tokens_known", True) else "unknown"
    return Usage(**tokens, source=source, tier=tier, more=more)
