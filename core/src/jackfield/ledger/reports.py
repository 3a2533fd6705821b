"""What the ledger says: sums by anything it knows, exact in tokens and in money."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields, frozen

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.identity import first_id
from jackfield.profile.schema import suggestion

if TYPE_CHECKING:
    from jackfield.ledger.book import Book

# What sums can be taken by: the words of reports, and the columns they stand for.
_COLUMNS: Mapping[str, str] = {
    "model": "provider || '/' || model",
    "provider": "provider",
    "user": "user_id",
    "key": "key_id",
    "project": "project",
    "department": "department",
    "route": "route",
    "tag": "tag",
    "operation": "operation",
    "role": "role",
    "credential": "credential",
    "outcome": "coalesce(outcome, 'open')",
}
BY = (*_COLUMNS, "hour", "day")

_CACHED = "coalesce(cache_read, 0)"
_INPUT = " + ".join(
    f"coalesce({name}, 0)"
    for name in ("input", "cache_read", "cache_write", "cache_write_1h", "input_audio", "input_image")
)
_OUTPUT = " + ".join(
    f"coalesce({name}, 0)" for name in ("output", "reasoning", "output_audio", "output_image")
)


def _count(condition: str) -> str:
    return f"coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)"


_SUMS = (
    "count(DISTINCT request_id)",
    "count(*)",
    _count("outcome = 'failed'"),
    _count("outcome IS NULL"),
    _count("source = 'estimated'"),
    _count("charge IS NULL AND outcome IS NOT NULL"),
    f"CAST(coalesce(sum({_INPUT}), 0) AS {{integer}})",
    f"CAST(coalesce(sum({_CACHED}), 0) AS {{integer}})",
    f"CAST(coalesce(sum({_OUTPUT}), 0) AS {{integer}})",
    "CAST(coalesce(sum(reasoning), 0) AS {integer})",
)


@frozen
class Total:
    """Sums over attempts. ``charge`` is of those whose price is known; ``unpriced`` says how many are not."""

    by: tuple[str | None, ...]
    requests: int = 0
    attempts: int = 0
    failed: int = 0
    open: int = 0  # under way, or never heard of again
    estimated: int = 0  # their tokens are estimates, in part or in whole
    unpriced: int = 0
    input: int = 0  # all that went in, cached tokens too
    cached: int = 0
    output: int = 0  # all that came out, reasoning too
    reasoning: int = 0
    charge: Decimal = Decimal(0)  # in USD


@frozen
class Period:
    """A stretch of time, in seconds of the epoch; an end that is left out is open."""

    since: float | None = None
    until: float | None = None

    def condition(self) -> tuple[str, list[Any]]:
        """Which attempts fall into it. Ids sort by time, so that older ones are not even read."""
        conditions: list[str] = []
        values: list[Any] = []
        if self.since is not None:
            conditions += ["attempt_id >= ?", "started >= ?"]
            values += [first_id(self.since - _SLACK), int(self.since * 1e6)]
        if self.until is not None:
            conditions.append("started < ?")
            values.append(int(self.until * 1e6))
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), values


EVER = Period()
_FIELDS = tuple(field.name for field in fields(Total))[1:-1]
_SLACK = 86_400.0  # a request may be tried again for long after its id was made


def totals(book: Book, by: Sequence[str] = (), period: Period = EVER) -> list[Total]:
    """Sums by ``by``, the dearest first; by time, in its order. Without ``by`` there is one: all."""
    dialect = book.store.dialect
    keys = [_key(book, name) for name in by]
    sums = [
        *(text.replace("{integer}", dialect.integer) for text in _SUMS),
        dialect.exact_sum.format("charge"),
    ]
    where, values = period.condition()
    group = f" GROUP BY {', '.join(map(str, range(1, len(keys) + 1)))}" if keys else ""
    query = f"SELECT {', '.join([*keys, *sums])} FROM attempts{where}{group}"  # noqa: S608  # words of the table above
    found = [_total(row, len(keys)) for row in book.rows(query, values)]
    if any(name in ("hour", "day") for name in by):
        return sorted(found, key=lambda total: tuple(key or "" for key in total.by))
    return sorted(found, key=lambda total: (-total.charge, -total.attempts, str(total.by)))


def _key(book: Book, name: str) -> str:
    if name in _COLUMNS:
        return _COLUMNS[name]
    if name in BY:
        found: str = getattr(book.store.dialect, name).format("started")
        return found
    msg = f"sums cannot be taken by `{name}`{suggestion(name, BY)}"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=f"there are {', '.join(BY)}", sent="no"))


def _total(row: tuple[Any, ...], keys: int) -> Total:
    *sums, charge = row[keys:]
    facts: dict[str, Any] = dict(zip(_FIELDS, sums, strict=True))
    return Total(row[:keys], **facts, charge=Decimal(charge or 0))


# -- as text -----------------------------------------------------------------------------------------


def to_json(found: Iterable[Total], by: Sequence[str]) -> list[dict[str, Any]]:
    """Sums as values of JSON; money as text, so that no digit is lost."""
    return [_form(total, by) for total in found]


def _form(total: Total, by: Sequence[str]) -> dict[str, Any]:
    facts = asdict(total)
    del facts["by"]
    return {
        **dict(zip(by, total.by, strict=True)),
        **facts,
        "charge": format(total.charge, "f"),
        "currency": "USD",
    }


def to_csv(found: Iterable[Total], by: Sequence[str]) -> str:
    """Sums as CSV. No cell is a formula to whoever opens it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*by, *_FIELDS, "charge", "currency"])
    for form in to_json(found, by):
        writer.writerow([safe(value) for value in form.values()])
    return text.getvalue()


def safe(value: object) -> str:
    """A cell that spreadsheets take for what it is: text that looks like a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@") else text


def period_of(since: str | None, until: str | None = None, now: float | None = None) -> Period:
    """The period people mean by ``7d``, ``12h``, ``2026-11-01`` or ``2026-11-01T08:00``."""
    moment = time.time() if now is None else now
    return Period(_moment(since, moment), _moment(until, moment))


_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def _moment(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isascii() and number.isdigit():
        return now - int(number) * _UNITS[unit]
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r:.40} is no time"
        hint = "write `7d`, `12h`, `30m`, `2w`, or a date such as `2026-11-01`, in UTC"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no")) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
