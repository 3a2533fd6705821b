"""Attempts at one target: what follows a failure, what it costs, and how long is waited, to the tick."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import pytest
from attempting import BAD, BEGUN, OK, SERVER, THROTTLE, Noting, Signer, World

from jackfield.client.attempts import Course
from jackfield.errors import (
    ErrorInfo,
    JackfieldError,
)
from jackfield.flow import NOW
from jackfield.policy.board import Leave
from jackfield.types import Attempt


@pytest.fixture(autouse=True)
def _no_chance(monkeypatch):
    """A pause is what the provider says, or a second for each attempt at the target."""
    waits = lambda self, attempt, error: error.retry_after or float(attempt)  # noqa: E731
    monkeypatch.setattr("jackfield.policy.retry.RetryPolicy.wait", waits)


@pytest.mark.parametrize(
    ("stream", "total", "seconds"), [(False, None, 600.0), (True, None, 3600.0), (True, 8.0, 8.0)]
)
def test_all_attempts_share_one_deadline(stream, total, seconds):
    """Ten minutes, an hour for a stream, or as set, from the first one on."""
    world = World((0.1, SERVER), (0.1, OK), stream=stream, total=total)
    world.run()

    assert [BEGUN + seconds] * 2 == [run.deadline for run in world.runs]
    assert [(1, BEGUN), (2, BEGUN + 1.1)] == [(run.number, run.begun) for run in world.runs]


@pytest.mark.parametrize("course", [True, False])
def test_one_that_succeeds_at_once_is_handed_on(course):
    """As it is."""
    world = World((0.1, OK))

    assert OK is world.run(world.course() if course else None)


@pytest.mark.parametrize(("seconds", "made"), [(13.0, 2), (13.1, 1)])
def test_no_attempt_begins_too_late(seconds, made):
    """After a pause of a second there are five left to connect, and one more."""
    world = World((seconds, SERVER), (0.1, BAD), total=20.0)

    with pytest.raises(JackfieldError):
        world.run()

    assert made == len(world.runs)


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_pause_is_as_short_as_the_provider_says(elsewhere):
    """Nothing is added where nothing else stands in the way."""
    world = World((0.1, attrs.evolve(SERVER, retry_after=0.5)), (0.1, OK))
    course = world.course()
    course.most_tries, course.elsewhere = 2, lambda error, now: elsewhere

    world.run(course)

    assert [0.5] == world.waits


def test_failures_that_were_got_over_are_listed():
    """Before the one that succeeded, with whose they are."""
    world = World((0.25, SERVER), (0.5, THROTTLE), (0.1, OK))

    answer = world.run()

    placed = SERVER.where(provider="acme", model="m", operation="complete")
    first, second, last = answer.attempts
    assert Attempt(1, 0.25, 500, "req_9", placed) == first
    assert (2, 0.5, 429, "throttle", OK.attempts[0]) == (
        second.number,
        second.seconds,
        second.status,
        second.error.kind,
        last,
    )
    assert [1.0, 5.0] == world.waits


def test_a_stream_is_told_the_failures_before_it():
    """It lists them when it ends."""
    noted = []
    stream = SimpleNamespace(noted=noted.append)

    assert stream is World((0.1, SERVER), (0.1, stream)).run()
    assert ["server"] == [attempt.error.kind for attempt in noted[0]]


@pytest.mark.parametrize("course", [True, False])
@pytest.mark.parametrize(("retries", "made"), [(0, 1), (1, 2), (2, 3), (9, 5)])
def test_there_are_so_many_attempts(course, retries, made):
    """One more than retries, and five at most; the last failure is raised with all of them."""
    world = World(*[(0.1, SERVER)] * 9, retries=retries)

    with pytest.raises(JackfieldError) as caught:
        world.run(world.course() if course else None)

    assert (made, made) == (len(world.runs), len(caught.value.attempts))
    assert ("acme", "m", "complete") == (
        caught.value.info.provider,
        caught.value.info.model,
        caught.value.info.operation,
    )


@pytest.mark.parametrize("course", [True, False])
@pytest.mark.parametrize(
    ("script", "left"),
    [([(0, OK)], 51), ([(0, SERVER), (0, OK)], 50), ([(0, SERVER)] * 3, 30), ([(0, THROTTLE), (0, BAD)], 45)],
)
def test_retries_are_paid_for(course, script, left):
    """What they cost comes back where they succeed; a first try that succeeds earns one."""
    world = World(*script)
    world.guards[0].budget.left = 50
    try:
        world.run(world.course() if course else None)
    except JackfieldError:
        assert script[-1][1] is not OK

    assert left == world.guards[0].budget.left


def test_an_empty_budget_is_told():
    """It alone stood against another attempt."""
    world = World((0, SERVER))
    world.guards[0].budget.left = 9

    with pytest.raises(JackfieldError) as caught:
        world.run()
    assert caught.value.info.retry_budget_exhausted
    with pytest.raises(JackfieldError) as other:
        World((0, BAD)).run()
    assert not other.value.info.retry_budget_exhausted


@pytest.mark.parametrize("course", [True, False])
@pytest.mark.parametrize("books", [True, False])
def test_who_goes_away_frees_the_probe(course, books):
    """The next call may find out what he did not."""
    world = World((3.0, GeneratorExit()), books=Noting() if books else None)
    world.guards[0].target.learn(BEGUN, BEGUN - 10)
    with pytest.raises(GeneratorExit):
        world.run(world.course() if course else None)

    assert (False, True) == (world.runs[0].open, type(world.guards[0].admit(world.now)) is Leave)


@pytest.mark.parametrize(("outcome", "told"), [(SERVER, "failed"), (GeneratorExit(), "cancelled")])
def test_a_call_by_itself_ends_its_own_row(outcome, told):
    """A call that has a course is ended by whoever made that."""
    rows = []
    books = Noting()
    booking = SimpleNamespace(over=lambda outcome, kind: rows.append(outcome))
    books.entering = lambda binding, plan, run, course: _booked(course, booking, books)

    for course in (None, Course(BEGUN + 600)):
        with pytest.raises((JackfieldError, GeneratorExit)):
            World((0.1, outcome), books=books, retries=0).run(course)

    assert [told] == rows


def _booked(course, booking, books):
    course.request = booking
    yield NOW
    return books


# -- after a failure ---------------------------------------------------------------------------------


def test_a_new_signature_is_no_attempt():
    """It is sent at once, costs nothing, and the gate stays open; the failure is listed."""
    world = World(
        (0.1, ErrorInfo("auth", "old", status=401)), (0.1, OK), signers=[Signer(again=1)], retries=0
    )
    course = world.course()

    answer = world.run(course)

    assert (["auth", None], []) == ([a.error and a.error.kind for a in answer.attempts], world.waits)
    assert (1, 2, "refresh", 100) == (course.made, course.sent, course.reason, world.guards[0].budget.left)
    assert world.guards[0].gate.open


def test_signatures_have_an_end():
    """Five are sent, whatever the credential hopes for; then its gate closes."""
    refused = ErrorInfo("auth", "old", status=401)
    world = World(*[(0.1, refused)] * 9, signers=[Signer(again=99)])

    with pytest.raises(JackfieldError):
        world.run()

    assert (5, 95, False) == (len(world.runs), world.binding.keys[0].auth.again, world.guards[0].gate.open)


def test_why_an_attempt_is_made_is_known():
    """The first, then retries, each with what it cost."""
    world, seen = World((0, SERVER), (0, THROTTLE), (0, OK)), []
    course = world.course()
    attempt = world.attempt
    world.attempt = lambda *given: seen.append((course.reason, course.cost, course.made)) or attempt(*given)

    world.run(course)

    assert [("first", 0, 1), ("retry", 10, 2), ("retry", 5, 3)] == seen


def test_another_key_is_taken_at_once():
    """The one whose gate is shut had its own fault; nothing is waited for, nothing paid."""
    world = World((0.1, THROTTLE), (0.1, OK), signers=[Signer(), Signer()])

    world.run()

    assert ([0, 1], [], [(0, True)]) == (
        [run.key.index for run in world.runs],
        world.waits,
        world.pool.failures,
    )
    assert 100 == world.guards[1].budget.left


def test_a_failure_that_is_not_the_keys_is_waited_for():
    """The pool is told of it, as nobody's own fault; of a new signature it hears nothing."""
    auth = ErrorInfo("auth", "old", status=401)
    world = World((0.1, SERVER), (0.1, auth), (0.1, OK), signers=[Signer(again=0), Signer()])
    world.binding.keys[0].auth.rejected = lambda error: error.kind == "auth"

    world.run()

    assert ([1.0], [(0, False)]) == (world.waits, world.pool.failures)


