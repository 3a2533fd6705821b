"""The records of a stream as events: each is an answer in small, and only the end of the bytes is an end.

Texts of one kind run on until something else comes. A part that carries a signature stands alone, even if it
says nothing: it goes back where it came from. Figures are running totals; the last of each holds. A finish
reason may come before the last text (2026-03, where code was run), so nothing but the end decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Malformed
from jackfield.events import (
    Cited,
    Event,
    Failed,
    Finished,
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
)
from jackfield.framing.sse import BARE
from jackfield.jsontext import loads
from jackfield.types import UNFINISHED, UNKNOWN_USAGE, Finish, Reasoning, Text, ToolCall
from jackfield.wire.base import Dialect
from jackfield.wire.generate_content.grounding import citations_of, has_citations, searches_of
from jackfield.wire.generate_content.parse import (
    blocked_prompt,
    call_id,
    details_of,
    failed,
    finish_of,
    index_of,
    malformed,
    parts_of,
    stream_failure,
    word_or,
)
from jackfield.wire.generate_content.partial import PartialCall
from jackfield.wire.generate_content.parts import part_of
from jackfield.wire.generate_content.tables import Rules
from jackfield.wire.generate_content.usage import COUNTED, usage_of

END_MARK = "[DONE]"  # the format has none, but hosts that speak several formats send it


class Answering:
    """One candidate under construction."""

    __slots__ = ("called", "calling", "cited", "finish", "index", "open", "searches", "text", "thinks")

    def __init__(self, index: int) -> None:
        self.index = index
        self.open = -1  # the number of the text or thought that runs on
        self.thinks = False  # whether it is a thought
        self.text: list[str] = []  # what the open or last text says so far
        self.calling: PartialCall | None = None
        self.called = False
        self.cited: list[Any] = []  # what was told: later records may repeat it
        self.searches = 0
        self.finish: Finish | None = None


class ContentStream:
    """Parses one stream."""

    __slots__ = (
        "_answers",
        "_blocked",
        "_calls",
        "_dialect",
        "_figures",
        "_identity",
        "_last_text",
        "_next",
        "_rules",
    )

    def __init__(self, rules: Rules, dialect: Dialect) -> None:
        self._rules = rules
        self._dialect = dialect
        self._answers: dict[int, Answering] = {}
        self._identity: str | None = None
        self._next = 0
        self._calls = 0
        self._last_text: dict[int, int] = {}
        self._figures: dict[str, Any] = {}
        self._blocked: ErrorInfo | None = None

    def feed(self, record: Any) -> list[Event]:
        """The events of one record."""
        value = self._value(record)
        if value is None:
            return []
        events: list[Event] = []
        if self._identity is None:
            if "error" in value and failed(value):
                return [Failed(stream_failure(value, self._dialect))]
            self._identity = word_or(value.get("responseId"))
            events.append(Started(self._identity, word_or(value.get("modelVersion"))))
        candidates = value.get("candidates")
        if candidates:
            for place, candidate in enumerate(candidates):
                if not self._said(candidate, place, events):
                    self._take(candidate, place, events)
        elif value.get("promptFeedback"):
            self._blocked = blocked_prompt(value, self._dialect)
        elif failed(value):
            return [*events, Failed(stream_failure(value, self._dialect))]
        figures = value.get("usageMetadata")
        if figures:
            self._meter(figures, events)
        return events

    def _value(self, record: Any) -> dict[str, Any] | None:
        """The JSON of a record; nothing for one that was cut short with the stream, which its end will tell."""
        data = record if type(record) is str else record.data
        if data == END_MARK:
            return None
        try:
            value = loads(data)
        except Malformed:
            if type(record) is str or record.complete or record.event == BARE:
                raise
            return None
        if type(value) is list and value:  # seen around a failure
            value = value[0]
        if type(value) is not dict:
            raise malformed("a record of the stream is no JSON object").to_exception()
        return value

    def _meter(self, figures: Any, events: list[Event]) -> None:
        """Tell the first figures at once, so that a stream that breaks has some; the last come with its end."""
        first = not self._figures
        if type(figures) is dict and not COUNTED.isdisjoint(figures):
            self._figures.update(figures)
            if first:
                events.append(Metered(usage_of(figures)))

    # -- candidates --------------------------------------------------------------------------------

    def _said(self, candidate: Any, place: int, events: list[Event]) -> bool:
        """Take in a candidate that only says more of its text, as most do: half the time of what follows."""
        if type(candidate) is not dict:
            return False
        index, content = candidate.get("index", place), candidate.get("content")
        answer = self._answers.get(index) if type(index) is int else None
        if answer is None or answer.open < 0 or answer.thinks or type(content) is not dict:
            return False
        parts = content.get("parts")
        if len(candidate) > ("index" in candidate) + 1 or type(parts) is not list or len(parts) != 1:
            return False
        raw = parts[0]
        text = raw.get("text") if type(raw) is dict and len(raw) == 1 else None
        if type(text) is not str or not text:
            return False
        answer.text.append(text)
        events.append(TextDelta(answer.open, text))
        return True

    def _take(self, candidate: Any, place: int, events: list[Event]) -> None:
        if type(candidate) is not dict:
            raise malformed("a candidate is no object").to_exception()
        index = index_of(candidate, place)
        answer = self._answers.get(index)
        if answer is None:
            answer = self._answers[index] = Answering(index)
        more = len(candidate) > ("index" in candidate) + ("content" in candidate)
        citing = candidate if more and has_citations(candidate) else None
        for raw in parts_of(candidate):
            self._take_part(raw, answer, events, citing)
        if more:
            if citing is not None:
                self._cite(candidate, answer, events)
            events += details_of(candidate, index)
            if candidate.get("finishReason"):
                answer.finish = finish_of(candidate, called=False)

    def _take_part(
        self, raw: Any, answer: Answering, events: list[Event], citing: Mapping[str, Any] | None
    ) -> None:
        if type(raw) is dict and type(raw.get("text")) is str:
            size = len(raw)
            thinks = size > 1 and raw.get("thought") is True
            if size == 1 or (size == 2 and "thought" in raw):
                self._run_on(raw["text"], thinks, answer, events, citing)
                return
        self._close(answer, events, citing)
        if type(raw) is dict and type(raw.get("functionCall")) is dict:
            raw = self._called(raw, answer)
            if raw is None:
                return
        part = part_of(raw, self._rules, call_id(self._identity or "", self._calls))
        if type(part) is ToolCall:
            self._calls += 1
            answer.called = True
        self._whole(part, answer, events)

    def _run_on(
        self,
        text: str,
        thinks: bool,
        answer: Answering,
        events: list[Event],
        citing: Mapping[str, Any] | None,
    ) -> None:
        """More of a text or a thought; the first of it begins a part."""
        if not text:
            return
        if answer.open < 0 or answer.thinks is not thinks:
            self._close(answer, events, citing)
            answer.open, answer.thinks = self._number(), thinks
            events.append(PartStarted(answer.open, Reasoning("") if thinks else Text(""), answer.index))
            if not thinks:
                answer.text = []
                self._last_text[answer.index] = answer.open
        if thinks:
            events.append(ReasoningDelta(answer.open, text))
        else:
            answer.text.append(text)
            events.append(TextDelta(answer.open, text))

    def _whole(self, part: Any, answer: Answering, events: list[Event]) -> None:
        """A part that came whole; the words of a text are still told as they come."""
        number = self._number()
        if type(part) is Text and part.text:
            self._last_text[answer.index] = number
            answer.text = [part.text]
            events += (
                PartStarted(number, Text(""), answer.index),
                TextDelta(number, part.text),
                PartEnded(number, part.opaque),
            )
        elif type(part) is Reasoning and part.text:
            events += (
                PartStarted(number, Reasoning(""), answer.index),
                ReasoningDelta(number, part.text),
                PartEnded(number, part.opaque),
            )
        else:
            events += (PartStarted(number, part, answer.index), PartEnded(number))

    def _called(self, raw: dict[str, Any], answer: Answering) -> dict[str, Any] | None:
        """The part with its whole call; nothing while arguments are still to come."""
        call = raw["functionCall"]
        if answer.calling is None and not ("partialArgs" in call or call.get("willContinue")):
            return raw
        if answer.calling is None:
            answer.calling = PartialCall(call)
        else:
            answer.calling.add(call)
        beside = {name: value for name, value in raw.items() if name != "functionCall"}
        answer.calling.beside |= beside
        if call.get("willContinue"):
            return None
        whole, beside = answer.calling.whole(), answer.calling.beside
        answer.calling = None
        return {**beside, "functionCall": whole}

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _close(self, answer: Answering, events: list[Event], citing: Mapping[str, Any] | None = None) -> None:
        """End the part that runs on, after what is cited in it."""
        if answer.open >= 0:
            if citing is not None and not answer.thinks:
                self._cite(citing, answer, events)
            events.append(PartEnded(answer.open))
            answer.open = -1

    def _cite(self, candidate: Mapping[str, Any], answer: Answering, events: list[Event]) -> None:
        """Cite in the last text; where there is none yet, an empty one stands for the answer."""
        answer.searches = max(answer.searches, searches_of(candidate))
        number = self._last_text.get(answer.index, -1)
        for _, citation in citations_of(candidate, [(number, "".join(answer.text))]):
            if citation.raw not in answer.cited:
                number = self._citable(answer, events) if number < 0 else number
                answer.cited.append(citation.raw)
                events.append(Cited(number, citation))

    def _citable(self, answer: Answering, events: list[Event]) -> int:
        """An empty text that stands for an answer that has none yet."""
        self._close(answer, events)
        number = self._last_text[answer.index] = answer.open = self._number()
        answer.thinks = False
        events.append(PartStarted(number, Text(""), answer.index))
        return number

    # -- the end -----------------------------------------------------------------------------------

    def end(self) -> list[Event]:
        """``Finished`` if every answer has said why it ended; else the stream was cut short."""
        answers = self._answers.values()
        cut = not answers or any(map(_is_cut, answers))
        if cut and self._blocked is not None:
            return [Failed(self._blocked)]
        if cut:
            who = self._dialect.provider or "the provider"
            return [
                Failed(ErrorInfo("stream.truncated", f"{who} ended the stream before the answer", sent="yes"))
            ]
        events: list[Event] = []
        for answer in answers:
            self._close(answer, events)
        finishes = {answer.index: _finish(answer) for answer in answers}
        rest = tuple([finishes.get(index, UNFINISHED) for index in range(1, max(finishes) + 1)])
        searches = sum(answer.searches for answer in answers)
        usage = usage_of(self._figures, searches) if self._figures else UNKNOWN_USAGE
        return [*events, Finished(finishes.get(0, UNFINISHED), usage, rest)]


def _is_cut(answer: Answering) -> bool:
    """Whether an answer is not complete: half a call is none, unless it was the answer's own limit that cut it."""
    return answer.finish is None or (answer.calling is not None and answer.finish.reason == "stop")


def _finish(answer: Answering) -> Finish:
    finish = answer.finish or UNFINISHED
    return Finish("tool_calls", finish.raw) if answer.called and finish.reason == "stop" else finish
