"""What only a server can do: go away, come back, refuse, and be shared by several machines."""

from __future__ import annotations

import sys

import pytest

from jackfield.errors import BadConfig, LedgerFailed
from jackfield.ledger import AttemptStarted, attempt_id, book_at, request_id
from jackfield.ledger.owners import LEASE, Owner, machine, started


def start():
    return AttemptStarted(attempt_id(request_id(), 1), "acme", "tiny")


def test_a_connection_that_was_cut_is_made_anew(database):
    """The rows under way are written, once."""
    book = book_at(database)
    book.submit(start()).result(10)
    killer = book_at(database)
    killer.rows("SELECT 1 FROM ledger")
    own = killer.store.run("SELECT pg_backend_pid()")[0][0]
    killer.store.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> ? AND datname = current_database()", (own,))  # fmt: skip
    book.submit(start()).result(10)

    assert 2 == killer.rows("SELECT count(*) FROM attempts")[0][0]
    book.close()
    killer.close()


def test_a_server_that_is_not_there_is_told_without_the_password():
    """And nothing is sent."""
    book = book_at("postgresql://ann:hunter2@127.0.0.1:1/jackfield")
    with pytest.raises(LedgerFailed, match="nothing was sent") as caught:
        book.submit(start()).result(10)

    told = f"{caught.value} {caught.value!r} {book.store!r} {vars(book.store)}"
    assert "hunter2" not in told
    assert "server" in caught.value.hint


@pytest.mark.parametrize("pieces", [("hunter", "nowhere.invalid"), ("hunter", "qx")])
def test_a_password_that_breaks_an_address_is_not_told_in_part(pieces):
    """A driver takes what stands behind its first `@` for the name of a host, and names that."""
    book = book_at(f"postgresql://ann:{'@'.join(pieces)}@127.0.0.1:1/jackfield")
    with pytest.raises(LedgerFailed, match="cannot be written") as caught:
        book.submit(start()).result(30)

    assert not [piece for piece in pieces if piece in str(caught.value)]


def test_what_has_to_be_installed_is_told(monkeypatch):
    """The library comes with an extra."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadConfig, match="psycopg") as caught:
        book_at("postgresql://127.0.0.1:1/x").store.open()

    assert "jackfield[postgres]" in caught.value.hint


def test_tables_are_made_once_by_many_at_the_same_time(database):
    """Whoever comes second finds them."""
    books = [book_at(database) for _ in range(4)]
    futures = [book.submit(start()) for book in books]
    for future, book in zip(futures, books, strict=True):
        future.result(10)
        book.close()

    assert 4 == books[0].rows("SELECT count(*) FROM attempts")[0][0]
    books[0].close()


def test_tables_of_a_later_version_are_left_alone(database):
    """Rather than written wrongly."""
    book = book_at(database)
    book.submit(start()).result(10)
    book.store.run("INSERT INTO ledger_version VALUES (99)")
    with pytest.raises(LedgerFailed, match="later version"):
        book_at(database).submit(start()).result(10)
    book.close()


@pytest.mark.parametrize(("silent", "lives"), [(LEASE - 10, True), (LEASE + 10, False)])
def test_a_process_elsewhere_lives_as_long_as_its_lease(silent, lives):
    """Nobody here can ask its system."""
    now = 1_795_000_000_000_000
    owner = Owner("x", "another machine", 1, 1, 0, int(now - silent * 1e6))

    assert lives is owner.lives(now)


def test_a_process_here_lives_while_the_system_says_so():
    """Whatever its lease: a machine that slept has not lost its calls."""
    owner = Owner.this()
    old = Owner("x", machine(), owner.pid, owner.ticks, 0, 0)
    reused = Owner("x", machine(), owner.pid, owner.ticks + 1, 0, 0)

    assert (True, False, 0) == (old.lives(10**18), reused.lives(10**18), started(2**22 + 1))
