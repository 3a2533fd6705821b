"""Messages as items of the format: one function for each type of part.

An answer that goes back is the items it came as: what was kept with its parts is laid over what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jackfield.jsontext import loads
from jackfield.types import (
    Audio,
    CachePoint,
    Document,
    Image,
    Media,
    Message,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from jackfield.wire.chat_completions.tables import AUDIO_FORMATS
from jackfield.wire.responses.items import HOSTED, Item
from jackfield.wire.responses.tables import Rules, unsupported

CONTENT = "content_part"
"""The key under which a content nobody knows is kept, to tell it from an item."""

BREAKPOINT = "prompt_cache_breakpoint"


class Turns:
    """Renders messages, one after the other, into one list of items."""

    __slots__ = ("_custom", "_plain", "_rules", "_stored", "items")

    def __init__(self, rules: Rules, stored: bool = True) -> None:
        self._rules = rules
        self._stored = stored  # whether the provider remembers the items it made
        self._custom: set[str] = (
            set()
        )  # ids of calls with free text: their results are of a type of their own
        self._plain: Item | None = None  # the item for what this message says that has none of its own
        self.items: list[Item] = []

    def add(self, message: Message) -> None:
        """Append the items of one message; the format has no place for the name of who speaks."""
        self._plain = None
        if message.role == "assistant":
            for part in message.parts:
                self.answered(part)
        elif message.role == "system":
            self._said(self._rules.system_role, message.parts)
        else:
            self._asked(message.parts)

    def _asked(self, parts: tuple[Part, ...]) -> None:
        """A turn of the user's; the results of tools in it are items of their own, and come first."""
        rest: list[Part] = []
        for part in parts:
            own = self._rules.seal.open(part.opaque) if isinstance(part, Other) else None
            if isinstance(part, ToolResult):
                self._result(part)
            elif own is not None and CONTENT not in own:
                self._append(own)
            else:
                rest.append(part)
        if any(not isinstance(part, CachePoint) for part in rest) or not parts:
            self._said("user", tuple(rest))

    def _said(self, role: str, parts: tuple[Part, ...]) -> None:
        self.items.append({"role": role, "content": self.content(parts)})

    # -- what the model said -----------------------------------------------------------------------

    def answered(self, part: Part) -> None:
        """Append what the model said or did; what was sealed by others is left out."""
        add = ANSWERED.get(type(part))
        if add is None:
            what = type(part).__name__.lower()
            raise unsupported(f"{what} in a turn of the model", self._rules, "put it into a user turn")
        add(self, part)

    def _append(self, item: Mapping[str, Any]) -> None:
        without = self._rules.replay_without
        self.items.append(
            {name: value for name, value in item.items() if name not in without} if without else dict(item)
        )

    def _text(self, part: Text) -> None:
        own = self._rules.seal.open(part.opaque)
        content: Item = {"type": "output_text", "text": part.text}
        if own is not None:
            content["annotations"] = [citation.raw for citation in part.citations]
        self._message(content, own)

    def _refusal(self, part: Refusal) -> None:
        content = {"type": "refusal", "refusal": part.text}
        self._message(content, self._rules.seal.open(part.opaque))

    def _message(self, content: Item, own: Mapping[str, Any] | None) -> None:
        """One content; contents of one item, and what has no item, are put together again."""
        last = self.items[-1] if self.items else {}
        if own is None:
            if last is self._plain:
                last["content"] = [*_listed(last["content"]), content]
            else:
                text = content["text"] if content["type"] == "output_text" else [content]
                self._plain = {"role": "assistant", "content": text}
                self.items.append(self._plain)
            return
        kept = {name: value for name, value in own.items() if name != "content"}
        content |= own.get("content", {})
        if last.get("type") == "message" and "id" in kept and last.get("id") == kept["id"]:
            last["content"].append(content)
        else:
            self._append({"type": "message", "role": "assistant", **kept, "content": [content]})

    def _reasoning(self, part: Reasoning) -> None:
        """Reasoning goes back as it came, unless nobody could tell what it was: neither stored nor sealed."""
        own = self._rules.seal.open(part.opaque)
        if own is not None and (self._stored or own.get("encrypted_content") or own.get("content")):
            self._append(own)

    def _call(self, part: ToolCall) -> None:
        own = self._rules.seal.open(part.opaque)
        kind = own.get("type", "") if own else ""
        if part.hosted:
            if kind in HOSTED and own:
                self._append(own)
            return
        if kind == "custom_tool_call":
            self._custom.add(part.id)
            said = {"type": kind, "call_id": part.id, "name": part.name, "input": free_text(part)}
        else:
            said = {
                "type": "function_call",
                "call_id": part.id,
                "name": part.name,
                "arguments": part.json or "{}",
            }
        self._append({**said, **(own or {})})

    def _result(self, part: ToolResult) -> None:
        if part.hosted:
            return  # it is in the call's own item
        kind = "custom_tool_call_output" if part.call_id in self._custom else "function_call_output"
        own = self._rules.seal.open(part.opaque) or {}
        output = self.content(part.parts) if part.parts else ""
        self._append({"type": kind, "call_id": part.call_id, "output": output, **own})

    def _other(self, part: Other) -> None:
        own = self._rules.seal.open(part.opaque)
        if own is not None and CONTENT not in own:
            self._append(own)

    def _image(self, part: Image) -> None:
        own = self._rules.seal.open(part.opaque)
        if own is None or part.data is None:
            raise unsupported("a picture in a turn of the model", self._rules, "put it into a user turn")
        self._append({"type": "image_generation_call", "result": part.base64, **own})

    def _nothing(self, part: CachePoint) -> None:
        """A cache point: the format has no place for one among what the model said."""

    # -- content -----------------------------------------------------------------------------------

    def content(self, parts: tuple[Part, ...]) -> str | list[Item]:
        """One text is a string, all else a list."""
        if len(parts) == 1 and type(parts[0]) is Text and parts[0].opaque is None:
            return parts[0].text
        contents: list[Item] = []
        for part in parts:
            if isinstance(part, CachePoint):
                if contents and self._rules.cache_points:
                    contents[-1][BREAKPOINT] = _breakpoint(part)
            else:
                contents += self._contents(part)
        return contents

    def _contents(self, part: Part) -> Iterable[Item]:
        render = CONTENTS.get(type(part))
        if render is not None:
            own = self._rules.seal.open(getattr(part, "opaque", None)) or {}
            rendered = render(part, self._rules)
            return [*rendered[:-1], {**rendered[-1], **own.get(CONTENT, {})}]
        if isinstance(part, Other):
            kept = (self._rules.seal.open(part.opaque) or {}).get(CONTENT)
            return [dict(kept)] if kept else []
        raise unsupported(f"a part of type {type(part).__name__} in this turn", self._rules)


