"""A completion from its beginning: a model or a route, hedged or not, told to whoever observes.

The usual call of a model goes past all of this. What a route decides is pure and stands in ``policy.route``; what
an attempt is, in ``call``; what follows a failure at one target, in ``attempts``. Here targets follow each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from attrs import define

from jackfield.client.attempts import TOTAL, TOTAL_STREAM, Course
from jackfield.client.call import completing, opening
from jackfield.client.continuing import Sequel, fewer, prefills, resumed
from jackfield.client.local import answered
from jackfield.client.plan import Plan, plan_completion
from jackfield.client.prompt import conversation
from jackfield.client.routing import facts_of
from jackfield.client.session import Session
from jackfield.errors import BudgetExceeded, ErrorInfo, JackfieldError, RequestError
from jackfield.flow import NOW, Close, Flow, Race
from jackfield.policy.hedge import hedge_after, hedgeable
from jackfield.policy.route import Candidate, Decision, Facts, Outcome, Router, refusal, triggers
from jackfield.policy.route.values import anything_goes
from jackfield.types import Completion, HostedTool, Message, Notice, Timeouts
from jackfield.types.resilience import Hedge
from jackfield.types.routes import NO_HINTS, Hints

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.caching import Replay
    from jackfield.client.client import Bindings
    from jackfield.client.continuing import Going
    from jackfield.client.prompt import Prompt
    from jackfield.policy.route import Known

Answer: TypeAlias = "Completion | Session | Replay"

NOT_NOW = "not now"


@define
class Asked:
    """What a caller asked for, before it is known who answers."""

    name: str
    prompt: Prompt
    options: Mapping[str, Any]
    stream: bool = False
    hints: Hints = NO_HINTS
    hedge: Hedge | None = None
    cache: bool = True
    goes_on: bool | None = None  # whether a stream that breaks off is gone on with, where the call says so
    led: tuple[str, ...] = ()  # the routes that spent budgets have led it to


def calling(client: Bindings, binding: Binding, plan: Plan, asked: Asked) -> Flow[Answer]:
    """The answer of one model, with all that a client may do about a call."""
    course = Course((yield NOW) + total_of(plan))
    start = _Plain(client, binding, plan, asked.cache)
    return (yield from _watched(client, asked, course, start))


def routing(client: Bindings, router: Router, facts: Facts, asked: Asked) -> Flow[Answer]:
    """The answer of one of a route's targets."""
    now: float = yield NOW
    total = asked.options.get("timeout")
    total = total.total if isinstance(total, Timeouts) else total
    total = total if isinstance(total, int | float) else router.route.timeout
    course = Course(now + (total or client.services.timeout or (TOTAL_STREAM if asked.stream else TOTAL)))
    return (yield from _watched(client, asked, course, _Routed(client, router, facts, asked, now)))


def total_of(plan: Plan) -> float:
    """The seconds a whole call may take."""
    return plan.timeouts.total or (TOTAL_STREAM if plan.stream else TOTAL)


# -- what a call consists of -------------------------------------------------------------------------


class _Plain:
    """A call of one model."""

    goes_on = False

    def __init__(self, client: Bindings, binding: Binding, plan: Plan, cache: bool = True) -> None:
        self.client = client
        self.binding = binding
        self.plan = plan
        self.cache = cache

    def begin(self, course: Course, skip: Sequence[str] = ()) -> Flow[Answer]:
        """Its attempts."""
        return begun(self.client, self.binding, self.plan, course, self.cache)

    def target(self) -> Binding | None:
        """What is tried first."""
        return self.binding

    def may_resume(self, session: Going) -> bool:
        """Whether the model can go on with a text that was begun."""
        return prefills(self.binding)

    def others(self, course: Course, session: Going) -> None:
        """There are none."""

    def again(self, course: Course, session: Going, text: str) -> Flow[Answer]:
        """The attempts at what follows ``text``."""
        return begun(self.client, self.binding, resumed(self.plan, session, text), course, cache=False)


