"""The wire of all models that are given one prompt: one code, read from a table of formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, JackfieldError, Unsupported
from jackfield.events import Event, Failed, Finished, PartEnded, PartStarted, Started, TextDelta
from jackfield.framing.event_stream import MEDIA_TYPE, EventStream
from jackfield.jsontext import dumps, loads
from jackfield.types import (
    UNKNOWN_USAGE,
    Completion,
    Finish,
    FinishReason,
    Message,
    Reasoning,
    Refusal,
    Request,
    Role,
    Text,
    Usage,
)
from jackfield.wire import Call, Dialect, Headers, Reply, StreamParser, StreamWriter
from jackfield.wire.facts import figure
from jackfield.wire.fence import understood
from jackfield.wire.operation import Operations
from jackfield.wire.replies import json_body
from jackfield_bedrock.failures import body_failure, parse_failure, refused, write_failure
from jackfield_bedrock.families import plain_id
from jackfield_bedrock.invoke.chunks import ROUTES, Chunks, invoke_path, path_facts, split_extra
from jackfield_bedrock.invoke.forms import Form, Path, form_of
from jackfield_bedrock.invoke.templates import TEMPLATES, prompt_of, said
from jackfield_bedrock.invoke.wires import counted, told
from jackfield_bedrock.invoke.words import PromptWriter, build

JSON = "application/json"

FINISHES: Mapping[str, FinishReason] = {
    **dict.fromkeys(("stop", "finish", "finished", "complete", "endoftext", "eos", "end_turn"), "stop"),
    **dict.fromkeys(("stop_criteria_met", "stop_sequence", "stopped"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "error_limit"), "length"),
    **dict.fromkeys(("content_filtered", "content_filter", "error_toxic", "rag_query"), "content_filter"),
    "error": "error",
}


def at(value: Any, path: Path) -> Any:
    """What ``path`` leads to; ``None`` where it leads nowhere."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def text_of(value: Any, *paths: Path) -> str | None:
    """The text at the first of these places that has one."""
    return next((found for path in paths if isinstance(found := at(value, path), str)), None)


def finish_of(value: Any, paths: tuple[Path, ...]) -> Finish | None:
    """Why the model stopped, if it did."""
    raw = next((found for path in paths if isinstance(found := at(value, path), str) and found), None)
    return None if raw is None else Finish(FINISHES.get(raw.lower(), "unknown"), raw)


def counts_of(value: Any, paths: tuple[Path, Path]) -> Usage:
    """The figures, if both are there."""
    counts = [at(value, path) for path in paths]
    if not all(type(count) in (int, float) for count in counts):
        return UNKNOWN_USAGE
    return Usage(figure(counts[0]), output=figure(counts[1]), raw={"input": counts[0], "output": counts[1]})


