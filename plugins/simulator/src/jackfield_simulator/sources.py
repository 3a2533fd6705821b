"""Where a statement comes from, as a provider would tell it: the documents that were sent, or what tools gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from jackfield.errors import Malformed
from jackfield.jsontext import loads
from jackfield.types import Citation, Completion, Document, Request, Text, ToolResult

SOURCED = frozenset({"cohere"})  # whose citations hold what they cite. 2026-11


def sourced(completion: Completion, provider: str, request: Request) -> Completion:
    """The completion with its citations as this provider would tell them."""
    sources = list(_sources(request)) if provider in SOURCED else []
    if not sources:
        return completion
    parts = tuple(
        attrs.evolve(part, citations=tuple(_with(one, sources) for one in part.citations))
        if isinstance(part, Text) and part.citations
        else part
        for part in completion.parts
    )
    return attrs.evolve(completion, parts=parts)


def _sources(request: Request) -> Iterator[Mapping[str, Any]]:
    """What could be cited: results of tools, or else documents."""
    sent = [part for message in request.messages for part in message.parts]
    results = [part for part in sent if isinstance(part, ToolResult)]
    for number, result in enumerate(results):
        yield {"type": "tool", "id": f"{result.call_id}:{number}", "tool_output": _output(result.text)}
    for number, document in enumerate(part for part in sent if isinstance(part, Document) and not results):
        name = document.name or f"doc:{number}"
        told = {"id": name, "text": (document.data or b"").decode("utf-8", "replace")}
        yield {"type": "document", "id": name, "document": told}


def _output(text: str) -> Mapping[str, Any]:
    try:
        found = loads(text.encode())
    except Malformed:
        found = None
    return found if isinstance(found, dict) else {"content": text}


def _with(citation: Citation, sources: list[Mapping[str, Any]]) -> Citation:
    place = citation.document or 0
    raw = {
        "start": citation.start or 0,
        "end": citation.end or 0,
        "text": citation.quote or "",
        "sources": [sources[place if place < len(sources) else 0]],
        "type": "TEXT_CONTENT",
    }
    return attrs.evolve(citation, raw=raw)
