"""The clocks of a call that its flow keeps, with a clock of the test's own: each ends the call to the tick."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jackfield import Client, ErrorInfo, StreamInterrupted, TimedOut, Timeouts
from jackfield.transport import SyncDriver
from jackfield.wire import Headers

TICK = 0.001
PING = b": ping\n\n"


class Drip:
    """A server in time that is made up: each piece comes after so many seconds, the last one again and again."""

    def __init__(self, head=0.0, pieces=()):
        self.now = 1000.0
        self.head = head
        self.pieces = list(pieces)
        self.deadlines = []

    def clock(self):
        return self.now

    def open(self, call, timeouts, deadline):
        self.deadlines.append(deadline)
        asked = self.now
        self.now += self.head
        return SimpleNamespace(
            status=200, headers=Headers({"content-type": "text/event-stream"}), asked=asked
        )

    def send(self, call, timeouts, deadline):
        self.deadlines.append(deadline)
        raise TimedOut(ErrorInfo("deadline"))

    def read(self, opened, deadline):
        seconds, piece = self.pieces.pop(0) if len(self.pieces) > 1 else self.pieces[0]
        if self.now + seconds > deadline:
            self.now = max(self.now, deadline)
            raise TimedOut(ErrorInfo("deadline"))
        self.now += seconds
        return piece

    def close_stream(self, opened):
        pass

    def close(self):
        pass


@pytest.fixture
def ended(registry, monkeypatch, acme):
    """A stream of a server that drips: after how many seconds it ended, and how."""

    def ended(drip, model="acme/large-1", **timeouts):
        client = Client(registry=registry, transport=drip)
        client._driver = SyncDriver(drip, clock=drip.clock)
        monkeypatch.setattr("jackfield.client.stream.time", SimpleNamespace(monotonic=drip.clock))
        try:
            client.stream(model, "hi", timeout=Timeouts(**timeouts), max_retries=0).completion()
        except (TimedOut, StreamInterrupted) as error:
            return round(drip.now - 1000, 6), error.info.kind
        return round(drip.now - 1000, 6), "ended well"

    return ended


@pytest.fixture
def word(acme):
    """A piece with content."""
    return acme.chunk({"content": "a"})


@pytest.fixture
def end(acme):
    """The pieces that end a stream well."""
    return [(0.0, acme.chunk({}, "stop")), (0.0, b"data: [DONE]\n\n")]


@pytest.mark.parametrize(
    ("at", "timeouts", "kind"),
    [
        (120, {}, "ended well"),
        (120 + TICK, {}, "timeout.first_token"),
        (7, {"first_token": 7.0}, "ended well"),
        (7 + TICK, {"first_token": 7.0}, "timeout.first_token"),
        (119 + TICK, {"total": 119.0}, "deadline"),
    ],
)
def test_the_first_token(ended, word, end, at, timeouts, kind):
    """Two minutes, or as set; the deadline of the whole call if that comes first."""
    seconds, how = ended(Drip(pieces=[(at, word), *end]), **timeouts)

    assert kind == how
    assert seconds == (at if kind == "ended well" else at - TICK)


def test_the_first_token_counts_from_the_last_byte_of_the_request(ended, word, end):
    """A head that came late has used up a part of the time."""
    assert (120.0, "timeout.first_token") == ended(Drip(100.0, [(20 + TICK, word), *end]))
    assert (120.0, "ended well") == ended(Drip(100.0, [(20, word), *end]))


def test_signs_of_life_do_not_hold_off_the_first_token(ended, acme):
    """Neither comments, nor events without content, however many."""
    empty = acme.chunk({"role": "assistant", "content": ""})

    assert (120.0, "timeout.first_token") == ended(Drip(pieces=[(0.5, PING)]))
    assert (120.0, "timeout.first_token") == ended(Drip(pieces=[(5.0, empty)]))


def test_a_model_that_thinks_has_its_allowance(registry, ended, word, end, tmp_path):
    """As its catalogue says; what the caller says counts more. Silence before the first token is no idleness."""
    (tmp_path / "models.toml").write_text('[[model]]\nid = "large-1"\nfirst_token = 300\n')
    registry.add(tmp_path)

    assert (300.0, "ended well") == ended(Drip(pieces=[(300, word), *end]))
    assert (300.0, "timeout.first_token") == ended(Drip(pieces=[(300 + TICK, word), *end]))
    assert (9.0, "timeout.first_token") == ended(Drip(pieces=[(10, word), *end]), first_token=9.0)


@pytest.mark.parametrize(("idle", "kind"), [(60, "ended well"), (60 + TICK, "timeout.idle")])
def test_idle_bytes(ended, word, end, idle, kind):
    """A minute between two pieces, once content has come; any byte begins it anew."""
    (_, last), *rest = end

    assert kind == ended(Drip(pieces=[(1, word), (59, PING), (idle, last), *rest]))[1]


@pytest.mark.parametrize(("pings", "seconds", "kind"), [(29, 300, "ended well"), (30, 301, "timeout.idle")])
def test_idle_content(ended, word, end, pings, seconds, kind):
    """Five minutes, if that is asked for: comments do not begin it anew, content does."""
    pieces = [(1, word), *[(10, PING)] * pings, (9, word), *end]

    assert (seconds, kind) == ended(Drip(pieces=pieces), idle_content=300.0)


def test_idle_content_is_off_unless_set(ended, word):
    """Then a stream of comments ends with the whole call."""
    assert (3600.0, "deadline") == ended(Drip(pieces=[(1, word), (10, PING)]))


def test_content_begins_idle_content_anew(ended, word, end):
    """However long the whole takes."""
    pieces = [(1, word), *[(30, PING), (29, word)] * 20, *end]

    assert (1181.0, "ended well") == ended(Drip(pieces=pieces), idle_content=60.0)


def test_the_whole_call(ended, word):
    """An hour for a stream that never ends, or as set; drips do not hold it off."""
    assert (3600.0, "deadline") == ended(Drip(pieces=[(7, word)]))
    assert (50.0, "deadline") == ended(Drip(pieces=[(7, word)]), total=50.0)


def test_a_whole_answer_has_ten_minutes(registry):
    """And as long as is set, counted from the beginning."""
    for timeouts, seconds in ((None, 600), (Timeouts(total=5.0), 5), (7.5, 7.5)):
        drip = Drip()
        client = Client(registry=registry, transport=drip)
        client._driver = SyncDriver(drip, clock=drip.clock)
        with pytest.raises(TimedOut):
            client.complete("acme/large-1", "hi", timeout=timeouts)
        assert [1000.0 + seconds] == drip.deadlines


@pytest.mark.parametrize("name", ["first_token", "idle_content", "idle", "total"])
def test_clocks_are_above_zero(name):
    """Nothing else means anything."""
    for value in (0, -1, True, "1"):
        with pytest.raises(Exception, match=f"timeout `{name}` must be a number"):
            Timeouts(**{name: value})
