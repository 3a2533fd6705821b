"""What will probably be spent: the days or hours so far, taken as a sample of those to come.

The mean of what was spent in each of them, times how many there will be; the interval holds nine times of ten
if days differ as they did. It knows nothing of weekends, trends or plans, and says nothing before a day has passed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from attrs import frozen

from jackfield.ledger.reports import Period, totals

if TYPE_CHECKING:
    from jackfield.ledger.book import Book

HOUR, DAY = 3600.0, 86_400.0
HORIZONS = (("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY))
SAMPLE = 28 * DAY  # how far back is looked
ENOUGH_DAYS = 7  # below that hours are the sample
WIDTH = 1.645  # standard deviations to each side, for nine of ten
_CENT = Decimal("0.000001")


@frozen
class Forecast:
    """What will probably be spent within ``horizon``, in USD."""

    horizon: str
    low: Decimal
    likely: Decimal
    high: Decimal
    sample: int  # days or hours that it was made from
    unit: str


def forecast(book: Book, now: float) -> list[Forecast]:
    """For the next day, week and month; nothing if there is no whole day to judge by."""
    day = math.floor(now / DAY) * DAY
    days = _spent(book, "day", Period(day - SAMPLE, day), DAY)
    if len(days) >= ENOUGH_DAYS:
        return [_one(name, span / DAY, days, "day") for name, span in HORIZONS]
    hour = math.floor(now / HOUR) * HOUR
    hours = _spent(book, "hour", Period(hour - SAMPLE, hour), HOUR)
    if len(hours) < DAY / HOUR:
        return []
    return [_one(name, span / HOUR, hours, "hour") for name, span in HORIZONS]


def _spent(book: Book, unit: str, period: Period, length: float) -> list[float]:
    """What was spent in each day or hour since the first one with anything in it; empty ones count, too."""
    from datetime import UTC, datetime

    found = {total.by[0]: float(total.charge) for total in totals(book, (unit,), period)}
    if not found or period.until is None:
        return []
    form = "%Y-%m-%d" if unit == "day" else "%Y-%m-%dT%H:00Z"
    first = datetime.strptime(str(min(found, key=str)), form).replace(tzinfo=UTC).timestamp()
    steps = range(round((period.until - first) / length))
    return [
        found.get(datetime.fromtimestamp(first + step * length, UTC).strftime(form), 0.0) for step in steps
    ]


def _one(name: str, steps: float, sample: Sequence[float], unit: str) -> Forecast:
    mean = fmean(sample)
    # that the mean itself is only known so well counts the more the further one looks
    spread = stdev(sample) * math.sqrt(steps + steps * steps / len(sample)) if len(sample) > 1 else 0.0
    likely = steps * mean
    low, high = max(0.0, likely - WIDTH * spread), likely + WIDTH * spread
    return Forecast(name, _money(low), _money(likely), _money(high), len(sample), unit)


def _money(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_CENT)
