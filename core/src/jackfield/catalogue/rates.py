"""Prices ready for arithmetic. All is whole numbers of 10⁻¹⁸ USD, so that sums are exact in any decimal context.

What is billed, and how:

- each bucket of tokens that is not 0 needs a price, else the whole is unknown. Reasoning without a price of its own is
  output, tokens of pictures and video without one are input; nothing else stands for anything else;
- above a step of input tokens the whole request is at the prices of that step;
- sizes told otherwise than in tokens (seconds, characters, images, pages) are billed where they have a price;
- pictures of a quality and size that has a price of its own are at that, all others at the usual one;
- a model that is priced by such a size alone is unknown where no such size was told;
- a tier (batch, flex, priority …) has prices of its own for tokens, and shares the others;
- a request that was kept to one place has that of the place's uplift, likewise;
- what is given a price by search, page or request besides is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal
from fractions import Fraction
from typing import TypeAlias

from jackfield.profile.rates import (
    MORE_TOKENS,
    QUANTITIES,
    TOKENS,
    UNITS,
    OffPeak,
    Prices,
    Rate,
    Schedule,
    kind_of,
    picture,
    picture_of,
)
from jackfield.types import Usage
from jackfield.types.answers import STANDARD_TIERS

SCALE = 18
_WHOLE: int = 10**SCALE
_EXACT = Context(prec=80)
_DIVIDED = Context(prec=34)

Amount: TypeAlias = int | Fraction
"""So many 10⁻¹⁸ USD; a fraction where a price is per minute or hour."""

_FALLS_TO: Mapping[str, str] = {"reasoning": "output", "input_image": "input", "input_video": "input"}
_MEASURES = frozenset({"characters", "seconds", "images", "pixels", "pages"})
_SIZES = ("searches_low", "searches_medium", "searches_high")
_ADDED = tuple(
    name
    for name, kind in QUANTITIES.items()
    if name not in (*TOKENS, "searches", "queries", "requests") and kind not in _MEASURES
)


def decimal_of(amount: Amount) -> Decimal:
    """The amount in USD, without needless zeroes."""
    if type(amount) is int:
        if amount % _WHOLE:
            return Decimal(amount).scaleb(-SCALE, _EXACT).normalize(_EXACT)
        return Decimal(amount // _WHOLE)
    return _DIVIDED.divide(Decimal(amount.numerator), Decimal(amount.denominator * _WHOLE))


def amount_of(figure: str, unit: str, times: Fraction = Fraction(1)) -> Amount:
    """What one of a thing costs, where so many of it cost ``figure``."""
    found = Fraction(figure) * times * _WHOLE / UNITS[unit][1]
    return found.numerator if found.denominator == 1 else found


def told(quantity: object) -> Amount:
    """A quantity as it is told, which may be a part of a second."""
    if type(quantity) is int:
        return quantity
    found = Fraction(str(quantity))
    return found.numerator if found.denominator == 1 else found


class Tariff:
    """The prices of a schedule below or above a step."""

    __slots__ = ("_by_tokens", "_measures", "_needed", "_pictures", "_plain", "amounts", "tokens")

    def __init__(self, amounts: Mapping[str, Amount]) -> None:
        self.amounts = amounts
        self.tokens = tuple((name, self.of(name)) for name in TOKENS)
        self._by_tokens = any(kind_of(name) == "tokens" for name in amounts)
        self._measures = tuple(name for name in amounts if kind_of(name) in _MEASURES)
        self._pictures = tuple(name for name in self._measures if name.startswith("images_out_"))
        self._needed = _needed(amounts, self._measures)
        self._plain = (
            self._by_tokens
            and not self._needed
            and amounts.keys().isdisjoint(("requests", "queries", *_SIZES))
        )

    def of(self, name: str) -> Amount | None:
        """What one of a thing costs; ``None`` where nobody says."""
        found = self.amounts.get(name)
        return self.amounts.get(_FALLS_TO.get(name, "")) if found is None else found

    def cost(self, usage: Usage) -> Amount | None:
        """What a usage of known tokens costs; ``None`` if any of it has no price."""
        fields = usage.__dict__
        if self._plain and not usage.more:  # nearly every call
            total: Amount = 0
            for name, amount in self.tokens:
                number = fields[name]
                if number:
                    if amount is None:
                        return None
                    total += number * amount
            return self._with(total, "searches", usage.searches) if usage.searches else total
        measured = self._measured(usage)
        if measured is None:
            return None
        told_in_tokens = 0 if self._billed_otherwise() else self._of_tokens(usage)
        return None if told_in_tokens is None else self._with_added(told_in_tokens + measured, usage)

    def _billed_otherwise(self) -> bool:
        """Whether tokens are no matter: something else has a price that covers them."""
        return not self._by_tokens and (bool(self._measures) or not self.amounts.keys().isdisjoint(_COVERING))

    def _of_tokens(self, usage: Usage) -> Amount | None:
        total: Amount | None = 0
        for name, _ in self.tokens:
            total = self._with(total, name, usage.__dict__[name])
        return total

    def _measured(self, usage: Usage) -> Amount | None:
        """What is billed by sizes; ``None`` where that is all there is and none was told."""
        more = usage.more
        if (self._needed and self._needed.isdisjoint(more)) or not all(map(kind_of, more)):
            return None
        counts = self._apart(more) if self._pictures else more
        if counts is None:
            return None
        return sum((self.amounts[name] * told(counts[name]) for name in self._measures if name in counts), 0)

    def _apart(self, more: Mapping[str, float]) -> Mapping[str, float] | None:
        """The sizes, without those pictures among all that have a price of their own; ``None`` if others have none."""
        rest = more.get("images_out", 0) - sum(more.get(name, 0) for name in self._pictures)
        if rest > 0 and "images_out" not in self.amounts:
            return None
        return {**more, "images_out": max(rest, 0)}

    def _with_added(self, total: Amount | None, usage: Usage) -> Amount | None:
        """With further tokens, searches, messages and the request itself."""
        more = usage.more
        if "queries" in self.amounts:  # at least one was made: none told means that it is not known
            total = self._with(total, "queries", more.get("queries") or usage.searches or None)
        else:
            total = self._with(total, "searches", usage.searches)
        if not self.amounts.keys().isdisjoint(_SIZES) and not any(name in more for name in _SIZES):
            return None  # what a search costs depends on its size, which was not told
        for name in _ADDED:
            if name in more:
                total = self._with(total, name, more[name])
        if "requests" in self.amounts:
            total = self._with(total, "requests", more.get("requests", 1))
        return total

    def _with(self, total: Amount | None, name: str, number: object) -> Amount | None:
        if number == 0 or total is None:
            return total
        amount = self.of(name)
        return None if amount is None or number is None else total + amount * told(number)


def _needed(amounts: Mapping[str, Amount], measures: Iterable[str]) -> frozenset[str]:
    """The sizes of which one has to be told: those of a side whose tokens cost nothing, of what comes out first."""
    costing = [name for name in measures if amounts[name]]
    sides = {out: frozenset(name for name in costing if ("_out" in name) is out) for out in (True, False)}
    free = {out: not amounts.get("output" if out else "input") for out in (True, False)}
    return next((sides[out] for out in (True, False) if sides[out] and free[out]), frozenset())


_COVERING = ("requests", "messages", "queries", "sessions", "dbu")


class Priced:
    """A schedule ready to use: the prices, and those of longer inputs."""

    __slots__ = ("_above", "base")

    def __init__(self, base: Tariff, above: Iterable[tuple[int, Tariff]] = ()) -> None:
        self.base = base
        self._above = tuple(above)  # the highest first

    def tariff(self, input_tokens: int) -> Tariff:
        """The prices of a request of that input."""
        for step, tariff in self._above:
            if input_tokens > step:
                return tariff
        return self.base

    def tariffs(self, at_most: int) -> tuple[Tariff, ...]:
        """All the prices that a request of at most that input may have."""
        return (self.base, *(tariff for step, tariff in self._above if at_most > step))

    def cost(self, usage: Usage) -> Amount | None:
        """What a usage of known tokens costs."""
        tariff = self.base if not self._above else self.tariff(input_of(usage))
        return tariff.cost(usage)


def input_of(usage: Usage) -> int:
    """All tokens that went in."""
    found = usage.total_input
    return found if not usage.more else found + sum(int(usage.more.get(name, 0)) for name in _INPUT)


_INPUT = tuple(name for name in MORE_TOKENS if name not in ("output_video", "citations"))


def _amounts(prices: Prices, times: Fraction) -> dict[str, Amount]:
    found = {name: amount_of(price.figure, price.unit, times) for name, price in prices.items()}
    for name in [name for name in found if name.startswith("pixels_out_")]:  # so many pixels are one picture
        quality, size = picture_of(name) or ("", "")
        found[picture(quality, size)] = pixels(size) * found.pop(name)
    return found


def pixels(size: str) -> int:
    """How many pixels a picture of that size has."""
    width, _, height = size.partition("x")
    return int(width) * int(height)


def _shared(amounts: Mapping[str, Amount]) -> dict[str, Amount]:
    """What tiers and steps have in common with the prices they change: all that is not told in tokens."""
    return {name: amount for name, amount in amounts.items() if kind_of(name) != "tokens"}


def priced(schedule: Schedule, times: Fraction, shared: Mapping[str, Amount]) -> Priced:
    """A schedule with what it shares with the standard one."""
    base = {**shared, **_amounts(schedule.prices, times)}
    steps = (
        (step.input_tokens, Tariff({**_shared(base), **_amounts(step.prices, times)}))
        for step in schedule.above
    )
    return Priced(Tariff(base), steps)


class CompiledRate:
    """One dated rate, ready to use in one region."""

    __slots__ = ("_off_peak", "_tiers", "_windows", "rate", "standard", "times", "without_tokens")

    def __init__(self, rate: Rate, region: str = "") -> None:
        times = Fraction(rate.uplift.get(region, "1"))
        shared = _shared(_amounts(rate.standard.prices, times))
        self.rate = rate
        self.times = times  # the region's
        self.standard = priced(rate.standard, times, shared)
        self._tiers = {name: priced(schedule, times, shared) for name, schedule in rate.tiers.items()}
        self._tiers |= _kept_to_places(rate, region, shared)
        self.without_tokens = Tariff(_amounts(rate.without_tokens, times)) if rate.without_tokens else None
        off_peak = rate.off_peak
        self._off_peak = None if off_peak is None else priced(off_peak.schedule, times, shared)
        self._windows = () if off_peak is None else windows(off_peak)

    def schedule(self, tier: str, at: datetime) -> Priced | None:
        """The prices of a tier at a moment; ``None`` where nobody states any."""
        if tier not in STANDARD_TIERS:
            return self._tiers.get(tier)
        return self._off_peak if self._windows and within(self._windows, at) else self.standard

    def cost(self, usage: Usage, at: datetime) -> Amount | None:
        """What a usage costs."""
        if usage.source == "unknown":
            return self._untold(usage)
        found = self.schedule(usage.tier, at)
        return None if found is None else found.cost(usage)

    def _untold(self, usage: Usage) -> Amount | None:
        """What a use costs that was told in other sizes than tokens."""
        tariff = self.without_tokens or self.standard.base
        by_tokens = any(kind_of(name) == "tokens" and amount for name, amount in tariff.amounts.items())
        return None if by_tokens or not usage.more or usage.tier not in STANDARD_TIERS else tariff.cost(usage)


PLACE = "geo-"
"""How the tier of a request begins that was kept to one place by its own wish: its tokens are at the uplift of that."""


def _kept_to_places(rate: Rate, region: str, shared: Mapping[str, Amount]) -> dict[str, Priced]:
    """The prices of each place and tier, by the name of both."""
    if not rate.uplift:
        return {}
    schedules = {"": rate.standard, **rate.tiers}
    times = {f"{PLACE}{place}": Fraction(factor) for place, factor in rate.uplift.items() if place != region}
    return {
        f"{tier} {place}".strip(): priced(_of_tokens(schedule), factor, shared)
        for place, factor in times.items()
        for tier, schedule in schedules.items()
    }


def _of_tokens(schedule: Schedule) -> Schedule:
    """The prices by token alone."""
    prices = {name: price for name, price in schedule.prices.items() if kind_of(name) == "tokens"}
    return Schedule(prices, schedule.above)


Window: TypeAlias = tuple[int, int, frozenset[int]]
"""From a minute of the day to another, on some days of the week."""


def windows(off_peak: OffPeak) -> tuple[Window, ...]:
    """The hours as numbers."""
    return tuple(map(_window, off_peak.utc))


def _window(text: str) -> Window:
    hours, _, days = text.partition(" on ")
    begin, _, end = hours.partition("-")
    first, _, last = (days or "1-7").partition("-")
    return _minute(begin), _minute(end), frozenset(range(int(first), int(last or first) + 1))


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def within(hours: Iterable[Window], at: datetime) -> bool:
    """Whether a moment is in one of them."""
    moment = at.astimezone(UTC) if at.tzinfo is not None else at
    minute, weekday = moment.hour * 60 + moment.minute, moment.isoweekday()
    return any(begin <= minute < end and weekday in days for begin, end, days in hours)
