"""Price lists told to people, and as JSON: everything a rate says, with what other sources say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jackfield.profile.rates import Prices, Rate, Schedule


def rate_lines(rate: Rate) -> Iterator[str]:
    """A price list as lines; what belongs together is indented."""
    until = f" until {rate.valid_to}" if rate.valid_to else ""
    place = f", {rate.region} alone" if rate.region else ""
    checked = f", seen {rate.checked}" if rate.checked else ""
    yield f"from {rate.valid_from}{until}{place}: {rate.source}{checked}"
    yield from _indented(_schedule(rate.standard, rate.currency))
    if rate.without_tokens:
        yield "  of answers that tell no tokens"
        yield from _indented(_indented(_prices(rate.without_tokens, rate.currency)))
    for tier, schedule in rate.tiers.items():
        yield from (f"  {tier}", *_indented(_indented(_schedule(schedule, rate.currency))))
    if rate.off_peak is not None:
        yield f"  at {', '.join(rate.off_peak.utc)} UTC"
        yield from _indented(_indented(_schedule(rate.off_peak.schedule, rate.currency)))
    for region, factor in rate.uplift.items():
        yield f"  {region.ljust(17)} all times {factor}"
    for other in rate.elsewhere:
        yield f"  disputed by {other.source}, seen {other.checked}"
        yield from _indented(_indented(_prices(other.prices, rate.currency)))


def _schedule(schedule: Schedule, currency: str) -> Iterator[str]:
    yield from _prices(schedule.prices, currency)
    for step in schedule.above:
        yield f"above {step.input_tokens:,} tokens in"
        yield from _indented(_prices(step.prices, currency))


def _prices(prices: Prices, currency: str) -> Iterator[str]:
    width = max(17, *map(len, prices)) if prices else 0
    for name, price in prices.items():
        yield f"{name.replace('_', ' ').ljust(width)} {price.figure} {currency} {price.unit.replace('_', ' ')}"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def rate_form(rate: Rate) -> Mapping[str, Any]:
    """A price list for JSON."""
    off_peak = rate.off_peak
    return {
        "valid_from": rate.valid_from.isoformat(),
        "valid_to": rate.valid_to.isoformat() if rate.valid_to else None,
        "source": rate.source,
        "checked": rate.checked.isoformat() if rate.checked else None,
        "url": rate.url,
        "region": rate.region,
        "currency": rate.currency,
        **_schedule_form(rate.standard),
        "without_tokens": _prices_form(rate.without_tokens),
        "tiers": {name: _schedule_form(schedule) for name, schedule in rate.tiers.items()},
        "off_peak": {"utc": list(off_peak.utc), **_schedule_form(off_peak.schedule)} if off_peak else None,
        "uplift": dict(rate.uplift),
        "elsewhere": [
            {
                "source": other.source,
                "checked": other.checked.isoformat(),
                "prices": _prices_form(other.prices),
            }
            for other in rate.elsewhere
        ],
        "note": rate.note,
    }


def _schedule_form(schedule: Schedule) -> dict[str, Any]:
    above = [
        {"input_tokens": step.input_tokens, "prices": _prices_form(step.prices)} for step in schedule.above
    ]
    return {"prices": _prices_form(schedule.prices), "above": above}


def _prices_form(prices: Prices) -> dict[str, dict[str, str]]:
    return {name: {"figure": price.figure, "unit": price.unit} for name, price in prices.items()}
