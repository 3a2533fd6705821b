"""The state of one stream, held at its edges: what commits it, how long it may be silent, who is told of its end."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from jackfield.client.plan import Plan
from jackfield.client.session import HELD_BYTES, HELD_EVENTS, Session
from jackfield.errors import ErrorInfo, StreamInterrupted, TimedOut, Unavailable
from jackfield.events import (
    ArgumentsDelta,
    Failed,
    Finished,
    Metered,
    PartStarted,
    Started,
    TextDelta,
    Warned,
)
from jackfield.types import (
    Attempt,
    Finish,
    Message,
    Notice,
    Reasoning,
    Refusal,
    Request,
    Text,
    Timeouts,
    ToolCall,
    Usage,
)
from jackfield.wire import Headers

USAGE = Usage(input=3, output=2)
DONE = Finished(Finish("stop"), USAGE)
LOST = Failed(ErrorInfo("server.overloaded", "no luck"))
SIGN = [Metered(Usage(input=3, output=0))]
HELLO = [PartStarted(0, Text("")), TextDelta(0, "so far")]
NOTICE = Notice("left_out", "a seed")


class Ends:
    """An attempt that writes down how it was settled."""

    number = 2
    begun = 1000.0
    deadline = 1500.0
    session = None
    key = SimpleNamespace(owners=None)

    def __init__(self):
        self.open = True
        self.told = []

    def won(self, now, usage, facts, parts):
        self.told.append(("won", now, usage, facts, tuple(parts)))

    def lost(self, now, error):
        self.told.append(("lost", now, error))

    def dropped(self, now):
        self.told.append(("dropped", now))


class Script:
    """A decoder that makes the events of a list, whatever the bytes are."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def feed(self, chunk):
        return list(self.answers.pop(0))

    end = property(lambda self: lambda: list(self.answers.pop(0)))


@pytest.fixture
def session(client):
    """A stream whose bytes stand for the lists of events that are handed in."""

    def make(*answers, status=200, **timeouts):
        binding = client().bind("acme/large-1").evolve(decoder=lambda: Script(*answers))
        request = Request("large-1", (Message("user", "hi"),))
        plan = Plan(request, Timeouts(**timeouts), 2, (NOTICE,), stream=True)
        opened = SimpleNamespace(status=status, headers=Headers({"x-request-id": "req_1"}))
        return Session(binding, plan, opened, Ends())

    return make


def test_a_stream_begins_with_nothing(session):
    """Its attempt knows it, and all time there is, is the attempt's."""
    found = session()

    assert (found, 1500.0, [], ()) == (found.run.session, found.deadline, found.held, found.failed)
    assert (None, None, False, False) == (found.failure, found.sequel, found.committed, found.done)


# -- the commit point --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "commits"),
    [
        ([Started("c1")], False),
        (SIGN, False),
        ([PartStarted(0, Text(""))], False),
        ([PartStarted(0, Reasoning(""))], False),
        ([PartStarted(0, Refusal(""))], False),
        ([PartStarted(0, Text("so"))], True),
        ([PartStarted(0, ToolCall("c1", "f", ""))], True),
        ([PartStarted(0, ToolCall("c1", "f", "")), ArgumentsDelta(0, "{")], True),
        (HELLO, True),
        ([*HELLO, LOST], True),
        ([LOST], False),
        ([Started("c1"), DONE], True),
        ([], False),
    ],
)
def test_what_commits(session, events, commits):
    """Content that can be seen, or the end of an answer without any; never a mere announcement."""
    found = session(events)

    found.take(b"x")

    kept = [event for event in events if type(event) is not Failed]
    assert (commits, kept) == (found.committed, found.held)


def test_what_came_before_content_is_held_in_order(session):
    """All of it."""
    found = session([Started("c1")], SIGN, HELLO)
    for _ in range(3):
        found.take(b"x")

    assert [Started("c1"), *SIGN, *HELLO] == found.held


