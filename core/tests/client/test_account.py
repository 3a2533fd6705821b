"""What an answer costs, and when that is worked out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from jackfield import Usage
from jackfield.catalogue import RatesBook, UnknownPrices
from jackfield.client.account import charge_due, charge_of


class Watched:
    """A book that keeps the moments it was asked about."""

    source = "a book"

    def __init__(self) -> None:
        self.moments: list[datetime] = []

    def charge(self, usage: Usage, at: datetime) -> Decimal:
        """So much a token."""
        self.moments.append(at)
        return Decimal(usage.total_output) / 1000


def priced(caller, book):
    """A client whose one model has the prices of ``book``."""
    caller._bound["acme/large-1"] = caller.bind("acme/large-1").evolve(prices=book)
    return caller


def test_a_call_asks_for_no_price(client, acme):
    """Most answers are read and forgotten."""
    book = Watched()

    priced(client(acme.reply()), book).complete("acme/large-1", "hello")

    assert [] == book.moments


def test_a_charge_is_by_the_prices_of_the_call(client, acme):
    """However late it is asked for: the book is told when the call was, once."""
    book, before = Watched(), datetime.now(UTC)
    answer = priced(client(acme.reply()), book).complete("acme/large-1", "hello")
    after = datetime.now(UTC)

    found = [answer.charge, answer.charge]

    assert [Decimal(answer.usage.total_output) / 1000] * 2 == found
    assert ("a book", 1) == (answer.charge_detail.source, len(book.moments))
    assert before <= book.moments[0] <= after


def test_what_is_due_is_what_is_owed_at_once(client):
    """Who keeps count asks at once, and is told the same."""
    rates = {"valid_from": date(2026, 1, 1), "source": "contract 7", "per_1M_tokens": {"input": "0.1"}}
    books = [UnknownPrices(), RatesBook.stated(rates, source="ours"), Watched()]
    bindings = [client().bind("acme/large-1").evolve(prices=book) for book in books]
    usages = [Usage(input=100), Usage(output=5), Usage(source="unknown")]

    due = [charge_due(one, used) for one in bindings for used in usages]

    expected = [charge_of(one, used) for one in bindings for used in usages]
    assert expected == [one() if callable(one) else one for one in due]