ANSWERED: Mapping[type, Callable[[Turns, Any], None]] = {
    Text: Turns._text,
    Refusal: Turns._refusal,
    Reasoning: Turns._reasoning,
    ToolCall: Turns._call,
    ToolResult: Turns._result,
    Image: Turns._image,
    Other: Turns._other,
    CachePoint: Turns._nothing,
}


def _listed(content: str | list[Item]) -> list[Item]:
    return [{"type": "output_text", "text": content}] if isinstance(content, str) else content


def _breakpoint(point: CachePoint) -> Item:
    return {"mode": "explicit"} if point.ttl is None else {"mode": "explicit", "ttl": point.ttl}


def free_text(call: ToolCall) -> str:
    """The one argument of a call with free text."""
    value = loads(call.json or "{}")
    text = value.get("input") if isinstance(value, dict) else None
    return text if isinstance(text, str) else call.json


def _text(part: Text, rules: Rules) -> list[Item]:
    return [{"type": "input_text", "text": part.text}]


def _image(part: Image, rules: Rules) -> list[Item]:
    item: Item = {"type": "input_image", **_source(part, "image_url")}
    if part.detail is not None:
        item["detail"] = part.detail
    return [item]


def _source(part: Media, field: str) -> Item:
    return {"file_id": part.file_id} if part.file_id is not None else {field: part.data_url}


def _audio(part: Audio, rules: Rules) -> list[Item]:
    if part.data is None:
        raise unsupported("audio by address or file id", rules, "send its bytes")
    form = AUDIO_FORMATS.get(part.media_type) or part.media_type.partition("/")[2].removeprefix("x-")
    return [{"type": "input_audio", "input_audio": {"data": part.base64, "format": form}}]


def _document(part: Document, rules: Rules) -> list[Item]:
    if part.citations:
        raise unsupported("a wish for citations of a document", rules, "ask for them in words")
    item: Item = {"type": "input_file"}
    if part.data is not None:
        item["filename"] = part.name or f"document.{part.media_type.rpartition('/')[2]}"
        item["file_data"] = part.data_url
    else:
        item |= _source(part, "file_url")
    context: list[Item] = [{"type": "input_text", "text": part.context}] if part.context else []
    return [*context, item]


CONTENTS: Mapping[type, Callable[[Any, Rules], list[Item]]] = {
    Text: _text,
    Image: _image,
    Audio: _audio,
    Document: _document,
}
