"""A provider on the loopback interface that speaks one wire, its operations included.

    with OneWire(CohereWire(Dialect()), lambda request: Completion((Text("hello"),))) as server: ...

``answer`` gives what the operation answers with: a completion or events, vectors, a ranking, a list of models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from loopback import Loopback, Streamed

from jackfield.errors import JackfieldError
from jackfield.events import Event, Failed, fold, unfold
from jackfield.types import Completion
from jackfield.wire import Call, Headers, Reply
from jackfield.wire.operation import exchange_for


class OneWire(Loopback):
    """Serves what one wire can carry."""

    def __init__(self, wire: Any, answer: Callable[[Any], Any]) -> None:
        super().__init__(answer)
        self.wire = wire

    def reply(self, call: Call) -> Reply | Streamed:
        """The answer to one call, by its method and path."""
        try:
            place = self.wire.routes["complete"]
            if call.method == "POST" and call.path[-len(place) :] == place:
                return self._complete(call)
            exchange = exchange_for(self.wire.operations(), call)
            if exchange is not None:
                return exchange.write(self.answer(exchange.read(call)))
        except JackfieldError as exc:
            return self.wire.write_error(exc.info)  # type: ignore[no-any-return]
        return Reply(404, Headers({"content-type": "application/json"}), b'{"error":"nothing is here"}')

    def _complete(self, call: Call) -> Reply | Streamed:
        request, stream = self.wire.read_completion(call)
        answer: Any = self.answer(request)
        if stream:
            events = unfold(answer) if isinstance(answer, Completion) else iter(answer)
            return Streamed(self.wire.media_type, self._bytes(request.model, events))
        completion = answer if isinstance(answer, Completion) else fold(answer)
        return self.wire.write_completion(completion)  # type: ignore[no-any-return]

    def _bytes(self, model: str, events: Iterator[Event]) -> Iterator[bytes]:
        writer = self.wire.stream_writer(model)
        try:
            for event in events:
                yield writer.write(event)
        except JackfieldError as exc:
            yield writer.write(Failed(exc.info))
        yield writer.end()
