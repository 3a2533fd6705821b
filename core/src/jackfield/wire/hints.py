"""When to come back, as a reply tells: in headers, in its body, in seconds, durations or dates.

Order: milliseconds, ``retry-after``, the body's own hint; the first that makes sense counts. What is no number,
negative, longer than thirty days or not ASCII makes none. Of several in one header the largest counts. A
date is held against the reply's own ``date``, for that is the clock that wrote it: ours may be wrong.

``resets`` is no hint to wait for. It says when a limit that is used up begins anew, and is what gates learn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

LONGEST_WAIT: Final = 30 * 24 * 3600.0
_MILLISECONDS: Final = ("retry-after-ms", "x-ms-retry-after-ms")
_LONGEST_TEXT: Final = 512

_NUMBER: Final = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,9})?")
_DURATION: Final = re.compile(
    r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)s)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)ms)?"
)
_SCALE: Final = (86400.0, 3600.0, 60.0, 1.0, 0.001)

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_DAY: Final = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_FORMS: Final = (
    rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
    rf"(?:{_DAY}|tues|wednes|thurs|satur)(?:day)?, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
    rf"{_DAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
)
_STAMP: Final = (
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})[Tt ]"
    + _TIME
    + r"(?:\.[0-9]{1,9})?(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2}))"
)

# Figures this large are moments, not lengths of time: seconds or milliseconds since 1970.
_EPOCH: Final = 1e9
_EPOCH_MS: Final = 1e12


def retry_after(headers: Mapping[str, str], details: Any = None) -> float | None:
    """The seconds to wait that a reply asks for; ``details`` is the list of details of its error."""
    for name in _MILLISECONDS:
        milliseconds = _largest(headers.get(name, ""), LONGEST_WAIT * 1000)
        if milliseconds:  # 0 was seen beside a whole second in retry-after (2026-04)
            return milliseconds / 1000
    text = headers.get("retry-after", "")
    seconds = _told(text, headers.get("date", "")) if text else None
    return seconds if seconds is not None else _delay_in(details)


@lru_cache(maxsize=1)
def _dates() -> tuple[re.Pattern[str], ...]:
    """The three forms, made when the first date comes: most programs never see one."""
    return tuple(re.compile(form, re.IGNORECASE) for form in _FORMS)


def duration(text: str) -> float | None:
    """The seconds of a duration such as ``46s``, ``10h17m5.7s`` or ``20ms``; nothing if it is none."""
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        return None
    return sum(float(group or 0) * scale for group, scale in zip(found.groups(), _SCALE, strict=True))


def http_date(text: str) -> float | None:
    """The moment of an HTTP date, in any of its three forms, in seconds since 1970."""
    if len(text) > _LONGEST_TEXT:
        return None
    found = next((match for form in _dates() if (match := form.fullmatch(text.strip()))), None)
    return None if found is None else _moment(found)


def resets(headers: Mapping[str, str]) -> float | None:
    """Seconds until the limits that are used up begin anew; nothing if headers do not say."""
    now = http_date(headers.get("date", ""))
    waits = [
        wait
        for name, text in headers.items()
        if "ratelimit" in name and "reset" in name and _used_up(name, headers)
        if (wait := _until_reset(text, now)) is not None and 0 <= wait <= LONGEST_WAIT
    ]
    return max(waits, default=None)


def _used_up(name: str, headers: Mapping[str, str]) -> bool:
    """Whether nothing remains of the limit that a reset is about; what is not told is taken for used up."""
    remaining = headers.get(name.replace("reset", "remaining"), "0").strip()
    return bool(_NUMBER.fullmatch(remaining)) and float(remaining) == 0


def _until_reset(text: str, now: float | None) -> float | None:
    text = text.strip()[:_LONGEST_TEXT]
    if _NUMBER.fullmatch(text):
        figure = float(text)
        if figure < _EPOCH:
            return figure
        moment: float | None = figure / 1000 if figure >= _EPOCH_MS else figure
    else:
        length = duration(text)
        if length is not None:
            return length
        stamp = re.fullmatch(_STAMP, text)
        moment = http_date(text) if stamp is None else _moment(stamp)
    return None if moment is None or now is None else moment - now


def _told(text: str, now: str) -> float | None:
    """What ``retry-after`` says: the largest of its numbers, and of its dates."""
    if not text.isascii() or len(text) > _LONGEST_TEXT:
        return None
    here = http_date(now)
    found = list(_numbers(text.split(","), LONGEST_WAIT))
    if here is not None:
        moments = (_moment(match) for form in _dates() for match in form.finditer(text))
        found += [
            there - here for there in moments if there is not None and 0 <= there - here <= LONGEST_WAIT
        ]
    return max(found, default=None)


def _largest(text: str, limit: float) -> float | None:
    return max(_numbers(text[:_LONGEST_TEXT].split(","), limit), default=None)


def _numbers(items: Iterable[str], limit: float) -> Iterator[float]:
    """The numbers among some texts that are not beyond ``limit``."""
    for item in items:
        if _NUMBER.fullmatch(item.strip()) and float(item) <= limit:
            yield float(item)


def _delay_in(details: Any) -> float | None:
    """The delay that a body's details ask for."""
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        seconds = duration(delay) if isinstance(delay, str) and delay.endswith("s") else None
        if seconds is not None:
            return seconds if 0 < seconds <= LONGEST_WAIT else None
    return None


def _moment(found: re.Match[str]) -> float | None:
    """The moment a matched date means; nothing for a thirteenth month or a thirty-second day."""
    from datetime import UTC, datetime  # needed only where a date stands

    parts = found.groupdict()
    month = parts["month"].lower()
    year = int(parts["year"])
    clock = (
        int(parts["hour"]),
        int(parts["minute"]),
        min(int(parts["second"]), 59),
    )  # a leap second is no matter
    try:
        there = datetime(
            year + _century(parts["year"]),
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(parts["day"]),
            *clock,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return there.timestamp() - _offset(parts)


def _century(year: str) -> int:
    """What is added to a year of two digits: the obsolete form is of the last century's later years, or of this one's."""
    if len(year) > 2:
        return 0
    return 1900 if int(year) >= 70 else 2000


def _offset(parts: Mapping[str, str | None]) -> float:
    if not parts.get("sign"):
        return 0.0
    seconds = int(parts["hours"] or 0) * 3600 + int(parts["minutes"] or 0) * 60
    return -seconds if parts["sign"] == "-" else seconds
