"""Vectors for texts: many in one call, or one a call, as the model has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from jackfield.types import UNKNOWN_USAGE, Embeddings, EmbedRequest, Usage
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.fence import understood
from jackfield.wire.generate_content.operations.exchange import Exchange, listed, malformed, written
from jackfield.wire.generate_content.read import refused
from jackfield.wire.generate_content.tables import camel, table_of
from jackfield.wire.generate_content.usage import usage_fields, usage_of
from jackfield.wire.operation import Steps, Verbs

if TYPE_CHECKING:
    from jackfield.wire.generate_content.wire import GenerateContent

MOST_AT_ONCE = 100

# What an embedding is for, in the words callers use -> the format's; others are sent in capitals.
TASKS: Mapping[str, str] = {
    "query": "RETRIEVAL_QUERY",
    "search_query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "search_document": "RETRIEVAL_DOCUMENT",
    "passage": "RETRIEVAL_DOCUMENT",
    "similarity": "SEMANTIC_SIMILARITY",
    "question": "QUESTION_ANSWERING",
    "code": "CODE_RETRIEVAL_QUERY",
}

# The same in words around the text, for models that know no field for it.
PROMPTS: Mapping[str, str] = {
    "RETRIEVAL_QUERY": "task: search result | query: {text}",
    "RETRIEVAL_DOCUMENT": "title: none | text: {text}",
    "QUESTION_ANSWERING": "task: question answering | query: {text}",
    "FACT_VERIFICATION": "task: fact checking | query: {text}",
    "CODE_RETRIEVAL_QUERY": "task: code retrieval | query: {text}",
    "CLASSIFICATION": "task: classification | query: {text}",
    "CLUSTERING": "task: clustering | query: {text}",
    "SEMANTIC_SIMILARITY": "task: sentence similarity | query: {text}",
}

_OPTIONS = ("dimensions", "input_type")
_READ = frozenset({"model", "content", "taskType", "outputDimensionality"})


class _Embedding(Exchange[EmbedRequest, Embeddings]):
    """What both exchanges share: how one text is asked about, and what comes back for it."""

    def item(self, text: str, request: EmbedRequest) -> dict[str, Any]:
        """The body that asks about one text."""
        self.unsupported(request.options, _OPTIONS)
        kind = request.options.get("input_type")
        task = TASKS.get(kind, kind.upper()) if kind else ""
        if task and self.wire.rules.settings["embed_task"] == "prompt":
            text, task = PROMPTS.get(task, "{text}").replace("{text}", text), ""
        body: dict[str, Any] = {"content": {"parts": [{"text": text}]}}
        if task:
            body["taskType"] = task
        if "dimensions" in request.options:
            body["outputDimensionality"] = request.options["dimensions"]
        return {**body, **request.extra}

    def asked(self, items: list[dict[str, Any]], model: str) -> EmbedRequest:
        """The request that bodies ask; all of them want the same of their texts."""
        found = [camel(item) for item in items]
        if not found:
            raise refused("requests: at least one is required")
        first = found[0]
        task, size = first.get("taskType"), first.get("outputDimensionality")
        ours = next((name for name, theirs in TASKS.items() if theirs == task), str(task or "").lower())
        options = {**({"dimensions": size} if size else {}), **({"input_type": ours} if task else {})}
        extra = {name: value for name, value in first.items() if name not in _READ and value is not None}
        return EmbedRequest(model, tuple(map(_text, found)), options, extra)

    def embeddings(self, body: Mapping[str, Any], found: list[dict[str, Any]]) -> Embeddings:
        """The vectors of an answer, with the figures beside them."""
        if not found:
            raise malformed("it holds no vectors")
        vectors = tuple(tuple(map(float, item["values"])) for item in found)
        figures = body.get("usageMetadata")
        usage = usage_of(figures) if isinstance(figures, dict) else UNKNOWN_USAGE
        return Embeddings(vectors, usage=usage, raw=body)


def _text(item: Mapping[str, Any]) -> str:
    parts = listed(table_of(item.get("content")), "parts")
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    if not texts or len(texts) < len(parts):
        raise refused("content.parts: texts are required")
    return "".join(texts)


class EmbedMany(_Embedding):
    """``POST models/{model}:batchEmbedContents``."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", "batchEmbedContents"))

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks about all texts."""
        model = self.wire.model_name(request.model)
        items = [{"model": model, **self.item(text, request)} for text in request.texts]
        return self.call(self.wire.verb_path(request.model, "batchEmbedContents"), {"requests": items})

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors in the order of the texts."""
        return self.fenced(lambda body: self.embeddings(body, listed(body, "embeddings")), reply)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        model = self.wire.path_model(call.path)[0]
        return understood(lambda: self.asked(listed(self.body(call), "requests"), model), refused)

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vectors."""
        vectors = [{"values": list(vector)} for vector in answer.vectors]
        return written({"embeddings": vectors, **_figures(answer.usage)})


class EmbedOne(_Embedding):
    """``POST models/{model}:embedContent``."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", "embedContent"))

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks about the first text, of which there is but one."""
        body = self.item(request.texts[0], request)
        return self.call(self.wire.verb_path(request.model, "embedContent"), body)

    def parse(self, reply: Reply) -> Embeddings:
        """The vector, as a list of one."""
        return self.fenced(lambda body: self.embeddings(body, _one(body)), reply)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        model = self.wire.path_model(call.path)[0]
        return understood(lambda: self.asked([self.body(call)], model), refused)

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vector."""
        return written({"embedding": {"values": list(answer.vectors[0])}, **_figures(answer.usage)})


def _one(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = body.get("embedding")
    return [found] if isinstance(found, dict) else listed(body, "embeddings")


def _figures(usage: Usage) -> dict[str, Any]:
    return {"usageMetadata": usage_fields(usage)} if usage.known else {}


class Embed:
    """Any number of texts, in as many calls as it takes."""

    def __init__(self, wire: GenerateContent) -> None:
        self.many, self.one = EmbedMany(wire), EmbedOne(wire)
        self._single = wire.rules.settings["embed"] == "single"

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Both, whichever is used: clients use both."""
        return self.many.verbs, self.one.verbs

    def ask(self, request: EmbedRequest) -> Steps[Embeddings]:
        """The calls that lead to all vectors."""
        exchange, size = (self.one, 1) if self._single else (self.many, MOST_AT_ONCE)
        found: list[Embeddings] = []
        for start in range(0, len(request.texts), size):
            some = attrs.evolve(request, texts=request.texts[start : start + size])
            reply = yield exchange.render(some)
            found.append(exchange.parse(reply))
            if len(found[-1].vectors) != len(some.texts):
                raise malformed(f"it holds {len(found[-1].vectors)} vectors for {len(some.texts)} texts")
        return found[0] if len(found) == 1 else _joined(found)


def _joined(found: list[Embeddings]) -> Embeddings:
    """Several answers as one; what any of them leaves unsaid is unknown of all."""
    usage = UNKNOWN_USAGE
    if all(one.usage.known for one in found):
        usage = Usage(input=sum(one.usage.total_input for one in found))
    vectors = tuple(vector for one in found for vector in one.vectors)
    return Embeddings(vectors, usage=usage, raw=[one.raw for one in found])
