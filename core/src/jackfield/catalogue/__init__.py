"""Models and prices as data: dated rates, what a use costs, what a request may cost."""

from __future__ import annotations

from jackfield.catalogue.book import (
    FreePrices,
    PriceBook,
    RatesBook,
    ReportedPrices,
    UnknownPrices,
    rate_on,
)
from jackfield.catalogue.compare import Cost
from jackfield.catalogue.quote import Asked, Quote, quote_of
from jackfield.types.charge import Charge

__all__ = [
    "Asked",
    "Charge",
    "Cost",
    "FreePrices",
    "PriceBook",
    "Quote",
    "RatesBook",
    "ReportedPrices",
    "UnknownPrices",
    "quote_of",
    "rate_on",
]
