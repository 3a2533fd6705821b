"""What the ledger says, the same on every database."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from jackfield.catalogue import Charge
from jackfield.errors import InvalidRequest
from jackfield.ledger import AttemptFinished, AttemptStarted, attempt_id, request_id
from jackfield.ledger.forecast import forecast
from jackfield.ledger.reconcile import Difference, Told, read_told, reconcile
from jackfield.ledger.reports import Period, period_of, safe, to_csv, to_json, totals
from jackfield.types import Tags, Usage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
TEN = Usage(6, 4, output=7, reasoning=3)


def kept(book, *, model="tiny", at=NOON, charge="0.1", tags=None, **end):
    """An attempt that has ended."""
    name = attempt_id(request_id(), 1)
    moment = int(at * 1e6)
    money = Decimal(charge) if isinstance(charge, str) else charge
    start = AttemptStarted(name, "acme", model, tags=Tags.checked(tags), at=moment)
    facts = {"usage": TEN, "charge": money, **end}
    book.submit(start, AttemptFinished(name, at=moment + 1, **facts)).result(10)
    return name


def test_sums_are_exact(book):
    """Three tenths are three tenths; every bucket counts on its side."""
    for _ in range(3):
        kept(book)

    total = totals(book)[0]
    assert (3, 3, 0, 30, 12, 30, 9) == (
        total.requests, total.attempts, total.failed, total.input, total.cached, total.output, total.reasoning
    )  # fmt: skip
    assert Decimal("0.3") == total.charge


def test_money_is_summed_without_a_float(book):
    """To the last digit of very small and very large charges."""
    kept(book, charge="123456789.000000000001")
    kept(book, charge="0.000000000000000001")

    assert Decimal("123456789.000000000001000001") == totals(book)[0].charge


def test_sums_are_taken_by_anything_a_call_is_put_down_to(book):
    """The dearest first; what has no such tag is a line of its own."""
    kept(book, tags={"project": "shop"}, charge="0.2")
    kept(book, tags={"project": "shop"})
    kept(book)

    found = [(total.by, total.charge) for total in totals(book, ("project",))]
    assert [(("shop",), Decimal("0.3")), ((None,), Decimal("0.1"))] == found


@pytest.mark.parametrize(
    "by", ["user", "key", "department", "route", "tag", "operation", "role", "credential", "outcome"]
)
def test_every_word_of_reports_works(book, by):
    """None is accepted and ignored."""
    named = by in ("user", "key", "department", "route", "tag")
    kept(book, tags={by: "x"} if named else None)

    expected = {"operation": "complete", "role": "first", "credential": None, "outcome": "ok"}.get(by, "x")
    assert [((expected,), 1)] == [(total.by, total.attempts) for total in totals(book, (by,))]


def test_sums_by_time_come_in_its_order(book):
    """Hours and days are those of UTC."""
    kept(book, at=NOON, model="a")
    kept(book, at=NOON + 3600, model="b")
    kept(book, at=NOON - 86_400, model="a", charge="9")

    days = [(total.by, total.attempts) for total in totals(book, ("day", "model"))]
    hours = [total.by[0] for total in totals(book, ("hour",))]
    assert [
        (("2026-11-20", "acme/a"), 1),
        (("2026-11-21", "acme/a"), 1),
        (("2026-11-21", "acme/b"), 1),
    ] == days
    assert ["2026-11-20T12:00Z", "2026-11-21T12:00Z", "2026-11-21T13:00Z"] == hours


def test_a_period_has_its_beginning_and_not_its_end(book):
    """So that periods side by side count everything once."""
    for at in (NOON - 1, NOON, NOON + 1):
        kept(book, at=at)

    halves = (Period(NOON - 1, NOON), Period(NOON, NOON + 2), Period(None, NOON), Period())
    assert [1, 2, 1, 3] == [totals(book, period=period)[0].attempts for period in halves]


def test_what_is_not_known_is_counted_and_not_added(book):
    """Unknown prices, estimates and attempts without an end are told."""
    kept(book, charge=None)
    kept(book, usage=Usage(5, output=5, source="estimated"))
    kept(book, outcome="failed", billed="no", usage=None, charge="0")
    book.submit(AttemptStarted(attempt_id(request_id(), 1), "acme", "tiny")).result(10)

    total = totals(book)[0]
    assert (4, 1, 1, 1, 1) == (total.attempts, total.failed, total.open, total.estimated, total.unpriced)
    assert Decimal("0.1") == total.charge


def test_a_word_nobody_knows_is_refused_with_the_one_that_was_meant(book):
    """No part of it reaches the database."""
    with pytest.raises(InvalidRequest, match="did you mean `model`"):
        totals(book, ("modl",))


def test_hostile_text_stays_text(book):
    """Quotes in tags do nothing to statements."""
    evil = "'; DROP TABLE ledger; --"
    kept(book, tags={"user": evil})

    assert [(evil,)] == [total.by for total in totals(book, ("user",))]


def test_csv_cells_are_no_formulas(book):
    """Whoever opens it in a spreadsheet runs nothing, and each line is one line."""
    kept(book, tags={"user": "=cmd|' /C calc'!A0"})
    kept(book, tags={"user": "a\nb\x1b[31m"}, charge="5")
    by = ("user",)

    head, first, second = csv.reader(io.StringIO(to_csv(totals(book, by), by)))
    assert ["user", "requests", "attempts"] == head[:3]
    assert ("a b [31m", "'=cmd|' /C calc'!A0") == (first[0], second[0])


@pytest.mark.parametrize(
    ("given", "cell"), [("-1", "'-1"), (-1, "-1"), ("+x", "'+x"), ("@x", "'@x"), (None, ""), ("a", "a")]
)
def test_a_cell_is_what_it_looks_like(given, cell):
    """Numbers stay numbers."""
    assert cell == safe(given)


def test_json_loses_no_digit(book):
    """Money is text."""
    kept(book, charge="0.100000000000000000001")
    by = ("model",)

    form = json.loads(json.dumps(to_json(totals(book, by), by)))[0]
    assert ("acme/tiny", "0.100000000000000000001", "USD") == (
        form["model"],
        form["charge"],
        form["currency"],
    )


def test_a_provider_that_tells_its_price_is_held_against_ours(book):
    """Both figures are kept, with who says what is charged."""
    kept(book, charge=Charge("0.12", "reported", Decimal("0.12"), Decimal("0.11")))

    row = book.rows("SELECT CAST(charge AS TEXT), priced_by, CAST(computed AS TEXT) FROM attempts")[0]
    assert ("0.12", "reported", "0.11") == row


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7d", NOON - 7 * 86_400),
        ("12h", NOON - 12 * 3600),
        ("30m", NOON - 1800),
        ("2w", NOON - 14 * 86_400),
        ("2026-11-21T12:00", NOON),
        ("2026-11-21T13:00+01:00", NOON),
        ("2026-11-21", NOON - 43_200),
        (None, None),
    ],
)
def test_people_say_times_in_many_ways(text, moment):
    """Spans count back from now; dates are of UTC unless they say otherwise."""
    assert moment == period_of(text, now=NOON).since


@pytest.mark.parametrize("text", ["soon", "d", "-1d", "1y", "２d"])
def test_what_is_no_time_is_refused(text):
    """With the forms there are."""
    with pytest.raises(InvalidRequest, match="is no time"):
        period_of(text, now=NOON)


def test_a_forecast_of_even_days_is_that_day_again(book):
    """Without any spread the interval has no width."""
    for day in range(1, 9):
        kept(book, at=NOON - day * 86_400, charge="2")

    found = [(one.horizon, one.low, one.likely, one.high) for one in forecast(book, NOON)]
    assert [("24h", 2, 2, 2), ("7d", 14, 14, 14), ("30d", 60, 60, 60)] == found


def test_a_forecast_of_uneven_days_has_an_interval(book):
    """Empty days count; nothing is forecast below nothing."""
    for day, charge in ((1, "9"), (4, "1"), (8, "3")):
        kept(book, at=NOON - day * 86_400, charge=charge)

    day = forecast(book, NOON)[0]
    assert (Decimal("1.625"), 8, "day", 0) == (day.likely, day.sample, day.unit, day.low)
    assert day.high > 5


def test_a_forecast_from_some_hours_is_made_of_hours(book):
    """A week is not waited for."""
    for hour in range(1, 31):
        kept(book, at=NOON - hour * 3600, charge="0.5")

    assert (Decimal(12), "hour") == (forecast(book, NOON)[0].likely, forecast(book, NOON)[0].unit)


def test_nothing_is_forecast_from_less_than_a_day(book):
    """Rather none than a wild one."""
    kept(book, at=NOON - 3600)

    assert [] == forecast(book, NOON)


def test_the_ledger_is_held_against_a_providers_list(book):
    """By its ids: what is equal, what differs, and what only one of the two knows."""
    for name in ("same", "other", "ours"):
        kept(book, provider_request_id=name)
    kept(book, provider_request_id="free", outcome="failed", billed="no")
    told = [Told("same", 10, 10, Decimal("0.10")), Told("other", 10, 11), Told("theirs", 1)]

    found = reconcile(book, "acme", told)
    assert (1, ("ours",), ("theirs",)) == (found.equal, found.only_here, found.only_there)
    assert (Difference("other", "output", "10", "11"),) == found.different
    assert not found.agrees


@pytest.mark.parametrize(
    "text",
    ["request_id,input,charge\na,3,0.5\n", '{"request_id": "a", "input": 3, "charge": "0.5"}\n\n'],
)
def test_a_providers_list_may_be_csv_or_json_lines(tmp_path, text):
    """With what columns it has."""
    (tmp_path / "list").write_text(text)

    assert [Told("a", 3, None, Decimal("0.5"))] == read_told(tmp_path / "list")


@pytest.mark.parametrize(
    "text", ["id\na\n", "{nonsense", "request_id,input\na,many\n", "request_id,charge\na,x\n"]
)
def test_a_list_that_cannot_be_read_is_told(tmp_path, text):
    """With the form it should have."""
    (tmp_path / "list").write_text(text)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_told(tmp_path / "list")
