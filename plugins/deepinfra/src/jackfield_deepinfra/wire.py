"""The wire of chat completions, with rankings at the path of their model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import evolve

from jackfield.types import UNKNOWN_USAGE, Ranked, Ranking, RerankRequest, Usage
from jackfield.wire import Call, Reply
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operation import Verbs
from jackfield.wire.operations.codec import counted, invalid, listed, malformed, measured, written
from jackfield.wire.operations.rerank import Rerank

if TYPE_CHECKING:
    from jackfield.wire.operation import Operations, Steps

SHARED = "/openai"  # where the address of the shared format ends; that of the provider's own stands beside it
OWN = "/inference"


class DeepInfraWire(ChatCompletions):
    """The shared format; only rankings differ."""

    def operations(self) -> Operations:
        """What the format carries besides completions."""
        return self._all

    @cached_property
    def _all(self) -> Operations:
        return {**super().operations(), "rerank": OwnRerank(self.dialect)}


class OwnRerank(Rerank):
    """``POST inference/{model}``: one score a document, in the order of the documents."""

    fields: ClassVar[Mapping[str, str]] = {}

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The four; a model's name is two segments of the path."""
        path = ("inference", "{author}", "{model}")
        return (Verbs(self.name, self.method, path, self.render, self.parse, self.read, self.write),)

    def render(self, request: RerankRequest) -> Call:
        """The call that asks."""
        options = {name: value for name, value in request.options.items() if name != "top_n"}
        required = {"queries": [request.query], "documents": list(request.documents)}
        call = self.call(self.body(required, options, request.extra))
        call.path = tuple(request.model.split("/"))
        call.base = self.dialect.base.rstrip("/").removesuffix(SHARED) + OWN
        return call

    def ask(self, request: RerankRequest) -> Steps[Ranking]:
        """One call, one reply; all documents are scored, and the best of them are what was asked for."""
        ranking = self.parse((yield self.render(request)))
        return evolve(ranking, results=ranking.results[: request.options.get("top_n")])

    def parse(self, reply: Reply) -> Ranking:
        """The ranking of a reply."""
        body = self.answer(reply)
        scores = [measured(score) for score in _flat(listed(body, "scores"))]
        if any(score is None for score in scores):
            raise malformed("a score is no number")
        ranked = [Ranked(index, score) for index, score in enumerate(scores) if score is not None]
        tokens = counted(body, "input_tokens")
        usage = UNKNOWN_USAGE if tokens is None else Usage(tokens, raw=_raw_usage(body))
        return Ranking(tuple(sorted(ranked, key=lambda one: -one.score)), usage=usage, raw=body)

    def read(self, call: Call) -> RerankRequest:
        """The request a call asks."""
        body = self.asked(call)
        queries, documents = body.pop("queries", None), body.pop("documents", None)
        if (
            not isinstance(queries, list)
            or len(queries) != 1
            or not isinstance(documents, list)
            or not documents
        ):
            raise invalid("a request to rank needs one of `queries`, and `documents`")
        model = "/".join(step if isinstance(step, str) else ":".join(step) for step in call.path[-2:])
        options, extra = self.options(body)
        return RerankRequest(model, str(queries[0]), tuple(map(str, documents)), options, extra)

    def write(self, answer: Ranking) -> Reply:
        """The reply that holds the scores."""
        ordered = sorted(answer.results, key=lambda ranked: ranked.index)
        body: dict[str, Any] = {"scores": [ranked.score for ranked in ordered]}
        if answer.usage.known:
            body["input_tokens"] = answer.usage.total_input
        return written(body)


def _flat(scores: list[Any]) -> list[Any]:
    """The scores of the one query, which may come in a list of their own."""
    return scores[0] if len(scores) == 1 and isinstance(scores[0], list) else scores


def _raw_usage(body: dict[str, Any]) -> dict[str, Any]:
    """What is told of the use, the provider's own estimate of its price among it."""
    status = body.get("inference_status")
    cost = status.get("cost") if isinstance(status, dict) else None
    return {"input_tokens": body["input_tokens"], **({} if cost is None else {"estimated_cost": cost})}
