"""Who is let in to a target, by which key, and who waits for how long."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from attempting import BEGUN, OK, SERVER, USAGE, Noting, Signer, World

from jackfield.client.attempts import chosen, persisted
from jackfield.client.binding import keys_of
from jackfield.errors import (
    BadConfig,
    ErrorInfo,
    JackfieldError,
    LimitReached,
    RateLimited,
)
from jackfield.flow import Sleep
from jackfield.policy.board import Board, Leave
from jackfield.policy.breaker import Refused
from jackfield.types import Attempt


@pytest.fixture(autouse=True)
def _no_chance(monkeypatch):
    """A pause is what the provider says, or a second for each attempt at the target."""
    waits = lambda self, attempt, error: error.retry_after or float(attempt)  # noqa: E731
    monkeypatch.setattr("jackfield.policy.retry.RetryPolicy.wait", waits)


@pytest.mark.parametrize("course", [True, False])
def test_a_throttled_key_is_waited_for(course):
    """Until it opens, if that is in time; the attempt begins then."""
    world = World((0.1, OK))
    world.guards[0].gate.close("", BEGUN + 60, "throttle")

    world.run(world.course() if course else None)

    assert ([60.0], BEGUN + 60, BEGUN + 600) == (world.waits, world.runs[0].begun, world.runs[0].deadline)


@pytest.mark.parametrize(("shut", "total", "waits"), [(60.1, 600, 0), (24, 30, 1), (24.1, 30, 0)])
def test_what_opens_too_late_is_told(shut, total, waits):
    """After a minute, or without the time to connect and a second more."""
    world = World((0.1, OK), total=total)
    world.guards[0].gate.close("", BEGUN + shut, "throttle")
    try:
        world.run()
    except RateLimited as error:
        assert (pytest.approx(shut), "no") == (error.info.retry_after, error.info.sent)

    assert waits == len(world.waits)


def test_the_key_that_opens_first_is_waited_for():
    """And used."""
    world = World((0.1, OK), signers=[Signer(), Signer(), Signer()])
    for guard, seconds in zip(world.guards, (30, 10, 20), strict=True):
        guard.gate.close("", BEGUN + seconds, "throttle")
    refused = chosen(world.binding, BEGUN)

    world.run()

    assert ([10.0], 1, BEGUN + 10) == (world.waits, world.runs[0].key.index, refused.until)


@pytest.mark.parametrize("kind", ["auth", "auth.skew", "quota.money"])
def test_a_key_is_insisted_on(kind):
    """Where all are shut for what waiting does not mend: the one that opens first, at once."""
    world = World((0.1, OK), signers=[Signer(), Signer(), Signer()])
    for guard, seconds in zip(world.guards, (30, 10, 20), strict=True):
        guard.gate.close("", BEGUN + seconds, kind)

    world.run()

    assert ([], 1) == (world.waits, world.runs[0].key.index)


def test_nobody_insists_against_a_breaker():
    """What stands in the way is told, or waited for."""
    world = World((0.1, OK))
    world.guards[0].gate.close("", BEGUN + 70, "auth")
    world.guards[0].target.learn(BEGUN + 65, BEGUN)

    with pytest.raises(JackfieldError) as caught:
        world.run()

    assert ("auth", 70.0) == (caught.value.info.kind, caught.value.info.retry_after)


def test_where_others_are_nothing_is_waited_for():
    """A target that is shut is left at once, whatever it is shut for."""
    world = World((0.1, OK))
    world.guards[0].gate.close("", BEGUN + 5, "auth")
    course = world.course()
    course.elsewhere = lambda error, now: error is None and now == BEGUN

    with pytest.raises(JackfieldError):
        world.run(course)

    assert (True, []) == (course.moving, world.waits)


def test_what_happened_before_says_more_than_a_refusal():
    """The failure of the last attempt is raised, with all of them."""
    world = World((0.1, SERVER), (0.1, OK))
    world.guards[0].gate.close("", BEGUN + 500, "throttle")
    course = world.course()
    course.failed = [Attempt(1, 0.1, 500, error=SERVER)]

    with pytest.raises(JackfieldError) as caught:
        world.run(course)

    assert (SERVER, 1) == (caught.value.info, len(caught.value.attempts))


def test_who_is_shut_out_again_after_waiting_is_told():
    """Nobody waits twice."""
    world = World((0.1, OK))
    gate = world.guards[0].gate
    gate.close("", BEGUN + 5, "throttle")
    flow = persisted(world.binding, world.plan, None, world.attempt, world.course())
    next(flow)
    assert Sleep(5.0) == flow.send(BEGUN)

    gate.close("", BEGUN + 20, "throttle")
    flow.send(None)
    with pytest.raises(RateLimited) as caught:
        flow.send(BEGUN + 5)

    assert 15.0 == caught.value.info.retry_after


def test_an_attempt_begins_when_the_books_let_it_in():
    """The wait for a place is not the provider's; patience does not wait either."""
    books = Noting(wait=4.0)
    world = World((1.0, OK), books=books)
    course = world.course()
    course.patience = 30.0

    world.run(course)

    assert (BEGUN + 4, BEGUN + 30) == (world.runs[0].begun, world.runs[0].deadline)
    assert [("won", BEGUN + 5, USAGE, OK.attempts[0], ())] == books.told


@pytest.mark.parametrize(
    ("refusal", "moving"),
    [
        (LimitReached(ErrorInfo("local.limit", "full")), True),
        (JackfieldError(ErrorInfo("local.breaker", "open")), True),
        (BadConfig(ErrorInfo("config", "wrong")), False),
        (GeneratorExit(), False),
    ],
)
@pytest.mark.parametrize("elsewhere", [True, False])
def test_what_the_books_refuse_may_be_let_in_elsewhere(refusal, moving, elsewhere):
    """A limit of ours at one target is no reason against another one; the probe is given back."""
    world = World(books=Noting(refusal=refusal))
    world.guards[0].target.learn(BEGUN, BEGUN - 10)
    course = world.course()
    course.elsewhere = lambda error, now: elsewhere and error is refusal.info

    with pytest.raises(type(refusal)):
        world.run(course)

    assert (moving and elsewhere, []) == (course.moving, world.runs)
    assert type(world.guards[0].admit(BEGUN)) is Leave


def test_a_pool_is_asked_for_its_turn():
    """Also by the shortest way: the first key is not the one to take because it is the first."""
    world = World((0.1, OK), signers=[Signer(), Signer()])
    world.binding.in_turn = lambda now: world.binding.keys[::-1]

    world.run()

    assert 1 == world.runs[0].key.index


def test_a_refusal_is_no_leave():
    """Whoever asks is told until when, by the key that opens first."""
    world = World()
    key, leave = chosen(world.binding, BEGUN)
    world.guards[0].gate.close("", BEGUN + 5, "throttle")

    assert (world.binding.keys[0], Leave) == (key, type(leave))
    assert isinstance(chosen(world.binding, BEGUN), Refused)


def test_keys_are_named_by_what_may_be_shown():
    """A hash where there is one, else a number."""
    (key,) = keys_of(SimpleNamespace(credential="abc"), ("acme", "", "m"), Board())

    assert (0, "abc") == (key.index, key.guard.key.credential)
