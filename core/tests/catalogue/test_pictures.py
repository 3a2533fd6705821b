"""Pictures cost what their quality and size cost: before they are drawn, and after."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest

from jackfield.catalogue import FreePrices, UnknownPrices
from jackfield.catalogue.pictures import Drawing, quote_pictures
from jackfield.profile.rates import kind_of, picture
from jackfield.types import Usage

sys.path.insert(0, str(Path(__file__).parent))

from rate_tables import NOW, book

USUAL = {"per_image": {"images_out": "0.06", "images_out_low_10x10": "0.04"}}
SIZED = {
    "images_out_low_10x10": "0.011",
    "images_out_high_10x10": "0.2",
    "images_out_low_10x20": "0.016",
}
IN_TOKENS = {
    "per_1M_tokens": {"input": "5", "output_image": "40"},
    "without_tokens": {"per_image": SIZED},
}
BY_PIXEL = {"per_pixel": {"pixels_out_hd_10x10": "0.0001", "pixels_out_10x10": "0.00005"}}


@pytest.mark.parametrize(
    ("quality", "size", "name"),
    [
        ("high", "1024x1536", "images_out_high_1024x1536"),
        ("auto", "10x10", "images_out_10x10"),
        ("hd", "", "images_out_hd"),
        ("auto", "auto", ""),
        ("", "", ""),
        ("very high", "10x10", ""),
    ],
)
def test_pictures_are_counted_by_quality_and_size(quality, size, name):
    """What is left to the provider is not told."""
    assert name == picture(quality, size)


@pytest.mark.parametrize("name", ["images_out_", "images_in_low", "pixels_out_hd", "images_out_10x"])
def test_other_names_are_none(name):
    """A price by the pixel has a size."""
    assert None is kind_of(name)


@pytest.mark.parametrize(
    ("fields", "told", "expected"),
    [
        (USUAL, {"images_out": 3, "images_out_low_10x10": 2}, "0.14"),
        (USUAL, {"images_out": 2, "images_out_high_10x10": 2}, "0.12"),
        (IN_TOKENS, {"images_out": 2, "images_out_high_10x10": 2}, "0.4"),
        (IN_TOKENS, {"images_out": 2, "images_out_high_99x99": 2}, None),
        (IN_TOKENS, {"images_out": 2, "images_out_high_10x10": 1}, None),
        (IN_TOKENS, {"images_out": 2}, None),
        (BY_PIXEL, {"images_out": 2, "pixels_out": 200, "images_out_hd_10x10": 2}, "0.02"),
        (BY_PIXEL, {"images_out": 1, "pixels_out": 100, "images_out_10x10": 1}, "0.005"),
    ],
)
def test_a_picture_costs_what_its_quality_and_size_cost(fields, told, expected):
    """Others cost the usual, where there is such a price; what has none is unknown."""
    found = book(**fields).charge(Usage(source="unknown", more=told), NOW)

    assert (expected and Decimal(expected)) == found


@pytest.mark.parametrize(
    ("fields", "asked", "bounds"),
    [
        (USUAL, Drawing(2, "low", "10x10"), ("0.08", "0.08")),
        (USUAL, Drawing(2, "high", "10x10"), ("0.12", "0.12")),
        (USUAL, Drawing(1), ("0.04", "0.06")),
        (IN_TOKENS, Drawing(1, "high", "10x10"), ("0.1995", "0.2005")),
        (IN_TOKENS, Drawing(1, "low", "auto", 4, 10), ("0.0105", "0.01655")),
        (BY_PIXEL, Drawing(3, "hd", "10x10"), ("0.03", "0.03")),
    ],
)
def test_a_quote_is_of_what_is_asked_for(fields, asked, bounds):
    """What is left to the provider may be any; a rounded price may have been rounded either way."""
    quote = quote_pictures(book(**fields), asked, NOW)

    assert tuple(map(Decimal, bounds)) == (quote.low, quote.high)


@pytest.mark.parametrize(
    ("fields", "asked", "why"),
    [
        (IN_TOKENS, Drawing(1, "low", "10x10", 4, None), "how many tokens go in is not known"),
        (IN_TOKENS, Drawing(1, "low", "99x99"), "how many tokens a picture takes is not known"),
        (BY_PIXEL, Drawing(1, "hd", "20x20"), "nobody states a price for pictures of that quality and size"),
    ],
)
def test_a_quote_says_what_is_not_known(fields, asked, why):
    """And has no upper bound then."""
    quote = quote_pictures(book(**fields), asked, NOW)

    assert (None, why) == (quote.high, quote.why)


def test_local_pictures_are_free_and_others_unknown():
    """Unknown is not 0."""
    quotes = [quote_pictures(prices, Drawing(), NOW) for prices in (FreePrices(), UnknownPrices())]

    assert [Decimal(0), None] == [quote.high for quote in quotes]
