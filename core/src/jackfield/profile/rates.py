"""Dated prices as data: what a ``[[model.rate]]`` may say, and the value it becomes. Figures stay text here.

A price stands in a table that says per how much it is: ``per_1M_tokens = { input = "1.25", output = "10" }``.
The keys are what is counted. What a rate does not state is unknown, and nothing but ``"0"`` is free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import field, frozen

from jackfield.profile.schema import (
    Check,
    Problems,
    Table,
    day,
    each,
    free,
    integer,
    join,
    listed,
    suggestion,
    text,
    texts,
)

TOKENS = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "input_audio",
    "input_image",
    "output",
    "reasoning",
    "output_audio",
    "output_image",
)
"""The buckets of tokens every usage has."""

MORE_TOKENS = (
    "input_video",
    "cache_read_audio",
    "cache_read_image",
    "cache_read_explicit",
    "cache_write_audio",
    "output_video",
    "citations",
)
"""Tokens a provider may count apart; a usage holds them in ``more``."""

_SECONDS_OUT = ("", "_480p", "_720p", "_768p", "_1080p", "_2k", "_4k")

# What is counted -> in what. A price of something is only taken per a number of just that.
QUANTITIES: Mapping[str, str] = {
    **dict.fromkeys((*TOKENS, *MORE_TOKENS), "tokens"),
    **dict.fromkeys(("characters_in", "characters_out"), "characters"),
    **dict.fromkeys(("seconds_in", "audio_seconds_in", "video_seconds_in"), "seconds"),
    **dict.fromkeys((f"seconds_out{size}" for size in _SECONDS_OUT), "seconds"),
    **dict.fromkeys(("images_in", "images_out"), "images"),
    **dict.fromkeys(("pixels_in", "pixels_out"), "pixels"),
    **dict.fromkeys(("pages", "annotated_pages"), "pages"),
    **dict.fromkeys(("searches", "file_searches", "maps_searches", "queries"), "searches"),
    **dict.fromkeys(("searches_low", "searches_medium", "searches_high"), "searches"),
    "requests": "requests",
    "messages": "messages",
    "sessions": "sessions",
    "dbu": "dbu",
}

_PICTURES = re.compile(r"(?:images|pixels)_out(?:_(?P<quality>[a-z]+))?(?:_(?P<size>\d+x\d+))?")
ANY = ("", "auto")  # a quality or a size that is left to the provider


def picture(quality: str, size: str) -> str:
    """What pictures of a quality and a size are counted as besides ``images_out``; empty if nothing is told."""
    told = tuple("" if word in ANY else word for word in (quality, size))
    name = "_".join(("images_out", *filter(None, told)))
    return name if any(told) and picture_of(name) == told else ""


def picture_of(name: str) -> tuple[str, str] | None:
    """The quality and the size, of which one may be empty, that a price of pictures is for."""
    found = _PICTURES.fullmatch(name)
    return None if found is None else (found["quality"] or "", found["size"] or "")


def kind_of(name: str) -> str | None:
    """In what a thing is counted; ``None`` if there is no such thing."""
    found = QUANTITIES.get(name)
    sized = picture_of(name) if found is None else None
    if sized is None or (name.startswith("pixels") and not sized[1]):
        return found
    return name.partition("_")[0]


# The table a price stands in -> what it counts, and how many of that the price is for.
UNITS: Mapping[str, tuple[str, int]] = {
    "per_1M_tokens": ("tokens", 1_000_000),
    "per_1K_tokens": ("tokens", 1_000),
    "per_token": ("tokens", 1),
    "per_1M_characters": ("characters", 1_000_000),
    "per_1K_characters": ("characters", 1_000),
    "per_character": ("characters", 1),
    "per_second": ("seconds", 1),
    "per_minute": ("seconds", 60),
    "per_hour": ("seconds", 3_600),
    "per_image": ("images", 1),
    "per_pixel": ("pixels", 1),
    "per_1M_pixels": ("pixels", 1_000_000),
    "per_page": ("pages", 1),
    "per_1K_pages": ("pages", 1_000),
    "per_search": ("searches", 1),
    "per_1K_searches": ("searches", 1_000),
    "per_request": ("requests", 1),
    "per_1K_requests": ("requests", 1_000),
    "per_message": ("messages", 1),
    "per_1K_messages": ("messages", 1_000),
    "per_session": ("sessions", 1),
    "per_dbu": ("dbu", 1),
}


@frozen
class Price:
    """A decimal figure as it is stated, and the unit it is for: ``Price("1.25", "per_1M_tokens")``."""

    figure: str
    unit: str

    def __str__(self) -> str:
        return f"{self.figure} {self.unit.replace('_', ' ')}"


Prices = Mapping[str, Price]


@frozen
class Step:
    """The prices of requests whose whole input is above so many tokens. All of the request is at them."""

    input_tokens: int
    prices: Prices


@frozen
class Schedule:
    """Prices by what is counted, and those of longer inputs."""

    prices: Prices
    above: tuple[Step, ...] = ()


@frozen
class OffPeak:
    """The prices of some hours: ``utc`` names them as ``00:00-01:00``, or ``10:00-24:00 on 1-5`` (Monday is 1)."""

    utc: tuple[str, ...]
    schedule: Schedule


@frozen
class Elsewhere:
    """What another source says of the same prices: a conflict that nobody has settled."""

    source: str
    checked: date
    prices: Prices


@frozen
class Rate:
    """What one model costs from one day on, who says so, and when that was last looked at."""

    valid_from: date
    source: str
    standard: Schedule
    valid_to: date | None = None  # the first day it does not hold any more
    checked: date | None = None
    url: str = ""
    region: str = ""  # the prices of this region alone
    currency: str = "USD"
    tiers: Mapping[str, Schedule] = field(factory=dict)  # batch, flex, priority …
    off_peak: OffPeak | None = None
    without_tokens: Prices = field(factory=dict)  # for answers that do not tell tokens
    uplift: Mapping[str, str] = field(factory=dict)  # region -> what all is multiplied by
    elsewhere: tuple[Elsewhere, ...] = ()
    note: str = ""

    def holds(self, on: date) -> bool:
        """Whether it is the price on that day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    @property
    def conflicts(self) -> tuple[str, ...]:
        """What is counted that another source states another price for."""
        return tuple(dict.fromkeys(name for other in self.elsewhere for name in other.prices))


