"""``jackfield usage``."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from jackfield.ledger import AttemptFinished, AttemptStarted, attempt_id, book_at, request_id
from jackfield.types import Tags, Usage


@pytest.fixture
def ledger(tmp_path):
    """The path of a ledger with three attempts."""
    target = str(tmp_path / "ledger.sqlite")
    book = book_at(target)
    for user, charge, usage in (
        ("ann", Decimal("1.25"), Usage(1000, 500, output=70)),
        ("ann", Decimal("0.5"), Usage(10, output=7, source="estimated")),
        ("bob", None, Usage(5, output=5)),
    ):
        name = attempt_id(request_id(), 1)
        book.submit(AttemptStarted(name, "acme", "tiny", tags=Tags(user=user))).result(10)
        book.record(AttemptFinished(name, usage=usage, charge=charge, provider_request_id=f"req-{user}"))
    book.close()
    return target


def test_sums_are_shown_by_what_was_asked(run, ledger):
    """What is not in the sum is told beside it."""
    result = run("usage", "--by", "user", JACKFIELD_LEDGER=ledger)

    assert [
        "USER   USD  REQUESTS  ATTEMPTS  FAILED  INPUT  OUTPUT  CACHED",
        "ann   1.75         2         2       0  1,510      77     500",
        "bob      ?         1         1       0      5       5       0",
    ] == result.stdout.splitlines()
    assert [
        "1 attempt of unknown price, not in the sum",
        "1 attempt with estimated tokens",
    ] == result.stderr.splitlines()


def test_json_is_one_document(run, ledger):
    """With every sum, and money as text."""
    found = json.loads(run("usage", "--json", JACKFIELD_LEDGER=ledger).stdout)

    assert [("acme/tiny", 3, "1.75", 1)] == [
        (row["model"], row["attempts"], row["charge"], row["unpriced"]) for row in found
    ]


def test_csv_has_a_head(run, ledger):
    """The words that sums were taken by come first."""
    lines = run(
        "usage", "--by", "provider", "--by", "user", "--csv", JACKFIELD_LEDGER=ledger
    ).stdout.splitlines()

    assert lines[0].startswith("provider,user,requests,attempts")
    assert lines[1].startswith("acme,ann,2,2")


def test_a_ledger_that_is_off_says_how_to_turn_it_on(run):
    """That is a setting."""
    result = run("usage")

    assert 3 == result.exit_code
    assert "JACKFIELD_LEDGER=sqlite" in result.stderr


def test_nothing_in_that_time_is_no_failure(run, ledger):
    """It is said on stderr."""
    result = run("usage", "--until", "2020-01-01", JACKFIELD_LEDGER=ledger)

    assert (0, "", "nothing was attempted in that time\n") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(("flag", "value"), [("--by", "modl"), ("--since", "soon")])
def test_what_is_not_understood_is_refused(run, ledger, flag, value):
    """As a wrong flag, with what there is."""
    assert 2 == run("usage", flag, value, JACKFIELD_LEDGER=ledger).exit_code


@pytest.mark.parametrize(
    "flags",
    [
        ("--csv", "--json"),
        ("--forecast", "--by", "day"),
        ("--forecast", "--csv"),
        ("--provider", "acme"),
    ],
)
def test_no_flag_is_passed_over(run, ledger, flags):
    """Those of which one would mean nothing are refused together."""
    assert 2 == run("usage", *flags, JACKFIELD_LEDGER=ledger).exit_code


def test_a_forecast_wants_a_day(run, ledger):
    """Before that it says so."""
    result = run("usage", "--forecast", JACKFIELD_LEDGER=ledger)

    assert (0, "there is no whole day yet to judge by\n") == (result.exit_code, result.stderr)


def test_a_providers_list_that_differs_is_a_no(run, ledger, tmp_path):
    """Differences on stdout, and exit code 1 for scripts."""
    (tmp_path / "list.csv").write_text("request_id,input\nreq-bob,6\nreq-carl,1\n")
    flags = ("--reconcile", str(tmp_path / "list.csv"), "--provider", "acme")
    result = run("usage", *flags, JACKFIELD_LEDGER=ledger)

    told = ["req-bob  input: 5 here, 6 there", "req-ann  only here", "req-carl  only there"]
    assert (1, told) == (result.exit_code, result.stdout.splitlines())
    assert 2 == run("usage", *flags[:2], JACKFIELD_LEDGER=ledger).exit_code


def test_a_forecast_from_days_has_three_lines(run, tmp_path):
    """In USD, with what it was judged by."""
    book = book_at(tmp_path / "ledger.sqlite")
    for day in range(1, 10):
        name = attempt_id(request_id(), 1)
        start = AttemptStarted(name, "acme", "tiny")
        start.__dict__["at"] -= day * 86_400_000_000
        book.submit(start, AttemptFinished(name, charge=Decimal(2))).result(10)
    book.close()
    env = {"JACKFIELD_LEDGER": str(tmp_path / "ledger.sqlite")}

    lines = run("usage", "--forecast", **env).stdout.splitlines()
    assert ["24h   2.00", "7d    14.00", "30d   60.00"] == [" ".join(line.split()[:2]).replace(" ", " " * (6 - len(line.split()[0]))) for line in lines[1:]]  # fmt: skip
    assert 3 == len(json.loads(run("usage", "--forecast", "--json", **env).stdout))
