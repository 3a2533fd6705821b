"""Models that do not stay."""

from __future__ import annotations

from datetime import date

import pytest

from jackfield.client import Client
from jackfield.client.deprecation import deprecation
from jackfield.profile import Model, Profile
from jackfield.registry import Registry

DAY = date(2026, 6, 1)
MODELS = (Model("old", deprecated=DAY, replacement="new"), Model("odd", deprecated=DAY), Model("new"))
ACME = Profile("acme", "Acme", "chat_completions", base_url="https://acme.invalid", models=MODELS)


@pytest.mark.parametrize(
    ("name", "today", "message"),
    [
        ("old", date(2026, 5, 31), "`acme/old` is switched off on 2026-06-01; use `acme/new`"),
        ("odd", date(2026, 6, 1), "`acme/odd` was to be switched off on 2026-06-01"),
        ("new", date(2026, 6, 1), None),
    ],
)
def test_the_day_and_the_replacement_are_told(name, today, message):
    """As far as they are stated."""
    notice = deprecation(ACME, ACME.model(name), today)

    assert message == (notice and notice.message)


def test_it_is_told_once(caplog, tmp_path, monkeypatch):
    """When the model is bound first, whichever client binds it."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.setattr("jackfield.client.deprecation._told", set())
    registry = Registry(())
    registry.add(ACME)

    for _ in range(2):
        client = Client(registry=registry)
        client.bind("acme/old")
        client.bind("acme/new")

    assert 1 == len([record for record in caplog.records if "acme/old" in record.getMessage()])