def test_keys_that_are_shut_are_none():
    """A throttle of the last open key is waited for as long as the provider says."""
    world = World((0.1, THROTTLE), (0.1, OK), signers=[Signer(), Signer()])
    world.guards[1].gate.close("", BEGUN + 100, "throttle")
    course = world.course()

    world.run(course)

    assert ([0, 0], [5.0], 5) == ([run.key.index for run in world.runs], world.waits, course.cost)


def test_a_lone_key_is_not_another_one():
    """It is paid for where it is tried again."""
    world = World((0.1, ErrorInfo("auth", "later", status=401, should_retry=True)), (0.1, OK))
    course = world.course()

    world.run(course)

    assert ([1.0], 10) == (world.waits, course.cost)


def test_a_failure_is_followed_elsewhere_where_somebody_waits():
    """It is raised for whoever holds the targets, who finds written down what is to come."""
    world = World((0.1, SERVER))
    course = world.course()
    course.cost, course.elsewhere = 7, lambda error, now: error.provider == "acme" and now == BEGUN + 0.1

    with pytest.raises(JackfieldError):
        world.run(course)

    assert (True, "fallback", 2, 0) == (course.moving, course.reason, course.made, course.cost)


def test_what_cannot_be_mended_moves_nowhere():
    """A request at fault is raised, and nothing else is to come."""
    world = World((0.1, BAD))
    course = world.course()
    course.elsewhere = lambda error, now: True

    with pytest.raises(JackfieldError):
        world.run(course)

    assert (False, "first", 1) == (course.moving, course.reason, course.made)


