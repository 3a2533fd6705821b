"""What providers tell of their limits in the headers of an answer, and what we tell of ours.

The names differ, their words do not: ``x-ratelimit-remaining-tokens-minute``, ``…-requests-limit``, ``ratelimit-reset``.
So a name is read word by word. What one does not say, over which time a limit holds, is data of the profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

FIELDS = ("limit", "remaining", "reset")
_UNITS = {"requests": "requests", "req": "requests", "tokens": "tokens"}
_WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0, "month": 30 * 86400.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_SCALES = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
LONGEST = 31 * 86400.0
MILLISECONDS = 1e11  # above that a moment is told in thousandths
MOMENT = 1e9  # above that a number is a moment, not a length of time


Lane: TypeAlias = tuple[str, str, float | None]
"""What a limit is of: the unit, what else its name says, and its window."""
Group: TypeAlias = tuple[Lane, Mapping[str, str]]
"""A limit with the names of the headers that tell of it, by field."""


class Told(NamedTuple):
    """What a provider told of one of its limits; ``None`` where it did not."""

    unit: str  # requests or tokens
    scope: str  # what else the name says, such as `input` or `prompt`
    window: float | None
    limit: float | None
    remaining: float | None
    reset: float | None  # seconds from the answer on


def words_of(name: str) -> tuple[str, str, float | None, str] | None:
    """The field, unit, window and further words of a header's name; ``None`` if it is about no limit."""
    _, known, words = name.lower().replace("rate-limit", "ratelimit").partition("ratelimit")
    parts = [part for part in words.split("-") if part]
    field = next((part for part in parts if part in FIELDS), None)
    if not known or field is None:
        return None
    parts.remove(field)
    unit = next((_UNITS[part] for part in parts if part in _UNITS), "requests")
    window = next((_WINDOWS[part] for part in parts if part in _WINDOWS), None)
    scale = next((int(part) for part in parts if part.isdigit()), 1)
    rest = [part for part in parts if part not in _UNITS and part not in _WINDOWS and not part.isdigit()]
    return field, unit, window and window * scale, "-".join(rest)


def read_limits(headers: Mapping[str, str], now: float) -> tuple[Told, ...]:
    """The limits an answer tells of.

    :param now: the moment of the answer in seconds since 1970: its own ``Date`` if it has one
    """
    found = []
    for (unit, scope, window), names in telling(headers):
        limit = number_of(headers[names["limit"]]) if "limit" in names else None
        left = number_of(headers[names["remaining"]]) if "remaining" in names else None
        reset = reset_of(headers[names["reset"]], now) if "reset" in names else None
        if limit is not None or left is not None or reset is not None:
            found.append(Told(unit, scope, window, limit, left, reset))
    return tuple(found)


def telling(headers: Mapping[str, str]) -> tuple[Group, ...]:
    """The headers that tell of limits, by what they are about: a server's answers have the same ones each time."""
    return _telling(tuple(headers))


@lru_cache(maxsize=512)
def _telling(names: tuple[str, ...]) -> tuple[Group, ...]:
    found: dict[Lane, dict[str, str]] = {}
    for name in names:
        words = words_of(name)
        if words is not None:
            field, unit, window, scope = words
            found.setdefault((unit, scope, window), {})[field] = name
    return tuple(found.items())


def number_of(text: str) -> float | None:
    """A count that is not negative; some tell -1 where they do not know."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def reset_of(text: str, now: float) -> float | None:
    """Seconds until a limit is whole again, however that is written: `6m0s`, `12ms`, `3.5`, a date, an epoch."""
    text = text.strip()
    value = number_of(text)
    if value is not None:
        seconds = value / 1000 - now if value > MILLISECONDS else value - now if value > MOMENT else value
    else:
        lasting = _duration(text)
        moment = _moment(text) if lasting is None else None
        seconds = lasting if lasting is not None else -1.0 if moment is None else moment - now
        if lasting is None and moment is None:
            return None
    return min(max(seconds, 0.0), LONGEST)


def _duration(text: str) -> float | None:
    pieces = _PIECE.findall(text)
    if not pieces or len(text) != sum(len(count) + len(unit) for count, unit in pieces):
        return None
    return sum(float(count) * _SCALES[unit] for count, unit in pieces)


def _moment(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def render_limits(limits: Iterable[tuple[str, float, float, float, float]]) -> dict[str, str]:
    """The headers of an answer to our own callers.

    :param limits: name, limit, remaining, seconds until it is whole again, and window of each, the tightest first
    """
    listed = [*limits]
    headers = {
        "ratelimit-policy": ", ".join(
            f'"{name}";q={limit:.0f};w={window:.0f}' for name, limit, _, _, window in listed
        ),
        "ratelimit": ", ".join(
            f'"{name}";r={left:.0f};t={-(-reset // 1):.0f}' for name, _, left, reset, _ in listed
        ),
    }
    for _, limit, left, reset, _ in listed[:1]:
        headers["x-ratelimit-limit"] = f"{limit:.0f}"
        headers["x-ratelimit-remaining"] = f"{left:.0f}"
        headers["x-ratelimit-reset"] = f"{-(-reset // 1):.0f}"
    return headers if listed else {}