class _Routed:
    """A call of a route, which begins at ``now``: it decides then."""

    def __init__(self, client: Bindings, router: Router, facts: Facts, asked: Asked, now: float) -> None:
        self.client = client
        self.router = router
        self.facts = facts
        self.asked = asked
        self.now = now
        self.goes_on = router.route.on_interrupt == "continue"
        self.decision: Decision | None = None
        self.checks = router.route.check is not None
        self.plan: Plan | None = None  # of the present target

    def begin(self, course: Course, skip: Sequence[str] = ()) -> Flow[Answer]:
        """Attempts at its targets, in the order of the decision."""
        candidates = self.decide(course).candidates
        left = [candidate for candidate in candidates if candidate.model not in skip] if skip else []
        left = left or list(candidates)
        return self._checked(course, left) if self.checks else self._tried(course, left)

    def _checked(self, course: Course, left: list[Candidate]) -> Flow[Answer]:
        """An answer that passes the route's check, if one does; as a stream where one was asked for."""
        from jackfield.client.caching import Replay
        from jackfield.client.escalating import escalating

        retries = self.asked.options.get("max_retries")
        most = self.router.route.max_attempts if retries is None else retries + 1
        tried = partial(self._tried, course, left)
        answer = yield from escalating(self.router.route, course, left, tried, most)
        if self.asked.stream and isinstance(answer, Completion):
            assert self.plan is not None
            return Replay(self.plan, answer)
        return answer  # type: ignore[no-any-return]  # a completion or a session, as `tried` gives it

    def decide(self, course: Course) -> Decision:
        """The decision, made once and told."""
        if self.decision is None:
            self.decision = decided(self.client, self.router, self.facts, self.now)
            tell_decision(course, self.decision)
        return self.decision

    def target(self) -> Binding | None:
        """What is tried first."""
        first = None if self.decision is None else self.decision.chosen
        return None if first is None else self.client.bind(first.model)

    def may_resume(self, session: Going) -> bool:
        """Whether one of the targets can go on with a text that was begun."""
        return bool(self._resuming())

    def others(self, course: Course, session: Going) -> None:
        """Those among the targets that can go on with what one of them began."""
        others = [one for one in self._resuming() if one.model != session.binding.name]
        course.elsewhere = lambda error, now: self._elsewhere(error, now, others)

    def again(self, course: Course, session: Going, text: str) -> Flow[Answer]:
        """Attempts at what follows ``text``: by the target that began it, unless others are preferred now."""
        before = session.binding.name
        left = sorted(self._resuming(), key=lambda one: (one.model == before) == course.moving)
        course.moving = False
        if left[0].model != before:
            self._noted(course, left[0], course.failed[-1].error or ErrorInfo("stream.truncated"))
        turn = Message("assistant", text.rstrip())
        options = fewer(self.asked.options, session)
        prompt = (*conversation(self.asked.prompt), turn)
        asked = attrs.evolve(self.asked, prompt=prompt, options=options, cache=False)
        following = _Routed(self.client, self.router, self.facts, asked, self.now)
        following.checks = False
        return following._tried(course, left)

    def _resuming(self) -> list[Candidate]:
        candidates = () if self.decision is None else self.decision.candidates
        return [one for one in candidates if prefills(self.client.bind(one.model))]

    def _tried(self, course: Course, left: list[Candidate]) -> Flow[Answer]:
        failed: JackfieldError | None = None
        while left:
            candidate = left[0] if failed is None else self._next(left, (yield NOW), failed)
            if candidate is None:
                break
            left.remove(candidate)
            if failed is not None:
                self._noted(course, candidate, failed.info)
            try:
                return (yield from self._attempted(course, candidate, left))
            except JackfieldError as exc:
                failed = exc
            if not course.moving and not isinstance(failed, RequestError):
                break
            if isinstance(failed, RequestError) and not course.moving and course.sent:
                break
            course.moving = False
        assert failed is not None
        raise together(course, failed)

    def _next(self, left: Sequence[Candidate], now: float, failed: JackfieldError) -> Candidate | None:
        """The next target that would let an attempt in."""
        larger = failed.info.kind == "request.context"
        fits = [one for one in left if not larger or self._larger(one, failed.info.model)]
        return next((one for one in fits if self._open(one, now)), fits[0] if fits else None)

    def _attempted(self, course: Course, candidate: Candidate, left: Sequence[Candidate]) -> Flow[Answer]:
        client, asked, route = self.client, self.asked, self.router.route
        binding = client.services.measured(candidate.model, route.name)
        course.provisional = self.checks and bool(left)
        stream = asked.stream and not course.provisional
        plan = self.plan = plan_completion(binding, asked.prompt, asked.options, stream=stream)
        if asked.options.get("max_retries") is None:
            plan.max_retries = route.max_attempts - 1
        if plan.tags.route != route.name:
            plan.tags = attrs.evolve(plan.tags, route=route.name)
        plan.lane = asked.hints.lane
        if candidate.patience is not None and stream:
            plan.timeouts = plan.timeouts.evolve(first_token=candidate.patience)
        course.patience = None if stream else candidate.patience
        course.tries = 0
        course.most_tries = route.primary_attempts if not course.failed else 1
        course.asked = "request.policy" in route.fallback_on
        course.larger = lambda: any(self._larger(one, candidate.model) for one in left)
        course.elsewhere = lambda error, now: self._elsewhere(error, now, left)
        attempts = begun(client, binding, plan, course, asked.cache)
        return self._learnt(candidate, attempts) if self.router.learns else attempts

    def _learnt(self, candidate: Candidate, attempts: Flow[Answer]) -> Flow[Answer]:
        begin: float = yield NOW
        try:
            answer = yield from attempts
        except JackfieldError as exc:
            self.router.observe(candidate.model, Outcome.failed(exc.info.kind), self.facts, begin)
            raise
        now: float = yield NOW
        self.router.observe(candidate.model, Outcome(True, (now - begin) * 1000), self.facts, now)
        return answer

    def _elsewhere(self, error: ErrorInfo | None, now: float, left: Sequence[Candidate]) -> bool:
        """Whether a failure may be followed by another target, and one of them would let an attempt in."""
        if error is not None and error.kind not in _ALWAYS:
            if not triggers(self.router.route.fallback_on, error):
                return False
        return any(self._open(candidate, now) for candidate in left)

    def _open(self, candidate: Candidate, now: float) -> bool:
        return any(key.guard.refusal(now) is None for key in self.client.bind(candidate.model).keys)

    def _larger(self, candidate: Candidate, model: str) -> bool:
        here, there = (self._context(name) for name in (model, candidate.model))
        return here is not None and there is not None and there > here

    def _context(self, name: str) -> int | None:
        return self.client.bind(name).model.context if "/" in name else None

    def _noted(self, course: Course, candidate: Candidate, error: ErrorInfo) -> None:
        """Take note that one target stands in for another."""
        name = f"{error.provider}/{error.model}"
        for key in self.client.bind(name).keys if error.model else ():
            key.guard.target.note_fallback()
        if course.telling is not None:
            course.telling.fell_over(self.router.route.name, name, candidate.model, error.kind)


