"""Where statements of an answer come from: two fields of a candidate, as citations of its texts and back.

``groundingMetadata`` lists sources (chunks) and which stretch of the text each supports, in bytes of UTF-8;
``citationMetadata`` lists passages that repeat a source. Our places are characters of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jackfield.types import Citation, Part, Text
from jackfield.wire.facts import figure, words

CHUNK, SUPPORT = "groundingChunk", "groundingSupport"

# The kind of source -> our kind, and our field -> theirs.
SOURCES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "web": ("url", {"url": "uri", "title": "title"}),
    "maps": ("place", {"url": "uri", "title": "title"}),
    "retrievedContext": ("search_result", {"url": "uri", "title": "title"}),
    "image": ("url", {"url": "sourceUri", "title": "title"}),
}


def has_citations(candidate: Mapping[str, Any]) -> bool:
    """Whether a candidate may cite anything: many carry the field empty."""
    return bool(candidate.get("groundingMetadata") or candidate.get("citationMetadata"))


def searches_of(candidate: Mapping[str, Any]) -> int:
    """How many searches were made for a candidate."""
    return len(_listed(_table(candidate.get("groundingMetadata")), "webSearchQueries"))


def citations_of(
    candidate: Mapping[str, Any], texts: Sequence[tuple[int, str]]
) -> list[tuple[int, Citation]]:
    """The citations of a candidate, each with the number of the text it belongs to.

    ``texts`` are the candidate's texts with the numbers they go by; there must be one at least.
    """
    grounding, recited = _table(candidate.get("groundingMetadata")), _table(candidate.get("citationMetadata"))
    found = list(_grounded(grounding, texts))
    for source in _listed(recited, "citationSources") or _listed(recited, "citations"):
        if isinstance(source, dict):
            number, start, end = _placed(source, "", texts)
            fields: dict[str, Any] = {
                ours: words(source.get(theirs)) for ours, theirs in (("url", "uri"), ("title", "title"))
            }
            found.append((number, Citation("url", **fields, start=start, end=end, raw=source)))
    return found


def _grounded(
    grounding: Mapping[str, Any], texts: Sequence[tuple[int, str]]
) -> Iterator[tuple[int, Citation]]:
    chunks = [chunk if isinstance(chunk, dict) else {} for chunk in _listed(grounding, "groundingChunks")]
    used: set[int] = set()
    for support in _listed(grounding, "groundingSupports"):
        segment = _table(_table(support).get("segment"))
        number, start, end = _placed(segment, words(segment.get("text")) or "", texts)
        for index in _listed(_table(support), "groundingChunkIndices"):
            if isinstance(index, int) and 0 <= index < len(chunks):
                used.add(index)
                raw = {CHUNK: chunks[index], SUPPORT: support}
                yield number, _citation(chunks[index], raw, words(segment.get("text")), (start, end))
    for index, chunk in enumerate(chunks):
        if index not in used:  # a source of the answer as a whole
            yield texts[-1][0], _citation(chunk, {CHUNK: chunk}, None, (None, None))


def _citation(
    chunk: Mapping[str, Any], raw: Mapping[str, Any], quote: str | None, place: tuple[int | None, int | None]
) -> Citation:
    name = next((name for name in chunk if name in SOURCES), "web")
    kind, fields = SOURCES[name]
    facts = _table(chunk.get(name))
    found: dict[str, Any] = {ours: words(facts.get(theirs)) for ours, theirs in fields.items()}
    return Citation(kind, **found, quote=quote, start=place[0], end=place[1], raw=raw)


def _placed(
    segment: Mapping[str, Any], quote: str, texts: Sequence[tuple[int, str]]
) -> tuple[int, int | None, int | None]:
    """The text a segment lies in, and where: the one that has its words there, else the last."""
    start, end = figure(segment.get("startIndex")), segment.get("endIndex")
    if isinstance(end, int):
        for number, text in texts:
            found = text.encode("utf-8", "replace")[start:end].decode("utf-8", "ignore")
            if found and found == quote:
                first = _characters(text, start)
                return number, first, first + len(quote)
    number, text = texts[-1]
    if quote:
        at = text.find(quote)
        return (number, at, at + len(quote)) if at >= 0 else (number, None, None)
    if not isinstance(end, int):
        return number, None, None
    return number, _characters(text, start), _characters(text, end)


def _characters(text: str, position: int) -> int:
    """The place in ``text`` of a place in its bytes."""
    if text.isascii():
        return min(position, len(text))
    return len(text.encode("utf-8", "replace")[:position].decode("utf-8", "ignore"))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(table: Mapping[str, Any], name: str) -> list[Any]:
    value = table.get(name)
    return value if isinstance(value, list) else []


# -- the server half -----------------------------------------------------------------------------


def cited_fields(parts: Sequence[Part]) -> dict[str, Any]:
    """The fields of a candidate that cite what the texts among ``parts`` cite."""
    chunks: list[Mapping[str, Any]] = []
    supports: list[Mapping[str, Any]] = []
    recited: list[Mapping[str, Any]] = []
    for index, part in enumerate(parts):
        for citation in part.citations if isinstance(part, Text) else ():
            if _recited(citation):
                recited.append(citation.raw)
                continue
            chunk = _chunk(citation)
            if chunk not in chunks:
                chunks.append(chunk)
            support = _support(citation, index, part)
            if support is not None:
                supports = _joined(supports, support, chunks.index(chunk))
    grounding = {"groundingChunks": chunks, **({"groundingSupports": supports} if supports else {})}
    fields: dict[str, Any] = {"groundingMetadata": grounding} if chunks else {}
    return {**fields, "citationMetadata": {"citationSources": recited}} if recited else fields


def _recited(citation: Citation) -> bool:
    return "uri" in citation.raw or "startIndex" in citation.raw


def _chunk(citation: Citation) -> Mapping[str, Any]:
    """The source, as it came or as one of the web."""
    given = citation.raw.get(CHUNK)
    if isinstance(given, Mapping):
        return given
    facts = {"uri": citation.url, "title": citation.title}
    return {"web": {name: value for name, value in facts.items() if value is not None}}


def _support(citation: Citation, index: int, part: Part) -> Mapping[str, Any] | None:
    """The stretch a source supports, as it came or written anew; none for a source of the whole answer."""
    given = citation.raw.get(SUPPORT)
    if isinstance(given, Mapping) or CHUNK in citation.raw:
        return given if isinstance(given, Mapping) else None
    if citation.start is None or citation.end is None or not isinstance(part, Text):
        return None
    start, end = (len(part.text[:at].encode("utf-8", "replace")) for at in (citation.start, citation.end))
    segment = {"partIndex": index} if index else {}
    said = part.text[citation.start : citation.end]
    return {"segment": {**segment, "startIndex": start, "endIndex": end, "text": said}}


def _joined(
    supports: list[Mapping[str, Any]], support: Mapping[str, Any], chunk: int
) -> list[Mapping[str, Any]]:
    """``supports`` with one more; the sources of one stretch stand together."""
    last = supports[-1] if supports else {}
    if last.get("segment") == support.get("segment"):
        both = {**last, "groundingChunkIndices": [*last["groundingChunkIndices"], chunk]}
        return [*supports[:-1], both]
    return [*supports, {**support, "groundingChunkIndices": [chunk]}]
