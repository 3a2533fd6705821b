"""One call as a flow: attempts, each signed, sent and parsed, until one succeeds or none may follow.

Written once for sync and async; the streamed call differs in what one attempt is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

import attrs

from jackfield.client.account import charge_of, request_id_of
from jackfield.client.binding import Binding
from jackfield.client.plan import Plan
from jackfield.client.session import Session
from jackfield.errors import ErrorInfo, JackfieldError, Malformed, TimedOut
from jackfield.events import Accumulator, Event, Failed, plain_answer
from jackfield.flow import NOW, Close, Flow, Open, Opened, Read, Send, Sleep
from jackfield.jsontext import loads
from jackfield.policy import HARD_CAP, RetryPolicy
from jackfield.schema import structure
from jackfield.types import Attempt, Completion, Request
from jackfield.wire import Call, Reply
from jackfield.wire.fence import fenced

Result = TypeVar("Result")

TOTAL = 600.0
TOTAL_STREAM = 3600.0
ERROR_BODY_CAP = 1 << 20

_Parsed: TypeAlias = tuple[Sequence[Event], Any]  # with the raw payload


def completing(binding: Binding, plan: Plan) -> Flow[Completion]:
    """The completion a plan asks for."""
    assert isinstance(plan.request, Request)
    call = binding.wire.render_completion(plan.request, stream=False)
    flow = persisted(binding, plan, call, _completion)
    return flow if plan.request.output is None else _valued(plan, flow)


def _valued(plan: Plan, flow: Flow[Completion]) -> Flow[Completion]:
    return with_value(plan, (yield from flow))


def _completion(binding: Binding, plan: Plan, call: Call, run: Run) -> Flow[Completion]:
    # What `sent` does stands here again: each generator between driver and effect is passed at every step.
    signed = yield from binding.auth.sign(call)
    reply: Reply = yield Send(signed, plan.timeouts, run.deadline)
    _check(binding, reply)
    events, raw = fenced(binding.wire.parse_completion, reply)
    last = events[-1]
    if type(last) is Failed:
        raise last.error.where(status=reply.status).to_exception()
    now: float = yield NOW
    return _completed(binding, plan, (events, raw), reply, (run.number, now - run.begun))


def _completed(
    binding: Binding, plan: Plan, answer: _Parsed, reply: Reply, timing: tuple[int, float]
) -> Completion:
    events, raw = answer
    provider, request_id = binding.profile.id, request_id_of(binding, reply.headers)
    plain = plain_answer(events)
    if plain is not None:
        parts, finish, usage, model, name = plain
        charge = charge_of(binding, usage)
        attempts = (Attempt(timing[0], timing[1], reply.status, request_id, None, usage),)
        notices = plan.notices
        return Completion(
            parts, finish, usage, model, provider, name, request_id, charge, None, notices, attempts, raw=raw
        )
    accumulator = Accumulator()
    accumulator.add_all(events)
    usage = accumulator.usage
    return accumulator.completion(
        provider=provider,
        request_id=request_id,
        charge=charge_of(binding, usage),
        warnings=(*plan.notices, *accumulator.warnings),
        attempts=(Attempt(*timing, reply.status, request_id, None, usage),),
        raw=raw,
    )


def opening(binding: Binding, plan: Plan) -> Flow[Session]:
    """A stream, read up to its first content: until then a failure is retried and nobody sees it."""
    assert isinstance(plan.request, Request)
    call = binding.wire.render_completion(plan.request, stream=True)
    return persisted(binding, plan, call, _session)


def _session(binding: Binding, plan: Plan, call: Call, run: Run) -> Flow[Session]:
    signed = yield from binding.auth.sign(call)
    opened: Opened = yield Open(signed, plan.timeouts, run.deadline)
    try:
        if not 200 <= opened.status < 300 or _is_page(opened.headers.get("content-type", "")):
            body = yield from _rest(opened, run.deadline)
            raise _error(binding, Reply(opened.status, opened.headers, body))
        session = Session(binding, plan, opened, (run.number, run.begun, run.deadline))
        yield from _until_content(session, plan, run.deadline)
    except BaseException:
        yield Close(opened)
        raise
    binding.auth.accepted()
    return session


def _until_content(session: Session, plan: Plan, deadline: float) -> Flow[None]:
    first_token = min(deadline, (yield NOW) + plan.timeouts.first_token)
    while not session.committed:
        try:
            chunk = yield Read(session.opened, first_token)
        except TimedOut:
            chunk = None
        if chunk is None:
            kind = "deadline" if first_token >= deadline else "timeout.first_token"
            raise TimedOut(ErrorInfo(kind, "no content came in time"))
        session.take(chunk)
        if session.failure is not None and not session.committed:
            raise session.failure.to_exception()


def _rest(opened: Opened, deadline: float) -> Flow[bytes]:
    """The body of an error, as much of it as is worth reading."""
    pieces: list[bytes] = []
    size = 0
    while size < ERROR_BODY_CAP:
        chunk = yield Read(opened, deadline)
        if not chunk:
            break
        pieces.append(chunk)
        size += len(chunk)
    return b"".join(pieces)


def sent(binding: Binding, call: Call, plan: Plan, deadline: float) -> Flow[Reply]:
    """The reply to a call, signed and sent; whatever is no success is raised."""
    signed = yield from binding.auth.sign(call)
    reply: Reply = yield Send(signed, plan.timeouts, deadline)
    _check(binding, reply)
    return reply


def _check(binding: Binding, reply: Reply) -> None:
    if not 200 <= reply.status < 300 or _is_page(reply.headers.get("content-type", "")):
        raise _error(binding, reply)
    binding.auth.accepted()


@lru_cache(maxsize=64)
def _is_page(media_type: str) -> bool:
    """Whether a proxy's or a login page came instead of an answer."""
    return media_type[:9].lower() == "text/html"


