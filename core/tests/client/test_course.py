"""One attempt on its way, and the course of all attempts of a call: what is settled, counted and told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from attempting import BEGUN, OK, SERVER, USAGE, Noting, Signer

from jackfield.client.attempts import Course, Run
from jackfield.client.binding import Key
from jackfield.errors import (
    ErrorInfo,
    StreamInterrupted,
)
from jackfield.policy.board import Board

# -- one run -----------------------------------------------------------------------------------------


@pytest.fixture
def run():
    """An attempt, begun at 1000, that is entered in a book."""
    guard = Board(chance=lambda: 0.0).guard(("acme", "", "m", "k"))
    found = Run(1, (BEGUN, BEGUN + 60), Key(0, Signer(), guard), guard.admit(BEGUN))
    found.entry = Noting()
    return found


ENDS = {
    "won": lambda run: run.won(1007.0, USAGE, OK.attempts[0], ("parts",)),
    "lost": lambda run: run.lost(1007.0, SERVER),
    "dropped": lambda run: run.dropped(1007.0),
}
TOLD = {
    "won": ("won", 1007.0, USAGE, OK.attempts[0], ("parts",)),
    "lost": ("lost", 1007.0, SERVER, None),
    "dropped": ("dropped", 1007.0, None),
}


@pytest.mark.parametrize("second", ENDS)
@pytest.mark.parametrize("first", ENDS)
def test_an_attempt_is_settled_once(run, first, second):
    """However it ends, and whatever is said of it later."""
    assert (True, False, False) == (run.open, run.goes_on, run.spare)
    ENDS[first](run)
    ENDS[second](run)

    status = run.key.guard.target.status(1007.0)
    assert (False, [TOLD[first]]) == (run.open, run.entry.told)
    assert {"won": (1, 0), "lost": (1, 1), "dropped": (0, 0)}[first] == (status.calls, status.failures)


@pytest.mark.parametrize("end", ENDS)
def test_an_attempt_needs_no_book(run, end):
    """The breaker alone is told."""
    run.entry = None
    run.content(1003.0)
    run.answered(OK)
    ENDS[end](run)

    assert not run.open


@pytest.mark.parametrize(("allowance", "slow"), [(0.0, 10), (40.0, 0)])
def test_a_start_is_measured_from_the_beginning(run, allowance, slow):
    """What took longer than a model may opens the breaker in the end."""
    for _ in range(10):
        run.content(BEGUN + 31.0, allowance)

    assert [("content", 1031.0)] * 10 == run.entry.told
    assert ("open" if slow else "closed") == run.key.guard.target.state


def test_an_answer_is_told_before_the_end_alone(run):
    """Afterwards the book is closed."""
    run.answered(OK)
    run.dropped(1001.0)
    run.answered(OK)

    assert [("answered", OK), ("dropped", 1001.0, None)] == run.entry.told


@pytest.mark.parametrize(("resign", "shut"), [(True, False), (False, True)])
def test_a_key_that_is_signed_anew_stays_open(run, resign, shut):
    """Its gate closes only where no other signature is tried."""
    run.lost(1001.0, ErrorInfo("auth", "no", status=401), resign)

    assert shut != run.key.guard.gate.open


def test_a_failure_of_the_key_shuts_it(run):
    """Unless somebody says that it is signed anew."""
    run.lost(1001.0, ErrorInfo("auth", "no", status=401))

    assert not run.key.guard.gate.open


@pytest.mark.parametrize("end", ["lost", "dropped"])
def test_what_a_stream_had_used_is_told(run, end):
    """It is paid for, whatever became of it."""
    run.session = SimpleNamespace(accumulator=SimpleNamespace(finished=True, usage=USAGE))
    ENDS[end](run)

    assert [(*TOLD[end][:-1], USAGE)] == run.entry.told


# -- the course --------------------------------------------------------------------------------------


def test_a_course_begins_with_nothing():
    """One attempt under way, nothing sent, nothing preferred."""
    course = Course(1600.0)

    assert (1600.0, 1, 0, 0, 0, 0) == (
        course.deadline,
        course.made,
        course.sent,
        course.tries,
        course.most_tries,
        course.cost,
    )
    assert ("first", False, False, True, "", None) == (
        course.reason,
        course.moving,
        course.asked,
        course.keeps,
        course.instead,
        course.request,
    )


def test_attempts_are_numbered_over_all_that_run_at_once():
    """A second request has the numbers, the id and the books of the first, and a count of its own."""
    course = Course(1600.0)
    course.telling = object()
    other = course.beside()
    numbers = [course.next(), other.next(), course.next()]
    other.request = "booking"

    assert ([1, 2, 3], 2, 2, 1, 1) == (numbers, course.sent, course.tries, other.sent, other.tries)
    assert (course.id, course.telling, "booking") == (other.id, other.telling, course.request)
    assert ("hedge", "first", 1600.0) == (other.reason, course.reason, other.deadline)


def test_an_id_is_made_once():
    """When somebody asks for it, and another one for another call."""
    course = Course(1600.0)

    assert course.id == course.id
    assert "" != course.id != Course(1600.0).id


def test_a_course_moves_where_somebody_lets_it_in():
    """The failure and the time are told to who decides; nobody decides of a single target."""
    course = Course(1600.0)
    assert course.could_move(SERVER, BEGUN) is False

    course.elsewhere = lambda error, now: (error, now) == (SERVER, BEGUN)

    assert (True, False) == (course.could_move(SERVER, BEGUN), course.could_move(None, BEGUN))


@pytest.mark.parametrize(
    ("error", "booked", "told"),
    [
        (SERVER.to_exception(), ("failed", "server"), (None, SERVER, False)),
        (StreamInterrupted(SERVER), ("interrupted", "server"), (None, SERVER, False)),
        (GeneratorExit(), ("cancelled", None), (None, None, True)),
    ],
)
def test_how_a_call_ended_is_told(error, booked, told):
    """To the ledger and to those who observe, where there are any."""
    course, seen = Course(1600.0), []
    course.over(error)
    course.request = SimpleNamespace(over=lambda outcome, kind: seen.append((outcome, kind)))
    course.telling = SimpleNamespace(finished=lambda answer, info, gone: seen.append((answer, info, gone)))
    course.over(error)

    assert [booked, told] == seen
