"""The periods budgets begin anew with: UTC hours, days, weeks from Monday, and calendar months."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

HOUR, DAY = 3600, 86400
MONDAY = 4 * DAY  # 1970-01-05 was the first Monday


class Period(NamedTuple):
    """From when, in seconds since 1970, and until when; the end belongs to the next one."""

    begin: float
    end: float


FOREVER = Period(-inf, inf)


def period_at(kind: str, now: float) -> Period:
    """The period that ``now`` is in. One for all time, or for single requests, has no bounds."""
    if kind == "month":
        return _month(now)
    span, first = {"hour": (HOUR, 0), "day": (DAY, 0), "week": (7 * DAY, MONDAY)}.get(kind, (0, 0))
    if not span:
        return FOREVER
    begin = (now - first) // span * span + first
    return Period(begin, begin + span)


def _month(now: float) -> Period:
    from calendar import timegm
    from time import gmtime

    year, month = gmtime(now)[:2]
    end = (year + 1, 1) if month == 12 else (year, month + 1)
    return Period(timegm((year, month, 1, 0, 0, 0)), timegm((*end, 1, 0, 0, 0)))
