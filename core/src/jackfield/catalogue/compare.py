"""What the same use, or the same request, costs at several models: the cheapest first, the unknown last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from jackfield.catalogue.book import PriceBook
from jackfield.catalogue.quote import Quote, compiled_of
from jackfield.profile.rates import Rate
from jackfield.types import Usage
from jackfield.types.charge import Charge


@frozen
class Cost:
    """What one model would cost. ``amount`` is ``None`` where that is unknown, and ``why`` says why.

    Of a request that was not sent it is the most it may cost, and ``quote`` has the least, too.
    """

    model: str
    amount: Decimal | None
    rate: Rate | None = None
    quote: Quote | None = None
    why: str = ""
    answered_by: str = ""  # whose prices these are: `catalogue`, `reported`, `local`, or an extension's word

    @property
    def conflicts(self) -> tuple[str, ...]:
        """What is counted that another source states another price for."""
        return () if self.rate is None else self.rate.conflicts


def cost_of(model: str, book: PriceBook, usage: Usage, at: datetime) -> Cost:
    """What a usage costs by one book."""
    compiled = compiled_of(book, at)
    rate = None if compiled is None else compiled.rate
    amount = book.charge(usage, at)
    why = "" if amount is not None else _missing(book, compiled is None)
    answered = amount.source if isinstance(amount, Charge) else book.source
    return Cost(model, amount, rate, why=why, answered_by=answered)


def _missing(book: PriceBook, unpriced: bool) -> str:
    if unpriced and book.source in ("unknown", "reported", "catalogue"):
        return "nobody states a price for this model on that day"
    return "some of this use has no price"


def quoted(model: str, quote: Quote) -> Cost:
    """A quote as a cost: the most that may be asked for."""
    return Cost(model, quote.high, quote.rate, quote, quote.why, quote.source)


def by_cost(costs: Iterable[Cost]) -> tuple[Cost, ...]:
    """The cheapest first, those of unknown cost last."""
    return tuple(sorted(costs, key=lambda cost: (cost.amount is None, cost.amount or 0, cost.model)))
