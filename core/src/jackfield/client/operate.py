"""Operations beside completions as flows: the wire says which calls follow which, each is an attempt or several.

What an operation needs of a model, and what is checked of its answer, are tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from jackfield.client.account import charge_of, request_id_of
from jackfield.client.accounts import marked_answer, pinned
from jackfield.client.attempts import Run, persisted
from jackfield.client.binding import Binding
from jackfield.client.call import sent
from jackfield.client.measures import charged, measured
from jackfield.client.plan import Plan
from jackfield.errors import ErrorInfo, JackfieldError, Malformed, Unsupported
from jackfield.flow import NOW, Flow
from jackfield.types import Answered, Attempt, Usage
from jackfield.wire import Call, Reply
from jackfield.wire.fence import unreadable
from jackfield.wire.operation import Steps

if TYPE_CHECKING:
    from jackfield.types import Embeddings, Ranking


_NOTHING = Usage(source="estimated")  # an exchange that others follow is a part of what the last one costs


@frozen(slots=False)
class Replied:
    """A reply, and the attempts it took."""

    reply: Reply
    attempts: tuple[Attempt, ...]
    run: Run  # the last of them, still open: what it has used is known when the answer is read

    def settle(self, usage: Usage) -> None:
        """Tell all who keep count that it went well."""
        last = self.attempts[-1]
        self.run.won(self.run.begun + last.seconds, usage, last)

    def failed(self, error: ErrorInfo) -> None:
        """Tell them that its answer could not be read."""
        self.run.lost(self.run.begun + self.attempts[-1].seconds, error)


def operating(binding: Binding, plan: Plan) -> Flow[Any]:
    """The answer a plan asks for."""
    operation = binding.wire.operations().get(plan.operation)
    if operation is None:
        raise _missing(binding, plan.operation)
    steps = operation.ask(plan.request)
    attempts: tuple[Attempt, ...] = ()
    replied: Replied | None = None
    while True:
        try:
            call = _next(steps, None if replied is None else replied.reply)
        except StopIteration as stop:
            assert replied is not None
            return _ended(binding, plan, stop.value, (replied, attempts))
        except JackfieldError as exc:
            if replied is not None:
                replied.failed(exc.info)
            raise
        if replied is not None:
            replied.settle(_NOTHING)
            binding = pinned(binding, replied.run.key)
        replied = yield from persisted(binding, plan, call, _replied)
        attempts += replied.attempts


def _ended(binding: Binding, plan: Plan, answer: Answered, came: tuple[Replied, tuple[Attempt, ...]]) -> Any:
    """The answer, with its last attempt settled by what it says was used."""
    replied, attempts = came
    try:
        told = _told(binding, plan, answer, (replied.reply, attempts))
    except JackfieldError as exc:
        replied.failed(exc.info)
        raise
    if replied.run.key.owners is not None:
        told = marked_answer(replied.run.key, binding.profile.id, told)
    replied.run.answered(told)
    replied.settle(told.usage)
    return told


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
    reply = yield from sent(binding, call, plan, run)
    now = yield NOW
    attempt = Attempt(run.number, now - run.begun, reply.status, request_id_of(binding, reply.headers))
    return Replied(reply, (attempt,), run)


def _missing(binding: Binding, operation: str) -> Unsupported:
    msg = f"`{binding.provider}` cannot do `{operation}` over wire `{binding.wire.name}`; nothing was sent"
    hint = f"over this wire it can: {', '.join(sorted(binding.wire.operations())) or 'complete alone'}"
    return Unsupported(ErrorInfo("request.unsupported", msg, provider=binding.provider, hint=hint, sent="no"))


def _told(binding: Binding, plan: Plan, answer: Answered, came: tuple[Reply, tuple[Attempt, ...]]) -> Any:
    """The answer with what is known of how it came about."""
    reply, attempts = came
    check = _CHECKS.get(plan.operation)
    answer = answer if check is None else check(answer, plan.request)
    usage = measured(plan.operation, plan.request, answer)
    answer = charged(binding, answer)
    return attrs.evolve(
        answer,
        usage=usage,
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
