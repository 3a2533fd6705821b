"""Counting tokens: asked of a model of that name, which is told in the body which model is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jackfield.jsontext import dumps, loads
from jackfield.plugin import Call
from jackfield.wire.messages.operations import CountTokens

if TYPE_CHECKING:
    from jackfield_vertex.place import Path

    from jackfield.types import Request
    from jackfield.wire import Wire
    from jackfield.wire.operation import Verbs

MODEL = "count-tokens"


class RawCountTokens(CountTokens):
    """The format's own count, at the host's place for it."""

    def __init__(self, wire: Wire, place: Path) -> None:
        super().__init__(wire)
        self.place = place

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Itself alone, of whatever project."""
        return (self.exchange(self.place[-4:], self.read),)

    def render(self, request: Request) -> Call:
        """The call that asks."""
        call = super().render(request)
        call.body = dumps({**loads(call.body), "model": request.model})
        return call

    def read(self, call: Call) -> Request:
        """The request a call asks; its path says nothing of it."""
        return super().read(Call(call.method, (), call.body, call.headers))
