"""Documents in order of relevance, in the form most providers took over from the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.types import UNKNOWN_USAGE, Ranked, Ranking, RerankRequest, Usage
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.operations.codec import (
    Codec,
    at,
    counted,
    invalid,
    listed,
    malformed,
    measured,
    said,
    written,
)

BILLED = "meta.billed_units"  # where the figures stand that are charged, if apart from the tokens


class Rerank(Codec[RerankRequest, Ranking]):
    """``POST rerank``."""

    name: ClassVar[str] = "rerank"
    path: ClassVar[tuple[Segment, ...]] = ("rerank",)
    fields: ClassVar[Mapping[str, str]] = {"top_n": "top_n"}

    def render(self, request: RerankRequest) -> Call:
        """The call that asks."""
        required = {"model": request.model, "query": request.query, "documents": list(request.documents)}
        return self.call(self.body(required, request.options, request.extra))

    def parse(self, reply: Reply) -> Ranking:
        """The ranking of a reply."""
        body = self.answer(reply)
        results = [_ranked(entry) for entry in listed(body, "results", "data", "rankings")]
        results.sort(key=lambda ranked: -ranked.score)
        return Ranking(tuple(results), usage=usage_of(body), model=said(body, "model"), raw=body)

    def read(self, call: Call) -> RerankRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, query, documents = body.pop("model", ""), body.pop("query", None), body.pop("documents", None)
        if not isinstance(query, str) or not isinstance(documents, list) or not documents:
            raise invalid("a request to rerank needs `query` and `documents`")
        options, extra = self.options(body)
        return RerankRequest(str(model), query, tuple(map(_document, documents)), options, extra)

    def write(self, answer: Ranking) -> Reply:
        """The reply that holds the ranking."""
        body: dict[str, Any] = {
            "model": answer.model,
            "results": [_entry(ranked) for ranked in answer.results],
        }
        if answer.usage.known:
            body["usage"] = {"total_tokens": answer.usage.total_input}
            if answer.usage.searches:
                outer, inner = BILLED.split(".")
                body[outer] = {inner: {"search_units": answer.usage.searches}}
        return written(body)


def _ranked(entry: Any) -> Ranked:
    if not isinstance(entry, dict):
        raise malformed("a place in the ranking is no object")
    score = measured(entry.get("relevance_score", entry.get("score", entry.get("logit"))))
    index = counted(entry, "index")
    if score is None or index is None:
        raise malformed("a place in the ranking has no index or score")
    found = entry.get("document", entry.get("text"))
    return Ranked(index, score, _document(found) or None)


def _document(value: Any) -> str:
    """The text of a document, which may come as an object."""
    if isinstance(value, dict):
        return said(value, "text")
    return value if isinstance(value, str) else ""


def _entry(ranked: Ranked) -> dict[str, Any]:
    entry: dict[str, Any] = {"index": ranked.index, "relevance_score": ranked.score}
    if ranked.document is not None:
        entry["document"] = {"text": ranked.document}
    return entry


def usage_of(body: Mapping[str, Any]) -> Usage:
    """Tokens, or the searches that are billed instead."""
    usage, billed = body.get("usage"), at(body, BILLED)
    raw = usage if isinstance(usage, dict) else {}
    tokens = counted(raw, "total_tokens", "prompt_tokens", "input_tokens")
    searches = counted(raw, "search_units")
    if isinstance(billed, dict):
        tokens = counted(billed, "input_tokens") if tokens is None else tokens
        searches = counted(billed, "search_units") if searches is None else searches
    if tokens is None and searches is None:
        return UNKNOWN_USAGE
    return Usage(tokens or 0, searches=searches or 0, raw=raw or dict(billed or {}))
