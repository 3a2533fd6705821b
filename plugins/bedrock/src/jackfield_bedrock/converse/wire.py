"""The wire: the verbs of both halves, each a line or a few, over the modules named by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Event
from jackfield.framing.event_stream import MEDIA_TYPE, EventStream
from jackfield.jsontext import dumps, loads
from jackfield.types import Completion, Request
from jackfield.wire import Call, Dialect, Headers, Reply, StreamParser, StreamWriter
from jackfield.wire.fence import understood
from jackfield.wire.operation import Operations
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.parse import parse_reply
from jackfield_bedrock.converse.read import read_body
from jackfield_bedrock.converse.render import render_body
from jackfield_bedrock.converse.stream import ConverseStream
from jackfield_bedrock.converse.tables import DEFAULTS, NAME, Rules
from jackfield_bedrock.converse.write import ConverseWriter, whole, write_body
from jackfield_bedrock.failures import parse_failure, refused, write_failure

JSON = "application/json"


class Converse:
    """Completes, whole and streamed, with any model that converses."""

    name: ClassVar[str] = NAME
    media_type: ClassVar[str] = MEDIA_TYPE
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "complete": ("model", "{model}", "converse"),
        "stream": ("model", "{model}", "converse-stream"),
    }

    def __init__(self, dialect: Dialect, model: str = "") -> None:
        self.dialect = dialect
        self.model = model
        settings = {**DEFAULTS, **dialect.settings}
        self.rules = Rules(Seal(dialect.provider, NAME), settings, dialect.max_output)
        own = {"content-type": JSON, **dialect.headers}
        self._headers = Headers({"accept": JSON, **own})
        self._stream_headers = Headers({"accept": self.media_type, **own})

    def framing(self) -> EventStream:
        """A fresh framing for one stream."""
        return EventStream()

    def operations(self) -> Operations:
        """What else can be asked over this provider's other paths."""
        from jackfield_bedrock.operations import operations_of

        return operations_of(self.dialect, self.model)

    # -- the client half ---------------------------------------------------------------------------

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body = self.body(request)
        for quirk in self.dialect.quirks:
            body = quirk(body)
        headers = self._stream_headers if stream else self._headers
        return Call("POST", self.path(request.model, stream), dumps(body), headers, base=self.dialect.base)

    def body(self, request: Request) -> dict[str, Any]:
        """The body that asks for a completion."""
        return render_body(request, self.rules)

    def path(self, model: str, stream: bool) -> tuple[str, ...]:
        """Where the call goes."""
        steps = self.routes["stream" if stream else "complete"]
        return tuple([model if step == "{model}" else step for step in steps])

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        return parse_reply(reply, self.rules.seal, self.dialect, self.model)

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return ConverseStream(self.rules.seal, self.dialect, self.model)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        model, verb = call.path[-2:] if len(call.path) > 1 else ("", "")
        if not isinstance(model, str):
            model = ":".join(model)
        try:
            body = loads(call.body)
        except JackfieldError as exc:
            words = exc.info.message
        else:
            request = understood(lambda: self.read_body(body, model), refused)
            return request, verb == self.routes["stream"][-1]
        raise refused(f"the body is {words}")

    def read_body(self, body: Any, model: str) -> Request:
        """The request a body asks."""
        return read_body(body, model, self.rules)

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return whole(write_body(completion, self.rules.seal))

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return ConverseWriter(self.rules.seal)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)
