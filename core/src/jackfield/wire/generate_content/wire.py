"""The wire: the verbs of both halves, each a line, over the modules named by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Event
from jackfield.framing.json_array import EventsOrArray
from jackfield.jsontext import dumps, loads
from jackfield.types import Completion, Request
from jackfield.wire.base import Dialect, Framing, StreamParser, StreamWriter
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.fence import understood
from jackfield.wire.generate_content.parse import parse_failure, parse_reply
from jackfield.wire.generate_content.read import read_body, refused
from jackfield.wire.generate_content.render import merged, render_body
from jackfield.wire.generate_content.stream import ContentStream
from jackfield.wire.generate_content.tables import DEFAULTS, NAME, Rules, checked
from jackfield.wire.generate_content.write import ContentWriter, whole, write_body, write_failure
from jackfield.wire.operation import Operations
from jackfield.wire.seal import Seal

COMPLETE, STREAM = "generateContent", "streamGenerateContent"
AS_EVENTS = (("alt", "sse"),)
COLLECTIONS = ("models", "tunedModels")


class GenerateContent:
    """Completes, whole and streamed; what else the format can do is in ``operations``."""

    name: ClassVar[str] = NAME
    media_type: ClassVar[str] = "text/event-stream"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "complete": ("models", ("{model}", COMPLETE)),
        "stream": ("models", ("{model}", STREAM)),
    }

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.rules = Rules(Seal(dialect.provider, NAME), checked(dialect.settings), dialect.base.rstrip("/"))
        own = {"content-type": "application/json", **dialect.headers}
        self.headers = Headers({"accept": "application/json", **own})
        self._stream_headers = Headers({"accept": self.media_type, **own})

    def framing(self) -> Framing:
        """A fresh framing for one stream."""
        return EventsOrArray()

    # -- where a model is --------------------------------------------------------------------------

    def model_path(self, model: str) -> tuple[Segment, ...]:
        """The segments that lead to ``model``; hosts that have models elsewhere say so here."""
        collection, _, name = model.partition("/")
        return (collection, name) if name and collection in COLLECTIONS else ("models", model)

    def model_name(self, model: str) -> str:
        """A model as bodies name it."""
        return "/".join(map(str, self.model_path(model)))

    def verb_path(self, model: str, verb: str) -> tuple[Segment, ...]:
        """Where ``verb`` of a model is."""
        path = self.model_path(model)
        return (*path[:-1], (str(path[-1]), verb))

    def path_model(self, path: tuple[Segment, ...]) -> tuple[str, str]:
        """Model and verb that a path names. The opposite of ``verb_path``."""
        *before, last = path or ("",)
        name, _, verb = (unquote(last) if isinstance(last, str) else ":".join(last)).rpartition(":")
        collection = str(before[-1]) if before else ""
        return (f"{collection}/{name}" if collection == "tunedModels" else name), verb

    # -- the client half ---------------------------------------------------------------------------

    def body_of(self, request: Request) -> dict[str, Any]:
        """The body that asks for a completion, in this dialect."""
        body = render_body(request, self.rules)
        for quirk in self.dialect.quirks:
            body = quirk(body)
        return merged(body, request.extra) if request.extra else body

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body = dumps(self.body_of(request))
        if stream:
            path = self.verb_path(request.model, STREAM)
            return Call("POST", path, body, self._stream_headers, AS_EVENTS, self.dialect.base)
        return Call(
            "POST", self.verb_path(request.model, COMPLETE), body, self.headers, base=self.dialect.base
        )

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        return parse_reply(reply, self.rules, self.dialect)

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return ContentStream(self.rules, self.dialect)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        model, verb = self.path_model(call.path)
        if not model or verb not in (COMPLETE, STREAM):
            raise refused(f"the path names no model and `{COMPLETE}` or `{STREAM}`")
        return self.read_request(self.body_in(call), model), verb == STREAM

    def body_in(self, call: Call) -> Any:
        """The JSON of a call."""
        try:
            return loads(call.body)
        except JackfieldError as exc:
            words = exc.info.message
        raise refused(f"the body is {words}")

    def read_request(self, body: Any, model: str) -> Request:
        """The request that a body asks of ``model``."""
        return understood(lambda: read_body(body, model, self.rules), refused)

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return whole(write_body(completion, self.rules))

    def stream_writer(self, model: str = "", *, array: bool = False) -> StreamWriter:
        """A fresh writer for one stream; ``array`` for who did not ask for events."""
        return ContentWriter(self.rules, model, array=array)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error, self.rules)

    # -- what else there is ------------------------------------------------------------------------

    def operations(self) -> Operations:
        """What the format can carry besides completions, by name."""
        from jackfield.wire.generate_content.operations import operations_of

        return operations_of(self)
