"""The raw payload of a stream."""

from __future__ import annotations

import pickle

import pytest

from jackfield.framing.ndjson import NDJSON
from jackfield.wire import Dialect
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.records import RawRecords


@pytest.fixture
def records():
    """Three lines, the last of which is no JSON."""
    return RawRecords(NDJSON, [b'{"a":', b"1}\n[2]\n", b"end\n"])


def test_records_are_read_when_somebody_looks(records):
    """JSON is decoded, and what is none stays text."""
    assert [{"a": 1}, [2], "end"] == list(records)
    assert (3, [2], [[2], "end"]) == (len(records), records[1], records[1:])


def test_the_bytes_are_kept_as_they_came(records):
    """All of them, joined; the words for a log hold none."""
    assert b'{"a":1}\n[2]\nend\n' == records.body
    assert "<raw stream, 16 bytes>" == repr(records)


def test_records_of_the_same_bytes_are_equal(records):
    """Copied, pickled or made again; other bytes are others."""
    again = pickle.loads(pickle.dumps(records))

    assert (records, hash(records)) == (again, hash(again))
    assert records != RawRecords(NDJSON, [b"[2]\n"])
    assert records != list(records)


def test_the_wire_is_not_pickled_with_its_framing():
    """A method of a wire is how streams are framed in calls; what leads out of one is not."""
    wire = ChatCompletions(Dialect("acme", quirks=(lambda body: body,)))

    again = pickle.loads(pickle.dumps(RawRecords(wire.framing, [b"data: 1\n\n"])))

    assert [1] == list(again)
