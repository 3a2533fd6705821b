"""Limits of what is taken, checks of what is given."""

from __future__ import annotations

import gzip

import pytest

from jackfield.transport.caps import REPLY_CAP, body_for, checked_head, checked_headers
from jackfield.transport.faults import Fault


def test_gzip_is_the_same_however_it_is_cut():
    """Every split of the bytes gives the same body."""
    packed = gzip.compress(b"hello world" * 3)

    for at in range(len(packed) + 1):
        body = body_for({"content-encoding": "gzip"}, REPLY_CAP)
        unpacked = body.feed(packed[:at]) + body.feed(packed[at:])
        body.end()

        assert unpacked == b"hello world" * 3


def test_members_of_a_gzip_body_follow_one_another():
    """As the format allows."""
    body = body_for({"content-encoding": "gzip"}, REPLY_CAP)

    assert body.feed(gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"


def test_an_empty_gzip_body_is_empty():
    """Servers announce an encoding for answers without a body."""
    body = body_for({"content-encoding": "gzip"}, REPLY_CAP)

    body.end()

    assert body.feed(b"") == b""


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_plain_bytes_are_counted(encoding):
    """One byte too many is refused."""
    body = body_for({"content-encoding": encoding}, 3)

    assert body.feed(b"abc") == b"abc"
    with pytest.raises(Fault):
        body.feed(b"d")


def test_the_limit_counts_what_comes_out_of_gzip():
    """Not what goes in."""
    body = body_for({"content-encoding": "gzip"}, 1000)

    with pytest.raises(Fault):
        body.feed(gzip.compress(bytes(1001)))


@pytest.mark.parametrize("length", ["-5", "1, 2", "٣", ""])
def test_a_length_that_is_no_number_limits_nothing(length):
    """The state machine refuses it, or has done so already; here it must not break."""
    assert body_for({"content-length": length}, 10).feed(b"x") == b"x"


def test_heads_are_limited_in_number_and_size():
    """100 headers, 64 KiB."""
    with pytest.raises(Fault):
        checked_head([(b"x", b"y")] * 101)
    with pytest.raises(Fault):
        checked_head([(b"x", b"y" * 70_000)])

    assert len(checked_head([(b"x%d" % number, b"y") for number in range(100)])) == 100


def test_defaults_give_way_to_the_call():
    """Its own accept-encoding, agent and host are sent."""
    pairs = dict(checked_headers({"Host": "a", "User-Agent": "b", "accept-encoding": "identity"}, "host", 0))

    assert pairs == {"host": "a", "user-agent": "b", "accept-encoding": "identity", "content-length": "0"}


def test_one_name_in_two_spellings_is_refused():
    """Which one holds would be a guess."""
    with pytest.raises(Fault, match="twice"):
        checked_headers({"x-a": "1", "X-A": "2"}, None, None)


@pytest.mark.parametrize("byte", [chr(code) for code in range(256) if not 32 <= code < 127 and code != 9])
def test_no_byte_beyond_printable_ascii_gets_into_a_header(byte):
    """And the refusal does not quote the value."""
    with pytest.raises(Fault) as caught:
        checked_headers({"x-key": f"secret{byte}more"}, None, None)

    assert "secret" not in str(caught.value)
