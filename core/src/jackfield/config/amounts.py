"""How amounts are written: `100 / minute`, `50k / day`, `10 USD / day`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

NANO = 1_000_000_000
"""Nano-dollars in a dollar. Money that is held or compared is a whole number of them; it is never a float."""

# Seconds by the words a rate may use.
SPANS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
PERIODS = ("request", "hour", "day", "week", "month", "total")

_RATE = re.compile(
    r"\s*(?P<count>\d[\d_]*)\s*(?P<scale>[kM]?)\s*/\s*(?:(?P<times>\d+)\s+)?(?P<span>[a-z]+)\s*"
)
_MONEY = re.compile(r"\s*(?P<amount>\d[\d_]*(?:\.\d+)?)\s*USD(?:\s*/\s*(?P<period>[a-z]+))?\s*")
_SCALES = {"": 1, "k": 1000, "M": 1_000_000}


def rate_of(text: str) -> tuple[int, float] | None:
    """The count and the seconds of `100 / minute` or `5k / 10 seconds`; ``None`` if it is written otherwise."""
    found = _RATE.fullmatch(text)
    if found is None or found["span"] not in SPANS:
        return None
    count = int(found["count"]) * _SCALES[found["scale"]]
    window = SPANS[found["span"]] * int(found["times"] or 1)
    return (count, window) if count > 0 and window > 0 else None


def money_of(text: str) -> tuple[int, str] | None:
    """The nano-dollars and the period of `10 USD / day`; without a period it is for all time."""
    from decimal import Decimal  # takes milliseconds, and most configurations speak of no money

    found = _MONEY.fullmatch(text)
    if found is None:
        return None
    nano = Decimal(found["amount"].replace("_", "")) * NANO
    if nano != nano.to_integral_value() or nano <= 0:
        return None
    return int(nano), found["period"] or "total"


def nano_of(amount: Decimal) -> int:
    """An amount in nano-dollars, rounded up: what is reserved must suffice."""
    from decimal import ROUND_CEILING

    return int((amount * NANO).to_integral_value(ROUND_CEILING))


def usd_of(nano: int) -> Decimal:
    """Nano-dollars as dollars, exactly."""
    from decimal import Decimal

    return Decimal(nano) / NANO