# -- reading -----------------------------------------------------------------------------------------

_FIGURE = re.compile(r"\d+(\.\d+)?")
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d:[0-5]\d|2[0-3]:[0-5]\d|24:00)( on [1-7](-[1-7])?)?")


def figure(raw: object, path: str, problems: Problems) -> str:
    """A decimal figure as text, not negative: a float would not be exact."""
    if isinstance(raw, str) and _FIGURE.fullmatch(raw):
        return raw
    problems.append(f'{path}: must be a decimal figure as text, such as "1.25"')
    return "0"


def _hours(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    found = texts(raw, path, problems)
    for hours in found:
        if _HOURS.fullmatch(hours) is None:
            problems.append(f"{path}: `{hours}` is not of the form `10:00-24:00 on 1-5`")
    return found


def _per(unit: str) -> Check:
    kind = UNITS[unit][0]

    def check(raw: object, path: str, problems: Problems) -> dict[str, Price]:
        found: dict[str, Price] = {}
        for name, value in free(raw, path, problems).items():
            if kind_of(name) != kind:
                known = [quantity for quantity, counted in QUANTITIES.items() if counted == kind]
                problems.append(f"{join(path, name)}: is not counted in {kind}{suggestion(name, known)}")
            found[name] = Price(figure(value, join(path, name), problems), unit)
        return found

    return check


_PRICES: Mapping[str, Check] = {unit: _per(unit) for unit in UNITS}
_ONLY_PRICES = Table(_PRICES)


def _gathered(fields: dict[str, Any], path: str, problems: Problems) -> dict[str, Price]:
    """The prices of all units together, taken out of the fields of a table."""
    found: dict[str, Price] = {}
    for unit in [name for name in fields if name in UNITS]:
        for name, price in fields.pop(unit).items():
            if name in found:
                problems.append(f"{join(path, name)}: has two prices, {found[name]} and {price}")
            found[name] = price
    return found


def _prices(raw: object, path: str, problems: Problems) -> Prices:
    return _gathered(_ONLY_PRICES(raw, path, problems), path, problems)


_STEP = Table({"input_tokens": integer, **_PRICES}, ("input_tokens",))


def _step(raw: object, path: str, problems: Problems) -> Step:
    fields = _STEP(raw, path, problems)
    return Step(fields.get("input_tokens", 0), _gathered(fields, path, problems))


_steps = listed(_step)


def _above(raw: object, path: str, problems: Problems) -> tuple[Step, ...]:
    """The steps, the highest first, as they are looked through."""
    found: tuple[Step, ...] = _steps(raw, path, problems)
    return tuple(sorted(found, key=lambda step: -step.input_tokens))


_SCHEDULE_KEYS: Mapping[str, Check] = {"above": _above, **_PRICES}
_SCHEDULE = Table(_SCHEDULE_KEYS)


def _schedule(raw: object, path: str, problems: Problems) -> Schedule:
    fields = _SCHEDULE(raw, path, problems)
    return Schedule(_gathered(fields, path, problems), fields.get("above", ()))


_OFF_PEAK = Table({"utc": _hours, **_SCHEDULE_KEYS}, ("utc",))


def _off_peak(raw: object, path: str, problems: Problems) -> OffPeak:
    fields = _OFF_PEAK(raw, path, problems)
    return OffPeak(
        fields.get("utc", ()), Schedule(_gathered(fields, path, problems), fields.get("above", ()))
    )


_ELSEWHERE = Table({"source": text, "checked": day, **_PRICES}, ("source", "checked"))


def _elsewhere(raw: object, path: str, problems: Problems) -> Elsewhere:
    fields = _ELSEWHERE(raw, path, problems)
    prices = _gathered(fields, path, problems)
    return Elsewhere(fields.get("source", ""), fields.get("checked") or date.min, prices)


RATE_KEYS: Mapping[str, Check] = {
    "valid_from": day,
    "valid_to": day,
    "checked": day,
    "source": text,
    "url": text,
    "region": text,
    "currency": text,
    "note": text,
    "tiers": each(_schedule),
    "off_peak": _off_peak,
    "without_tokens": _prices,
    "uplift": each(figure),
    "elsewhere": listed(_elsewhere),
    **_SCHEDULE_KEYS,
}
_RATE = Table(RATE_KEYS, ("valid_from", "source"))
_RATE_OF = Table({"model": text, **RATE_KEYS}, ("model", "valid_from", "source"))


def rate(raw: object, path: str, problems: Problems) -> Rate:
    """One ``[[model.rate]]``."""
    return _made(_RATE(raw, path, problems), path, problems)


def rate_of(raw: object, path: str, problems: Problems) -> tuple[str, Rate]:
    """One ``[[rate]]`` with the id of the model it is about: a price for a model that stands elsewhere in the file."""
    if isinstance(raw, dict) and isinstance(raw.get("model"), str):
        path = f"rate of `{raw['model']}`"
    fields = _RATE_OF(raw, path, problems)
    return fields.pop("model", ""), _made(fields, path, problems)


def _made(fields: dict[str, Any], path: str, problems: Problems) -> Rate:
    standard = Schedule(_gathered(fields, path, problems), fields.pop("above", ()))
    fields["valid_from"] = fields.get("valid_from") or date.min
    fields.setdefault("source", "")
    return Rate(standard=standard, **fields)
