"""What is known of an answer beyond its content: whose request it was, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from time import time

from jackfield.catalogue import Charge, PriceBook
from jackfield.client.binding import Binding
from jackfield.types import Usage


def request_id_of(binding: Binding, headers: Mapping[str, str]) -> str | None:
    """The provider's id for the request, from the header the profile names."""
    for name in binding.profile.request_id:
        if name in headers:
            return headers[name]
    return None


def charge_of(binding: Binding, usage: Usage) -> Decimal | None:
    """What the usage costs, if the price book knows."""
    return _charged(binding.prices, usage, time())


def charge_due(binding: Binding, usage: Usage) -> Decimal | None:
    """The same for a completion, which works it out when it is asked: by the prices of now, whenever that is."""
    book = binding.prices
    return None if book.source == "unknown" else partial(_charged, book, usage, time())  # type: ignore[return-value]


def _charged(book: PriceBook, usage: Usage, at: float) -> Decimal | None:
    if book.source == "unknown" or (usage.source == "unknown" and getattr(book, "needs_usage", True)):
        return None
    found = book.charge(usage, datetime.fromtimestamp(at, UTC))
    return found if found is None or type(found) is Charge else Charge(found, book.source, None, found)