@pytest.mark.parametrize(
    ("end", "failure", "commits"), [([DONE], None, True), ([LOST], "server.overloaded", False)]
)
def test_no_bytes_are_the_end(session, end, failure, commits):
    """The decoder says what that means; a failure then is nobody's to see."""
    found = session([Started("c1")], end)
    found.take(b"x")
    assert not found.done

    found.take(b"")

    assert (True, commits) == (found.done, found.committed)
    assert failure == (found.failure and found.failure.kind)


def test_an_end_without_a_word_commits(session):
    """Nothing failed, so nothing is tried again."""
    found = session([])

    found.take(b"")

    assert (True, True) == (found.done, found.committed)


@pytest.mark.parametrize(("events", "commits"), [(HELD_EVENTS, False), (HELD_EVENTS + 1, True)])
def test_no_more_events_are_held_than_that(session, events, commits):
    """Then they are handed on, and nothing is tried again."""
    found = session(SIGN * (events - 1), SIGN)
    found.take(b"x")
    found.take(b"x")

    assert (64, commits) == (HELD_EVENTS, found.committed)


@pytest.mark.parametrize(("more", "commits"), [(0, False), (1, True)])
def test_no_more_bytes_are_held_than_that(session, more, commits):
    """What made no event is not counted."""
    found = session(SIGN, [], SIGN)
    found.take(b"x")
    found.take(b"x" * HELD_BYTES)
    assert not found.committed
    found.take(b"x" * (HELD_BYTES - 1 + more))

    assert (262_144, commits) == (HELD_BYTES, found.committed)


def test_too_much_and_a_failure_is_a_failure(session):
    """What is held is thrown away with it."""
    found = session([*SIGN * 80, LOST])

    found.take(b"x")

    assert not found.committed


# -- silence -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "until"), [(1000.0, 1060.0), (1440.0, 1500.0), (1441.0, 1500.0), (1600.0, 1500.0)]
)
def test_silence_has_an_end(session, now, until):
    """A minute, or all the time there is."""
    assert until == session().until(now)


def test_signs_of_life_are_not_content(session):
    """From the last content on, they are waited for as long as that, however many come."""
    found = session(HELLO, SIGN, [], HELLO, idle_content=100.0)
    assert 1060.0 == found.until(1000.0)
    found.feed(b"x")
    assert 1110.0 == found.until(1050.0)
    found.feed(b"x")
    found.feed(b"x")
    assert [1150.0, 1150.0] == [found.until(1109.0), found.until(1149.9)]
    found.feed(b"x")

    assert [1210.0, 1250.0] == [found.until(1150.0), found.until(1200.0)]


def test_no_content_for_too_long_is_told(session):
    """With how to mend it."""
    found = session(idle_content=100.0)
    found.until(1000.0)

    with pytest.raises(TimedOut, match="no content any more") as caught:
        found.until(1100.0)

    assert ("timeout.idle", "raise Timeouts.idle_content") == (caught.value.info.kind, caught.value.info.hint)


def test_content_is_looked_for_among_all_events(session):
    """One in a chunk of many is enough."""
    found = session([*SIGN, *HELLO, *SIGN], idle_content=100.0)
    found.until(1000.0)
    found.feed(b"x")

    assert 1110.0 == found.until(1050.0)
    assert 1150.0 == found.until(1110.0)


# -- the end -----------------------------------------------------------------------------------------


def test_a_failure_ends_the_stream(session):
    """It is kept with whose it is, and is none of the events."""
    found = session([*HELLO, LOST])

    assert HELLO == found.feed(b"x")

    info = found.failure
    assert (True, "acme", "large-1", "complete") == (found.done, info.provider, info.model, info.operation)


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [("protocol", None, 206), ("protocol.body", None, 206), ("protocol", 502, 502), ("server", None, None)],
)
def test_an_answer_that_cannot_be_read_has_the_status_of_its_head(session, kind, given, told):
    """What the provider itself told of has its own, or none: 200 was not the truth."""
    found = session([Failed(ErrorInfo(kind, "no", status=given))], status=206)
    found.feed(b"x")

    assert told == found.failure.status


