"""Items of an answer as parts: one function for each type of item. Nothing of an item is ever lost.

What the neutral part does not say of its item is kept with it: ids, status, phase, sealed reasoning. So what
is sent back in the next turn is the item as it came.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jackfield.jsontext import dump_text
from jackfield.types import (
    Citation,
    Image,
    Opaque,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
)
from jackfield.wire.facts import place, score, words
from jackfield.wire.responses.tables import LOCAL, NAME
from jackfield.wire.seal import Seal

Item = dict[str, Any]


def parts_of_item(item: Any, seal: Seal) -> list[Part]:
    """The parts ``item`` is; what has no neutral type, or not its usual form, is kept verbatim."""
    if type(item) is not dict:
        return [Other("unknown", seal.close({"value": item}))]
    kind = item.get("type")
    if type(kind) is not str:
        kind = "message" if "content" in item else "unknown"
    try:
        return READERS.get(kind, _other)(item, seal)
    except (KeyError, TypeError, ValueError, AttributeError):
        return [Other(kind, seal.close(item))]


def word(table: Mapping[str, Any], name: str) -> str:
    """A field that must be text."""
    value = table[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def kept_of(item: Mapping[str, Any], *names: str) -> Item:
    """All of an item but ``names``, and but an id that our own server half made up."""
    kept = {name: value for name, value in item.items() if name not in names}
    if is_local(kept):
        del kept["id"]
        if kept.get("status") in ("completed", "in_progress"):
            del kept["status"]
    return kept


def is_local(item: Mapping[str, Any]) -> bool:
    """Whether our own server half made up the id of this item."""
    identity = item.get("id")
    return type(identity) is str and identity.startswith(LOCAL)


# -- messages --------------------------------------------------------------------------------------


def _message(item: Item, seal: Seal) -> list[Part]:
    kept = kept_of(item, "type", "role", "content")
    return [_content(content, kept, seal) for content in contents_of(item)]


def text_alone(item: Any, seal: Seal) -> Text | None:
    """The text that an item is, if it is a message of one, with nothing beside its words."""
    content = item.get("content") if type(item) is dict and item.get("type") == "message" else None
    if type(content) is not list or len(content) != 1 or type(content[0]) is not dict:
        return None
    said = content[0]
    text = said.get("text")
    if said.get("type") != "output_text" or type(text) is not str or not _TEXT.issuperset(said):
        return None
    if said.get("annotations") or said.get("logprobs"):
        return None
    kept = item.copy()
    del kept["type"], kept["content"]
    kept.pop("role", None)
    if is_local(kept):
        kept = kept_of(kept)
    return Text(text, (), Opaque(seal.provider, NAME, kept) if kept else None)


def contents_of(item: Mapping[str, Any]) -> list[Any]:
    """What is said in a message: a string is one text."""
    content = item.get("content")
    if isinstance(content, str):
        return [{"type": "output_text", "text": content}]
    return content if isinstance(content, list) else []


def _content(content: Any, kept: Item, seal: Seal) -> Part:
    kind = content.get("type")
    if kind == "refusal":
        return Refusal(word(content, "refusal"), seal.keep(_with_content(kept, content, _REFUSAL)))
    if kind in _TEXTS or (kind is None and "text" in content):
        annotations = content.get("annotations")
        citations = tuple(citations_of(annotations)) if annotations else ()
        return Text(word(content, "text"), citations, seal.keep(_with_content(kept, content, _TEXT)))
    return Other(
        str(kind), seal.close({"type": "message", "role": "assistant", **kept, "content": [content]})
    )


_TEXTS = frozenset({"output_text", "input_text", "text"})
_TEXT = frozenset({"type", "text", "annotations", "logprobs"})
_REFUSAL = frozenset({"type", "refusal"})


def _with_content(kept: Item, content: Item, names: frozenset[str]) -> Item:
    """What is kept of an item, and of one content in it beside ``names``."""
    if names.issuperset(content):
        return kept
    return {**kept, "content": {name: value for name, value in content.items() if name not in names}}


def citations_of(annotations: Any) -> Iterator[Citation]:
    """The citations among the annotations of a text."""
    for raw in annotations if isinstance(annotations, list) else ():
        if isinstance(raw, dict):
            yield citation_of(raw)


def citation_of(raw: Mapping[str, Any]) -> Citation:
    """The citation an annotation is; one of a kind nobody knows keeps its own word for it."""
    url = words(raw.get("url"))
    kind = "url" if url else _CITATIONS.get(str(raw.get("type")), str(raw.get("type", "other")))
    start, end = place(raw.get("start_index", raw.get("index"))), place(raw.get("end_index"))
    title = words(raw.get("title", raw.get("filename")))
    return Citation(kind, url, title, words(raw.get("quote")), start, end, raw=raw)


_CITATIONS = {"file_citation": "file", "container_file_citation": "file", "file_path": "file"}


def logprobs_of(raw: Any) -> tuple[TokenLogprob, ...]:
    """The log probabilities beside a text."""
    items = [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
    return tuple(TokenLogprob(*_token(item), tuple(map(_token, _tops(item)))) for item in items)


def _token(item: Mapping[str, Any]) -> tuple[str, float]:
    return str(item.get("token", "")), score(item.get("logprob"))


def _tops(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    tops = item.get("top_logprobs")
    return [top for top in tops if isinstance(top, dict)] if isinstance(tops, list) else []


# -- reasoning and calls ---------------------------------------------------------------------------


def _reasoning(item: Item, seal: Seal) -> list[Part]:
    text = "\n\n".join(_texts(item.get("content")) or _texts(item.get("summary")))
    ours = is_local(item) and not (item.get("content") or item.get("encrypted_content"))
    return [Reasoning(text, None if ours else seal.close(item))]


def _texts(content: Any) -> list[str]:
    """The texts of a list; a string is one."""
    if isinstance(content, str):
        return [content] if content else []
    found = [item.get("text") for item in content or () if isinstance(item, dict)]
    return [text for text in found if isinstance(text, str)]


def _function_call(item: Item, seal: Seal) -> list[Part]:
    kept = kept_of(item, "type", "call_id", "name", "arguments")
    return [ToolCall(call_id(item), word(item, "name"), arguments(item), opaque=seal.keep(kept))]


def call_id(item: Mapping[str, Any]) -> str:
    """The id a call is answered by: not that of its item, unless there is no other."""
    return str(item.get("call_id") or item.get("id") or "")


def arguments(item: Mapping[str, Any]) -> str:
    """The argument text of a call, exactly as it came; servers were seen to send an object, or none."""
    value = item.get("arguments")
    return value or "{}" if isinstance(value, str | None) else dump_text(value)


def _custom_call(item: Item, seal: Seal) -> list[Part]:
    """A call with free text: the one argument ``input``."""
    kept = kept_of(item, "call_id", "name", "input")
    text = dump_text({"input": item.get("input") or ""})
    return [ToolCall(call_id(item), word(item, "name"), text, opaque=seal.close(kept))]


# The calls the provider makes itself: the name of the tool, and what it was called with.
_HOSTED: Mapping[str, tuple[str, Callable[[Item], str]]] = {
    "web_search_call": ("web_search", lambda item: dump_text(item.get("action") or {})),
    "file_search_call": ("file_search", lambda item: dump_text({"queries": item.get("queries") or []})),
    "code_interpreter_call": ("code_interpreter", lambda item: dump_text({"code": item.get("code") or ""})),
    "mcp_call": ("mcp", arguments),
}
HOSTED = frozenset(_HOSTED)


def _hosted_call(item: Item, seal: Seal) -> list[Part]:
    name, arguments_of = _HOSTED[item["type"]]
    named = str(item.get("name") or name)
    text = arguments_of(item)
    return [ToolCall(str(item.get("id") or ""), named, text, hosted=True, opaque=seal.close(item))]


def _image(item: Item, seal: Seal) -> list[Part]:
    data = b64decode(word(item, "result"), validate=True)
    kept = kept_of(item, "type", "result", *(("output_format",) if is_local(item) else ()))
    return [Image(_image_type(item, data), data=data, opaque=seal.keep(kept))]


def _image_type(item: Mapping[str, Any], data: bytes) -> str:
    known = item.get("output_format")
    if isinstance(known, str) and known:
        return f"image/{known}"
    return next((media for magic, media in _MAGIC if data.startswith(magic)), Image.default_media_type)


_MAGIC = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"RIFF", "image/webp"))


def _other(item: Item, seal: Seal) -> list[Part]:
    return [Other(str(item.get("type", "unknown")), seal.close(item))]


READERS: Mapping[str, Callable[[Item, Seal], list[Part]]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "custom_tool_call": _custom_call,
    "image_generation_call": _image,
    **dict.fromkeys(HOSTED, _hosted_call),
}
