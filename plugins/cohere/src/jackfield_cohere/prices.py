"""Charges by billed units: the provider bills neither its own prompt templates nor what it caches of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from jackfield.plugin import PriceBook
from jackfield.types import Usage
from jackfield_cohere.usage import billed_usage


class BilledPrices:
    """Another book's prices, for what is billed of a usage."""

    __slots__ = ("_book", "source")

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self.source = book.source

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """The price of the billed units; ``None`` where the provider told none."""
        billed = billed_usage(usage)
        return None if billed is None else self._book.charge(billed, at)