def test_only_the_last_event_ends_it(session):
    """Others go on."""
    found = session(HELLO, SIGN, [*SIGN, DONE])
    ends = []
    for _ in range(3):
        found.feed(b"x")
        ends.append((found.done, found.failure))

    assert [(False, None), (False, None), (True, None)] == ends


def test_the_end_of_the_bytes_ends_it(session):
    """Whatever the decoder makes of it."""
    found = session(HELLO, [DONE])
    found.feed(b"x")

    assert ([DONE], True, "so far") == (found.end(), found.done, found.completion().text)


def test_one_that_ended_well_is_settled_with_what_it_used(session):
    """The attempt, its time, its usage and its parts."""
    found = session([Started("c1"), *HELLO, DONE])
    found.feed(b"x")

    found.settle(1002.5)

    facts = Attempt(2, 2.5, 200, "req_1", None, USAGE)
    assert [("won", 1002.5, USAGE, facts, (Text("so far"),))] == found.run.told
    assert found.run.session is None


@pytest.mark.parametrize("gone", [True, False])
def test_one_that_broke_is_lost(session, gone):
    """Also where the caller left it then."""
    found = session([*HELLO, LOST])
    found.feed(b"x")

    found.settle(1002.5, gone)

    assert ([("lost", 1002.5, found.failure)], None) == (found.run.told, found.run.session)


def test_one_that_was_left_is_dropped(session):
    """It says nothing of the target."""
    found = session(HELLO)
    found.feed(b"x")

    found.settle(1002.5, gone=True)

    assert [("dropped", 1002.5)] == found.run.told


def test_one_that_is_settled_already_is_not_told_again(session):
    """Somebody else has settled its attempt."""
    found = session([*HELLO, DONE])
    found.feed(b"x")
    found.run.open = False

    found.settle(1002.5)

    assert ([], None) == (found.run.told, found.run.session)


@pytest.mark.parametrize("kind", ["transport.reset", "request.invalid"])
def test_a_break_keeps_what_came(session, kind):
    """And says whose it is."""
    found = session(HELLO)
    found.feed(b"x")

    error = found.interrupted(Unavailable(ErrorInfo(kind, "closed")))

    assert (StreamInterrupted, "so far", True) == (type(error), error.partial.text, found.done)
    assert (kind, "acme", False) == (error.info.kind, error.info.provider, error.resumable)
    assert error.info is found.failure is error.partial.attempts[-1].error


def test_a_break_can_be_gone_on_with(session, monkeypatch):
    """Where the model goes on with a text that was begun."""
    monkeypatch.setattr("jackfield.client.continuing.prefills", lambda binding: True)
    found = session([*HELLO, LOST])
    found.feed(b"x")

    assert (True, "server.overloaded") == (found.broken().resumable, found.broken().info.kind)


# -- the completion ----------------------------------------------------------------------------------


def test_a_completion_has_all_that_is_known(session):
    """Notices of the plan and of the stream, attempts before and this one, the bytes as they came."""
    found = session([Started("c1", "large-1"), *HELLO], [Warned(Notice("more", "x")), DONE])
    before = Attempt(1, 0.1, 503)
    found.noted((before,))
    found.feed(b"data: 1\n\n")
    found.feed(b"data: 2\n\n")

    answer = found.completion(0.25)

    assert (before, Attempt(2, 0.25, 200, "req_1", None, USAGE)) == answer.attempts
    assert (NOTICE, Notice("more", "x")) == answer.warnings
    assert ("acme", "req_1", b"data: 1\n\ndata: 2\n\n", [1, 2]) == (
        answer.provider,
        answer.request_id,
        answer.raw.body,
        list(answer.raw),
    )


def test_a_completion_is_priced(session):
    """By the book of its model."""
    found = session([*HELLO, DONE])
    book = SimpleNamespace(source="a book", charge=lambda usage, now: Decimal(usage.total_output))
    found.binding = found.binding.evolve(prices=book)
    found.feed(b"x")

    assert 2 == found.completion().charge


def test_what_is_not_asked_for_took_no_time(session):
    """A completion of what has come so far."""
    assert (0.0, 3.5) == (session().completion().attempts[0].seconds, session().seconds(1003.5))
