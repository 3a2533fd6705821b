"""The wire format of chat completions, as its family of providers speaks it.

The format has many dialects; every deviation seen is either read without asking (parsing) or a setting or
quirk of the provider's profile (rendering). See ``settings`` for what a dialect may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from math import ceil
from typing import Any, ClassVar

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.events import Cited, Event, Failed, Finished, Logprobs, PartStarted, Started, ended
from jackfield.framing.sse import LargeSSE
from jackfield.jsontext import dumps
from jackfield.types import UNFINISHED, Completion, Finish, Request, Text, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.call import Call, Headers, Reply
from jackfield.wire.chat_completions.parse import (
    check_index,
    citations_of,
    finish_of,
    is_words_alone,
    logprobs_of,
    parts_of,
    sources_of,
    usage_in,
    usage_of,
)
from jackfield.wire.chat_completions.read import body_of, invalid, read_body
from jackfield.wire.chat_completions.render import WIRE, Renderer
from jackfield.wire.chat_completions.settings import DEFAULTS, settings_of
from jackfield.wire.chat_completions.stream import StreamParser
from jackfield.wire.chat_completions.tables import CODES
from jackfield.wire.chat_completions.write import StreamWriter, completion_body, error_body
from jackfield.wire.fence import understood
from jackfield.wire.operation import Operations
from jackfield.wire.replies import body_error, error_info, json_body

__all__ = ["Asked", "ChatCompletions"]

JSON = "application/json"


@frozen
class Asked:
    """How a caller wants the answer put, which is no part of the request: only this wire's two ends care."""

    usage: bool = False  # usage at the end of a stream


class ChatCompletions:
    """Both halves of the format, for one dialect."""

    name: ClassVar[str] = WIRE
    media_type: ClassVar[str] = "text/event-stream"
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    routes: ClassVar[Mapping[str, tuple[str, ...]]] = {"complete": ("chat", "completions")}

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.settings = settings_of(dialect.settings)
        self.prefills = bool(self.settings.prefill)
        self._renderer = Renderer(self.settings, dialect.provider)
        own = {"content-type": JSON, **dialect.headers}
        self._headers = Headers({"accept": JSON, **own})
        self._stream_headers = Headers({"accept": self.media_type, **own})
        self._thoughts = self.settings.reasoning_replay == "content"
        self._operations: Operations | None = None

    # -- the client half ---------------------------------------------------------------------------

    def framing(self) -> LargeSSE:
        """A fresh framing for one stream."""
        return LargeSSE()

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""
        body = self._renderer.body(request, stream)
        headers = self._stream_headers if stream else self._headers
        return self._call("complete", body, request.extra, headers)

    def _call(self, operation: str, body: dict[str, Any], extra: Mapping[str, Any], headers: Headers) -> Call:
        for quirk in self.dialect.quirks:
            body = quirk(body)
        if extra:
            body |= extra
        return Call("POST", self.routes[operation], dumps(body), headers, base=self.dialect.base)

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload; a failure inside a success is the last event."""
        body = json_body(reply)
        choices = body.get("choices") if type(body) is dict else None
        if type(choices) is not list or not choices or body.get("error"):
            return [Failed(self._inner_failure(body))], body
        events: list[Event] = [Started(str(body.get("id") or ""), str(body.get("model") or ""))]
        if len(choices) == 1 and (text := _words_alone(choices[0])):
            if "citations" not in body and "search_results" not in body:
                finish, usage = finish_of(choices[0].get("finish_reason"), False), usage_of(usage_in(body))
                usage = usage.in_tier(body["service_tier"]) if "service_tier" in body else usage
                events += (PartStarted(1, Text(text)), ended(1), Finished(finish, usage))
                return events, body
        finishes: dict[int, Finish] = {}
        for place, choice in enumerate(choices):
            if type(choice) is not dict or choice.get("error"):
                return [Failed(self._inner_failure(choice))], body
            index = choice.get("index")
            if type(index) is not int:
                index = place
            check_index(index)
            finishes[index] = self._take_choice(events, choice, index, body)
        rest = _alternatives(finishes) if max(finishes) else ()
        usage = usage_of(usage_in(body)).in_tier(body.get("service_tier"))
        events.append(Finished(finishes.get(0, UNFINISHED), usage, rest))
        return events, body

    def _inner_failure(self, body: Any) -> ErrorInfo:
        """What a body says that comes as a success but is none."""
        info = body_error(body, self.dialect, CODES)
        provider = self.dialect.provider
        return info or ErrorInfo("protocol.body", "the answer holds no choices", provider=provider)

    def _take_choice(
        self, events: list[Event], choice: dict[str, Any], index: int, body: dict[str, Any]
    ) -> Finish:
        message = choice.get("message")
        if type(message) is not dict:  # seen where a filter stopped the answer (2026-03)
            message = {"content": choice.get("text")}
        parts = parts_of(message, self.dialect.provider, self.settings.reasoning_replay)
        citations = list(citations_of(message["annotations"])) if message.get("annotations") else []
        if index == 0 and ("citations" in body or "search_results" in body):
            citations += sources_of(body)
        if citations and not any(isinstance(part, Text) for part in parts):
            parts.append(Text(""))
        called = False
        for number, part in enumerate(parts, len(events)):
            events.append(PartStarted(number, part, index))
            if citations and isinstance(part, Text):
                events += map(Cited, repeat(number), citations)
                citations = []
            events.append(ended(number))
            if type(part) is ToolCall and not part.hosted:
                called = True
        if choice.get("logprobs") and (tokens := logprobs_of(choice)):
            events.append(Logprobs(tokens, index))
        return finish_of(choice.get("finish_reason"), called)

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""
        return StreamParser(self.dialect, self.settings)

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""
        return error_info(reply, self.dialect, CODES)

    def operations(self) -> Operations:
        """What the family has besides completions."""
        if self._operations is None:
            from jackfield.wire.operations import operations_of  # most clients only chat

            self._operations = operations_of(self)
        return self._operations

    # -- the server half ---------------------------------------------------------------------------

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""
        reasoning = self.settings.reasoning
        return understood(lambda: read_body(body_of(call), self.dialect.provider, reasoning), invalid)

    def asked(self, call: Call) -> Asked:
        """How the caller wants the answer put."""
        body = body_of(call)
        options = body.get("stream_options")
        return Asked(isinstance(options, dict) and options.get("include_usage") is True)

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""
        return _reply(200, completion_body(completion, thoughts=self._thoughts))

    def stream_writer(self, model: str = "", *, usage: bool = True) -> StreamWriter:
        """A fresh writer for one stream; ``usage`` is what the caller asked for."""
        whole = self.settings.whole_calls
        return StreamWriter(model, usage=usage, whole_calls=whole, thoughts=self._thoughts)

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
        status = (
            error.status if error.status is not None and error.status >= 400 else error.leaf.gateway_status
        )
        return _reply(status, error_body(error), headers)


def _words_alone(choice: Any) -> str | None:
    """The text of a choice that holds nothing else, as nearly all do: half the time of reading it by parts."""
    if type(choice) is not dict or choice.get("index") or choice.get("logprobs") or choice.get("error"):
        return None
    message = choice.get("message")
    if type(message) is not dict or message.get("annotations"):
        return None
    text = message.get("content")
    return text if type(text) is str and is_words_alone(message) else None


def _alternatives(finishes: Mapping[int, Finish]) -> tuple[Finish, ...]:
    return tuple(finishes.get(index, UNFINISHED) for index in range(1, max(finishes) + 1))


def _reply(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, Headers({"content-type": JSON, **(headers or {})}), dumps(body))
