"""What a request may cost, before it is sent: the least and the most, or that no bound is known, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from jackfield.catalogue.book import FreePrices, PriceBook, RatesBook, ReportedPrices
from jackfield.catalogue.rates import Amount, CompiledRate, Priced, Tariff, decimal_of
from jackfield.profile.rates import Rate


@frozen
class Asked:
    """What is known of a request before it is sent, as far as it matters for its price."""

    fewest_in: int = 0
    most_in: int | None = None  # None: not to be told, as of pictures whose size nobody counts
    most_out: int | None = None  # of one answer; None: nobody states a limit
    answers: int = 1
    tier: str = ""
    hosted_tools: bool = (
        False  # they are billed by the use, and how often they are used is the model's choice
    )
    kept_an_hour: bool = False  # some of the input is to be kept in a cache for an hour


@frozen
class Quote:
    """The price before: at least ``low``, at most ``high`` USD. ``high`` is ``None`` where nobody can tell.

    ``input`` is the estimate of the tokens that go in, from fewest to most; ``output`` the most that come out.
    ``why`` says what is not known. ``rate`` is the price list the bounds are from.
    """

    low: Decimal | None
    high: Decimal | None
    input: tuple[int, int | None] = (0, None)
    output: int | None = None
    tier: str = ""
    source: str = "unknown"
    rate: Rate | None = None
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether there is an upper bound."""
        return self.high is not None


def quote_of(book: PriceBook, asked: Asked, at: datetime) -> Quote:
    """What a request may cost by this book. Books of other kinds than core's have no bounds to tell."""
    shown = (asked.fewest_in, asked.most_in)
    answers = None if asked.most_out is None else asked.most_out * asked.answers
    if isinstance(book, FreePrices):
        return Quote(Decimal(0), Decimal(0), shown, answers, asked.tier, book.source)
    found = listed(book)
    compiled = None if found is None else found.compiled(at)
    if found is None or compiled is None:
        return Quote(None, None, shown, answers, asked.tier, why="nobody states a price for this model")
    schedule = compiled.schedule(asked.tier, at)
    if schedule is None:
        why = f"nobody states a price for the tier `{asked.tier}`"
        return Quote(None, None, shown, answers, asked.tier, found.source, compiled.rate, why)
    low, (high, why) = _lowest(schedule, asked), _highest(schedule, asked)
    least, most = (None if amount is None else decimal_of(amount) for amount in (low, high))
    return Quote(least, most, shown, answers, asked.tier, found.source, compiled.rate, why)


def listed(book: PriceBook | None) -> RatesBook | None:
    """The rates behind a book, if it has any."""
    while book is not None and not isinstance(book, RatesBook):
        book = book.otherwise if isinstance(book, ReportedPrices) else getattr(book, "book", None)
    return book


def compiled_of(book: PriceBook, at: datetime) -> CompiledRate | None:
    """The rate of a moment behind a book, if it has any."""
    found = listed(book)
    return None if found is None else found.compiled(at)


_IN = ("input", "cache_read", "cache_write")
_OUT = ("output", "reasoning", "output_audio", "output_image")


def _stated(tariff: Tariff, names: Iterable[str]) -> list[Amount]:
    return [amount for name in names if (amount := tariff.amounts.get(name)) is not None]


def _besides(tariff: Tariff) -> tuple[Amount, Amount]:
    """What every request costs besides tokens, at least and at most."""
    by_size = _stated(tariff, ("searches_low", "searches_medium", "searches_high"))
    fixed = tariff.amounts.get("requests", 0)
    return fixed + min(by_size, default=0), fixed + max(by_size, default=0)


def _lowest(schedule: Priced, asked: Asked) -> Amount | None:
    """All input read from a cache where that is cheaper, and no output."""
    tariff = schedule.tariff(asked.fewest_in)
    into = _stated(tariff, _IN)
    if asked.fewest_in and not into:
        return None
    return asked.fewest_in * min(into, default=0) + _besides(tariff)[0]


def _highest(schedule: Priced, asked: Asked) -> tuple[Amount | None, str]:
    """All input at the dearest rate it may have, and as much output as there may be."""
    if asked.most_in is None:
        return None, "how many tokens go in is not known"
    if asked.most_out is None:
        return None, "how many tokens may come out is not known: set `max_tokens`"
    if asked.hosted_tools:
        return None, "how often the provider's own tools are used is not known"
    names = (*_IN, "cache_write_1h") if asked.kept_an_hour else _IN
    bounds = [_bound(tariff, asked, names) for tariff in schedule.tariffs(asked.most_in)]
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return None, "tokens have no price here"
    return max(known), ""


def _bound(tariff: Tariff, asked: Asked, names: tuple[str, ...]) -> Amount | None:
    into, out = _stated(tariff, names), _stated(tariff, _OUT)
    assert asked.most_in is not None
    assert asked.most_out is not None
    if (asked.most_in and not into) or (asked.most_out and not out):
        return None
    said = asked.most_out * asked.answers
    return asked.most_in * max(into, default=0) + said * max(out, default=0) + _besides(tariff)[1]
