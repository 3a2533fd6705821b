"""The wire: the verbs of both halves, each a line, over the modules named by them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo
from jackfield.events import Event
from jackfield.framing.sse import SSE
from jackfield.jsontext import dumps
from jackfield.plugin import Call, Dialect, Framing, Headers, Reply, StreamParser, StreamWriter
from jackfield.types import Completion, Request
from jackfield.wire.fence import understood
from jackfield.wire.operation import Operations
from jackfield.wire.seal import Seal
from jackfield_cohere.parse import parse_failure, parse_reply
from jackfield_cohere.read import body_of, read_body, refused
from jackfield_cohere.render import merged, render_body
from jackfield_cohere.stream import CohereStream
from jackfield_cohere.tables import DEFAULTS, NAME, Rules
from jackfield_cohere.write import CohereWriter, whole, write_body, write_failure

JSON = "application/json"


class CohereWire:
    """Both halves of the second version of the API."""

    name: ClassVar[str] = NAME
    media_type: ClassVar[str] = "text/event-stream"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = {"complete": ("v2", "chat")}

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.rules = Rules(Seal(dialect.provider, NAME), {**DEFAULTS, **dialect.settings})
        own = {"content-type": JSON, **dialect.headers}
        self._headers = Headers({"accept": JSON, **own})
        self._stream_headers = Headers({"accept": self.media_type, **own})

    def framing(self) -> Framing:
        """A fresh framing for one stream."""
        return SSE()

    def operations(self) -> Operations:
        """What can be asked besides completions."""
        return self._operations

    @cached_property
    def _operations(self) -> Operations:
        from jackfield_cohere.operations import operations_of

        return operations_of(self.dialect)

    # -- the client half ---------------------------------------------------------------------------

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body = render_body(request, stream, self.rules)
        headers = self._stream_headers if stream else self._headers
        return self.call(self.routes["complete"], body, request.extra, headers)

    def call(
        self,
        path: tuple[str, ...],
        body: dict[str, Any],
        extra: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
    ) -> Call:
        """A call with a body."""
        for quirk in self.dialect.quirks:
            body = quirk(body)
        if extra:
            body = merged(body, extra)
        return Call("POST", path, dumps(body), headers or self._headers, base=self.dialect.base)

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        return parse_reply(reply, self.rules, self.dialect)

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return CohereStream(self.rules, self.dialect)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        return understood(lambda: read_body(body_of(call), self.rules), refused)

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return whole(write_body(completion, self.rules.seal))

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return CohereWriter(self.rules.seal)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)
