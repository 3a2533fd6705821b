"""Prices of pictures by quality and size: each row of the price data is what our charge and our quote say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from jackfield import Client, Usage

DATA = Path(__file__).resolve().parents[3] / "shared" / "providers" / "prices.json"
if not DATA.is_file():
    pytest.skip(f"no price data at {DATA}", allow_module_level=True)

ROW = re.compile(r"([a-z]+)/(\d+)-x-(\d+)/([^/]+)|()(\d+)-x-(\d+)/([^/]+)")
PROVIDERS = ("openai", "azure-openai", "xai")
PLACES = {"azure-openai": {"base_url": "https://acme.openai.azure.com"}}
ON = datetime(2026, 11, 21, tzinfo=UTC)


@cache
def rows():
    """Provider, model, quality, size and the price of one picture, straight from the data."""
    data = json.loads(DATA.read_bytes())
    found = []
    for provider in PROVIDERS:
        for name, row in data[provider].items():
            match = ROW.fullmatch(name)
            if match and any(Fraction(row.get(field, 0)) for field in ("per_image_input", "per_pixel_input")):
                quality, width, height, model = match.groups()[:4] if match[1] else match.groups()[4:]
                pixels = int(width) * int(height)
                each = Fraction(row.get("per_image_input", 0)) or Fraction(row["per_pixel_input"]) * pixels
                found.append((provider, model, quality, f"{width}x{height}", each))
    return found


@cache
def client():
    """A client without keys."""
    return Client({"providers": PLACES})


def test_each_row_is_what_a_picture_is_charged_at():
    """To the last digit, of answers that tell no tokens."""
    wrong = []
    for provider, model, quality, size, each in rows():
        sized = f"images_out_{quality}_{size}" if quality else f"images_out_{size}"
        usage = Usage(source="unknown", more={"images_out": 3, sized: 3})
        charge = client().charge(f"{provider}/{model}", usage, at=ON)
        if charge is None or Fraction(charge) != 3 * each:
            wrong.append((provider, model, quality, size, charge))

    assert len(rows()) >= 70
    assert not wrong


def test_each_row_is_within_the_quote_of_such_pictures():
    """The quote has the tokens of the words besides, and what rounding may hide."""
    wrong = []
    for provider, model, quality, size, each in rows():
        quote = client().quote_image(f"{provider}/{model}", "a cat", n=3, quality=quality or None, size=size)
        bounds = (Fraction(quote.low), Fraction(quote.high))
        if not bounds[0] <= 3 * each <= bounds[1] or (quality and bounds[1] - bounds[0] > Decimal("0.01")):
            wrong.append((provider, model, quality, size, quote))

    assert not wrong
