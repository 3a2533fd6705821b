"""Kill -9 at instants of chance: whatever the provider saw is in the ledger, once, and what is not known says so.

Each life is a process with eight calls at a time, forked from a warm one. ``JACKFIELD_KILLS`` says how many there
are; a thousand take about a minute.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from jackfield.ledger import book_at

KILLS = {
    "sqlite": int(os.environ.get("JACKFIELD_KILLS", "150")),
    "postgres": int(os.environ.get("JACKFIELD_KILLS", "60")),
}
SEED = 20261121


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request, tmp_path):
    """Which database, where, and how many die."""
    if request.param == "postgres":
        return request.param, request.getfixturevalue("database"), KILLS["postgres"]
    return request.param, str(tmp_path / "ledger.sqlite"), KILLS["sqlite"]


def killed(url, target, kills):
    """The number of processes that were killed."""
    program = Path(__file__).with_name("victims.py")
    command = [sys.executable, str(program), url, target, str(kills), str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert 0 == done.returncode, done.stderr
    return int(done.stdout)


def counting():
    """The provider that counts, from the file beside this one."""
    spec = importlib.util.spec_from_file_location("counting", Path(__file__).with_name("counting.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Counting()


def everything(book):
    return book.rows("SELECT attempt_id, kind, at, outcome, source, input, output FROM ledger ORDER BY 1, 2")


def test_what_the_provider_saw_is_accounted_for(kept):
    """Each request has one start and at most one end; sums differ by nothing but what is marked as estimated."""
    _, target, kills = kept
    with counting() as provider:
        assert kills == killed(provider.url, target, kills)
        bill = {word: (taken, given) for word, taken, given in provider.bill}

    assert len(bill) == len(provider.bill) > 8  # a machine that is busy lets few of them come that far
    book = book_at(target)
    once = everything(book)
    assert 0 == book.recover()
    assert once == everything(book)
    starts = Counter(row[0] for row in book.rows("SELECT user_id FROM attempts"))
    assert {} == {word: starts[word] for word in bill if starts[word] != 1}
    assert_sums_agree(book, bill)
    book.close()


def assert_sums_agree(book, bill):
    """Rows told by the provider add up to its bill for them; the rest of it is estimated, and visible."""
    rows = book.rows("SELECT user_id, outcome, source, input, output FROM attempts")
    told = {word: (taken, given) for word, outcome, source, taken, given in rows if source == "provider"}
    unknown = {word for word, outcome, source, _, _ in rows if (outcome, source) == ("unknown", "estimated")}

    assert told == {word: bill[word] for word in told}
    assert bill.keys() - told.keys() <= unknown
    assert len(rows) == len(told) + len(unknown)
    ends = book.rows("SELECT attempt_id FROM ledger WHERE kind = 'attempt.finished'")
    assert len(ends) == len(set(ends)) == len(told)
