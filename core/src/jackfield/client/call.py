"""One call as a flow: attempts, each signed, sent and parsed, until one succeeds or none may follow.

Written once for sync and async; the streamed call differs in what one attempt is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import attrs

from jackfield.client.account import charge_due, request_id_of
from jackfield.client.accounts import marked_completion
from jackfield.client.attempts import Course, Run, persisted
from jackfield.client.binding import Binding
from jackfield.client.plan import Plan
from jackfield.client.session import Session
from jackfield.errors import ErrorInfo, JackfieldError, Malformed, TimedOut
from jackfield.events import Accumulator, Event, Failed, plain_answer
from jackfield.flow import NOW, Close, Flow, Open, Opened, Read, Send
from jackfield.jsontext import loads
from jackfield.schema import structure
from jackfield.types import Attempt, Completion, Request
from jackfield.types.requests import FIRST_TOKEN
from jackfield.wire import Call, Reply
from jackfield.wire.fence import fenced

Result = TypeVar("Result")

ERROR_BODY_CAP = 1 << 20

_Parsed: TypeAlias = tuple[Sequence[Event], Any]  # with the raw payload


def completing(binding: Binding, plan: Plan, course: Course | None = None) -> Flow[Completion]:
    """The completion a plan asks for."""
    assert isinstance(plan.request, Request)
    call = binding.wire.render_completion(plan.request, stream=False)
    flow = persisted(binding, plan, call, _completion, course)
    return flow if plan.request.output is None else _valued(plan, flow)


def _valued(plan: Plan, flow: Flow[Completion]) -> Flow[Completion]:
    completion = yield from flow
    try:
        return with_value(plan, completion)
    except Malformed as exc:
        exc.answer = completion  # it was paid for
        raise


def _completion(binding: Binding, plan: Plan, call: Call, run: Run) -> Flow[Completion]:
    # What `sent` does stands here again: each generator between driver and effect is passed at every step.
    signed = yield from run.key.auth.sign(call)
    reply: Reply = yield Send(signed, plan.timeouts, run.deadline)
    _check(binding, run, reply)
    events, raw = fenced(binding.wire.parse_completion, reply)
    last = events[-1]
    if type(last) is Failed:
        raise last.error.where(status=reply.status).to_exception()
    now: float = yield NOW
    completion = _completed(binding, plan, (events, raw), reply, (run.number, now - run.begun))
    if run.key.owners is not None:
        completion = marked_completion(run.key, binding.profile.id, completion)
    run.won(now, completion.usage, completion.attempts[0], completion.parts)
    return completion


def _completed(
    binding: Binding, plan: Plan, answer: _Parsed, reply: Reply, timing: tuple[int, float]
) -> Completion:
    events, raw = answer
    provider, request_id = binding.profile.id, request_id_of(binding, reply.headers)
    plain = plain_answer(events)
    if plain is not None:
        parts, finish, usage, model, name = plain
        charge = charge_due(binding, usage)
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
        charge=charge_due(binding, usage),
        warnings=(*plan.notices, *accumulator.warnings),
        attempts=(Attempt(*timing, reply.status, request_id, None, usage),),
        raw=raw,
    )


def opening(binding: Binding, plan: Plan, course: Course | None = None) -> Flow[Session]:
    """A stream, read up to its first content: until then a failure is retried and nobody sees it."""
    assert isinstance(plan.request, Request)
    call = binding.wire.render_completion(plan.request, stream=True)
    return persisted(binding, plan, call, _session, course)


def _session(binding: Binding, plan: Plan, call: Call, run: Run) -> Flow[Session]:
    signed = yield from run.key.auth.sign(call)
    opened: Opened = yield Open(signed, plan.timeouts, run.deadline)
    try:
        if run.entry is not None:
            run.entry.replied(opened.status, opened.headers)
        if not 200 <= opened.status < 300 or _is_page(opened.headers.get("content-type", "")):
            body = yield from _rest(opened, min(run.deadline, (yield NOW) + plan.timeouts.idle))
            raise _error(binding, Reply(opened.status, opened.headers, body))
        session = Session(binding, plan, opened, run)
        yield from _until_content(session, plan, run.deadline)
        run.content((yield NOW), binding.model.first_token or 0.0)
    except BaseException:
        yield Close(opened)
        raise
    accepted(binding, run)
    return session


def _until_content(session: Session, plan: Plan, deadline: float) -> Flow[None]:
    # Counted from the last byte of the request, as far as whoever sent it has noted when that was.
    asked = getattr(session.opened, "asked", None) or (yield NOW)
    first_token = min(deadline, asked + (plan.timeouts.first_token or FIRST_TOKEN))
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


def sent(binding: Binding, call: Call, plan: Plan, run: Run) -> Flow[Reply]:
    """The reply to a call, signed and sent; whatever is no success is raised."""
    signed = yield from run.key.auth.sign(call)
    reply: Reply = yield Send(signed, plan.timeouts, run.deadline)
    _check(binding, run, reply)
    return reply


def _check(binding: Binding, run: Run, reply: Reply) -> None:
    if run.entry is not None:
        run.entry.replied(reply.status, reply.headers)
    if not 200 <= reply.status < 300 or _is_page(reply.headers.get("content-type", "")):
        raise _error(binding, reply)
    accepted(binding, run)


def accepted(binding: Binding, run: Run) -> None:
    """Take note that the credential was good."""
    run.key.auth.accepted()
    if binding.pool is not None:
        binding.pool.answered(run.key.index)


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
