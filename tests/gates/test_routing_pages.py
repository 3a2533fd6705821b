"""Routes, hints, events and instruments: nothing may be set or told that does not stand in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jackfield.config import routes
from jackfield.options import RoutingOptions
from jackfield.telemetry import NAMES
from jackfield.telemetry.instruments import ALIASES, INSTRUMENTS
from jackfield.types.routes import OPTIONAL_TRIGGERS, PRESETS, STRATEGIES, TASKS, TRIGGERS

ROOT = Path(__file__).resolve().parents[2]
ROUTING = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
TELEMETRY = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
SOURCES = "".join(
    file.read_text(encoding="utf-8")
    for folder in ("policy/route", "client")
    for file in sorted((ROOT / "core" / "src" / "jackfield" / folder).glob("*.py"))
)
KEYS = [*routes._ROUTE.keys, *routes._FALLBACK_TABLE.keys, *routes._WHEN.keys, *routes.routing_table.keys]
STRATEGY_NAMES = [name for known, others in STRATEGIES.items() for name in (known, *others)]
# What is only shown: words of the owner's own.
SHOWN = {"tags", "metadata", "model"}


@pytest.mark.parametrize("key", dict.fromkeys(KEYS))
def test_route_key_is_documented_and_read(key):
    """Every key stands in the page, and some code goes by it."""
    field = {"hours": "windows", "days": "windows", "zone": "zone"}.get(key, key)

    assert f"`{key}`" in ROUTING
    assert key in SHOWN or re.search(rf"\.{field}\b", SOURCES)


@pytest.mark.parametrize(
    "name",
    [*STRATEGY_NAMES, *TASKS, *TRIGGERS, *OPTIONAL_TRIGGERS, *PRESETS, *RoutingOptions.__annotations__],
)
def test_word_of_routing_is_documented(name):
    """Strategies, tasks, triggers, presets and options of a call."""
    assert f"`{name}`" in ROUTING


@pytest.mark.parametrize("name", RoutingOptions.__annotations__)
def test_option_of_routing_is_read(name):
    """No hint is accepted and ignored: `preset` and `format` become others, each of which is gone by."""
    assert name in ("preset", "format") or re.search(rf"hints\.{name}\b", SOURCES)


@pytest.mark.parametrize("name", NAMES.values())
def test_event_is_documented(name):
    """Every event stands in the table."""
    assert f"`{name}`" in TELEMETRY


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda found: found.name)
def test_instrument_is_documented(instrument):
    """Every instrument stands in the table with its kind, attributes and other name, as they are in the code."""
    cells = (
        f"`{instrument.name}`",
        instrument.kind,
        ", ".join(instrument.attributes),
        f"`{instrument.prometheus}`",
    )

    assert f"| {' | '.join(cells)} |" in TELEMETRY


def test_aliases_name_what_is_there():
    """An alias is another name of an instrument, never one of its own."""
    assert not set(ALIASES) & set(INSTRUMENTS)
