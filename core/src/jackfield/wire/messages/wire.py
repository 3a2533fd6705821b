"""The wire: the verbs of both halves, each a line, over the modules named by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Event
from jackfield.framing.sse import LargeSSE
from jackfield.jsontext import dumps, loads
from jackfield.types import Completion, Request
from jackfield.wire.base import Dialect, Framing, StreamParser, StreamWriter
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.fence import understood
from jackfield.wire.messages.parse import parse_failure, parse_reply
from jackfield.wire.messages.read import read_body, refused
from jackfield.wire.messages.render import merged, render_body
from jackfield.wire.messages.stream import MessagesStream
from jackfield.wire.messages.tables import DEFAULTS, NAME, Rules
from jackfield.wire.messages.write import MessagesWriter, whole, write_body, write_failure
from jackfield.wire.operation import Operations
from jackfield.wire.seal import Seal


class Messages:
    """Both halves of the format, for one dialect."""

    name: ClassVar[str] = NAME
    media_type: ClassVar[str] = "text/event-stream"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = {"complete": ("v1", "messages")}

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        settings = {**DEFAULTS, **dialect.settings}
        by_tool = settings["structured"] == "tool"
        self.prefills: bool = settings["prefill"]
        self.rules = Rules(Seal(dialect.provider, NAME), settings, dialect.max_output, by_tool)
        own = {"content-type": "application/json", **dialect.headers}
        self._headers = Headers({"accept": "application/json", **own})
        self._stream_headers = Headers({"accept": self.media_type, **own})
        self._in_headers: Mapping[str, str] = settings["extra_headers"]
        self._operations: Operations | None = None

    def framing(self) -> Framing:
        """A fresh framing for one stream."""
        return LargeSSE()

    # -- the client half ---------------------------------------------------------------------------

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body, extra = render_body(request, stream, self.rules), request.extra
        headers = self._stream_headers if stream else self._headers
        for quirk in self.dialect.quirks:
            body = quirk(body)
        if extra:
            headers = self._with_extra(headers, extra)
            body = merged(
                body, {name: value for name, value in extra.items() if name not in self._in_headers}
            )
        return Call("POST", self.path(request, stream), dumps(body), headers, base=self.dialect.base)

    def path(self, request: Request, stream: bool) -> tuple[Segment, ...]:
        """Where the call goes; hosts that put the model into the path have their own."""
        return self.routes["complete"]

    def path_fields(self, path: tuple[Segment, ...]) -> Mapping[str, Any]:
        """The fields of a body that are said by ``path`` instead: ``model``, ``stream``. The opposite of ``path``."""
        return {}

    def _with_extra(self, headers: Headers, extra: Mapping[str, Any]) -> Headers:
        """The headers with those of the provider's own fields that travel there, added to what is there."""
        headers = Headers(headers)
        for name in extra.keys() & self._in_headers.keys():
            header, value = self._in_headers[name], extra[name]
            words = [value] if isinstance(value, str) else list(value)
            there = [headers[header]] if header in headers else []
            headers[header] = ",".join(there + words)
        return headers

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        return parse_reply(reply, self.rules, self.dialect)

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return MessagesStream(self.rules, self.dialect)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        try:
            body = loads(call.body)
        except JackfieldError as exc:
            words = exc.info.message
        else:
            return understood(lambda: read_body(self._whole(body, call), call.headers, self.rules), refused)
        raise refused(f"the body is {words}")

    def _whole(self, body: Any, call: Call) -> Any:
        """The body with what the path says of the request."""
        fields = self.path_fields(call.path)
        return {**body, **fields} if fields and isinstance(body, dict) else body

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return whole(write_body(completion, self.rules.seal))

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return MessagesWriter(self.rules.seal, model)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)

    def operations(self) -> Operations:
        """What the format has besides completions."""
        if self._operations is None:
            from jackfield.wire.messages.operations import operations_of  # most clients only chat

            self._operations = operations_of(self)
        return self._operations
