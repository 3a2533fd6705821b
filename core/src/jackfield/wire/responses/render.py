"""A request as a body of the format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jackfield.types import HostedTool, Message, Output, Request, Text, Tool
from jackfield.wire.responses.tables import (
    IMPLIED,
    IMPLIED_NAMES,
    LOGPROBS,
    OPTIONS,
    SEALED,
    TOOL_CHOICES,
    Rules,
    unsupported,
)
from jackfield.wire.responses.turns import Turns
from jackfield.wire.schemas import is_closed

_NOT_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def render_body(request: Request, stream: bool, rules: Rules) -> dict[str, Any]:
    """The body that asks ``request``; the provider's own fields are not in it yet."""
    body: dict[str, Any] = {**rules.fixed_fields, "model": request.model}
    messages = request.messages
    if rules.instructions and messages and messages[0].role == "system":
        parts = messages[0].parts
        if len(parts) == 1 and type(parts[0]) is Text:
            body["instructions"] = parts[0].text
            messages = messages[1:]
    body["input"] = _words_alone(messages) or _items(messages, request, rules)
    if request.tools:
        body["tools"] = [render_tool(tool, rules) for tool in request.tools]
    if request.tool_choice is not None:
        body["tool_choice"] = _choice(request.tool_choice, request)
    if request.output is not None:
        body["text"] = {"format": _format(request.output)}
    if request.options:
        _render_options(body, request.options, rules)
    include = _included(request, rules) if request.options else rules.include
    if include:
        body["include"] = list(dict.fromkeys(include))
    if stream:
        body["stream"] = True
    return body


_SPEAKERS = frozenset({"user", "assistant"})


def _words_alone(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The items of a conversation in words, as most are; none for any other.

    Measured in 2026-11: a third of the time of what follows.
    """
    items: list[dict[str, Any]] = []
    for message in messages:
        part = message.parts[0] if len(message.parts) == 1 else None
        if type(part) is not Text or part.opaque is not None or message.role not in _SPEAKERS:
            return []
        items.append({"role": message.role, "content": part.text})
    return items


def _items(messages: Sequence[Message], request: Request, rules: Rules) -> list[dict[str, Any]]:
    turns = Turns(rules, stored=_is_stored(request, rules))
    for message in messages:
        turns.add(message)
    return turns.items


def _is_stored(request: Request, rules: Rules) -> bool:
    """Whether the provider keeps the items of this conversation; it does unless told otherwise."""
    said = request.extra.get("store", request.options.get("store", rules.fixed_fields.get("store")))
    return said is not False


# -- tools -----------------------------------------------------------------------------------------


def render_tool(tool: Tool | HostedTool, rules: Rules) -> dict[str, Any]:
    """One tool, the caller's or one the provider runs."""
    if isinstance(tool, HostedTool):
        return {"type": tool.kind, **tool.options}
    rendered: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description:
        rendered["description"] = tool.description
    rendered["parameters"] = tool.schema
    if tool.strict is not None:
        rendered["strict"] = tool.strict
    elif rules.tool_strict == "off":
        # 2026-11: left out it means true here, which makes optional arguments required; elsewhere it means false.
        rendered["strict"] = False
    return {**rendered, **tool.extra}


def _choice(choice: str, request: Request) -> str | dict[str, Any]:
    if choice in TOOL_CHOICES:
        return choice
    hosted = [tool for tool in request.tools if isinstance(tool, HostedTool)]
    if any(tool.kind == "custom" and tool.options.get("name") == choice for tool in hosted):
        return {"type": "custom", "name": choice}
    if any(tool.kind == choice for tool in hosted):
        return {"type": choice}
    return {"type": "function", "name": choice}


# -- options ---------------------------------------------------------------------------------------


def _render_options(body: dict[str, Any], options: Mapping[str, Any], rules: Rules) -> None:
    for name, value in options.items():
        path = OPTIONS.get(name) or ((name,) if name in rules.also else ())
        if path:
            place = body
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = list(value) if isinstance(value, tuple) else value
        elif name != "logprobs" and not (name in IMPLIED_NAMES and (name, value) in IMPLIED):
            raise unsupported(f"option `{name}`", rules, "leave it out, or use another wire of the provider")
    if "reasoning" in options:
        _render_effort(body, options["reasoning"], rules)


def _render_effort(body: dict[str, Any], effort: str | int, rules: Rules) -> None:
    if isinstance(effort, int):
        if effort:
            hint = "say low, medium or high, or pass the provider's own field in extra"
            raise unsupported("a number of reasoning tokens", rules, hint)
        body["reasoning"]["effort"] = effort = "none"
    if rules.reasoning_summary and effort != "none":
        body["reasoning"]["summary"] = rules.reasoning_summary


def _included(request: Request, rules: Rules) -> list[str]:
    """What is asked to be in the answer beside what always is."""
    options = request.options
    include = list(rules.include)
    if options.get("logprobs") or options.get("top_logprobs"):
        include.append(LOGPROBS)
    if options.get("reasoning") not in (None, "none", 0) and not _is_stored(request, rules):
        include.append(SEALED)  # nothing else could bring the reasoning back in the next turn
    return include


def _format(output: Output) -> dict[str, Any]:
    if output.schema is None:
        return {"type": "json_object"}
    form: dict[str, Any] = {
        "type": "json_schema",
        "name": _NOT_NAME.sub("_", output.name)[:64] or "answer",
        "schema": output.schema,
    }
    if output.description:
        form["description"] = output.description
    # A class of the caller's is meant to be built from the answer: held to strictly wherever its schema allows.
    strict = True if output.strict is None and output.target and is_closed(output.schema) else output.strict
    if strict is not None:
        form["strict"] = strict
    return form


def merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``body`` with the provider's own fields laid over it; tables are merged, what is included is added."""
    result = dict(body)
    for name, value in extra.items():
        there = result.get(name)
        if isinstance(there, dict) and isinstance(value, Mapping):
            result[name] = merged(there, value)
        elif name == "include" and isinstance(there, list) and isinstance(value, list | tuple):
            result[name] = list(dict.fromkeys([*there, *value]))
        else:
            result[name] = value
    return result
