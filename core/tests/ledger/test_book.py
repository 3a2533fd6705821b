"""What is written stays written, once, in order; what was never ended is recovered. The same on every database."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

from jackfield.ledger import (
    AttemptFinished,
    AttemptStarted,
    RequestFinished,
    attempt_id,
    book_at,
    request_id,
)
from jackfield.ledger.reports import totals
from jackfield.types import Tags, Usage


def begun(book, model="tiny", **facts):
    """The id of an attempt that is on the disk."""
    name = attempt_id(request_id(), 1)
    book.submit(AttemptStarted(name, "acme", model, **facts)).result(10)
    return name


def kinds(book):
    return dict(book.rows("SELECT kind, count(*) FROM ledger GROUP BY kind"))


def test_a_start_is_there_when_its_future_is_done(book, target):
    """Another connection sees it."""
    name = begun(book, tags=Tags(user="ann", project="shop", more={"team": "x"}), estimate=12)

    found = book.store.read("SELECT attempt_id, user_id, project, tags, estimate FROM attempts")
    assert [(name, "ann", "shop", '{"team": "x"}', 12)] == found


def test_every_bucket_and_the_exact_charge_are_kept(book):
    """What a provider reports comes back to the last digit."""
    usage = Usage(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, tier="flex", more={"pages": 2})
    name = begun(book)

    book.record(AttemptFinished(name, usage=usage, charge=Decimal("0.00000000012345678901")))
    fields = "input, cache_read, cache_write, cache_write_1h, input_audio, input_image, output, reasoning"
    rest = "output_audio, output_image, searches, more, tier, CAST(charge AS TEXT), source"

    row = book.rows(f"SELECT {fields}, {rest} FROM attempts")[0]
    assert (*range(1, 12), '{"pages": 2}', "flex", "0.00000000012345678901", "provider") == row


def test_names_that_no_database_keeps_are_mended(book):
    """Neither NUL nor half of a character keeps an attempt from being written down."""
    name = begun(book, model="a\0b\ud800")
    usage = Usage(1, tier="\ud800")

    book.record(AttemptFinished(name, usage=usage, provider_request_id="req\0"))

    row = book.rows("SELECT model, tier, provider_request_id FROM attempts")[0]
    assert ("a\ufffdb?", "?", "req\ufffd") == row


def test_figures_that_cannot_be_are_not_known(book):
    """One of them would spoil every sum, or could not be written at all."""
    for tokens in (5, 10**30):
        book.record(AttemptFinished(begun(book), usage=Usage(tokens), charge=Decimal(tokens)))

    (total,) = totals(book)
    assert (5, Decimal(5), 1, 0) == (total.input, total.charge, total.unpriced, total.open)


def test_what_is_not_known_is_null(book):
    """An unknown usage is none of zero."""
    name = begun(book)

    book.record(AttemptFinished(name, usage=Usage(source="unknown")))

    assert [(None, None, None, None)] == book.rows("SELECT input, output, charge, source FROM attempts")


def test_the_same_row_twice_is_there_once(book):
    """The first stays; writing anew after a doubtful end does no harm."""
    name = begun(book)
    book.record(AttemptFinished(name, "ok"), AttemptFinished(name, "failed"))
    book.submit(AttemptStarted(name, "acme", "other")).result(10)

    assert [("tiny", "ok")] == book.rows("SELECT model, outcome FROM attempts")


def test_rows_are_written_at_the_end_of_the_process(book, target):
    """Nobody has to flush."""
    program = f"""
from jackfield.ledger import *
book = book_at({target!r})
name = attempt_id(request_id(), 1)
book.submit(AttemptStarted(name, "acme", "tiny")).result()
book.record(AttemptFinished(name), RequestFinished(name[:-2]))
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)

    assert {"attempt.started": 1, "attempt.finished": 1, "request.finished": 1} == kinds(book)


