"""Newline-delimited JSON: lines however the bytes are cut, and the limit."""

from __future__ import annotations

import pytest

from jackfield.errors import Malformed
from jackfield.framing.ndjson import NDJSON

BODY = '\ufeff{"a":1}\r\n\n  \n{"b":"\u2028🦜"}\n{"c":3}'.encode()
LINES = ['{"a":1}', '{"b":"\u2028🦜"}', '{"c":3}']


def lines(chunks):
    framing = NDJSON()
    return [line for chunk in chunks for line in framing.feed(chunk)] + framing.end()


def test_cuts_lines_at_every_split():
    """Mark, CRLF, blank lines, split characters and a last line without newline give the same lines."""
    for i in range(len(BODY)):
        assert LINES == lines([BODY[:i], BODY[i:]])


def test_cuts_lines_byte_by_byte():
    """One byte at a time is no different."""
    assert LINES == lines([BODY[i : i + 1] for i in range(len(BODY))])


def test_an_endless_line_is_refused(monkeypatch):
    """A line above the limit fails at once."""
    monkeypatch.setattr(NDJSON, "limit", 1000)
    framing = NDJSON()

    with pytest.raises(Malformed, match="more than 1000 characters"):
        for _ in range(3):
            framing.feed(b"x" * 500)


def test_lines_before_a_failure_are_handed_on_first(monkeypatch):
    """What came whole is not lost; the failure comes next."""
    monkeypatch.setattr(NDJSON, "limit", 10)
    framing = NDJSON()

    assert ["{}"] == framing.feed(b"{}\n" + b"x" * 20)
    with pytest.raises(Malformed):
        framing.end()


def test_every_line_of_a_long_piece_is_measured(monkeypatch):
    """Many short lines may be longer than the limit together; one of them may not."""
    monkeypatch.setattr(NDJSON, "limit", 1000)

    assert [b"x" * 500] * 4 == [line.encode() for line in NDJSON().feed((b"x" * 500 + b"\n") * 4)]
    with pytest.raises(Malformed, match="more than 1000 characters"):
        NDJSON().feed(b"x" * 1001 + b"\n")
