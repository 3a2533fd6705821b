"""Citations in both directions: a stretch of the answer, and the documents or tool results it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.types import Citation
from jackfield.wire.facts import place, words

OF_TEXT = (None, "TEXT_CONTENT")
"""The types of those that are about the answer; others are about plans and thinking, which cite nothing here."""


def citation_of(raw: Mapping[str, Any]) -> Citation:
    """A citation, named after its first source; all sources are in ``raw``."""
    sources = raw.get("sources")
    first = sources[0] if isinstance(sources, list) and sources and isinstance(sources[0], dict) else {}
    document = first.get("document")
    facts = document if isinstance(document, dict) else {}
    return Citation(
        words(first.get("type")) or "document",
        words(facts.get("url")),
        words(facts.get("title")),
        words(raw.get("text")),
        place(raw.get("start")),
        place(raw.get("end")),
        raw=raw,
    )


def is_cited(raw: Any) -> bool:
    """Whether ``raw`` is a citation of the answer's text."""
    return isinstance(raw, dict) and raw.get("type") in OF_TEXT


def written_citation(citation: Citation) -> Mapping[str, Any]:
    """A citation as the format has it, verbatim if it came that way."""
    if "sources" in citation.raw:
        return citation.raw
    facts = {"url": citation.url, "title": citation.title}
    document = {name: value for name, value in facts.items() if value is not None}
    source = {"type": "document", "id": citation.url or citation.title or "", "document": document}
    return {
        "start": citation.start or 0,
        "end": citation.end or 0,
        "text": citation.quote or "",
        "sources": [source],
        "type": "TEXT_CONTENT",
    }
