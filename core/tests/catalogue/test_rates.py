"""How uses are billed: units, tiers, steps, hours, sizes, and what has no price."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.catalogue import RatesBook
from jackfield.types import Usage

sys.path.insert(0, str(Path(__file__).parent))

from rate_tables import NOW, TOKENS, book, made


def charge(usage, at=NOW, **fields):
    return book(**fields).charge(usage, at)


@pytest.mark.parametrize(
    ("fields", "usage", "expected"),
    [
        ({"per_1M_tokens": {"input": "1.25"}}, Usage(1_000_000), "1.25"),
        ({"per_1K_tokens": {"input": "1.25"}}, Usage(1_000), "1.25"),
        ({"per_token": {"output": "0.00001"}}, Usage(output=3), "0.00003"),
        ({"per_1M_tokens": {"input": "0.15"}}, Usage(1), "0.00000015"),
        ({"per_minute": {"seconds_in": "0.006"}}, Usage(more={"seconds_in": 90}), "0.009"),
        ({"per_hour": {"seconds_in": "0.36"}}, Usage(more={"seconds_in": 2.5}), "0.00025"),
        ({"per_1K_pages": {"pages": "1"}}, Usage(more={"pages": 7}), "0.007"),
        ({"per_1M_characters": {"characters_in": "15"}}, Usage(more={"characters_in": 40}), "0.0006"),
        ({"per_image": {"images_out": "0.04"}}, Usage(more={"images_out": 2}), "0.08"),
        ({"per_request": {"requests": "0.005"}}, Usage(3), "0.005"),
    ],
)
def test_units_are_exact(fields, usage, expected):
    """Per million is not per thousand, and neither is per one."""
    assert Decimal(expected) == charge(usage, **fields)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(100, 1000, output=10), "0.00035"),
        (Usage(100, reasoning=10), "0.000225"),  # as output
        (Usage(100, input_image=100), "0.00025"),  # as input
        (Usage(100, more={"input_video": 100}), "0.00025"),
        (Usage(100, cache_write=1), None),
        (Usage(100, cache_write=0), "0.000125"),
        (Usage(100, input_audio=1), None),
        (Usage(100, output_image=1), None),
        (Usage(100, searches=1), None),
        (Usage(100, more={"citations": 1}), None),
        (Usage(100, more={"images_out": 1}), "0.000125"),  # the same told otherwise than in tokens
        (Usage(100, more={"fathoms": 1}), None),
        (Usage(100, tier="priority"), None),
        (Usage(100, source="unknown"), None),
    ],
)
def test_what_has_no_price_is_unknown(usage, expected):
    """One bucket without a price makes the whole unknown, unless it is empty."""
    assert (expected and Decimal(expected)) == charge(usage, per_1M_tokens=TOKENS)


def test_a_step_moves_the_whole_request():
    """All tokens are at the price of the step that the whole input exceeds, cached input counted."""
    steps = [
        {"input_tokens": 1000, "per_1M_tokens": {"input": "2", "cache_read": "1"}},
        {"input_tokens": 5000, "per_1M_tokens": {"input": "4"}},
    ]
    used = [Usage(1000), Usage(500, 501), Usage(6000), Usage(6000, 1)]

    charges = [charge(one, per_1M_tokens=TOKENS, above=steps) for one in used]

    assert [Decimal("0.00125"), Decimal("0.001501"), Decimal("0.024"), None] == charges


def test_what_is_kept_to_a_place_costs_the_uplift_of_it():
    """Of its tokens; a search costs the same. Of another place nothing is known."""
    fields = {"per_1M_tokens": TOKENS, "per_search": {"searches": "0.01"}, "uplift": {"us": "1.1"}}
    fields["above"] = [{"input_tokens": 5000, "per_1M_tokens": {"input": "2"}}]
    fields["tiers"] = {"fast": {"per_1M_tokens": {"input": "3"}}}

    charges = [
        charge(Usage(size, searches=1, tier=tier), **fields)
        for size, tier in ((1000, "geo-us"), (6000, "geo-us"), (1000, "fast geo-us"), (1000, "geo-eu"))
    ]

    assert [Decimal("0.011375"), Decimal("0.0232"), Decimal("0.0133"), None] == charges


def test_tiers_share_all_but_tokens():
    """A batch has prices of its own for tokens; a search costs the same."""
    tiers = {"batch": {"per_1M_tokens": {"input": "0.5"}}}
    fields = {"per_1M_tokens": TOKENS, "per_search": {"searches": "0.01"}, "tiers": tiers}

    charges = [charge(Usage(1000, searches=1, output=out, tier="batch"), **fields) for out in (0, 1)]

    assert [Decimal("0.0105"), None] == charges


@pytest.mark.parametrize("word", ["", "default", "standard", "auto", "ON_DEMAND"])
def test_usual_tiers_are_none(word):
    """What providers call the tier that is nothing special changes nothing."""
    assert charge(Usage(1000), per_1M_tokens=TOKENS) == charge(
        Usage(1000).in_tier(word), per_1M_tokens=TOKENS
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T09:59:59+00:00", "1.25"),
        ("2026-11-20T10:00:00+00:00", "0.5"),
        ("2026-11-20T08:30:00-02:00", "0.5"),  # half past ten in UTC
        ("2026-11-20T12:00:00", "0.5"),
        ("2026-11-21T00:00:00+00:00", "0.5"),  # a Saturday
        ("2026-11-23T00:00:00+00:00", "1.25"),
    ],
)
def test_hours_have_prices(moment, expected):
    """Windows are of the day in UTC, on the days they name; the end is outside."""
    off_peak = {"utc": ["10:00-24:00 on 1-5", "00:00-24:00 on 6-7"], "per_1M_tokens": {"input": "0.5"}}

    found = charge(Usage(1_000_000), datetime.fromisoformat(moment), per_1M_tokens=TOKENS, off_peak=off_peak)

    assert Decimal(expected) == found


def test_sizes_stand_in_where_no_tokens_are_told():
    """They are never billed beside the tokens they stand for."""
    fields = {"per_1M_tokens": {"input_audio": "6", "output": "10"}}
    fields["without_tokens"] = {"per_second": {"seconds_in": "0.0001"}}
    told = {"seconds_in": 60}

    charges = [
        charge(used, **fields)
        for used in (Usage(input_audio=1000, more=told), Usage(source="unknown", more=told))
    ]

    assert [Decimal("0.006"), Decimal("0.006")] == charges
    assert charge(Usage(source="unknown"), **fields) is None


def test_a_size_that_is_all_there_is_has_to_be_told():
    """Nothing told is not nothing used."""
    fields = {"per_second": {"seconds_out": "0.1", "seconds_out_1080p": "0.2"}}

    charges = [charge(Usage(more=more), **fields) for more in ({}, {"seconds_out_1080p": 3})]

    assert [None, Decimal("0.6")] == charges


def test_searches_by_size_need_their_size():
    """And what is ranked needs to say how often."""
    sizes = {"per_search": {"searches_low": "0.005", "searches_high": "0.012"}, "per_1M_tokens": TOKENS}
    ranked = {"per_search": {"queries": "0.002"}, "per_1M_tokens": {"input": "0"}}

    charges = [
        charge(Usage(), **sizes),
        charge(Usage(more={"searches_high": 2}), **sizes),
        charge(Usage(7), **ranked),
        charge(Usage(7, searches=2), **ranked),
    ]

    assert [None, Decimal("0.024"), None, Decimal("0.004")] == charges


def test_a_region_has_its_own_price_or_a_part_more():
    """A rate of the region wins; an uplift multiplies all."""
    rates = [made(per_1M_tokens=TOKENS, uplift={"eu": "1.1"}), made(region="us-gov", per_1M_tokens=TOKENS)]

    charges = [RatesBook(rates, region).charge(Usage(1_000_000), NOW) for region in ("", "eu", "us-gov")]

    assert [Decimal("1.25"), Decimal("1.375"), Decimal("1.25")] == charges


def test_prices_are_of_their_day():
    """Before the first nobody knows; a price that ended is not used any more."""
    old = made(per_1M_tokens={"input": "2"}, valid_to=date(2026, 6, 1))
    new = made(per_1M_tokens={"input": "1"}, valid_from=date(2026, 6, 1))
    found = RatesBook([new, old])

    charges = [
        found.charge(Usage(1_000_000), datetime(*day, tzinfo=UTC))
        for day in ((2025, 12, 31), (2026, 5, 31), (2026, 6, 1), (2026, 5, 31))
    ]

    assert [None, Decimal(2), Decimal(1), Decimal(2)] == charges


def test_another_currency_is_not_converted():
    """What is no USD is unknown in USD."""
    assert charge(Usage(1), per_1M_tokens=TOKENS, currency="EUR") is None


def test_the_callers_decimal_context_does_not_matter():
    """Sums are exact, however few digits the caller's context has."""
    with localcontext() as context:
        context.prec = 3
        found = charge(Usage(123_456_789, output=987_654_321), per_1M_tokens=TOKENS)

    assert Decimal("10030.86419625") == found


