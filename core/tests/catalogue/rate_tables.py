"""Rates for tests, written as provider data writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from jackfield.catalogue import RatesBook
from jackfield.profile.rates import rate

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
TOKENS = {"input": "1.25", "cache_read": "0.125", "output": "10"}


def made(**fields):
    """A rate from the fields of its table."""
    problems = []
    found = rate({"valid_from": date(2026, 1, 1), "source": "acme", **fields}, "rate", problems)
    assert not problems, problems
    return found


def book(**fields):
    """The book of one rate."""
    return RatesBook([made(**fields)])
