"""A request as a body of the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jackfield.types import (
    CachePoint,
    Citation,
    Document,
    HostedTool,
    Image,
    Message,
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
)
from jackfield.wire.seal import Seal
from jackfield_cohere.citations import written_citation
from jackfield_cohere.parts import Item, document_of, image_item, shortest, text_item, unsupported
from jackfield_cohere.tables import (
    APART,
    BUDGETS,
    IMPLIED,
    OPTIONS,
    PLAN,
    THINKING,
    TOOL_CHOICES,
    Rules,
)


def render_body(request: Request, stream: bool, rules: Rules) -> dict[str, Any]:
    """The body that asks ``request``; the provider's own fields are not in it yet."""
    turns: list[Item] = []
    documents: list[Item] = []
    for message in request.messages:
        parts = message.parts
        if message.role == "user" and len(parts) == 1 and type(parts[0]) is Text:  # as nearly always
            turns.append({"role": "user", "content": parts[0].text})
            continue
        _TURNS[message.role](turns, documents, message, rules.seal)
    body: dict[str, Any] = {"model": request.model, "messages": turns}
    if documents:
        body["documents"] = documents
    if request.tools:
        _render_tools(body, request)
    if request.output is not None:
        body["response_format"] = _format(request.output)
    if request.options:
        _render_options(body, request.options, rules)
    body["stream"] = stream
    return body


# -- turns ---------------------------------------------------------------------------------------


def _system(turns: list[Item], documents: list[Item], message: Message, seal: Seal) -> None:
    turns.append(
        {"role": "system", "content": shortest([_said(part, "a system turn") for part in message.parts])}
    )


def _said(part: Part, where: str) -> Item:
    if isinstance(part, Text):
        return text_item(part.text)
    raise unsupported(f"{type(part).__name__.lower()} in {where}")


def _user(turns: list[Item], documents: list[Item], message: Message, seal: Seal) -> None:
    """A user's turn; documents in it are answered from, whatever turn they came with."""
    items: list[Item] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            turns.append(_result(part, seal))
        elif isinstance(part, Document):
            documents.append(document_of(part))
        else:
            items += _items(part, seal, "a turn of the user's")
    if items:
        turns.append({"role": "user", "content": shortest(items)})


def _items(part: Part, seal: Seal, where: str) -> list[Item]:
    if isinstance(part, CachePoint):
        return []  # it caches by itself
    if isinstance(part, Image):
        return [image_item(part)]
    if isinstance(part, Other):
        own = seal.open(part.opaque)
        return [] if own is None else [dict(own)]
    return [_said(part, where)]


def _tool(turns: list[Item], documents: list[Item], message: Message, seal: Seal) -> None:
    for part in message.parts:
        if isinstance(part, ToolResult):
            turns.append(_result(part, seal))
        elif not isinstance(part, CachePoint):
            raise unsupported(f"{type(part).__name__.lower()} in a turn of a tool")


def _result(result: ToolResult, seal: Seal) -> Item:
    """The result of a tool; a document in it can be cited."""
    items: list[Item] = []
    for part in result.parts:
        if isinstance(part, Document):
            items.append({"type": "document", "document": document_of(part)})
        elif isinstance(part, Image):
            raise unsupported("an image as a tool's answer", "describe it in words")
        else:
            items += _items(part, seal, "a tool's answer")
    content = shortest(items) if items else ""
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _assistant(turns: list[Item], documents: list[Item], message: Message, seal: Seal) -> None:
    turn: Item = {"role": "assistant"}
    content: list[Item] = []
    for part in message.parts:
        _ANSWERED.get(type(part), _refuse)(turn, content, part, seal)
    if content:
        turn["content"] = shortest(content)
    elif len(turn) == 1:
        turn["content"] = ""  # nothing of the turn can go back: an empty one keeps the order of turns
    turns.append(turn)


def _add_text(turn: Item, content: list[Item], part: Text, seal: Seal) -> None:
    content.append(text_item(part.text))
    cited = [citation for citation in part.citations if _is_own(citation)]
    if cited:
        turn.setdefault("citations", []).extend(map(written_citation, cited))


def _is_own(citation: Citation) -> bool:
    """Whether a citation came in this format: only then can it go back."""
    return "sources" in citation.raw