# Whatever the route says: a window that is too small needs a larger one, and our own refusals say nothing of a target.
_ALWAYS = frozenset({"request.context", "local.limit", "local.breaker", "request.policy"})


def begun(client: Bindings, binding: Binding, plan: Plan, course: Course, cache: bool = True) -> Flow[Answer]:
    """The attempts of a call at one target, unless its answer is kept."""
    answers = client.services.answers
    course.keeps = cache and course.keeps
    if answers is None or not cache:
        return _begun(binding, plan, course)
    make = partial(_begun, binding, plan, course)
    look = answers.opening if plan.stream else answers.completing
    return look(binding, plan, make, course)


def _begun(binding: Binding, plan: Plan, course: Course) -> Flow[Any]:
    start = opening if plan.stream else completing
    flow: Flow[Any] = start(binding, plan, course)
    return answered(binding, flow)


def decided(client: Bindings, router: Router, facts: Facts, now: float) -> Decision:
    """What a route decides now. Where all targets are shut, the one that opens first is the choice."""
    facts.usable = anything_goes if client.services.clear(router) else lambda known: shut(client, known, now)
    decision = router.order(facts, now, client.random)
    if decision.candidates:
        return decision
    if any(dropped.kind == NOT_NOW for dropped in decision.dropped):
        facts.usable = anything_goes
        open_all = router.order(facts, now, client.random)
        if open_all.candidates:
            first = min(open_all.candidates, key=lambda one: _opens(client, one.model, now))
            return attrs.evolve(decision, candidates=(first,))
    raise refusal(decision).to_exception()


def tell_decision(course: Course, decision: Decision) -> None:
    """Tell what was decided, if somebody wants to know."""
    if course.telling is not None:
        course.telling.decided(decision)


def shut(client: Bindings, known: Known, now: float) -> str:
    """Why a target lets nobody in now; empty if it does."""
    refusals = []
    for key in client.bind(known.model).keys:
        refusal = key.guard.refusal(now)
        if refusal is None:
            return ""
        refusals.append(refusal)
    if not refusals:
        return ""
    soonest = min(refusals, key=lambda found: found.until)
    word = "breaker open" if soonest.kind == "local.breaker" else soonest.kind
    return f"{word} {max(0.0, soonest.until - now):.0f} s"


def _opens(client: Bindings, model: str, now: float) -> float:
    refusals = [key.guard.refusal(now) for key in client.bind(model).keys]
    return min((now if found is None else found.until for found in refusals), default=now)


def together(course: Course, last: JackfieldError) -> JackfieldError:
    """The one failure that tells of all: the request's own fault first, else what would help soonest."""
    errors = [attempt.error for attempt in course.failed if attempt.error is not None]
    if len(errors) < 2:
        return last.after(tuple(course.failed))
    own = next((error for error in errors if error.kind.startswith("request.")), None)
    if own is not None:
        return own.to_exception().after(tuple(course.failed))
    if all(error.kind in ("throttle", "quota.window") for error in errors):
        soonest = min(errors, key=lambda error: error.retry_after or float("inf"))
        return soonest.to_exception().after(tuple(course.failed))
    return last.after(tuple(course.failed))


