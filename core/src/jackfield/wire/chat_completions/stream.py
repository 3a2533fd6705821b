"""The chunks of a streamed answer to events.

What hosts do with this format in streams, each seen in recorded traffic (2024-2026), and what is made of it:

- no ``[DONE]``: a finish reason and the end of the bytes are an end too; neither of them is a truncation;
- usage on its own chunk, on the finishing one, on every one as a running total, or twice: the last figure
  counts, except that after the finishing chunk a smaller one is no progress and is not believed;
- tool calls without id, without index, whole in one chunk, several in one delta, two under one index:
  a call goes on only while what arrives can belong to it;
- text on the finishing chunk, finish reasons repeated, the role in every chunk, a whole ``message`` beside
  the delta, chunks without choices or delta, unknown fields: taken as what they are, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Event,
    Failed,
    Finished,
    Logprobs,
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
)
from jackfield.framing.sse import Record
from jackfield.jsontext import loads
from jackfield.types import Finish, Opaque, Part, Reasoning, Refusal, Text, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.chat_completions.making import (
    CallInMaking,
    ChoiceInMaking,
    is_other,
    join_detail,
    joined_audio,
)
from jackfield.wire.chat_completions.parse import (
    arguments_text,
    audio_of,
    call_id,
    call_items,
    call_opaque,
    check_index,
    citations_of,
    content_parts,
    count,
    details_text,
    finish_of,
    function_of,
    given_id,
    hosted_parts,
    images_of,
    items_of,
    joined_thoughts,
    listed,
    logprobs_of,
    malformed,
    parts_of,
    reasoning_opaque,
    reasoning_text,
    sources_of,
    usage_in,
    usage_of,
)
from jackfield.wire.chat_completions.render import WIRE
from jackfield.wire.chat_completions.settings import Settings
from jackfield.wire.chat_completions.tables import CODES
from jackfield.wire.facts import figure
from jackfield.wire.replies import body_error

END_MARK = "[DONE]"

_TEXTS: Mapping[str, type[Text | Reasoning | Refusal]] = {
    "text": Text,
    "reasoning": Reasoning,
    "refusal": Refusal,
}


class StreamParser:
    """Parses one stream."""

    __slots__ = (
        "_choices",
        "_dialect",
        "_done",
        "_events",
        "_failure",
        "_next",
        "_records",
        "_settings",
        "_sources",
        "_started",
        "_tier",
        "_usage",
    )

    def __init__(self, dialect: Dialect, settings: Settings) -> None:
        self._dialect = dialect
        self._settings = settings
        self._choices: dict[int, ChoiceInMaking] = {}
        self._events: list[Event] = []
        self._next = 0  # the next part id
        self._records = 0
        self._started = False
        self._done = False
        self._tier: object = None
        self._usage: Mapping[str, Any] | None = None
        self._sources: Mapping[str, Any] | None = None  # the last chunk that listed some
        self._failure: ErrorInfo | None = None

    def feed(self, record: Record) -> list[Event]:
        """The events of one record; none after the answer has ended."""
        if self._done:
            return []
        data = record.data
        if data == END_MARK or not data or data.isspace():
            return self._ended() if data == END_MARK else []
        events: list[Event] = []
        self._events = events
        try:
            chunk = loads(data)
        except Malformed:
            if data.strip() == END_MARK:
                return self._ended()
            if record.complete:
                raise
            return []  # the bytes ended within it: ``end`` says so
        self._records += 1
        if (
            record.event != "message"
            or type(chunk) is not dict
            or not chunk.get("choices")
            or chunk.get("error")
        ):
            self._unusual(record, chunk)
        else:
            self._take(chunk)
        if self._failure is not None:
            self._done = True
            events.append(Failed(self._failure))
        return events

    def end(self) -> list[Event]:
        """The events that follow from the end of the bytes."""
        if self._done:
            return []
        finished = any(choice.finished for choice in self._choices.values())
        if finished and self._settings.done == "optional":
            return self._ended()
        if not self._records:
            return self._failed(ErrorInfo("protocol.body", "the answer holds no event of a stream"))
        missing = "`[DONE]`" if finished else "a finish reason"
        return self._failed(ErrorInfo("stream.truncated", f"the stream ended without {missing}"))

    # -- chunks ------------------------------------------------------------------------------------

    def _unusual(self, record: Record, chunk: Any) -> None:
        """A record that is not a plain chunk: an error, usage alone, or something nobody knows."""
        if type(chunk) is list and chunk and type(chunk[0]) is dict:
            chunk = chunk[0]
        if type(chunk) is not dict:
            if chunk is not None:
                raise malformed("a chunk is not an object")
            return
        if record.event == "error" or _is_error(chunk):
            self._fail(chunk)
        if chunk.get("choices") or self._failure is None:
            self._take(chunk)

    def _take(self, chunk: dict[str, Any]) -> None:
        choices = chunk.get("choices")
        if not self._started and (choices or chunk.get("id")):
            self._started = True
            self._events.append(Started(str(chunk.get("id") or ""), str(chunk.get("model") or "")))
        finishing = False
        for choice in listed(choices, "choices"):
            if type(choice) is dict:
                finishing |= self._take_choice(choice)
            elif choice is not None:
                raise malformed("a choice is not an object")
        if chunk.get("service_tier"):
            self._tier = chunk["service_tier"]
        if finishing or not choices or chunk.get("usage"):
            usage = usage_in(chunk)
            if usage is not None:
                self._take_usage(usage)
        if "citations" in chunk or "search_results" in chunk:
            self._sources = chunk

    def _take_usage(self, usage: Mapping[str, Any]) -> None:
        before = self._usage
        if before is not None and any(choice.finished for choice in self._choices.values()):
            if count(usage, "completion_tokens") < count(before, "completion_tokens"):
                return
        self._usage = usage
        metered = usage_of(usage).in_tier(self._tier)
        if metered.known:
            self._events.append(Metered(metered))

    def _take_choice(self, raw: dict[str, Any]) -> bool:
        """Take one choice in; true if this chunk says why it finished."""
        index = raw.get("index")
        choice = self._choices.get(index) if type(index) is int else self._choices.get(0)
        if choice is None:
            choice = ChoiceInMaking(check_index(index) if type(index) is int else 0)
            self._choices[choice.index] = choice
        delta = raw.get("delta")
        if type(delta) is dict:
            self._take_delta(choice, delta)
        else:
            self._take_message(choice, raw)
        if raw.get("logprobs"):
            tokens = logprobs_of(raw)
            if tokens:
                self._events.append(Logprobs(tokens, choice.index))
        if raw.get("error"):
            self._fail(raw)
        finish = raw.get("finish_reason")
        if finish is None:
            return False
        if finish or not choice.finish:  # an empty word does not replace one that says something
            choice.finish = finish
        choice.finished = choice.finished or bool(finish)
        return bool(finish)

    def _take_delta(self, choice: ChoiceInMaking, delta: dict[str, Any]) -> None:
        content = delta.get("content")
        text = content if type(content) is str else ""
        size = len(delta)
        if size == 1 or (size == 2 and "role" in delta):  # nothing but text, as nearly always
            if text and choice.kind == "text":
                self._events.append(TextDelta(choice.part, text))
                return
            if text:
                self._more(choice, "text", text)
                return
            if content == "":
                return
        reasoning = reasoning_text(delta)
        details = delta.get("reasoning_details")
        if reasoning or details:
            self._take_reasoning(choice, reasoning, details)
        if text:
            self._more(choice, "text", text)
        elif content is not None and content != "":
            self._take_items(choice, items_of(content))
        self._take_rest(choice, delta)

    def _take_rest(self, choice: ChoiceInMaking, delta: dict[str, Any]) -> None:
        """What deltas hold beside text and reasoning."""
        refusal = delta.get("refusal")
        if refusal and type(refusal) is str:
            self._more(choice, "refusal", refusal)
        if delta.get("tool_calls"):
            for item in call_items(delta["tool_calls"]):
                self._take_call(choice, item)
        for item in listed(delta.get("executed_tools"), "executed_tools"):
            self._take_hosted(choice, item)
        legacy = delta.get("function_call")
        if type(legacy) is dict and (legacy.get("name") or legacy.get("arguments")):
            self._take_call(choice, {"index": 0, "function": legacy})
        if delta.get("annotations"):
            self._take_annotations(choice, delta["annotations"])
        for image in images_of(delta.get("images")):
            self._whole(choice, image)
        audio = delta.get("audio")
        if type(audio) is dict:
            choice.audio.append(audio)

    def _take_message(self, choice: ChoiceInMaking, raw: dict[str, Any]) -> None:
        """A whole message where deltas were expected, or a bare text: some servers answer that way."""
        message = raw.get("message")
        if type(message) is not dict:
            if raw.get("text"):
                self._take_delta(choice, {"content": raw["text"]})
            return
        if choice.seen:
            return
        choice.seen = True
        for part in parts_of(message, self._dialect.provider, self._settings.reasoning_replay):
            self._whole(choice, part)
            choice.called = choice.called or (isinstance(part, ToolCall) and not part.hosted)
        if message.get("annotations"):
            self._take_annotations(choice, message["annotations"])

    # -- parts -------------------------------------------------------------------------------------

    def _id(self) -> int:
        self._next += 1
        return self._next - 1

    def _more(self, choice: ChoiceInMaking, kind: str, text: str) -> None:
        """More of a text, reasoning or refusal; another kind ends the part that is open."""
        if choice.kind != kind:
            self._open(choice, kind)
        delta = ReasoningDelta if kind == "reasoning" else TextDelta
        self._events.append(delta(choice.part, text))

    def _open(self, choice: ChoiceInMaking, kind: str) -> None:
        self._close(choice)
        choice.seen = True
        choice.kind, choice.part = kind, self._id()
        if kind == "text":
            choice.last_text = choice.part
        self._events.append(PartStarted(choice.part, _TEXTS[kind](""), choice.index))

    def _close(self, choice: ChoiceInMaking) -> None:
        """End the open text, reasoning or refusal."""
        if not choice.kind:
            return
        opaque = None
        if choice.kind == "reasoning":
            provider = self._dialect.provider
            opaque = reasoning_opaque(provider, self._settings.reasoning_replay, choice.details)
            if choice.thoughts:
                opaque = Opaque(provider, WIRE, {"content": joined_thoughts(choice.thoughts)})
            choice.details, choice.thoughts = [], []
        self._events.append(PartEnded(choice.part, opaque))
        choice.kind = ""

    def _whole(self, choice: ChoiceInMaking, part: Part) -> None:
        self._close(choice)
        choice.seen = True
        number = self._id()
        if type(part) is Text:
            choice.last_text = number
        self._events += (PartStarted(number, part, choice.index), PartEnded(number))

    def _take_reasoning(self, choice: ChoiceInMaking, text: str, details: Any) -> None:
        kept = details if type(details) is list else []
        if choice.kind != "reasoning":
            self._open(choice, "reasoning")
        for item in kept:
            join_detail(choice.details, item)
        text = text or details_text(kept)
        if text:
            self._events.append(ReasoningDelta(choice.part, text))

    def _take_items(self, choice: ChoiceInMaking, content: list[Any]) -> None:
        """Content as a list of items: texts go on, all else comes whole."""
        for item in content:
            for part in content_parts(item, self._dialect.provider):
                if isinstance(part, Text):
                    self._more(choice, "text", part.text)
                elif isinstance(part, Reasoning):
                    if choice.kind != "reasoning":
                        self._open(choice, "reasoning")
                    choice.thoughts.append(item)
                    self._events.append(ReasoningDelta(choice.part, part.text))
                else:
                    self._whole(choice, part)

    def _take_annotations(self, choice: ChoiceInMaking, annotations: Any) -> None:
        citations = list(citations_of(annotations))
        if citations and choice.last_text is None:
            self._open(choice, "text")
        assert choice.last_text is not None or not citations
        self._events += (Cited(choice.last_text or 0, citation) for citation in citations)

    # -- tool calls --------------------------------------------------------------------------------

    def _take_call(self, choice: ChoiceInMaking, item: dict[str, Any]) -> None:
        function = function_of(item)
        identity, name = given_id(item), str(function.get("name") or "")
        text = arguments_text(function.get("arguments"))
        call = self._call(choice, item.get("index"), identity, name)
        if call is None:
            return
        call.given_id = call.given_id or identity
        call.name = call.name or name
        call.opaque = call.opaque or call_opaque(item, self._dialect.provider)
        if text:
            call.pieces.append(text)
        if call.part is not None:
            if text:
                self._events.append(ArgumentsDelta(call.part, text))
        elif call.name:
            self._begin(choice, call)

    def _call(self, choice: ChoiceInMaking, index: Any, identity: str, name: str) -> CallInMaking | None:
        """The call a delta belongs to: the one of its index, else of its id, else the last; or a new one."""
        if type(index) is str and index.isdigit():
            index = figure(index)
        if type(index) is int:
            found = choice.by_index.get(index)
        elif identity:
            found = next((call for call in choice.calls if call.given_id == identity), None)
        else:
            found = choice.calls[-1] if choice.calls else None
        if found is not None and not is_other(found, identity, name):
            return found
        if not (identity or name) and type(index) is not int:
            return None  # a piece of no call
        call = CallInMaking(len(choice.calls))
        choice.calls.append(call)
        if type(index) is int:
            choice.by_index[index] = call
        return call

    def _take_hosted(self, choice: ChoiceInMaking, item: Any) -> None:
        """A call the provider makes itself: first what it calls, later, under the same index, what came of it."""
        index = item.get("index") if type(item) is dict else None
        known = choice.hosted.pop(index, {})
        whole = (
            {**known, **{name: value for name, value in item.items() if value}}
            if type(item) is dict
            else item
        )
        if type(whole) is dict and "output" not in whole:
            choice.hosted[index] = whole
            return
        for part in hosted_parts(whole):
            self._whole(choice, part)

    def _begin(self, choice: ChoiceInMaking, call: CallInMaking) -> None:
        self._close(choice)
        choice.seen = choice.called = True
        call.part = self._id()
        tool_call = ToolCall(call.given_id or call_id(call.place), call.name, "")
        self._events.append(PartStarted(call.part, tool_call, choice.index))
        if call.pieces:
            self._events.append(ArgumentsDelta(call.part, "".join(call.pieces)))

    # -- the end -----------------------------------------------------------------------------------

    def _ended(self) -> list[Event]:
        """What follows from the end mark, or from the end of the bytes after a finish reason."""
        events: list[Event] = []
        self._events = events
        if not any(choice.seen or choice.finish is not None for choice in self._choices.values()):
            kind = "stream.truncated" if self._records else "protocol.body"
            return self._failed(ErrorInfo(kind, "the stream ended without an answer"))
        for choice in self._choices.values():
            self._finish(choice)
        self._done = True
        ordered = sorted(self._choices)
        finishes = [self._finish_of(index) for index in range(ordered[-1] + 1)]
        usage = usage_of(self._usage).in_tier(self._tier)
        events.append(Finished(finishes[0], usage, tuple(finishes[1:])))
        return events

    def _finish_of(self, index: int) -> Finish:
        choice = self._choices.get(index)
        return Finish("unknown") if choice is None else finish_of(choice.finish, choice.called)

    def _finish(self, choice: ChoiceInMaking) -> None:
        self._close(choice)
        for item in choice.hosted.values():
            for part in hosted_parts(item):
                self._whole(choice, part)
        audio = audio_of(joined_audio(choice.audio), self._dialect.provider)
        if audio is not None:
            self._whole(choice, audio)
        for call in choice.calls:
            if call.part is None and (call.pieces or call.given_id):
                self._begin(choice, call)
            if call.part is not None:
                self._events.append(PartEnded(call.part, call.opaque))
        if self._sources is not None and choice.last_text is not None and choice.index == 0:
            self._events += (Cited(choice.last_text, citation) for citation in sources_of(self._sources))

    def _fail(self, body: Mapping[str, Any]) -> None:
        """Take note of a failure; what came with it and before it stays."""
        info = body_error(body, self._dialect, CODES)
        self._failure = info or ErrorInfo("server", "the provider reported an error without saying which")

    def _failed(self, info: ErrorInfo) -> list[Event]:
        self._done = True
        return [Failed(info.where(provider=self._dialect.provider))]


def _is_error(chunk: Mapping[str, Any]) -> bool:
    """Whether a chunk reports a failure: by an error object, by its type, or by a code of its own kind."""
    if chunk.get("error") or chunk.get("object") == "error" or chunk.get("type") == "error":
        return True
    status = chunk.get("base_resp")
    if isinstance(status, dict) and status.get("status_code"):
        return True
    return "choices" not in chunk and isinstance(chunk.get("detail") or chunk.get("message"), str)
