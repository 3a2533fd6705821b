"""The wire: the verbs of both halves, each a line, over the modules named by them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo
from jackfield.events import Event
from jackfield.framing.ndjson import NDJSON
from jackfield.jsontext import dumps
from jackfield.plugin import Call, Dialect, Headers, Reply
from jackfield.types import Completion, Request
from jackfield.wire.fence import understood
from jackfield.wire.operation import Operations
from jackfield.wire.replies import error_info
from jackfield_ollama.read import body_of, read_body, refused
from jackfield_ollama.render import merged, render_body
from jackfield_ollama.stream import OllamaStream, parse_reply
from jackfield_ollama.tables import DEFAULTS, NAME
from jackfield_ollama.write import OllamaWriter, write_body, write_failure


class OllamaWire:
    """Both halves of the server's own format: lines of JSON."""

    name: ClassVar[str] = NAME
    media_type: ClassVar[str] = "application/x-ndjson"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = {"complete": ("api", "chat")}

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._headers = Headers({"content-type": "application/json", **dialect.headers})

    def framing(self) -> NDJSON:
        """A fresh framing for one stream."""
        return NDJSON()

    def operations(self) -> Operations:
        """What can be asked besides completions."""
        return self._operations

    @cached_property
    def _operations(self) -> Operations:
        from jackfield_ollama.operations import operations_of

        return operations_of(self.dialect)

    # -- the client half ---------------------------------------------------------------------------

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body = render_body(request, stream, self.dialect)
        for quirk in self.dialect.quirks:
            body = quirk(body)
        if request.extra:
            body = merged(body, request.extra)
        return Call("POST", self.routes["complete"], dumps(body), self._headers, base=self.dialect.base)

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        return parse_reply(reply, self.dialect)

    def stream_parser(self) -> OllamaStream:
        """A fresh parser for one stream."""
        return OllamaStream(self.dialect)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return error_info(reply, self.dialect)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        body = body_of(call)
        return understood(lambda: read_body(body, self.dialect), refused)

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return Reply(200, Headers({"content-type": "application/json"}), dumps(write_body(completion)))

    def stream_writer(self, model: str = "") -> OllamaWriter:
        """A fresh writer for one stream."""
        return OllamaWriter(model)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)
