"""Events as a stream of the format: every item is announced, said in deltas, and said again when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import attrs

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
from jackfield.jsontext import dumps
from jackfield.types import Citation, Part, Reasoning, Refusal, Text, ToolCall, Usage
from jackfield.wire.responses.items import Item
from jackfield.wire.responses.tables import Rules
from jackfield.wire.responses.write import Items, annotation_of, failure_body, logprob, response

_TEXTS: Mapping[type, tuple[str, str]] = {Text: ("output_text", "text"), Refusal: ("refusal", "refusal")}


class ThoughtForm(NamedTuple):
    """What events of reasoning are called, and the piece they are about."""

    part: str
    text: str
    place: str
    kind: str


IN_SUMMARY = ThoughtForm("reasoning_summary_part", "reasoning_summary_text", "summary_index", "summary_text")
IN_FULL = ThoughtForm("content_part", "reasoning_text", "content_index", "reasoning_text")


class Slot:
    """A part on its way: where it is, and what of it was said."""

    __slots__ = ("citations", "id", "index", "part", "pieces", "place", "scores")

    def __init__(self, part: Part, identity: str, index: int, place: int = 0) -> None:
        self.part = part
        self.id = identity
        self.index = index
        self.place = place  # within a message
        self.pieces: list[str] = []
        self.citations: list[Citation] = []
        self.scores: list[Item] = []

    def whole(self, event: PartEnded) -> Part:
        """The part with everything that was said of it."""
        changes: dict[str, Any] = {}
        if self.pieces:
            changes["json" if isinstance(self.part, ToolCall) else "text"] = "".join(self.pieces)
        if self.citations:
            changes["citations"] = tuple(self.citations)
        if event.opaque is not None:
            changes["opaque"] = event.opaque
        part: Part = attrs.evolve(self.part, **changes)
        return part


class ResponsesWriter:
    """Writes one stream. Parts become items in the order in which they begin."""

    def __init__(self, rules: Rules, model: str) -> None:
        self._items = Items(rules)
        self._head = ("", model)
        self._usage = Usage()
        self._number = 0
        self._started = False
        self._output: dict[int, Item] = {}  # finished items, and messages that may still get contents
        self._messages: dict[int, int] = {}  # messages not closed yet -> their contents that are still open
        self._open: dict[int, Slot] = {}
        self._count = 0
        self._text: Slot | None = None  # the text that was said last

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        put = WRITERS.get(type(event))
        return b"" if put is None else put(self, event)

    def end(self) -> bytes:
        """Nothing: the event that holds the whole response is the end."""
        return b""

    # -- events ------------------------------------------------------------------------------------

    def _event(self, kind: str, **fields: Any) -> bytes:
        value = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), dumps(value))

    def _about(self, slot: Slot, kind: str, **fields: Any) -> bytes:
        return self._event(kind, item_id=slot.id, output_index=slot.index, **fields)

    def _within(self, slot: Slot, kind: str, **fields: Any) -> bytes:
        return self._about(slot, kind, content_index=slot.place, **fields)

    def _start(self, event: Started | None = None) -> bytes:
        if self._started:
            return b""
        self._started = True
        if event is not None:
            self._head = (event.id, event.model or self._head[1])
        body = response(*self._head, [], None, self._usage)
        return self._event("response.created", response=body) + self._event(
            "response.in_progress", response=body
        )

    def _on_metered(self, event: Metered) -> bytes:
        self._usage = event.usage
        return b""

    # -- items -------------------------------------------------------------------------------------

    def _on_part(self, event: PartStarted) -> bytes:
        if event.choice:
            return b""  # the format has one answer
        out, part = self._start(), event.part
        if isinstance(part, Text | Refusal):
            return out + self._begin_text(event.id, part)
        out += self._close_messages()
        identity = self._items.identity(part)
        begun = attrs.evolve(part, json="{}") if isinstance(part, ToolCall) and not part.hosted else part
        item = self._items.item(begun, identity)
        if item is None:
            return out
        slot = self._open[event.id] = Slot(part, str(item.get("id") or identity), self._count)
        self._count += 1
        out += self._event("response.output_item.added", output_index=slot.index, item=_begun(item))
        return out + (self._more_reasoning(slot, part.text) if isinstance(part, Reasoning) else b"")

    def _begin_text(self, number: int, part: Text | Refusal) -> bytes:
        own = self._items.own(part).get("id")
        index = next((i for i in self._messages if own is not None and self._output[i]["id"] == own), None)
        out = b""
        if index is None:
            out = self._close_messages()
            index = self._count
            self._count += 1
            item = self._output[index] = self._items.message(part, self._items.identity(part))
            self._messages[index] = 0
            begun = {**item, "status": "in_progress", "content": []}
            out += self._event("response.output_item.added", output_index=index, item=begun)
        slot = Slot(part, self._output[index]["id"], index, len(self._output[index]["content"]))
        self._open[number] = slot
        self._messages[index] += 1
        empty = self._items.content(type(part)(""))
        self._output[index]["content"].append(empty)
        self._text = slot
        out += self._within(slot, "response.content_part.added", part=empty)
        return out + self._filled(slot, part)

    def _filled(self, slot: Slot, part: Text | Refusal) -> bytes:
        """What a text holds already when it begins."""
        out = self._more_text(slot, part.text)
        citations = part.citations if isinstance(part, Text) else ()
        return out + b"".join(self._cite(slot, citation) for citation in citations)

    # -- deltas ------------------------------------------------------------------------------------

    def _on_text(self, event: TextDelta) -> bytes:
        slot = self._open.get(event.id)
        return b"" if slot is None else self._more_text(slot, event.text)

    def _more_text(self, slot: Slot, text: str) -> bytes:
        if not text:
            return b""
        slot.pieces.append(text)
        scores: dict[str, Any] = {"logprobs": []} if isinstance(slot.part, Text) else {}
        return self._within(slot, f"response.{_TEXTS[type(slot.part)][0]}.delta", delta=text, **scores)

    def _on_cited(self, event: Cited) -> bytes:
        slot = self._open.get(event.id)
        return b"" if slot is None else self._cite(slot, event.citation)

    def _cite(self, slot: Slot, citation: Citation) -> bytes:
        slot.citations.append(citation)
        number, annotation = len(slot.citations) - 1, annotation_of(citation)
        kind = "response.output_text.annotation.added"
        return self._within(slot, kind, annotation_index=number, annotation=annotation)

    def _on_logprobs(self, event: Logprobs) -> bytes:
        """Probabilities of what was just said; those that come late are in the finished item alone."""
        slot = self._text
        if event.choice or slot is None or not isinstance(slot.part, Text):
            return b""
        scores = [logprob(token) for token in event.tokens]
        slot.scores += scores
        self._output[slot.index]["content"][slot.place]["logprobs"] = slot.scores
        if slot not in self._open.values():
            return b""
        return self._within(slot, "response.output_text.delta", delta="", logprobs=scores)

    def _on_reasoning(self, event: ReasoningDelta) -> bytes:
        slot = self._open.get(event.id)
        return b"" if slot is None else self._more_reasoning(slot, event.text)

    def _more_reasoning(self, slot: Slot, text: str) -> bytes:
        if not text:
            return b""
        form = self._thought_form(slot)
        out = b"" if slot.pieces else self._thought(slot, form, "added", "")
        slot.pieces.append(text)
        return out + self._about(slot, f"response.{form.text}.delta", **{form.place: 0, "delta": text})

    def _thought(self, slot: Slot, form: ThoughtForm, step: str, text: str) -> bytes:
        part = {"type": form.kind, "text": text}
        return self._about(slot, f"response.{form.part}.{step}", **{form.place: 0, "part": part})

    def _thought_form(self, slot: Slot) -> ThoughtForm:
        """How a thought is said: in summary, unless what was kept with it holds the thing itself."""
        return IN_FULL if self._items.own(slot.part).get("content") else IN_SUMMARY

    def _on_arguments(self, event: ArgumentsDelta) -> bytes:
        slot = self._open.get(event.id)
        if slot is None or not event.json:
            return b""
        slot.pieces.append(event.json)
        if not isinstance(slot.part, ToolCall) or not self._is_function(slot.part):
            return b""  # said when it is whole
        return self._about(slot, "response.function_call_arguments.delta", delta=event.json)

    def _is_function(self, part: ToolCall) -> bool:
        return not part.hosted and self._items.own(part).get("type") in (None, "function_call")

    # -- ends --------------------------------------------------------------------------------------

    def _on_ended(self, event: PartEnded) -> bytes:
        slot = self._open.pop(event.id, None)
        if slot is None:
            return b""
        part = slot.whole(event)
        if isinstance(part, Text | Refusal):
            return self._end_text(slot, part)
        item = self._items.item(part, slot.id) or {}
        self._output[slot.index] = item
        out = self._said(slot, part, item)
        return out + self._event("response.output_item.done", output_index=slot.index, item=item)

    def _said(self, slot: Slot, part: Part, item: Item) -> bytes:
        """What was said in deltas, once more and whole."""
        if isinstance(part, Reasoning) and slot.pieces:
            form, text = self._thought_form(slot), part.text
            said = self._about(slot, f"response.{form.text}.done", **{form.place: 0, "text": text})
            return said + self._thought(slot, form, "done", text)
        if isinstance(part, ToolCall) and item.get("type") == "function_call":
            said, kind = item["arguments"], "response.function_call_arguments"
            delta = b"" if slot.pieces else self._about(slot, f"{kind}.delta", delta=said)
            return delta + self._about(slot, f"{kind}.done", arguments=said, name=part.name)
        if item.get("type") == "custom_tool_call":
            said, kind = item["input"], "response.custom_tool_call_input"
            return self._about(slot, f"{kind}.delta", delta=said) + self._about(
                slot, f"{kind}.done", input=said
            )
        return b""

    def _end_text(self, slot: Slot, part: Text | Refusal) -> bytes:
        """The end of a content. Its message stays open until something else begins: more may belong to it."""
        content = self._items.content(part)
        if slot.scores:
            content["logprobs"] = slot.scores
        message = self._output[slot.index]
        message |= {**self._items.message(part, slot.id), "content": message["content"]}
        message["content"][slot.place] = content
        self._messages[slot.index] -= 1
        kind, name = _TEXTS[type(part)]
        scores = {"logprobs": slot.scores} if isinstance(part, Text) else {}
        done = self._within(slot, f"response.{kind}.done", **{name: part.text}, **scores)
        return done + self._within(slot, "response.content_part.done", part=content)

    def _close_messages(self) -> bytes:
        """End the messages none of whose contents is open."""
        closed = [index for index, contents in self._messages.items() if not contents]
        for index in closed:
            del self._messages[index]
        return b"".join(
            self._event("response.output_item.done", output_index=index, item=self._output[index])
            for index in closed
        )

    def _on_finished(self, event: Finished) -> bytes:
        out = self._start() + b"".join(self._on_ended(PartEnded(part)) for part in list(self._open))
        out += self._close_messages()
        usage = event.usage if event.usage.known else self._usage
        output = [self._output[index] for index in sorted(self._output)]
        body = response(*self._head, output, event.finish, usage)
        return out + self._event(f"response.{body['status']}", response=body)

    def _on_failed(self, event: Failed) -> bytes:
        """The failure as an event of its own, which clients raise, and as the end of the response."""
        out, error = self._start(), failure_body(event.error)["error"]
        body = response(*self._head, [], None, self._usage)
        body |= {"status": "failed", "error": {"code": error["code"], "message": error["message"]}}
        flat = {name: error[name] for name in ("code", "message", "param")}
        return out + self._event("error", error=error, **flat) + self._event("response.failed", response=body)


def _begun(item: Item) -> Item:
    """An item as it begins: what grows is empty."""
    begun = {**item, "status": "in_progress"} if "status" in item else dict(item)
    return begun | {
        name: empty for name, empty in _GROWING.get(item.get("type", ""), {}).items() if name in item
    }


_GROWING: Mapping[str, Mapping[str, Any]] = {
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
    "reasoning": {"summary": [], "content": []},
}

WRITERS: Mapping[type, Callable[[ResponsesWriter, Any], bytes]] = {
    Started: ResponsesWriter._start,
    Metered: ResponsesWriter._on_metered,
    PartStarted: ResponsesWriter._on_part,
    TextDelta: ResponsesWriter._on_text,
    ReasoningDelta: ResponsesWriter._on_reasoning,
    ArgumentsDelta: ResponsesWriter._on_arguments,
    Cited: ResponsesWriter._on_cited,
    Logprobs: ResponsesWriter._on_logprobs,
    PartEnded: ResponsesWriter._on_ended,
    Finished: ResponsesWriter._on_finished,
    Failed: ResponsesWriter._on_failed,
}
