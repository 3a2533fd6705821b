"""What the contract takes for a price that somebody may ask."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from jackfield.profile.rates import Price, Rate, Schedule
from jackfield.testing.contract.accounting import Pricing


def rules_on(figure: str, currency: str) -> None:
    """The rule, asked of a provider with one price."""
    prices = Schedule({"input": Price(figure, "per_1M_tokens")})
    rate = Rate(date(2026, 1, 1), "acme", prices, currency=currency)
    model = SimpleNamespace(id="acme-1", rates=(rate,))
    subject = SimpleNamespace(profile=SimpleNamespace(models=(model,)))
    Pricing().test_prices_are_plausible(subject)  # type: ignore[arg-type]


def test_a_thousand_yen_are_no_slip():
    """Prices of other currencies have other sizes: this is an honest one."""
    rules_on("1800", "JPY")


def test_a_thousand_dollars_and_more_are_one():
    """For a million tokens."""
    with pytest.raises(Exception, match="a million tokens of input cost 1800"):
        rules_on("1800", "USD")
