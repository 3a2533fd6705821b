"""A provider that answers what a test says: the request is rendered, read, answered, written and parsed for real.

Only the network is missing. So a program under test sees what it would see in earnest, retries and stream
errors included, whichever provider it names.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, TypeAlias

from attrs import evolve

from jackfield.client import Binding
from jackfield.errors import JackfieldError
from jackfield.events import Event, Failed, Finished, unfold
from jackfield.jsontext import dump_text
from jackfield.testing.standin import StandIn
from jackfield.types import Answered, Completion, Finish, Part, Request, Text, ToolCall, Usage
from jackfield.wire.call import Call, Headers, Reply
from jackfield.wire.operation import Verbs, exchange_for

Scripted: TypeAlias = (
    str
    | Part
    | Mapping[str, Any]
    | Completion
    | Answered
    | JackfieldError
    | Sequence[str | Part | JackfieldError]
    | Callable[[Any], Any]
)
"""What may be answered. See ``FakeProvider``."""

_MEND = "prepare one answer for each call, attempts that are repeated included"


class Unprepared(AssertionError):
    """A test asked for more answers than it prepared, for fewer, or for one of another kind."""


def _unprepared(what: str, why: str, mend: str = _MEND) -> Unprepared:
    return Unprepared(f"{what}\n  why: {why}\n  mend: {mend}")


class FakeProvider(StandIn):
    """Answers every call, to any model of any installed provider, with the next thing on its list.

    - a text, or a part such as ``ToolCall``: an answer of that; a mapping: an answer of its JSON
    - a list of texts and parts: an answer of all of them. An error in it ends a stream there; an answer that is
      not streamed is that error
    - a ``Completion``, or the answer of another operation: as it is
    - an error: it is raised as if the provider had failed so, and the call repeated where such failures are
    - a function: it is given the request, and says which of these to answer

    A text alone, instead of a list, answers everything. ``requests`` holds what was asked, as the provider would
    have read it. Leaving the context fails if something on the list was never asked for.
    """

    def __init__(
        self, answers: str | Iterable[Scripted], *, settings: Mapping[str, Any] | None = None
    ) -> None:
        self._always = answers if isinstance(answers, str) else None
        self._answers: deque[Scripted] = deque(() if isinstance(answers, str) else answers)
        self._lock = threading.Lock()
        self.requests: list[Any] = []
        super().__init__(settings=settings, bound=self._answering)

    def finish(self) -> None:
        """Fail if an answer was never asked for."""
        if self._answers:
            what = f"{len(self._answers)} of the fake's answers were never asked for"
            raise _unprepared(what, "fewer calls were made than the test says")

    def _answering(self, binding: Binding) -> Binding:
        return binding.evolve(answer=partial(self._answer, binding))

    def _answer(self, binding: Binding, call: Call) -> Reply:
        exchange = exchange_for(binding.wire.operations(), call)
        request, streamed = _read(binding, exchange, call)
        with self._lock:
            answer = self._next(binding)
            if callable(answer):
                answer = answer(request)
            if exchange is not None and isinstance(answer, Answered):
                request = exchange.read(call)
            self.requests.append(request)
        if isinstance(answer, JackfieldError):
            raise answer.info.to_exception()
        if exchange is not None and (isinstance(answer, Answered) or not isinstance(request, Request)):
            return _operated(exchange, answer)
        return _completed(binding, request.model, answer, streamed=streamed)

    def _next(self, binding: Binding) -> Any:
        if self._always is not None:
            return self._always
        if self._answers:
            return self._answers.popleft()
        what = f"the fake has no answer for this call of `{binding.name}`"
        raise _unprepared(what, f"its {len(self.requests)} answers were all asked for")


def _read(binding: Binding, exchange: Verbs[Any, Any] | None, call: Call) -> tuple[Any, bool]:
    """What is asked, and whether as a stream. Some formats ask for pictures where they ask for completions."""
    try:
        return binding.wire.read_completion(call)
    except JackfieldError:
        if exchange is None:
            raise
        return exchange.read(call), False


def _operated(exchange: Verbs[Any, Any], answer: Any) -> Reply:
    if not isinstance(answer, Answered):
        what = f"`{exchange.name}` cannot be answered with {type(answer).__name__}"
        raise _unprepared(
            what, "it is no completion", "answer with the operation's own type, such as Embeddings"
        )
    return exchange.write(answer)


def _completed(binding: Binding, model: str, answer: Any, *, streamed: bool) -> Reply:
    completion, error = _completion(answer)
    completion = evolve(completion, model=completion.model or model, id=completion.id or "fake-1")
    if not streamed:
        if error is not None:
            raise error.info.to_exception()
        reply = binding.wire.write_completion(completion)
        return Reply(reply.status, _headers(binding, reply.headers), reply.body)
    events: Iterable[Event] = unfold(completion)
    if error is not None:
        events = [*takewhile(lambda event: type(event) is not Finished, events), Failed(error.info)]
    writer = binding.wire.stream_writer(model)
    body = b"".join([*map(writer.write, events), writer.end()])
    return Reply(200, _headers(binding, {"content-type": binding.wire.media_type}), body)


def _headers(binding: Binding, headers: Mapping[str, str]) -> Headers:
    ids = dict.fromkeys(binding.profile.request_id[:1], "req-fake-1")
    return Headers({**ids, **headers})


def _completion(answer: Any) -> tuple[Completion, JackfieldError | None]:
    """What is answered, and the error it ends in."""
    if isinstance(answer, Completion):
        return answer, None
    items = answer if isinstance(answer, list | tuple) else [answer]
    error = next((item for item in items if isinstance(item, JackfieldError)), None)
    parts = tuple(_part(item) for item in takewhile(lambda item: item is not error, items))
    calls = any(isinstance(part, ToolCall) for part in parts)
    words = sum(len(getattr(part, "text", "").split()) for part in parts)
    finish = Finish("tool_calls" if calls else "stop")
    return Completion(parts, finish, Usage(input=1, output=max(1, words))), error


def _part(item: Any) -> Part:
    if isinstance(item, str):
        return Text(item)
    if isinstance(item, Mapping):
        return Text(dump_text(item))
    if isinstance(item, Part):
        return item
    what = f"the fake cannot answer with {type(item).__name__}"
    raise _unprepared(
        what, "it is none of the things an answer is made of", "see `FakeProvider` for what there is"
    )
