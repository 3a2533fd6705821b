"""What the echo says: the same answer to the same request, always."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from jackfield.jsontext import dump_text
from jackfield.types import (
    Completion,
    Finish,
    Message,
    Part,
    Reasoning,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield_echo.sample import sample

_TOKEN = re.compile(r"\s*\S+\s*")


def tokens_of(text: str) -> int:
    """Words: an echo's tokens."""
    return len(_TOKEN.findall(text))


def answer_to(request: Request) -> Completion:
    """The echo of a request: tool calls if it offers tools that are asked for, else what was said last."""
    calls = _calls(request)
    text, finish = _cut(_said(request), request.options)
    parts: tuple[Part, ...] = calls or (Text(text),)
    finish = Finish("tool_calls", "tool_calls") if calls else finish
    thought = _thought(request)
    return Completion(
        (*thought, *parts),
        finish,
        _usage(request, parts, thought),
        request.model,
        id="echo-" + hashlib.sha256(repr(request).encode()).hexdigest()[:12],
    )


def _cut(text: str, options: Mapping[str, Any]) -> tuple[str, Finish]:
    """The text up to a stop sequence or to the limit of tokens, and why it ends there."""
    ends = [place for stop in options.get("stop", ()) if (place := text.find(stop)) >= 0]
    text = text[: min(ends)] if ends else text
    words, limit = _TOKEN.findall(text), options.get("max_tokens")
    if limit is None or len(words) <= limit:
        return text, Finish("stop", "stop")
    return "".join(words[:limit]), Finish("length", "length")


def vector_of(text: str, dimensions: int) -> tuple[float, ...]:
    """A vector that depends on nothing but the text."""
    digest = hashlib.shake_128(text.encode()).digest(dimensions)
    return tuple(byte / 255 for byte in digest)


def _said(request: Request) -> str:
    if request.output is not None:
        return dump_text(sample(request.output.schema or {"type": "object"}, _last_text(request)))
    return _last_text(request)


def _last_text(request: Request) -> str:
    """The text of the last turn; media are named, tool results are quoted."""
    last = request.messages[-1]
    return " ".join(filter(None, map(_words, last.parts)))


def _words(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, ToolResult):
        return part.text
    media_type = getattr(part, "media_type", None)
    return f"[{media_type}]" if media_type else ""


def _calls(request: Request) -> tuple[ToolCall, ...]:
    """Every offered tool the prompt names, or the one that must be called; none once results are there."""
    last: Message = request.messages[-1]
    choice = request.tool_choice
    if last.role != "user" or choice == "none":
        return ()
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    named = [
        tool for tool in tools if choice == tool.name or (choice in (None, "auto") and tool.name in last.text)
    ]
    chosen = tools[:1] if choice == "required" else named
    return tuple(_call(number, tool, last.text) for number, tool in enumerate(chosen))


def _call(number: int, tool: Tool, text: str) -> ToolCall:
    schema: Mapping[str, Any] = tool.schema
    return ToolCall(f"call_{number}", tool.name, dump_text(sample(schema, text)))


def _thought(request: Request) -> tuple[Reasoning, ...]:
    asked = request.options.get("reasoning", "none")
    return () if asked in ("none", 0) else (Reasoning("The same words go back."),)


def _usage(request: Request, parts: tuple[Part, ...], thought: tuple[Reasoning, ...]) -> Usage:
    texts = [
        part.text
        for message in request.messages
        for part in message.parts
        if isinstance(part, Text | ToolResult)
    ]
    out = [
        part.text if isinstance(part, Text) else part.json
        for part in parts
        if isinstance(part, Text | ToolCall)
    ]
    return Usage(
        input=sum(map(tokens_of, texts)),
        output=sum(map(tokens_of, out)),
        reasoning=sum(tokens_of(part.text) for part in thought),
    )