def test_amounts_read_as_amounts():
    """No exponents, whatever the size."""
    shown = [str(charge(Usage(count), per_1M_tokens=TOKENS)) for count in (0, 1, 80_000_000)]

    assert ["0", "0.00000125", "100"] == shown


# -- properties ----------------------------------------------------------------------------------

_COUNTS = st.integers(0, 10**9)
_USED = st.builds(Usage, _COUNTS, _COUNTS, output=_COUNTS, reasoning=_COUNTS)
_BOOK = book(per_1M_tokens=TOKENS)
_STEPPED = book(
    per_1M_tokens=TOKENS,
    above=[{"input_tokens": 1000, "per_1M_tokens": {**TOKENS, "input": "2.5"}}],
)


def together(one, other):
    return Usage(
        one.input + other.input,
        one.cache_read + other.cache_read,
        output=one.output + other.output,
        reasoning=one.reasoning + other.reasoning,
    )


@settings(deadline=None)
@given(_USED, _USED)
def test_two_uses_cost_what_both_cost(one, other):
    """Without steps a charge is additive, to the last digit."""
    parts = [_BOOK.charge(used, NOW) for used in (one, other)]

    assert sum(parts) == _BOOK.charge(together(one, other), NOW)


@settings(deadline=None)
@given(_USED, _USED)
def test_more_never_costs_less(one, other):
    """With dearer steps, too."""
    assert _STEPPED.charge(one, NOW) <= _STEPPED.charge(together(one, other), NOW)


@settings(deadline=None)
@given(_USED, st.sampled_from(["", "batch", "flex"]))
def test_nothing_is_negative_and_what_is_unknown_is_not_0(used, tier):
    """An amount is at least 0, and 0 only where nothing was used."""
    found = _BOOK.charge(used.in_tier(tier), NOW)

    assert (
        found is None if tier else (found >= 0 and bool(found) == bool(used.total_input + used.total_output))
    )


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["cache_write", "input_audio", "output_audio"]), st.integers(1, 9), min_size=1
    )
)
def test_an_unpriced_bucket_is_never_free(buckets):
    """Whatever else was used."""
    assert _BOOK.charge(Usage(5, **buckets), NOW) is None
