"""Attempts at one target: each is let in, made, settled with all who keep count, and followed as policy says.

Nothing here does I/O or reads a clock; what an attempt is (a whole answer, a stream up to its first content, one
step of an operation) is a flow handed in. The usual call, which succeeds at once, takes the shortest way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

import attrs

from jackfield.client.accounts import owned
from jackfield.client.binding import Binding, Key
from jackfield.client.plan import Plan
from jackfield.client.spent import spent
from jackfield.errors import ErrorInfo, JackfieldError, StreamInterrupted
from jackfield.flow import NOW, Flow, Sleep
from jackfield.identity import request_id
from jackfield.policy.board import Guard, Leave, refusal_info
from jackfield.policy.breaker import Refused
from jackfield.policy.decide import Situation, decide
from jackfield.policy.retry import HARD_CAP, RetryPolicy
from jackfield.types import Answered, Attempt, Notice, Part, Usage
from jackfield.wire import Call

if TYPE_CHECKING:
    from jackfield.client.booking import Booking
    from jackfield.client.session import Session
    from jackfield.client.watching import Telling
    from jackfield.ledger.rows import Outcome

Result = TypeVar("Result")

TOTAL = 600.0
TOTAL_STREAM = 3600.0

# Done twice, these are two: they are repeated only where it is certain that nothing was done.
UNREPEATABLE = frozenset({"batches.create", "files.upload", "image"})

# Where every key is shut for one of these, one is used all the same: what the provider answers says more.
INSISTED = frozenset({"auth", "auth.skew", "quota.money"})


class Entry(Protocol):
    """What further books hold of one attempt, from before it was sent. It is closed once."""

    def replied(self, status: int, headers: Mapping[str, str]) -> None:
        """The head of the answer has come."""

    def content(self, now: float) -> None:
        """The first content of a stream has come."""

    def answered(self, answer: Answered) -> None:
        """An operation has this answer, which may tell of more than the attempt: those of a batch."""

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """The attempt has succeeded; ``parts`` came, from which to estimate a usage that nobody told."""

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """The attempt has failed; ``usage`` is what its stream had used by then, estimated in part."""

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """The caller has gone away."""


class Run:
    """One attempt on its way: the how manieth, since when, until when at most, and who let it in."""

    __slots__ = (
        "begun",
        "deadline",
        "entry",
        "goes_on",
        "key",
        "leave",
        "number",
        "open",
        "session",
        "spare",
    )

    def __init__(self, number: int, times: tuple[float, float], key: Key, leave: Leave) -> None:
        self.number = number
        self.begun, self.deadline = times
        self.key = key
        self.leave = leave
        self.entry: Entry | None = None
        self.session: Session | None = None  # the stream it opened
        self.goes_on = False  # its answer broke off, or may not do, and another attempt goes on with it
        self.spare = False  # its answer came, and another was taken
        self.open = True

    def content(self, now: float, allowance: float = 0.0) -> None:
        """The first content of a stream has come; ``allowance`` is the time the model may take for it."""
        self.leave.started(now, now - self.begun, allowance)
        if self.entry is not None:
            self.entry.content(now)

    def answered(self, answer: Answered) -> None:
        """Tell of the answer of an operation, before it is settled."""
        if self.open and self.entry is not None:
            self.entry.answered(answer)

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """Settle an attempt that has succeeded."""
        if self.open:
            self.open = False
            self.leave.settle(now)
            if self.entry is not None:
                self.entry.won(now, usage, facts, parts)

    def lost(self, now: float, error: ErrorInfo, resign: bool = False) -> None:
        """Settle an attempt that has failed; with ``resign`` the same key is tried with another signature."""
        if self.open:
            self.open = False
            self.leave.settle(now, error, resign)
            if self.entry is not None:
                self.entry.lost(now, error, self._spent())

    def dropped(self, now: float) -> None:
        """Settle an attempt whose caller has gone away: it says nothing of the target."""
        if self.open:
            self.open = False
            self.leave.release(now)
            if self.entry is not None:
                self.entry.dropped(now, self._spent())

    def _spent(self) -> Usage | None:
        return None if self.session is None else spent(self.session)


AttemptFlow: TypeAlias = Callable[[Binding, Plan, Call, Run], Flow[Result]]
Elsewhere: TypeAlias = Callable[[ErrorInfo | None, float], bool]
Reason: TypeAlias = Literal["first", "retry", "fallback", "hedge", "refresh", "escalation"]


class Course:
    """All attempts of one call, over all its targets."""

    __slots__ = (
        "_booked",
        "_id",
        "_numbers",
        "asked",
        "cost",
        "deadline",
        "elsewhere",
        "failed",
        "instead",
        "keeps",
        "larger",
        "made",
        "most_tries",
        "moving",
        "notices",
        "patience",
        "provisional",
        "reason",
        "sent",
        "telling",
        "tries",
    )

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.failed: list[Attempt] = []
        self.made = 1  # attempts, the present one included; what only needed a new signature does not count
        self.sent = 0  # the same with those
        self.tries = 0  # at the present target
        self.most_tries = 0  # at the present target, where others are preferred then; 0 for what is set
        self.cost = 0  # what the present attempt took from the retry budget
        self.reason: Reason = "first"  # why the present attempt is made
        self.moving = False  # the failure is to be followed by an attempt elsewhere
        self.elsewhere: Elsewhere | None = None  # whether another target would let one in
        self.larger: Callable[[], bool] | None = None  # whether one of them has a larger context
        self.asked = False  # others are to be asked where a policy declined
        self.patience: float | None = None  # seconds for the present target, where others wait
        self.provisional = False  # another target may be asked after an answer
        self.keeps = True  # the answer may be kept, if answers are
        self.instead = ""  # the route to take where a budget is spent
        self.notices: tuple[Notice, ...] = ()
        self.telling: Telling | None = None  # to those who observe, if somebody does
        self._id = ""
        self._numbers = count(1)
        self._booked: list[Booking] = []  # the one there is, if there is a ledger

    @property
    def id(self) -> str:
        """The id of the call, made when somebody asks."""
        if not self._id:
            self._id = request_id()
        return self._id

    @property
    def request(self) -> Booking | None:
        """The call in the ledger, if there is one; made by its first attempt."""
        return self._booked[0] if self._booked else None

    @request.setter
    def request(self, booking: Booking) -> None:
        self._booked[:] = [booking]

    def beside(self) -> Course:
        """The course of a second request for the same answer: with numbers, books and observers in common."""
        other = Course(self.deadline)
        other._id, other._numbers, other._booked = self.id, self._numbers, self._booked
        other.telling, other.reason = self.telling, "hedge"
        return other

    def next(self) -> int:
        """The number of the next attempt."""
        self.sent += 1
        self.tries += 1
        return next(self._numbers)

    def could_move(self, error: ErrorInfo | None, now: float) -> bool:
        """Whether another target would let an attempt in, and may follow this failure."""
        return self.elsewhere is not None and self.elsewhere(error, now)

    def over(self, error: BaseException) -> None:
        """No attempt follows: the request has failed, or its caller has gone away."""
        info = error.info if isinstance(error, JackfieldError) else None
        if self.request is not None:
            outcome: Outcome = "interrupted" if isinstance(error, StreamInterrupted) else "failed"
            self.request.over("cancelled" if info is None else outcome, None if info is None else info.kind)
        if self.telling is not None:
            self.telling.finished(None, info, gone=info is None)


def persisted(
    binding: Binding, plan: Plan, call: Call, attempt: AttemptFlow[Result], course: Course | None = None
) -> Flow[Result]:
    """``attempt``, and again while the policy allows; with the key the request belongs to, if it does to one."""
    if binding.pool is not None:
        binding = owned(binding, plan.request)
    if course is None:
        return _alone(binding, plan, call, attempt)
    return _going_on(binding, plan, call, attempt, course)


def _alone(binding: Binding, plan: Plan, call: Call, attempt: AttemptFlow[Result]) -> Flow[Result]:
    """A call of one model, without anything around it: its first attempt takes the shortest way."""
    begun: float = yield NOW
    total = plan.timeouts.total or (TOTAL_STREAM if plan.stream else TOTAL)
    keys = binding.keys
    leave = keys[0].guard.admit(begun) if len(keys) == 1 and binding.books is None else None
    course = None
    if type(leave) is Leave:
        run = Run(1, (begun, begun + total), keys[0], leave)
        try:
            result = yield from attempt(binding, plan, call, run)
        except JackfieldError as exc:
            error = exc.info
        except BaseException:
            run.dropped(begun)
            raise
        else:
            keys[0].guard.budget.earn()
            return result
        course = Course(begun + total)
        course.next()
        yield from followed(binding, plan, course, run, error)
    course = course or Course(begun + total)
    try:
        return (yield from _going_on(binding, plan, call, attempt, course))
    except BaseException as exc:
        course.over(exc)
        raise


def _going_on(
    binding: Binding, plan: Plan, call: Call, attempt: AttemptFlow[Result], course: Course
) -> Flow[Result]:
    """Attempts until one succeeds or none may follow; the failures that were got over are listed in the result."""
    while True:
        run = yield from _entered(binding, plan, course)
        try:
            result = yield from attempt(binding, plan, call, run)
        except JackfieldError as exc:
            error = exc.info
        except BaseException:
            run.dropped(run.begun)
            raise
        else:
            run.key.guard.succeeded(course.cost, first=not course.failed)
            return _with_failures(result, tuple(course.failed)) if course.failed else result
        yield from followed(binding, plan, course, run, error)


def followed(binding: Binding, plan: Plan, course: Course, run: Run, error: ErrorInfo) -> Flow[None]:
    """Settle a failure and wait for the next attempt; raise it if none follows here."""
    now: float = yield NOW
    if error.kind == "deadline" and run.deadline <= now < course.deadline:
        error = ErrorInfo("timeout.first_token", "the answer did not come as soon as the route asks for")
    error = placed(binding, plan, error)
    guard = run.key.guard
    resign = course.sent < HARD_CAP and run.key.auth.rejected(error)
    run.lost(now, error, resign)
    if binding.pool is not None and not resign:
        binding.pool.failed(run.key.index, own=not guard.gate.open)
    used = None if run.session is None else spent(run.session)
    course.failed.append(Attempt(run.number, now - run.begun, error.status, error.request_id, error, used))
    elsewhere = course.could_move(error, now)
    situation = Situation(
        course.made,
        course.sent,
        plan.max_retries + 1,
        course.tries,
        course.deadline - now,
        0.0 if elsewhere else _opening(binding, plan, course, (guard, now)),
        len(binding.keys) > 1 and any(key.guard.refusal(now) is None for key in binding.keys),
        elsewhere,
        course.larger is not None and course.larger(),
        asked=course.asked,
        resign=resign,
        repeatable=plan.operation not in UNREPEATABLE,
    )
    decision = decide(error, situation, _policy(binding, plan, course), guard.budget)
    if decision.action in ("raise", "other_target"):
        if decision.action == "other_target":
            course.moving, course.reason = True, "fallback"
            course.made += 1
            course.cost = 0
        if decision.exhausted:
            error = attrs.evolve(error, retry_budget_exhausted=True)
        raise error.to_exception().after(tuple(course.failed))
    course.made += not decision.free
    course.cost = decision.cost
    course.reason = "refresh" if decision.free else "retry"
    if decision.delay:
        yield Sleep(decision.delay)


def _opening(binding: Binding, plan: Plan, course: Course, met: tuple[Guard, float]) -> float:
    """Seconds until this target lets the call in again; without end where it is not this call's turn to find out."""
    guard, now = met
    if guard.refusal(now) is None:
        return 0.0
    latest = min(now + binding.retry.longest_wait, course.deadline - plan.timeouts.connect - 1)
    wait = guard.turn(now, latest)
    return float("inf") if wait is None else wait