class Prompted:
    """Completes one prompt. Tools, media and forms of answers are beyond these models."""

    name: ClassVar[str] = "invoke"
    media_type: ClassVar[str] = MEDIA_TYPE
    defaults: ClassVar[Mapping[str, Any]] = {}
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = ROUTES

    def __init__(self, dialect: Dialect, model: str = "") -> None:
        self.dialect = dialect
        self.model = model
        self.form = self._form(model)
        self._headers = Headers({"accept": JSON, "content-type": JSON, **dialect.headers})

    def _form(self, model: str) -> Form:
        form = form_of(plain_id(model))
        if form is None:
            raise self._beyond(f"`{model}` takes no bare prompt")
        return form

    def _beyond(self, message: str) -> Unsupported:
        msg = f"{message}; nothing was sent"
        hint = "the Converse API may: leave `api` out"
        provider = self.dialect.provider
        return Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, provider=provider, sent="no"))

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
        self._check(request)
        form = self.form
        extra, headers = split_extra(request.extra)
        body: dict[str, Any] = dict(form.fixed)
        body |= _with_history(request.messages, form) if form.history else _prompted(request.messages, form)
        for name, value in request.options.items():
            build(body, self._path(name), list(value) if isinstance(value, tuple) else value)
        if stream and form.stream_field:
            body["stream"] = True
        call = Call(
            "POST",
            invoke_path(request.model, stream),
            dumps({**body, **extra}),
            self._headers,
            base=self.dialect.base,
        )
        return call.with_headers(headers) if headers else call

    def _path(self, option: str) -> tuple[str, ...]:
        path = self.form.options.get(option)
        if path is None:
            raise self._beyond(f"`{self.model}` takes no option `{option}` when it is invoked")
        return path

    def _check(self, request: Request) -> None:
        for asked, what in ((request.tools, "tools"), (request.output, "a form of its answer")):
            if asked:
                raise self._beyond(f"`{self.model}` cannot be given {what} when it is invoked")
        for message in request.messages:
            for part in message.parts:
                if not isinstance(part, Text | Refusal | Reasoning):
                    what = type(part).__name__.lower()
                    raise self._beyond(f"`{self.model}` cannot be given {what} when it is invoked")

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""
        body = json_body(reply)
        text = text_of(body, self.form.text, *self.form.also)
        if text is None:
            found = body_failure(body, self.dialect) if isinstance(body, dict) else None
            return [Failed(found or ErrorInfo("protocol.body", "the answer holds no text", raw=body))], body
        finish = finish_of(body, self.form.finish) or Finish("unknown")
        usage = counts_of(body, self.form.counts)
        events: list[Event] = [Started("", self.model), PartStarted(0, Text(text)), PartEnded(0)]
        return told([*events, Finished(finish, usage)], reply, body), body

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        inner = PromptStream(self.form, self.dialect, self.model)
        return Chunks(inner, self.dialect, lambda data: inner.feed(loads(data)))

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return parse_failure(reply, self.dialect)

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks: its prompt is one turn, whatever it is made of."""
        model, stream = path_facts(call.path)
        try:
            body = loads(call.body)
        except JackfieldError as exc:
            words = exc.info.message
            raise refused(f"the body is {words}") from None
        form = form_of(plain_id(model)) or self.form
        return understood(lambda: _read(body, model, form), refused), stream

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        body: dict[str, Any] = {}
        build(body, self.form.text, completion.text)
        build(body, self.form.finish[0], PromptWriter.word(completion.finish))
        usage = completion.usage
        if usage.known and self.form.counts[0] != ("",):
            build(body, self.form.counts[0], usage.total_input)
            build(body, self.form.counts[1], usage.total_output)
        return counted(Reply(200, Headers({"content-type": JSON}), dumps(body)), completion)

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""
        return PromptWriter(self.form)

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""
        return write_failure(error)


def _read(body: Any, model: str, form: Form) -> Request:
    if not isinstance(body, dict) or not isinstance(body.get(form.prompt), str):
        raise refused(f"{form.prompt}: a text is required")
    messages = _heard(body, form)
    options: dict[str, Any] = {}
    for name, path in form.options.items():
        value = _taken(body, path)
        if value is not None:
            options[name] = tuple(value) if isinstance(value, list) else value
    if form.stream_field:
        body.pop("stream", None)
    return Request(model, messages, options=options, extra=body)


# -- prompts ---------------------------------------------------------------------------------------

_SPEAKERS = {"user": "USER", "assistant": "CHATBOT", "system": "SYSTEM"}


def _prompted(messages: tuple[Message, ...], form: Form) -> dict[str, Any]:
    return {form.prompt: prompt_of(said(messages), TEMPLATES[form.template])}


def _with_history(messages: tuple[Message, ...], form: Form) -> dict[str, Any]:
    turns = said(messages)
    system = "\n".join(text for role, text in turns if role == "system")
    spoken = [(role, text) for role, text in turns if role != "system"]
    body: dict[str, Any] = {form.prompt: spoken[-1][1] if spoken else ""}
    if spoken[:-1]:
        body["chat_history"] = [{"role": _SPEAKERS[role], "message": text} for role, text in spoken[:-1]]
    return {**body, "preamble": system} if system else body


def _heard(body: dict[str, Any], form: Form) -> tuple[Message, ...]:
    """The turns of a body, which holds them no longer then."""
    last = Message("user", body.pop(form.prompt))
    if not form.history:
        return (last,)
    system = body.pop("preamble", None)
    turns = [Message("system", system)] if isinstance(system, str) and system else []
    history = body.pop("chat_history", None)
    spoken = history if isinstance(history, list) else []
    turns += [Message(_role(turn["role"]), str(turn["message"])) for turn in spoken]
    return (*turns, last)


def _role(speaker: str) -> Role:
    return {"CHATBOT": "assistant", "SYSTEM": "system"}.get(speaker, "user")  # type: ignore[return-value]


def _taken(body: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value at ``path``, which is no longer there then."""
    for step in path[:-1]:
        inner = body.get(step)
        if not isinstance(inner, dict):
            return None
        if len(inner) == 1 and path[-1] in inner:
            return body.pop(step)[path[-1]]
        body[step] = body = dict(inner)
    return body.pop(path[-1], None)


# -- streams ---------------------------------------------------------------------------------------


class PromptStream:
    """Parses the chunks of one stream. The reason to stop ends it well."""

    __slots__ = ("_dialect", "_finish", "_form", "_input", "_model", "_output", "_started")

    def __init__(self, form: Form, dialect: Dialect, model: str) -> None:
        self._form = form
        self._dialect = dialect
        self._model = model
        self._started = False
        self._finish: Finish | None = None
        self._input: Any = None
        self._output: Any = None

    def feed(self, record: Any) -> list[Event]:
        """The events of one chunk."""
        form = self._form
        events: list[Event] = []
        if not self._started:
            self._started = True
            events += (Started("", self._model), PartStarted(0, Text("")))
        text = text_of(record, form.chunk_text or form.text, form.text, *form.also)
        if text and not (self._finish and form.history):
            events.append(TextDelta(0, text))
        self._finish = finish_of(record, form.chunk_finish or form.finish) or self._finish
        counts = [at(record, path) for path in form.chunk_counts]
        self._input = counts[0] if counts[0] is not None else self._input
        self._output = counts[1] if counts[1] is not None else self._output
        return events

    def end(self) -> list[Event]:
        """``Finished`` if a reason to stop has come."""
        if self._finish is None:
            who = self._dialect.provider or "the provider"
            return [Failed(ErrorInfo("stream.truncated", f"{who} ended the stream too early", sent="yes"))]
        usage = UNKNOWN_USAGE
        if self._input is not None and self._output is not None:
            usage = counts_of({"i": self._input, "o": self._output}, (("i",), ("o",)))
        return [PartEnded(0), Finished(self._finish, usage)]
