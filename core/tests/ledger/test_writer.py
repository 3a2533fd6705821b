"""The writer: order, back-pressure, and what becomes of rows that cannot be written."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest

from jackfield.errors import LedgerFailed
from jackfield.ledger import AttemptFinished, AttemptStarted, RequestFinished, book_at, writer
from jackfield.ledger.writer import Writer, failed


class Disk:
    """Commits to a list; full while it is told so."""

    def __init__(self):
        self.rows = []
        self.full = False
        self.commits = 0
        self.gate = threading.Event()
        self.gate.set()

    def commit(self, rows):
        self.gate.wait(60)
        if self.full:
            raise failed("here", "the disk is full")
        self.commits += 1
        self.rows += rows


@pytest.fixture
def disk():
    """A disk of one's own."""
    return Disk()


@pytest.fixture
def writing(disk):
    """A writer to it."""
    made = Writer(disk.commit, lambda: None, lambda: None)
    yield made
    disk.full = False
    made.close(10)


START, END = AttemptStarted("a.1", "acme", "tiny"), AttemptFinished("a.1")


def test_ends_wait_for_company_and_keep_their_order(writing, disk):
    """What was recorded before a start is written with it, and before it."""
    writing.record(END)
    writing.submit(START).result(10)

    assert ([END, START], 1) == (disk.rows, disk.commits)


def test_what_is_recorded_is_written_soon_without_anybody_waiting(writing, disk):
    """By the writer's own thread."""
    writing.record(END)
    writing.flush(10)

    assert [END] == disk.rows


def test_starts_are_refused_and_ends_are_kept_while_the_disk_is_full(writing, disk):
    """What is not to be sent needs no row; what has happened does, when there is room again."""
    disk.full = True
    writing.record(END)
    with pytest.raises(LedgerFailed, match="the disk is full; nothing was sent"):
        writing.submit(START).result(10)
    disk.full = False
    writing.flush(10)

    assert [END] == disk.rows


def test_tasks_that_wait_at_the_same_time_share_a_commit(writing, disk):
    """The more there are, the less each pays."""

    async def main():
        disk.gate.clear()
        futures = [asyncio.wrap_future(writing.submit(START)) for _ in range(50)]
        disk.gate.set()
        await asyncio.gather(*futures)

    asyncio.run(main())
    assert 50 == len(disk.rows)
    assert disk.commits <= 3


def test_an_event_loop_is_never_held_up(writing, disk):
    """While the disk hangs, tasks go on; the one that waits goes on when it is done."""

    async def main():
        disk.gate.clear()
        future = asyncio.wrap_future(writing.submit(START))
        await asyncio.sleep(0)
        waiting = not future.done()
        disk.gate.set()
        await future
        return waiting

    assert asyncio.run(main())


def test_who_walks_away_leaves_the_others_their_commit(writing, disk):
    """A cancelled task does not cancel what it shares."""

    async def main():
        disk.gate.clear()
        first, second = (asyncio.ensure_future(asyncio.wrap_future(writing.submit(START))) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        disk.gate.set()
        await second
        return first.cancelled()

    assert asyncio.run(main())
    assert 2 == len(disk.rows)


def test_threads_wait_while_the_queue_is_full(writing, disk, monkeypatch):
    """Nothing is dropped, and the queue does not grow without end."""
    monkeypatch.setattr(writer, "MOST", 10)
    monkeypatch.setattr(writer, "PAUSE", 0.01)
    threads = [threading.Thread(target=lambda: writing.submit(START).result(10)) for _ in range(40)]
    for _ in range(15):
        writing.record(END)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert 55 == len(disk.rows)


def test_a_closed_writer_begins_anew_with_the_next_row(writing, disk):
    """Closing is no end."""
    writing.submit(START).result(10)
    writing.close(10)
    writing.record(END, RequestFinished("a"))
    writing.flush(10)

    assert 3 == len(disk.rows)


def test_a_bug_in_the_store_reaches_who_waits(writing, disk):
    """It is not taken for a full disk."""
    disk.commit = None
    writing._commit = lambda rows: 1 / 0
    with pytest.raises(ZeroDivisionError):
        writing.submit(START)
    writing._commit = lambda rows: None


def test_a_file_another_process_holds_for_too_long_is_told(tmp_path, monkeypatch):
    """After the time it may take, with what to do about it; then the next call works again."""
    monkeypatch.setattr("jackfield.ledger.sqlite.BUSY", 0.1)
    book = book_at(tmp_path / "ledger.sqlite")
    book.submit(START).result(10)
    with sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerFailed, match="locked") as caught:
            book.submit(AttemptStarted("b.1", "acme", "tiny")).result(10)
        other.execute("COMMIT")
    other.close()
    book.submit(AttemptStarted("c.1", "acme", "tiny")).result(10)

    assert "another process" in caught.value.hint
    assert [("a.1",), ("c.1",)] == book.rows("SELECT attempt_id FROM attempts ORDER BY 1")
    book.close()


def test_a_full_disk_is_told_and_got_over(tmp_path):
    """SQLite says so itself; here it may have only so many pages."""
    book = book_at(tmp_path / "ledger.sqlite")
    book.submit(START).result(10)
    pages = book.store.run("PRAGMA page_count")[0][0]
    book.store.run(f"PRAGMA max_page_count = {pages}")
    rows = [AttemptStarted(f"b{number:04d}.1", "acme", "tiny") for number in range(2000)]
    with pytest.raises(LedgerFailed, match="full") as caught:
        book.submit(*rows).result(10)
    book.store.run("PRAGMA max_page_count = 1000000")
    book.submit(*rows).result(10)

    assert "make room" in caught.value.hint
    assert 2001 == book.rows("SELECT count(*) FROM attempts")[0][0]
    book.close()


def test_the_file_is_its_owners_alone(tmp_path):
    """And so are its companions."""
    book = book_at(tmp_path / "state" / "ledger.sqlite")
    book.submit(START).result(10)

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    assert {0o600} == modes
    book.close()


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path):
    """The message names it."""
    (tmp_path / "notes.txt").write_text("x" * 5000)
    book = book_at(tmp_path / "notes.txt")
    with pytest.raises(LedgerFailed, match=r"notes\.txt") as caught:
        book.submit(START).result(10)

    assert "something else" in caught.value.hint
    assert "x" * 5000 == (tmp_path / "notes.txt").read_text()


def test_tables_of_a_later_version_are_left_alone(tmp_path):
    """Rather than written wrongly."""
    with sqlite3.connect(tmp_path / "ledger.sqlite") as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(LedgerFailed, match="later version"):
        book_at(tmp_path / "ledger.sqlite").submit(START).result(10)
