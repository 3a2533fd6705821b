"""What answers cost where the provider says it itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from jackfield.catalogue import ReportedPrices
from jackfield.types import Usage

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "per_usd", "raw", "expected"),
    [
        ("cost", 1, {"cost": 0.00028}, "0.00028"),
        ("cost", 1, {"cost": 1.4e-7}, "1.4E-7"),
        ("cost", 1, {"cost": 0}, "0"),
        ("cost.total_cost", 1, {"cost": {"total_cost": 0.005}}, "0.005"),
        ("ticks", 10_000_000_000, {"ticks": 2609000}, "0.0002609"),
    ],
)
def test_a_price_is_what_was_said(field, per_usd, raw, expected):
    """To the last digit."""
    assert Decimal(expected) == ReportedPrices(field, per_usd).charge(Usage(1, raw=raw), NOW)


@pytest.mark.parametrize(
    "raw", [{}, {"cost": None}, {"cost": "0.1"}, {"cost": True}, {"cost": -1}, {"cost": {"cost": 1}}]
)
def test_what_is_no_price_is_unknown(raw):
    """Never a guess, never 0."""
    assert None is ReportedPrices("cost").charge(Usage(1, raw=raw), NOW)
    assert None is ReportedPrices("cost.total").charge(Usage(1, raw=raw), NOW)
