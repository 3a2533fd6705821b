"""What a request may cost before it is sent."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.catalogue import Asked, FreePrices, ReportedPrices, UnknownPrices, quote_of
from jackfield.catalogue.compare import by_cost, cost_of
from jackfield.types import Usage

sys.path.insert(0, str(Path(__file__).parent))

from rate_tables import NOW, TOKENS, book

ASKED = Asked(1000, 1200, 500)
STEPS = [{"input_tokens": 1100, "per_1M_tokens": {"input": "2.5", "output": "15"}}]


def quote(asked=ASKED, **fields):
    return quote_of(book(**{"per_1M_tokens": TOKENS, **fields}), asked, NOW)


def test_the_bounds_are_the_best_and_the_worst_case():
    """All from the cache and nothing said, or all fresh and as much said as may be."""
    found = quote()

    assert (Decimal("0.000125"), Decimal("0.0065")) == (found.low, found.high)
    assert ((1000, 1200), 500, "catalogue", "acme") == (
        found.input,
        found.output,
        found.source,
        found.rate.source,
    )


@pytest.mark.parametrize(
    ("asked", "fields", "high"),
    [
        (ASKED, {"above": STEPS}, "0.0105"),  # the step may be exceeded
        (Asked(1000, 1000, 500), {"above": STEPS}, "0.00625"),
        (Asked(1000, 1000, 500, answers=3), {}, "0.01625"),
        (Asked(1000, 1000, 0), {"per_1M_tokens": {**TOKENS, "cache_write": "2"}}, "0.002"),
        (Asked(1000, 1000, 0), {"per_1M_tokens": {**TOKENS, "cache_write_1h": "3"}}, "0.00125"),
        (
            Asked(1000, 1000, 0, kept_an_hour=True),
            {"per_1M_tokens": {**TOKENS, "cache_write_1h": "3"}},
            "0.003",
        ),
        (Asked(1000, 1000, 500, tier="batch"), {"tiers": {"batch": {"per_1M_tokens": TOKENS}}}, "0.00625"),
        (Asked(0, 0, 500), {"per_1M_tokens": {"input": "1", "output": "1", "reasoning": "3"}}, "0.0015"),
        (Asked(0, 0, 0), {"per_request": {"requests": "0.005"}}, "0.005"),
    ],
)
def test_the_upper_bound_takes_the_dearest_way(asked, fields, high):
    """Steps, caches, answers, tiers and fees are in it."""
    assert Decimal(high) == quote(asked, **fields).high


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(1, None, 5), "how many tokens go in"),
        (Asked(1, 1, None), "set `max_tokens`"),
        (Asked(1, 1, 5, hosted_tools=True), "own tools"),
        (Asked(1, 1, 5, tier="priority"), "tier `priority`"),
    ],
)
def test_an_unknown_bound_says_why(asked, why):
    """It is never 0."""
    found = quote(asked)

    assert (None, False) == (found.high, found.known)
    assert why in found.why


def test_books_without_a_list_have_no_bounds():
    """What is local costs nothing; of the unknown nobody knows."""
    books = (FreePrices(), UnknownPrices(), ReportedPrices("cost"))

    assert [0, None, None] == [quote_of(one, ASKED, NOW).high for one in books]


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 900), st.integers(0, 300))
def test_no_charge_is_above_the_quote(fresh, cached, said, thought):
    """Whatever of it was cached, said or thought."""
    priced = book(
        per_1M_tokens=TOKENS, above=[{"input_tokens": 1100, "per_1M_tokens": {**TOKENS, "input": "3"}}]
    )
    asked = Asked((fresh + cached) // 2, fresh + cached, said + thought)

    found = quote_of(priced, asked, NOW)
    paid = priced.charge(Usage(fresh, cached, output=said, reasoning=thought), NOW)

    assert found.low <= paid <= found.high


def test_costs_are_ordered_with_the_unknown_last():
    """The cheapest first; the reason stands beside what is unknown."""
    cheap, dear = book(per_1M_tokens=TOKENS), book(per_1M_tokens={"input": "9"})
    unknown = UnknownPrices()
    pairs = (("a/unknown", unknown), ("a/dear", dear), ("a/cheap", cheap))

    costs = by_cost(cost_of(name, one, Usage(1000), NOW) for name, one in pairs)

    assert ["a/cheap", "a/dear", "a/unknown"] == [cost.model for cost in costs]
    assert "nobody states a price" in costs[-1].why
