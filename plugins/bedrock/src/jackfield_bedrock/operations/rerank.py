"""Documents in order of relevance, by the host of agents: its models are named by ARN, its answers come in pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.types import Ranked, Ranking, RerankRequest
from jackfield.wire import Call, Reply
from jackfield.wire.operation import Steps
from jackfield_bedrock.failures import refused
from jackfield_bedrock.operations.exchange import Exchange, malformed, written

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"))
_CONFIG = "bedrockRerankingConfiguration"
MOST_PAGES = 100


def arn_of(model: str, region: str) -> str:
    """The ARN of a model of the vendor's."""
    if model.startswith("arn:"):
        return model
    partition = next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")
    return f"arn:{partition}:bedrock:{region}::foundation-model/{model}"


class Rerank(Exchange[RerankRequest, Ranking]):
    """``POST rerank``."""

    name: ClassVar[str] = "rerank"
    place: ClassVar[tuple[str, ...]] = ("rerank",)
    host: ClassVar[str] = "agents_base"

    def ask(self, request: RerankRequest) -> Steps[Ranking]:
        """One call for every page of the ranking."""
        call = self.render(request)
        ranking = self.parse((yield call))
        results, pages = list(ranking.results), [ranking.raw]
        while pages[-1].get("nextToken") and len(pages) < MOST_PAGES:
            ranking = self.parse((yield self.call({**self.asked(call), "nextToken": pages[-1]["nextToken"]})))
            results += ranking.results
            pages.append(ranking.raw)
        results.sort(key=lambda ranked: -ranked.score)
        return Ranking(tuple(results), raw=pages[0] if len(pages) == 1 else pages)

    def render(self, request: RerankRequest) -> Call:
        """The call that asks."""
        region = str(self.dialect.settings.get("region") or "us-east-1")
        config: dict[str, Any] = {"modelConfiguration": {"modelArn": arn_of(request.model, region)}}
        config |= self.named(request.options, {"top_n": "numberOfResults"})
        body = {
            "queries": [{"type": "TEXT", "textQuery": {"text": request.query}}],
            "sources": [_source(document) for document in request.documents],
            "rerankingConfiguration": {"type": "BEDROCK_RERANKING_MODEL", _CONFIG: config},
        }
        return self.call({**body, **request.extra})

    def parse(self, reply: Reply) -> Ranking:
        """The ranking of a reply."""
        body = self.answer(reply)
        if not isinstance(body.get("results"), list):
            raise self.unread(body, "ranking")
        results = sorted(map(_ranked, body["results"]), key=lambda ranked: -ranked.score)
        return Ranking(tuple(results), raw=body)

    def read(self, call: Call) -> RerankRequest:
        """The request a call asks."""
        body = self.asked(call)
        try:
            query = body.pop("queries")[0]["textQuery"]["text"]
            documents = tuple(_text(source) for source in body.pop("sources"))
            config = body.pop("rerankingConfiguration")[_CONFIG]
            model = config["modelConfiguration"]["modelArn"]
        except (KeyError, IndexError, TypeError):
            raise refused("queries, sources and rerankingConfiguration are required") from None
        options = {"top_n": config["numberOfResults"]} if "numberOfResults" in config else {}
        return RerankRequest(model.rpartition("foundation-model/")[2], query, documents, options, body)

    def write(self, answer: Ranking) -> Reply:
        """The reply that holds the ranking."""
        return written({"results": [{"index": r.index, "relevanceScore": r.score} for r in answer.results]})


def _source(document: str) -> dict[str, Any]:
    inline = {"type": "TEXT", "textDocument": {"text": document}}
    return {"type": "INLINE", "inlineDocumentSource": inline}


def _text(source: Mapping[str, Any]) -> str:
    from jackfield.jsontext import dump_text

    inline = source["inlineDocumentSource"]
    if "textDocument" in inline:
        return str(inline["textDocument"]["text"])
    return dump_text(inline["jsonDocument"])


def _ranked(entry: Any) -> Ranked:
    try:
        found = entry.get("document", {}).get("textDocument", {}).get("text")
        return Ranked(int(entry["index"]), float(entry["relevanceScore"]), found)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise malformed("a place in the ranking has no index or score") from None