@pytest.mark.parametrize(("tries", "made"), [(0, 1), (1, 1), (2, 2)])
def test_a_course_may_say_how_often_one_target_is_tried(tries, made):
    """Where others are there; elsewhere is preferred after that."""
    world = World(*[(0.1, SERVER)] * 3)
    course = world.course()
    course.most_tries, course.elsewhere = tries, lambda error, now: True

    with pytest.raises(JackfieldError):
        world.run(course)

    assert made == len(world.runs)


@pytest.mark.parametrize(
    ("kind", "facts", "moves"),
    [
        ("request.context", {}, False),
        ("request.context", {"larger": lambda: False}, False),
        ("request.context", {"larger": lambda: True}, True),
        ("request.policy", {}, False),
        ("request.policy", {"asked": True}, True),
    ],
)
def test_some_failures_need_more_than_another_target(kind, facts, moves):
    """A larger one, or the word of the caller."""
    world = World((0.1, ErrorInfo(kind, "no")))
    course = world.course()
    course.elsewhere = lambda error, now: True
    for name, value in facts.items():
        setattr(course, name, value)

    with pytest.raises(JackfieldError):
        world.run(course)
    assert moves == course.moving


@pytest.mark.parametrize(
    ("operation", "sent", "made"),
    [
        ("complete", "maybe", 3),
        ("image", "maybe", 1),
        ("files.upload", "maybe", 1),
        ("batches.create", "maybe", 1),
        ("image", "no", 3),
    ],
)
def test_what_is_two_when_done_twice_is_not_repeated(operation, sent, made):
    """Unless nothing was sent."""
    world = World(*[(0.1, ErrorInfo("transport.reset", "gone", sent=sent))] * 3)
    world.plan.operation = operation

    with pytest.raises(JackfieldError):
        world.run()

    assert made == len(world.runs)


@pytest.mark.parametrize(
    ("patience", "seconds", "kind"),
    [
        (None, 600.0, "deadline"),
        (2.0, 1.9, "deadline"),
        (2.0, 2.0, "timeout.first_token"),
        (600.0, 600.0, "deadline"),
    ],
)
def test_impatience_is_told_apart_from_the_deadline(patience, seconds, kind):
    """Where a route gives its target less time than the call has."""
    world = World((seconds, ErrorInfo("deadline", "late")), retries=0)
    course = world.course()
    course.patience = patience

    with pytest.raises(JackfieldError) as caught:
        world.run(course)

    assert (kind, BEGUN + min(patience or 600, 600)) == (caught.value.info.kind, world.runs[0].deadline)


@pytest.mark.parametrize(("opens", "waits"), [(0, [1.0]), (15, [15.0]), (70, [])])
def test_a_breaker_is_waited_for_as_long_as_is_right(opens, waits):
    """A retry is not sent into one that is open; one that is open for longer than a minute is not waited for."""
    world = World((0.0, SERVER), (0.1, OK))
    attempt = world.attempt

    def meanwhile(*given):
        if not world.runs:
            world.guards[0].endpoint.learn(BEGUN + opens, BEGUN)
        return (yield from attempt(*given))

    world.attempt = meanwhile
    try:
        world.run()
    except JackfieldError:
        assert waits == []

    assert waits == world.waits


def test_one_call_waits_for_a_breaker():
    """The others are told at once, and learn from it."""
    world = World()
    world.guards[0].target.learn(BEGUN + 15, BEGUN)
    other = World((0.1, OK), board=world.board)
    assert 15.0 == world.guards[0].turn(BEGUN, BEGUN + 60)

    with pytest.raises(JackfieldError) as caught:
        other.run()

    assert ("local.breaker", "no", "acme", []) == (
        caught.value.info.kind,
        caught.value.info.sent,
        caught.value.info.provider,
        other.waits,
    )
