"""Operations beside completions as flows: the wire says which calls follow which, each is an attempt or several.

What an operation needs of a model, and what is checked of its answer, are tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from jackfield.client.account import charge_of, request_id_of
from jackfield.client.binding import Binding
from jackfield.client.call import Run, persisted, sent
from jackfield.client.plan import Plan
from jackfield.errors import KINDS, ErrorInfo, JackfieldError, Malformed, Unsupported
from jackfield.flow import NOW, Flow
from jackfield.types import Answered, Attempt
from jackfield.wire import Call, Reply
from jackfield.wire.fence import unreadable
from jackfield.wire.operation import Steps

if TYPE_CHECKING:
    from jackfield.types import Embeddings, Ranking

# Done twice, these are two: they are repeated only where it is certain that nothing was done.
UNREPEATABLE = frozenset({"batches.create", "files.upload", "image"})


@frozen(slots=False)
class Replied:
    """A reply, and the attempts it took."""

    reply: Reply
    attempts: tuple[Attempt, ...]


def operating(binding: Binding, plan: Plan) -> Flow[Any]:
    """The answer a plan asks for."""
    operation = binding.wire.operations().get(plan.operation)
    if operation is None:
        raise _missing(binding, plan.operation)
    steps = operation.ask(plan.request)
    attempt = _once if plan.operation in UNREPEATABLE else _replied
    attempts: tuple[Attempt, ...] = ()
    reply: Reply | None = None
    while True:
        try:
            call = _next(steps, reply)
        except StopIteration as stop:
            assert reply is not None
            return _told(binding, plan, stop.value, (reply, attempts))
        replied: Replied = yield from persisted(binding, plan, call, attempt)
        reply = replied.reply
        attempts += replied.attempts


def _next(steps: Steps[Any], reply: Reply | None) -> Call:
    """The next call; what stumbles over a reply says that the reply cannot be read."""
    try:
        return next(steps) if reply is None else steps.send(reply)
    except (JackfieldError, StopIteration):
        raise
    except Exception as stumble:  # the fence between replies and what is expected of them
        if reply is None:
            raise
        info = unreadable(stumble)
    raise info.to_exception()


def _replied(binding: Binding, plan: Plan, call: Call, run: Run) -> Flow[Replied]:
    reply = yield from sent(binding, call, plan, run.deadline)
    now = yield NOW
    attempt = Attempt(run.number, now - run.begun, reply.status, request_id_of(binding, reply.headers))
    return Replied(reply, (attempt,))


def _once(binding: Binding, plan: Plan, call: Call, run: Run) -> Flow[Replied]:
    try:
        return (yield from _replied(binding, plan, call, run))
    except JackfieldError as exc:
        info = exc.info
    if KINDS[info.kind].billed != "no":
        info = info.where(should_retry=False)
    raise info.to_exception()


def _missing(binding: Binding, operation: str) -> Unsupported:
    msg = f"`{binding.provider}` cannot do `{operation}` over wire `{binding.wire.name}`; nothing was sent"
    hint = f"over this wire it can: {', '.join(sorted(binding.wire.operations())) or 'complete alone'}"
    return Unsupported(ErrorInfo("request.unsupported", msg, provider=binding.provider, hint=hint, sent="no"))


def _told(binding: Binding, plan: Plan, answer: Answered, came: tuple[Reply, tuple[Attempt, ...]]) -> Any:
    """The answer with what is known of how it came about."""
    reply, attempts = came
    check = _CHECKS.get(plan.operation)
    answer = answer if check is None else check(answer, plan.request)
    usage = answer.usage
    return attrs.evolve(
        answer,
        provider=binding.profile.id,
        model=answer.model or binding.model.id,
        request_id=request_id_of(binding, reply.headers),
        charge=charge_of(binding, usage),
        warnings=(*plan.notices, *answer.warnings),
        attempts=(*attempts[:-1], attrs.evolve(attempts[-1], usage=usage)),
    )


# -- what is checked of answers ----------------------------------------------------------------------


def _as_many(answer: Embeddings, request: Any) -> Embeddings:
    if len(answer.vectors) != len(request.texts):
        msg = f"{len(answer.vectors)} vectors came for {len(request.texts)} texts"
        raise Malformed(ErrorInfo("protocol.body", msg))
    return answer


def _with_documents(answer: Ranking, request: Any) -> Ranking:
    """The ranking with the documents that were asked about, which most providers do not send back."""
    documents = request.documents
    if any(not 0 <= ranked.index < len(documents) for ranked in answer.results):
        raise Malformed(ErrorInfo("protocol.body", "the ranking names a document that was not asked about"))
    results = tuple(attrs.evolve(ranked, document=documents[ranked.index]) for ranked in answer.results)
    return attrs.evolve(answer, results=results)


_CHECKS: Mapping[str, Callable[[Any, Any], Any]] = {"embed": _as_many, "rerank": _with_documents}
