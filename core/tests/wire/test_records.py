"""The raw payload of a stream."""

from __future__ import annotations

import pytest

from jackfield.framing.ndjson import NDJSON
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