def test_threads_and_tasks_lose_nothing(book):
    """Each start is durable before its call goes on, whoever else writes."""

    def work():
        for _ in range(20):
            book.record(AttemptFinished(begun(book)))

    async def tasks():
        async def one():
            name = attempt_id(request_id(), 1)
            await asyncio.wrap_future(book.submit(AttemptStarted(name, "acme", "tiny")))
            book.record(AttemptFinished(name))

        await asyncio.gather(*(one() for _ in range(100)))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    asyncio.run(tasks())
    for thread in threads:
        thread.join()

    assert {"attempt.started": 200, "attempt.finished": 200} == kinds(book)


def test_two_ledgers_of_one_file_write_at_the_same_time(book, target):
    """Several processes may share it."""
    other = book_at(target)
    for _ in range(10):
        begun(book)
        begun(other)
    other.close()

    assert 20 == kinds(book)["attempt.started"]


def test_a_forked_child_writes_by_itself(book):
    """Rows of the parent are the parent's; the child has a connection of its own."""
    begun(book)
    book.record(AttemptFinished("parent.1"))
    child = os.fork()
    if child == 0:
        try:
            begun(book)
            book.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    begun(book)

    assert {"attempt.started": 3, "attempt.finished": 1, "attempt.recovered": 1} == kinds(book)


def killed(target, program="begun"):
    """A process that began an attempt, ended another, and was killed."""
    source = f"""
import os, signal
from jackfield.ledger import *
book = book_at({target!r})
ids = [attempt_id(request_id(), 1) for _ in range(2)]
book.submit(*(AttemptStarted(name, "acme", "tiny", estimate=7) for name in ids)).result()
book.submit(AttemptFinished(ids[0])).result()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", source], check=False, timeout=300)


def test_an_attempt_of_a_dead_process_is_recovered_once(target):
    """It is visible as unknown, estimated and perhaps billed; doing it again changes nothing."""
    killed(target)

    book = book_at(target)
    rows = book.rows("SELECT outcome, billed, source, input, output, charge FROM attempts ORDER BY outcome")
    again = book.recover()
    book.close()

    assert [("ok", "yes", None, None, None, None), ("unknown", "maybe", "estimated", 7, None, None)] == rows
    assert (1, 0) == (book.recovered, again)


def test_attempts_of_living_processes_are_left_alone(book, target):
    """Opening the ledger elsewhere ends nobody's calls."""
    begun(book)
    other = book_at(target)
    begun(other)
    recovered = other.recover()
    other.close()

    assert (0, None) == (recovered, book.rows("SELECT outcome FROM attempts ORDER BY attempt_id")[0][0])


def test_what_a_process_never_ended_is_told_when_it_closes(target):
    """A clean end leaves nothing open."""
    book = book_at(target)
    begun(book)
    book.close()

    other = book_at(target)
    assert [("unknown",)] == other.rows("SELECT outcome FROM attempts")
    other.close()


def test_the_truth_wins_over_recovery(target):
    """An end that comes after all, from a process that only seemed dead, is what counts."""
    book = book_at(target)
    name = begun(book)
    book._end(book._owner, 1)
    book.record(AttemptFinished(name, "ok", usage=Usage(3, output=4)))

    assert [("ok", 3)] == book.rows("SELECT outcome, input FROM attempts")
    book.close()


def test_a_request_is_ended_beside_its_attempts(book):
    """Its row has the request's id and the number of attempts."""
    name = begun(book)
    book.record(AttemptFinished(name), RequestFinished(name[:-2], attempts=1, seconds=0.5))

    query = "SELECT attempt_id, attempts, seconds FROM ledger WHERE kind = 'request.finished'"
    assert [(name[:-2], 1, 0.5)] == book.rows(query)


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 100])
def test_groups_of_any_size_are_written_whole(book, rows):
    """However many rows a commit has."""
    book.submit(*(AttemptStarted(attempt_id(request_id(), 1), "acme", "tiny") for _ in range(rows))).result(
        10
    )

    assert {"attempt.started": rows} == kinds(book)