def _policy(binding: Binding, plan: Plan, course: Course) -> RetryPolicy:
    policy = RetryPolicy.of(binding.retry, plan.timeouts.connect)
    return attrs.evolve(policy, tries=course.most_tries) if course.most_tries else policy


def placed(binding: Binding, plan: Plan, error: ErrorInfo) -> ErrorInfo:
    """The failure with whose it is."""
    return error.where(provider=binding.profile.id, model=binding.model.id, operation=plan.operation)


# -- letting in --------------------------------------------------------------------------------------


def _entered(binding: Binding, plan: Plan, course: Course) -> Flow[Run]:
    """Leave for an attempt from all who have a say; waits where waiting is all that helps."""
    now: float = yield NOW
    found = chosen(binding, now)
    if isinstance(found, Refused):
        found = yield from _waited(binding, plan, course, (now, found))
        now = yield NOW
    key, leave = found
    deadline = course.deadline if course.patience is None else min(course.deadline, now + course.patience)
    run = Run(course.next(), (now, deadline), key, leave)
    run.goes_on = course.provisional
    if binding.books is None:
        return run
    try:
        run.entry = yield from binding.books.entering(binding, plan, run, course)
    except BaseException as exc:
        leave.release(now)
        # What we refuse at this target is no reason against another one.
        info = exc.info if isinstance(exc, JackfieldError) else None
        ours = info is not None and info.kind in ("local.limit", "local.breaker")
        course.moving = ours and course.could_move(info, now)
        raise
    run.begun = yield NOW
    return run