def _add_refusal(turn: Item, content: list[Item], part: Refusal, seal: Seal) -> None:
    content.append(text_item(part.text))


def _add_reasoning(turn: Item, content: list[Item], part: Reasoning, seal: Seal) -> None:
    own = seal.open(part.opaque)
    if own is None:
        return  # another model's thoughts
    if own.get("type") == PLAN:
        turn[PLAN] = turn.get(PLAN, "") + part.text
    else:
        content.append({**own, THINKING: part.text})


def _add_call(turn: Item, content: list[Item], part: ToolCall, seal: Seal) -> None:
    if not part.hosted:
        function = {"name": part.name, "arguments": part.json or "{}"}
        turn.setdefault("tool_calls", []).append({"id": part.id, "type": "function", "function": function})


def _add_other(turn: Item, content: list[Item], part: Other, seal: Seal) -> None:
    content.extend(_items(part, seal, ""))


def _add_nothing(turn: Item, content: list[Item], part: Part, seal: Seal) -> None:
    """What needs no place: cache points, results of what another provider ran itself."""
    if isinstance(part, ToolResult) and not part.hosted:
        _refuse(turn, content, part, seal)


def _refuse(turn: Item, content: list[Item], part: Part, seal: Seal) -> None:
    raise unsupported(f"{type(part).__name__.lower()} in a turn of the model")


_TURNS: Mapping[str, Callable[[list[Item], list[Item], Message, Seal], None]] = {
    "system": _system,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}
_ANSWERED: Mapping[type, Callable[[Item, list[Item], Any, Seal], None]] = {
    Text: _add_text,
    Refusal: _add_refusal,
    Reasoning: _add_reasoning,
    ToolCall: _add_call,
    ToolResult: _add_nothing,
    CachePoint: _add_nothing,
    Other: _add_other,
}


# -- tools ---------------------------------------------------------------------------------------


def _render_tools(body: dict[str, Any], request: Request) -> None:
    """The tools. The format cannot name one that must be called: it is offered alone, and must be called."""
    choice = request.tool_choice
    named = choice if choice not in (None, "auto", *TOOL_CHOICES) else None
    tools = [_own_tool(tool) for tool in request.tools]
    offered = [tool for tool in tools if named is None or tool.name == named]
    body["tools"] = [{"type": "function", "function": _function(tool), **tool.extra} for tool in offered]
    strict = {tool.strict for tool in offered}
    if True in strict:
        if False in strict:
            raise unsupported("tools of which only some are strict", "make them all so, or none")
        body["strict_tools"] = True
    if choice is not None and choice != "auto":
        body["tool_choice"] = TOOL_CHOICES.get(choice, "REQUIRED")


def _own_tool(tool: Tool | HostedTool) -> Tool:
    if isinstance(tool, Tool):
        return tool
    raise unsupported(f"the hosted tool `{tool.kind}`")


def _function(tool: Tool) -> Item:
    function: Item = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    return {**function, "parameters": tool.schema}


# -- options -------------------------------------------------------------------------------------


def _render_options(body: dict[str, Any], options: Mapping[str, Any], rules: Rules) -> None:
    for name, value in options.items():
        if name in APART or (name, value) in IMPLIED:
            continue
        field = OPTIONS.get(name)
        if field is None:
            raise unsupported(f"option `{name}`", "leave it out")
        body[field] = list(value) if isinstance(value, tuple) else value
    if "reasoning" in options:
        body["thinking"] = _thinking(options["reasoning"], rules)


def _thinking(value: str | int, rules: Rules) -> Item:
    if value in ("none", 0):
        return {"type": "disabled"}
    budget = value if isinstance(value, int) else {**BUDGETS, **rules.settings["budgets"]}[value]
    return {"type": "enabled", "token_budget": budget} if budget else {"type": "enabled"}


def _format(output: Output) -> Item:
    return {"type": "json_object", **({} if output.schema is None else {"json_schema": output.schema})}


def merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``body`` with the provider's own fields; its documents join those of the messages."""
    documents = [*body.get("documents", ()), *extra.get("documents", ())]
    return {**body, **extra, **({"documents": documents} if documents else {})}
