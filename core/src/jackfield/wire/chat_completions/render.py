"""Requests to bodies: our words to the format's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jackfield.types import (
    Audio,
    CachePoint,
    Document,
    HostedTool,
    Image,
    Message,
    Opaque,
    Other,
    Output,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from jackfield.wire.chat_completions.forms import (
    DOCUMENTS,
    EFFORTS,
    NAME,
    SOUNDS,
    cache_control,
    short_id,
    unsupported,
)
from jackfield.wire.chat_completions.settings import Settings
from jackfield.wire.chat_completions.tables import OPTION_FIELDS
from jackfield.wire.schemas import is_closed

WIRE = NAME
WEB_SEARCH = "web_search"

_NOT_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Renderer:
    """Renders for one dialect: its settings, and whose opaque payloads may go back."""

    __slots__ = ("_by_role", "_by_type", "_provider", "_settings")

    def __init__(self, settings: Settings, provider: str) -> None:
        self._settings = settings
        self._provider = provider
        self._by_role: Mapping[str, Callable[[Message], list[dict[str, Any]]]] = {
            "system": self._system,
            "user": self._user,
            "tool": self._user,
            "assistant": self._assistant,
        }
        self._by_type: Mapping[type, Callable[[Any], list[dict[str, Any]]]] = {
            **_ITEMS,
            Document: DOCUMENTS[settings.documents],
            Audio: SOUNDS[settings.audio],
        }

    def body(self, request: Request, stream: bool) -> dict[str, Any]:
        """The body of a request, before quirks and extras."""
        messages: list[dict[str, Any]] = []
        for message in request.messages:
            messages += self._by_role[message.role](message)
        body: dict[str, Any] = {"model": request.model, "messages": messages}
        if request.tools:
            self._add_tools(body, request.tools)
        if request.tool_choice is not None:
            body["tool_choice"] = _tool_choice(request.tool_choice)
        if request.output is not None:
            body["response_format"] = _response_format(request.output)
        if request.options:
            _add_options(body, request.options, self._settings.reasoning)
        if self._settings.prefill and messages and messages[-1]["role"] == "assistant":
            messages[-1][self._settings.prefill] = True
        if stream:
            body["stream"] = True
            if self._settings.usage_opt_in:
                body["stream_options"] = {"include_usage": True}
        return body

    # -- turns -------------------------------------------------------------------------------------

    def _system(self, message: Message) -> list[dict[str, Any]]:
        turn = {"role": self._settings.system_role, "content": self._content(message.parts)}
        return [self._named(turn, message)]

    def _user(self, message: Message) -> list[dict[str, Any]]:
        """A user turn; the results of tools in it are messages of their own, and come first."""
        parts = message.parts
        if len(parts) == 1 and type(parts[0]) is Text and message.name is None:
            return [{"role": "user", "content": parts[0].text}]
        results = [self._result(part) for part in parts if isinstance(part, ToolResult) and not part.hosted]
        rest = tuple(part for part in parts if not isinstance(part, ToolResult))
        if not all(isinstance(part, CachePoint) for part in rest):
            results.append(self._named({"role": "user", "content": self._content(rest)}, message))
        return results

    def _result(self, result: ToolResult) -> dict[str, Any]:
        parts = result.parts
        if self._settings.tool_media == "refuse" and not all(
            isinstance(part, Text | CachePoint) for part in parts
        ):
            raise unsupported("anything but text as a tool's answer", "describe it in words")
        content = self._content(parts) if parts else ""
        return {"role": "tool", "tool_call_id": self._call_id(result.call_id), "content": content}

    def _assistant(self, message: Message) -> list[dict[str, Any]]:
        turn: dict[str, Any] = {"role": "assistant"}
        texts = [part.text for part in message.parts if isinstance(part, Text)]
        if texts:
            turn["content"] = "".join(texts)
        for part in message.parts:
            add = _ASSISTANT.get(type(part))
            if add is not None:
                add(self, turn, part)
        if self._settings.reasoning_stand_in and "tool_calls" in turn:
            turn.setdefault(self._settings.reasoning_replay, self._settings.reasoning_stand_in)
        if "content" not in turn:
            if self._settings.null_content != "omit":
                turn["content"] = None if self._settings.null_content == "null" else ""
            elif len(turn) == 1:
                turn["content"] = ""  # nothing of the turn can go back: an empty one keeps the order of turns
        return [self._named(turn, message)]

    def _add_call(self, turn: dict[str, Any], call: ToolCall) -> None:
        if call.hosted:
            return  # the provider ran it; the format has no way to tell it so
        function = {"name": call.name, "arguments": call.json or "{}"}
        rendered: dict[str, Any] = {"id": self._call_id(call.id), "type": "function", "function": function}
        rendered |= self._own(call.opaque) or {}
        turn.setdefault("tool_calls", []).append(rendered)

    def _named(self, turn: dict[str, Any], message: Message) -> dict[str, Any]:
        if message.name is not None and (turn["role"] == "user" or self._settings.names == "all"):
            if self._settings.names != "none":
                turn["name"] = message.name
        return turn

    def _call_id(self, given: str) -> str:
        length = self._settings.call_id_length
        return short_id(given, length) if length else given

    def _add_reasoning(self, turn: dict[str, Any], part: Reasoning) -> None:
        """Reasoning goes back only where it is wanted, and only what came from there or from the caller."""
        replay = self._settings.reasoning_replay
        if replay == "none" or (part.opaque is not None and self._own(part.opaque) is None):
            return
        if replay in ("reasoning_content", "reasoning"):
            turn[replay] = turn.get(replay, "") + part.text
            return
        kept = (self._own(part.opaque) or {}).get(replay)
        if not isinstance(kept, list):
            return
        if replay == "content":
            text = turn.get("content", "")
            before = text if isinstance(text, list) else [{"type": "text", "text": text}] if text else []
            turn["content"] = [*(item for item in before if item["type"] != "text"), *kept, *_texts(before)]
        else:
            turn[replay] = [*turn.get(replay, ()), *kept]

    def _add_refusal(self, turn: dict[str, Any], part: Refusal) -> None:
        turn["refusal"] = turn.get("refusal", "") + part.text

    def _add_audio(self, turn: dict[str, Any], part: Audio) -> None:
        kept = (self._own(part.opaque) or {}).get("audio")
        if isinstance(kept, dict):
            turn["audio"] = kept
        elif part.transcript:
            turn["content"] = turn.get("content", "") + part.transcript
        else:
            raise unsupported("sound in a turn of the model", "leave it out, or say it as text")

    def _add_media(self, turn: dict[str, Any], part: Part) -> None:
        raise unsupported(f"{type(part).__name__.lower()}s in a turn of the model", "put it into a user turn")

    def _add_result(self, turn: dict[str, Any], part: ToolResult) -> None:
        if not part.hosted:
            raise unsupported(
                "the result of a tool in a turn of the model", "put it into a turn of role tool"
            )

    def _own(self, opaque: Opaque | None) -> Mapping[str, Any] | None:
        """The payload, if it came over this wire from this provider."""
        if opaque is not None and opaque.wire == WIRE and opaque.provider == self._provider:
            return opaque.data
        return None

    # -- content -----------------------------------------------------------------------------------

    def _content(self, parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
        """One text is a string, all else a list."""
        if len(parts) == 1 and type(parts[0]) is Text:
            return parts[0].text
        kept = [part for part in parts if not isinstance(part, CachePoint)]
        if len(kept) < len(parts) and self._settings.cache_points != "omit":
            return self._marked(parts)
        texts = [part.text for part in kept if isinstance(part, Text)]
        if len(texts) == len(kept) and (len(kept) < 2 or self._settings.content_as_text):
            return "".join(texts)
        return [item for part in kept for item in self._items(part)]

    def _marked(self, parts: tuple[Part, ...]) -> list[dict[str, Any]]:
        """The items of parts, those before a cache point marked with it."""
        items: list[dict[str, Any]] = []
        for part in parts:
            if not isinstance(part, CachePoint):
                items += self._items(part)
            elif items:
                items[-1]["cache_control"] = cache_control(part)
        return items

    def _items(self, part: Part) -> list[dict[str, Any]]:
        render = self._by_type.get(type(part))
        if render is not None:
            return render(part)
        if isinstance(part, Other):
            kept = self._own(part.opaque)
            return [dict(kept)] if kept is not None else []
        raise unsupported(f"a part of type {type(part).__name__} in this turn")

    # -- tools -------------------------------------------------------------------------------------

    def _add_tools(self, body: dict[str, Any], tools: tuple[Tool | HostedTool, ...]) -> None:
        rendered = []
        for tool in tools:
            if isinstance(tool, Tool):
                rendered.append({"type": "function", "function": _function(tool)})
            elif tool.kind in self._settings.hosted_tools:
                rendered.append({"type": tool.kind, **tool.options})
            elif tool.kind == WEB_SEARCH and self._settings.web_search:
                body["web_search_options"] = dict(tool.options)
            else:
                raise unsupported(f"the hosted tool `{tool.kind}` to this provider")
        if rendered:
            body["tools"] = rendered


_ASSISTANT: Mapping[type, Callable[[Renderer, dict[str, Any], Any], None]] = {
    ToolCall: Renderer._add_call,
    ToolResult: Renderer._add_result,
    Reasoning: Renderer._add_reasoning,
    Refusal: Renderer._add_refusal,
    Audio: Renderer._add_audio,
    Image: Renderer._add_media,
    Video: Renderer._add_media,
    Document: Renderer._add_media,
}


def _texts(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in items if item["type"] == "text"]


def _text(part: Text) -> list[dict[str, Any]]:
    return [{"type": "text", "text": part.text}]


def _image(part: Image) -> list[dict[str, Any]]:
    if part.file_id is not None:
        raise unsupported("an image by file id", "send its bytes or its address")
    image = {"url": part.data_url}
    if part.detail is not None:
        image["detail"] = part.detail
    return [{"type": "image_url", "image_url": image}]


def _video(part: Video) -> list[dict[str, Any]]:
    if part.file_id is not None:
        raise unsupported("a video by file id", "send its bytes or its address")
    return [{"type": "video_url", "video_url": {"url": part.data_url}}]


_ITEMS: Mapping[type, Callable[[Any], list[dict[str, Any]]]] = {
    Text: _text,
    Image: _image,
    Video: _video,
}


def _function(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.schema
    if tool.strict is not None:
        function["strict"] = tool.strict
    return function


def _tool_choice(choice: str) -> str | dict[str, Any]:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def _response_format(output: Output) -> dict[str, Any]:
    if output.schema is None:
        return {"type": "json_object"}
    form: dict[str, Any] = {"name": _NOT_NAME.sub("_", output.name)[:64] or "answer"}
    if output.description:
        form["description"] = output.description
    form["schema"] = output.schema
    # A class of the caller's is meant to be built from the answer: held to strictly wherever its schema allows.
    strict = True if output.strict is None and output.target and is_closed(output.schema) else output.strict
    if strict is not None:
        form["strict"] = strict
    return {"type": "json_schema", "json_schema": form}


def _add_options(body: dict[str, Any], options: Mapping[str, Any], reasoning: str) -> None:
    for name, value in options.items():
        field = OPTION_FIELDS.get(name)
        if field is None:
            raise unsupported(f"option `{name}`", "leave it out")
        body[field] = list(value) if isinstance(value, tuple) else value
    if "top_logprobs" in options:
        body.setdefault("logprobs", True)  # the one is refused without the other
    if "tools" not in body:
        body.pop("parallel_tool_calls", None)  # refused, and without meaning, where there are no tools
    if "reasoning" in options:
        EFFORTS[reasoning](body, body.pop("reasoning_effort"))