def chosen(binding: Binding, now: float) -> tuple[Key, Leave] | Refused:
    """The key whose turn it is among those that are let in, with its leave; the soonest refusal if none is."""
    refused: list[Refused] = []
    for key in binding.in_turn(now):
        leave = key.guard.admit(now)
        if type(leave) is Leave:
            return key, leave
        assert isinstance(leave, Refused)
        refused.append(leave)
    return min(refused, key=lambda refusal: refusal.until)


def _waited(
    binding: Binding, plan: Plan, course: Course, met: tuple[float, Refused]
) -> Flow[tuple[Key, Leave]]:
    """A key that opens in time, or one to insist on; else the failure that came before, or what stands in the way."""
    now, refused = met
    if course.could_move(None, now):
        course.moving = True
        raise _refusal(binding, plan, course, (now, [refused]))
    if refused.kind in INSISTED:
        key = min(binding.keys, key=lambda key: _opens(key, now))
        leave = key.guard.insist(now)
        if type(leave) is Leave:
            return key, leave
    latest = min(now + binding.retry.longest_wait, course.deadline - plan.timeouts.connect - 1)
    waits = [wait for key in binding.keys if (wait := key.guard.turn(now, latest)) is not None]
    if not waits:
        raise _refusal(binding, plan, course, (now, [refused]))
    yield Sleep(min(waits))
    now = yield NOW
    found = chosen(binding, now)
    if isinstance(found, Refused):
        raise _refusal(binding, plan, course, (now, [found]))
    return found


def _opens(key: Key, now: float) -> float:
    refusal = key.guard.refusal(now)
    return now if refusal is None else refusal.until


def _refusal(
    binding: Binding, plan: Plan, course: Course, met: tuple[float, Sequence[Refused]]
) -> JackfieldError:
    """What a caller is told who is not let in: what happened before says more, if anything did."""
    now, refused = met
    if course.failed and (error := course.failed[-1].error) is not None:
        return error.to_exception().after(tuple(course.failed))
    return placed(binding, plan, refusal_info(refused, now)).to_exception()


# -- afterwards --------------------------------------------------------------------------------------


def _with_failures(result: Any, failed: tuple[Attempt, ...]) -> Any:
    """The result with the failures before it: those of a stream are told when it ends."""
    noted = getattr(result, "noted", None)
    if noted is not None:
        noted(failed)
        return result
    return attrs.evolve(result, attempts=(*failed, *result.attempts))
