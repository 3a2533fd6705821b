"""A framing and a parser joined."""

from __future__ import annotations

import pytest

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import Failed, Finished
from jackfield.types import Finish
from jackfield.wire import WireDecoder

BROKEN = ErrorInfo("protocol.body", "broken")


class Lines:
    """A framing: one record a line; a line of ``!`` is what no framing can cut, an unended one at the end neither."""

    def __init__(self):
        self.rest = b""

    def feed(self, chunk):
        if b"!" in chunk:
            raise Malformed(BROKEN)
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        return lines

    def end(self):
        if self.rest:
            raise Malformed(BROKEN)
        return []


class Parser:
    """A parser: every record is the end, but ``?`` is no record; without any, the end of the bytes is a failure."""

    def feed(self, record):
        if record == b"?":
            raise Malformed(BROKEN)
        return [Finished(Finish("stop"))]

    def end(self):
        raise Malformed(BROKEN)


@pytest.fixture
def decoder():
    """A fresh one."""
    return WireDecoder(Lines(), Parser())


@pytest.mark.parametrize("chunk", [b"!", b"?\n"])
def test_a_failure_is_the_last_event(decoder, chunk):
    """Whoever finds it, the framing or the parser; what follows is not looked at."""
    assert [Failed(BROKEN)] == decoder.feed(chunk)
    assert ([], []) == (decoder.feed(b"more\n"), decoder.end())


@pytest.mark.parametrize("rest", [b"", b"half"])
def test_an_end_that_comes_too_early_is_a_failure(decoder, rest):
    """In the middle of a record, or before the last one."""
    decoder.feed(rest)

    assert [Failed(BROKEN)] == decoder.end()
    assert [] == decoder.end()


def test_what_is_finished_says_nothing_more(decoder):
    """Not even that the bytes end."""
    (event,) = decoder.feed(b"x\n")

    assert (Finished, [], []) == (type(event), decoder.feed(b"y\n"), decoder.end())
