"""A route with a check: the first target answers, and where its answer does not pass, the next one is asked.

Every answer is paid for, so none is thrown away: where nobody gives one that passes, or nobody else can be asked,
the last one is given with a notice. Streams are checked before anything of them is handed on: all targets but the
last answer whole, and what passes is replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from jackfield.client.continuing import added, paid
from jackfield.errors import JackfieldError, Malformed
from jackfield.flow import Flow
from jackfield.policy.route.checks import failing
from jackfield.types import Attempt, Completion, Notice

if TYPE_CHECKING:
    from jackfield.client.attempts import Course
    from jackfield.client.session import Session
    from jackfield.policy.route import Candidate
    from jackfield.types.routes import Route


class Weak(NamedTuple):
    """An answer that did not pass, why, and the failure that it is where a value was asked for."""

    answer: Completion
    why: str
    fault: JackfieldError | None = None


def escalating(
    route: Route, course: Course, left: list[Candidate], tried: Callable[[], Flow[Any]], most: int
) -> Flow[Any]:
    """The first answer that passes; a stream where the last target answers one.

    :param left: the targets that were not asked yet; ``tried`` takes them from there
    :param most: how many attempts there may be
    """
    check = route.check
    assert check is not None
    weak: Weak | None = None
    notices: tuple[Notice, ...] = ()
    while True:
        try:
            answer = yield from tried()
        except JackfieldError as exc:
            unfit = _unfit(exc)
            if unfit is None and weak is None:
                raise
            if unfit is None:
                break
            found = unfit
        else:
            if not isinstance(answer, Completion):
                return answer if weak is None else _streamed(course, answer, weak, notices)
            why = failing(check, answer)
            if not why:
                return _given(course, answer if weak is None else joined(weak.answer, answer), notices)
            found = Weak(answer, why)
        weak = found if weak is None else found._replace(answer=joined(weak.answer, found.answer))
        if not left or course.made >= most:
            break
        notices += (_escalated(course, route, weak, left[0].model),)
    assert weak is not None
    return _settled(route, course, weak, notices)


def _unfit(error: JackfieldError) -> Weak | None:
    """The answer that came, and is not of the form that was asked for."""
    answer = error.answer if isinstance(error, Malformed) else None
    return None if answer is None else Weak(answer, "is not of the form that was asked for", error)


def _escalated(course: Course, route: Route, weak: Weak, target: str) -> Notice:
    """Take note that another target is asked."""
    course.made += 1
    course.cost = 0
    course.reason = "escalation"
    course.keeps = False  # what is streamed after it has cost more than it says
    if course.telling is not None:
        course.telling.fell_over(route.name, weak.answer.served_by, target, "check")
    return Notice("escalated", f"the answer of `{weak.answer.served_by}` {weak.why}: `{target}` was asked")


def _settled(route: Route, course: Course, weak: Weak, notices: tuple[Notice, ...]) -> Completion:
    """What is left where no answer passes."""
    if weak.fault is not None:
        raise weak.fault.after(weak.answer.attempts)
    failed = Notice("check_failed", f"no answer passes the check of `{route.name}`: this one {weak.why}")
    return _given(course, weak.answer, (*notices, failed))


def _given(course: Course, answer: Completion, notices: tuple[Notice, ...]) -> Completion:
    if course.request is not None:
        course.request.over("ok")
    return attrs.evolve(answer, warnings=(*answer.warnings, *notices)) if notices else answer


def _streamed(course: Course, session: Session, weak: Weak, notices: tuple[Notice, ...]) -> Session:
    """The stream of the last target, which tells of those before it."""
    session.plan.notices += notices
    session.before = weak.answer
    if course.telling is not None:
        course.telling.before = weak.answer.charge
    return session


def joined(before: Completion, after: Completion) -> Completion:
    """The later of two answers, with the attempts, the usage and the charge of both."""
    attempts: dict[int, Attempt] = {
        attempt.number: attempt for attempt in (*before.attempts, *after.attempts)
    }
    return attrs.evolve(
        after,
        attempts=tuple(attempts[number] for number in sorted(attempts)),
        usage=added(before.usage, after.usage),
        charge=paid(before.charge, after.charge),
    )