def _error(binding: Binding, reply: Reply) -> JackfieldError:
    if 200 <= reply.status < 300:
        msg = "a web page came instead of an answer: a proxy or a login stands between"
        hint = "check `base_url` and the network"
        return Malformed(ErrorInfo("protocol.body", msg, reply.status, hint=hint))
    if 300 <= reply.status < 400:
        msg = f"a redirect came ({reply.status}); redirects are never followed, since keys would follow too"
        return Malformed(ErrorInfo("protocol", msg, reply.status, hint="set `base_url` to the final address"))
    return fenced(binding.wire.parse_error, reply).to_exception()


# -- attempts ------------------------------------------------------------------------------------


class Run(NamedTuple):
    """One attempt: the how manieth, when it began, when all time is up."""

    number: int
    begun: float
    deadline: float


_new = tuple.__new__

AttemptFlow: TypeAlias = Callable[[Binding, Plan, Call, Run], Flow[Result]]


def persisted(binding: Binding, plan: Plan, call: Call, attempt: AttemptFlow[Result]) -> Flow[Result]:
    """``attempt``, and again while the policy allows."""
    begun: float = yield NOW
    total = plan.timeouts.total or (TOTAL_STREAM if attempt is _session else TOTAL)
    run = _new(Run, (1, begun, begun + total))
    try:
        return (yield from attempt(binding, plan, call, run))
    except JackfieldError as exc:
        error = exc.info
    return (yield from _retried(binding, plan, call, attempt, (run, error)))


def _retried(
    binding: Binding, plan: Plan, call: Call, attempt: AttemptFlow[Result], first: tuple[Run, ErrorInfo]
) -> Flow[Result]:
    """What follows a failed first attempt; the failures that were got over are listed in the result."""
    run, error = first
    failed: list[Attempt] = []
    retries = 0
    while True:
        error = error.where(provider=binding.profile.id, model=binding.model.id, operation=plan.operation)
        now: float = yield NOW
        failed.append(Attempt(run.number, now - run.begun, error.status, error.request_id, error))
        # Where another signature may fare better it is tried at once, which is no retry.
        if run.number >= HARD_CAP or not binding.auth.rejected(error):
            retries += 1
            policy = RetryPolicy(plan.max_retries, connect=plan.timeouts.connect)
            delay = policy.delay(retries, error, run.deadline - now) if run.number < HARD_CAP else None
            if delay is None:
                raise error.to_exception().after(tuple(failed))
            yield Sleep(delay)
        run = Run(run.number + 1, (yield NOW), run.deadline)
        try:
            result = yield from attempt(binding, plan, call, run)
        except JackfieldError as exc:
            error = exc.info
        else:
            return _with_failures(result, tuple(failed))  # type: ignore[no-any-return]


def _with_failures(result: Any, failed: tuple[Attempt, ...]) -> Any:
    if isinstance(result, Session):
        result.failed = failed
        return result
    return attrs.evolve(result, attempts=(*failed, *result.attempts))


# -- what is known of an answer ------------------------------------------------------------------


def with_value(plan: Plan, completion: Completion) -> Completion:
    """The completion with its answer as the type that was asked for."""
    request = plan.request
    if not isinstance(request, Request) or request.output is None:
        return completion
    if completion.finish.reason not in ("stop", "unknown") or completion.refusal is not None:
        return completion  # cut short, refused, or calling tools: there is no whole answer to build from
    return attrs.evolve(completion, value=structure(loads(_unfenced(completion.text)), request.output.target))


def _unfenced(text: str) -> str:
    """The JSON of an answer that wraps it in a Markdown fence, as models without a JSON mode do."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped[3:-3].partition("\n")[2]
    return stripped
