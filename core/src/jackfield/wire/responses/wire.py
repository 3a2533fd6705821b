"""The wire: the verbs of both halves, each a line, over the modules named by them."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Event
from jackfield.framing.sse import LargeSSE
from jackfield.jsontext import dumps, loads
from jackfield.types import Completion, Request
from jackfield.wire.base import Dialect, Framing, StreamParser, StreamWriter
from jackfield.wire.call import Call, Headers, Reply
from jackfield.wire.fence import understood
from jackfield.wire.operation import Operations
from jackfield.wire.replies import error_info, json_body
from jackfield.wire.responses.parse import parse_body
from jackfield.wire.responses.read import read_body, refused
from jackfield.wire.responses.render import merged, render_body
from jackfield.wire.responses.stream import ResponsesStream
from jackfield.wire.responses.stream_writer import ResponsesWriter
from jackfield.wire.responses.tables import CODES, DEFAULTS, NAME, rules_of
from jackfield.wire.responses.write import failure_body, write_body

JSON = "application/json"


class Responses:
    """Completes, whole and streamed. Conversations are sent whole: nothing depends on what a provider stored."""

    name: ClassVar[str] = NAME
    media_type: ClassVar[str] = "text/event-stream"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = {"complete": ("responses",)}

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.rules = rules_of(dialect.settings, dialect.provider)
        self._operations: Operations | None = None
        own = {"content-type": JSON, **dialect.headers}
        self._headers = Headers({"accept": JSON, **own})
        self._stream_headers = Headers({"accept": self.media_type, **own})

    def framing(self) -> Framing:
        """A fresh framing for one stream."""
        return LargeSSE()

    def operations(self) -> Operations:
        """What the family has besides completions."""
        if self._operations is None:
            from jackfield.wire.operations import operations_of  # most clients only chat

            self._operations = operations_of(self)
        return self._operations

    # -- the client half ---------------------------------------------------------------------------

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body = render_body(request, stream, self.rules)
        for quirk in self.dialect.quirks:
            body = quirk(body)
        if request.extra:
            body = merged(body, request.extra)
        headers = self._stream_headers if stream else self._headers
        return Call("POST", self.routes["complete"], dumps(body), headers, base=self.dialect.base)

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        body = json_body(reply)
        return parse_body(body, self.rules.seal, self.dialect), body

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return ResponsesStream(self.rules.seal, self.dialect)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return error_info(reply, self.dialect, CODES)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        try:
            body = loads(call.body)
        except JackfieldError as exc:
            words = exc.info.message
        else:
            return understood(lambda: read_body(body, self.rules), refused)
        raise refused(f"the body is {words}")

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return _reply(200, write_body(completion, self.rules))

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return ResponsesWriter(self.rules, model)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure.

        A failure that has a status keeps it; whoever answers for somebody else clears it first, and the
        status then follows from the kind.
        """
        headers: dict[str, str] = {}
        if error.retry_after is not None:
            headers["retry-after"] = str(ceil(error.retry_after))
            headers["retry-after-ms"] = str(round(error.retry_after * 1000))
        if error.should_retry is not None:
            headers["x-should-retry"] = "true" if error.should_retry else "false"
        if error.request_id is not None:
            headers["x-request-id"] = error.request_id
        given = error.status is not None and error.status >= 400
        status = error.status if given and error.status is not None else error.leaf.gateway_status
        return _reply(status, failure_body(error), headers)


def _reply(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, Headers({"content-type": JSON, **(headers or {})}), dumps(body))
