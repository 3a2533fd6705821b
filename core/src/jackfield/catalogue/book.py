"""What a use of a model costs. Prices are dated data of the providers; an unknown price is ``None``, never 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol, Self

from jackfield.catalogue.rates import CompiledRate, decimal_of
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.profile.rates import Rate, rate
from jackfield.profile.schema import message
from jackfield.types import Usage
from jackfield.types.charge import Charge


class PriceBook(Protocol):
    """What the ``pricing`` hook answers with: the prices of one model.

    A book with ``needs_usage = False`` is asked even where the provider told nothing of tokens. It is asked when
    somebody wants to know, perhaps twice and perhaps never, by any thread: it goes by what it is given alone.
    """

    source: str  # who answered, for provenance

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """What ``usage`` costs in USD at that moment; ``None`` when it cannot be known exactly."""


class UnknownPrices:
    """The book of a model whose prices nobody stated."""

    source = "unknown"

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """Nothing is known."""
        return None


class RatesBook:
    """The book of dated rates: those of the provider's data, or any others in the same form."""

    needs_usage = False
    __slots__ = ("_kept", "rates", "region", "source")

    def __init__(self, rates: Sequence[Rate], region: str = "", source: str = "catalogue") -> None:
        self.rates = tuple(rates)
        self.region = region
        self.source = source
        self._kept: tuple[date, CompiledRate | None] | None = None  # one tuple: threads see it whole

    @classmethod
    def stated(cls, *tables: Mapping[str, Any], source: str, region: str = "") -> Self:
        """The book of rates written as tables, as in ``models.toml``; ``source`` says whose prices they are."""
        problems: list[str] = []
        rates = [rate(table, f"rate {number}", problems) for number, table in enumerate(tables, 1)]
        if problems:
            raise BadConfig(ErrorInfo("config", message(source, problems)))
        return cls(rates, region, source)

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """What ``usage`` costs in USD at that moment; ``None`` when it cannot be known exactly."""
        found = self.compiled(at)
        if found is None:
            return None
        cost = found.cost(usage, at)
        if cost is None:
            return None
        amount = decimal_of(cost)
        return Charge(amount, self.source, None, amount)

    def compiled(self, at: datetime) -> CompiledRate | None:
        """The rate of that moment, ready to use."""
        day = (at if at.tzinfo is UTC or at.tzinfo is None else at.astimezone(UTC)).date()
        kept = self._kept
        if kept is not None and kept[0] == day:
            return kept[1]
        rate = rate_on(self.rates, day, self.region)
        made = None if rate is None or rate.currency != "USD" else CompiledRate(rate, self.region)
        self._kept = day, made
        return made

    def rate(self, at: datetime) -> Rate | None:
        """The rate of that moment as it is stated, with its source and date."""
        found = self.compiled(at)
        return None if found is None else found.rate


def rate_on(rates: Sequence[Rate], on: date, region: str = "") -> Rate | None:
    """The rate that holds on a day: the region's own if there is one, and of several the newest."""
    holding = [rate for rate in rates if rate.holds(on) and rate.region in (region, "")]
    return max(holding, key=lambda rate: (rate.region == region, rate.valid_from), default=None)


class ReportedPrices:
    """The book of a provider that says with every answer what it costs: a figure in the usage, in parts of a USD.

    Where it says nothing, ``otherwise`` is asked; where both know, both figures are kept, and the provider's wins.
    """

    source = "reported"
    needs_usage = False

    def __init__(self, field: str, per_usd: int = 1, otherwise: PriceBook | None = None) -> None:
        self._path = tuple(field.split("."))
        self._per_usd = per_usd
        self.otherwise = otherwise

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """What the provider said; nothing if it said nothing and no list says more."""
        reported = self._told(usage)
        computed = None if self.otherwise is None else self.otherwise.charge(usage, at)
        if reported is None:
            return computed
        return Charge(reported, self.source, reported, None if computed is None else Decimal(computed))

    def _told(self, usage: Usage) -> Decimal | None:
        found: Any = usage.raw
        for name in self._path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < float("inf"):
            return None
        return Decimal(str(found)) / self._per_usd


class FreePrices:
    """The book of what runs locally: exactly 0."""

    source = "local"
    needs_usage = False

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """Nothing is owed, whatever was used."""
        return NOTHING


NOTHING = Charge(0, "local", None, Decimal(0))
