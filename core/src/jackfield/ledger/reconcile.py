"""The ledger held against what a provider says it was asked, by the ids it gave to requests."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.ledger.reports import EVER, Period

if TYPE_CHECKING:
    from jackfield.ledger.book import Book


@frozen
class Told:
    """One request as the provider tells of it; what it does not tell is ``None``."""

    request_id: str
    input: int | None = None
    output: int | None = None
    charge: Decimal | None = None


@frozen
class Difference:
    """A request of which the two say different things."""

    request_id: str
    what: str
    ours: str
    theirs: str


@frozen
class Reconciliation:
    """How the two agree."""

    equal: int
    different: tuple[Difference, ...]
    only_here: tuple[str, ...]  # ids of theirs that we noted, and they do not tell of
    only_there: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to look into."""
        return not (self.different or self.only_here or self.only_there)


_QUERY = (
    "SELECT provider_request_id, coalesce(input, 0) + coalesce(cache_read, 0) + coalesce(cache_write, 0)"
    " + coalesce(cache_write_1h, 0) + coalesce(input_audio, 0) + coalesce(input_image, 0),"
    " coalesce(output, 0) + coalesce(reasoning, 0) + coalesce(output_audio, 0) + coalesce(output_image, 0),"
    " CAST(charge AS TEXT) FROM attempts"
)


def reconcile(book: Book, provider: str, told: Iterable[Told], period: Period = EVER) -> Reconciliation:
    """The attempts at one provider that were billed, or may have been, against its own list."""
    where, values = period.condition()
    joined = f"{where} AND" if where else " WHERE"
    conditions = " provider = ? AND provider_request_id IS NOT NULL AND billed <> 'no'"
    query = f"{_QUERY}{joined}{conditions}"
    ours = {
        row[0]: Told(row[0], row[1], row[2], None if row[3] is None else Decimal(row[3]))
        for row in book.rows(query, [*values, provider])
    }
    theirs = {line.request_id: line for line in told}
    both = sorted(ours.keys() & theirs.keys())
    different = tuple(found for name in both for found in _differences(ours[name], theirs[name]))
    return Reconciliation(
        len(both) - len({found.request_id for found in different}),
        different,
        tuple(sorted(ours.keys() - theirs.keys())),
        tuple(sorted(theirs.keys() - ours.keys())),
    )


def _differences(ours: Told, theirs: Told) -> Iterator[Difference]:
    for what in ("input", "output", "charge"):
        mine, other = getattr(ours, what), getattr(theirs, what)
        if other is not None and mine != other:
            yield Difference(ours.request_id, what, "unknown" if mine is None else str(mine), str(other))


def read_told(path: Path) -> list[Told]:
    """A provider's list: CSV with a head, or a JSON object on each line; ``request_id`` and what else it tells."""
    text = path.read_text(encoding="utf-8-sig")
    rows: Iterable[Mapping[str, Any]]
    try:
        if text.lstrip().startswith("{"):
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = list(csv.DictReader(text.splitlines()))
        return [_told(row) for row in rows]
    except (ValueError, KeyError, InvalidOperation, TypeError):
        msg = f"`{path}` cannot be read as a list of requests"
        hint = "CSV or JSON lines with `request_id`, and any of `input`, `output`, `charge`"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no")) from None


def _told(row: Mapping[str, Any]) -> Told:
    stated = {name: value for name, value in row.items() if value not in (None, "")}
    taken, given, charge = (stated.get(name) for name in ("input", "output", "charge"))
    return Told(
        str(row["request_id"]),
        None if taken is None else int(taken),
        None if given is None else int(given),
        None if charge is None else Decimal(str(charge)),
    )