# -- around a call -----------------------------------------------------------------------------------


def _watched(client: Bindings, asked: Asked, course: Course, start: _Plain | _Routed) -> Flow[Answer]:
    """A call, hedged where it may be, with its beginning and its end told to all who want to know."""
    hedged = asked.hedge is not None and _may_be_twice(asked)
    tries = _hedged if hedged else _once
    services = client.services
    if services.fence is None and services.books is None:
        flow = tries(client, asked, course, start)
    else:
        flow = _accounted(client, asked, course, partial(tries, client, asked, course, start))
    goes_on = start.goes_on if asked.goes_on is None else asked.goes_on
    return _resumable(course, start, flow) if goes_on and asked.stream else flow


def _resumable(course: Course, start: _Plain | _Routed, flow: Flow[Answer]) -> Flow[Answer]:
    """A stream that is gone on with where it breaks off; a notice where it cannot be."""
    answer = yield from flow
    if isinstance(answer, Session) and answer.sequel is None:
        answer.sequel = Sequel(course, start)
        if not start.may_resume(answer):
            answer.plan.notices += (_ENDS,)
    return answer


_ENDS = Notice(
    "option_ignored", "no target goes on with a text that was begun: a stream that breaks off is raised"
)


def _once(client: Bindings, asked: Asked, course: Course, start: _Plain | _Routed) -> Flow[Answer]:
    return start.begin(course)


def _accounted(
    client: Bindings, asked: Asked, course: Course, tries: Callable[[], Flow[Answer]]
) -> Flow[Answer]:
    course.telling = client.services.telling(asked, course)
    try:
        answer = yield from tries()
    except BudgetExceeded as exc:
        course.over(exc)
        if not course.instead or course.instead in asked.led:  # two budgets may lead to each other's routes
            raise
    except BaseException as exc:
        course.over(exc)
        raise
    else:
        return _told(course, answer)
    facts = facts_of(asked.prompt, asked.options, asked.hints, stream=asked.stream)
    instead = attrs.evolve(asked, name=course.instead, led=(*asked.led, course.instead))
    return (yield from routing(client, client.routes.router(course.instead), facts, instead))


def _told(course: Course, answer: Answer) -> Answer:
    """The answer with what is to be said besides; its end is told, unless it goes on."""
    if not isinstance(answer, Completion):
        answer.plan.notices += course.notices
        if course.telling is not None and not isinstance(answer, Session):  # it is here already, all of it
            course.telling.finished(answer.completion())
        return answer
    if course.notices:
        answer = attrs.evolve(answer, warnings=(*answer.warnings, *course.notices))
    if course.telling is not None:
        course.telling.finished(answer)
    return answer


def _hedged(client: Bindings, asked: Asked, course: Course, start: _Plain | _Routed) -> Flow[Answer]:
    """A call, and a second one beside it where the first does not begin to answer in time."""
    hedge = asked.hedge
    assert hedge is not None
    if isinstance(start, _Routed):
        start.decide(course)
    first = start.target()
    assert first is not None
    starts, budget = client.services.hedging(first.name, hedge)
    budget.earn()
    guard = first.keys[0].guard
    calm = guard.gate.open and guard.target.state == "closed" and guard.endpoint.state == "closed"
    after = hedge_after(hedge, starts, 1, throttled=not calm)
    begin: float = yield NOW
    if after is None:
        sole = yield from start.begin(course)
        starts.add((yield NOW) - begin)
        return sole
    other = course.beside()

    def second() -> Flow[Answer]:
        if not budget.take():
            raise _SPENT.to_exception()
        try:
            return (yield from start.begin(other, [first.name]))
        except JackfieldError:
            if not other.sent:
                budget.refund()
            raise

    answer: Answer = yield Race(lambda: start.begin(course), second, after, _closed)
    starts.add((yield NOW) - begin)
    return answer


_SPENT = ErrorInfo("local.limit", "the budget of hedges is spent; nothing was sent", sent="no")


def _closed(answer: Answer) -> Flow[None]:
    """Let go of an answer that nobody takes: it came second."""
    if isinstance(answer, Session):
        answer.run.spare = True
        now: float = yield NOW
        answer.settle(now, gone=True)
        yield Close(answer.opened)


def _may_be_twice(asked: Asked) -> bool:
    tools = asked.options.get("tools") or ()
    return hedgeable(asked.options, any(isinstance(tool, HostedTool) for tool in tools))
