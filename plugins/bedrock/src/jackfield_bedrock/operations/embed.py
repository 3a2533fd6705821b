"""Vectors. Most makers' models take one text at a time: several texts are several calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
from attrs import frozen

from jackfield.types import UNKNOWN_USAGE, Embeddings, EmbedRequest, Usage
from jackfield.wire import Call, Reply
from jackfield.wire.facts import figure
from jackfield.wire.operation import Steps
from jackfield_bedrock.failures import refused
from jackfield_bedrock.families import plain_id
from jackfield_bedrock.invoke.chunks import headers_usage
from jackfield_bedrock.operations.exchange import Exchange, written

TOKENS = "x-amzn-bedrock-input-token-count"

# Our words for what a vector is for, in the words of the makers.
_KINDS: Mapping[str, tuple[str, str]] = {
    "query": ("search_query", "GENERIC_RETRIEVAL"),
    "search_query": ("search_query", "GENERIC_RETRIEVAL"),
    "document": ("search_document", "GENERIC_INDEX"),
    "search_document": ("search_document", "GENERIC_INDEX"),
    "classification": ("classification", "CLASSIFICATION"),
    "clustering": ("clustering", "CLUSTERING"),
}


@frozen
class Maker:
    """How one maker's models are asked."""

    at_once: int
    text: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    word: int = 0  # which of the two words for a purpose


_TITAN = Maker(1, ("inputText",), ("dimensions",))
_TITAN_1 = Maker(1, ("inputText",))
_TITAN_MEDIA = Maker(1, ("inputText",), ("embeddingConfig", "outputEmbeddingLength"))
_COHERE = Maker(96, ("texts",), ("output_dimension",), ("input_type",))
_PARAMS = "singleEmbeddingParams"
_NOVA = Maker(
    1, (_PARAMS, "text", "value"), (_PARAMS, "embeddingDimension"), (_PARAMS, "embeddingPurpose"), 1
)


def maker_of(model: str) -> Maker:
    """How the model is asked."""
    plain = plain_id(model)
    if plain.startswith("cohere."):
        return _COHERE
    if plain.startswith("amazon.nova"):
        return _NOVA
    if "titan-embed-image" in plain:
        return _TITAN_MEDIA
    return _TITAN_1 if plain.startswith(("amazon.titan-embed-text-v1", "amazon.titan-embed-g1")) else _TITAN


class Embed(Exchange[EmbedRequest, Embeddings]):
    """``POST model/{model}/invoke``."""

    name: ClassVar[str] = "embed"
    place: ClassVar[tuple[str, ...]] = ("model", "{model}", "invoke")

    def ask(self, request: EmbedRequest) -> Steps[Embeddings]:
        """As many calls as the model needs for all texts."""
        size = maker_of(request.model).at_once
        answers: list[Embeddings] = []
        for start in range(0, len(request.texts), size):
            some = attrs.evolve(request, texts=request.texts[start : start + size])
            answers.append(self.parse((yield self.render(some))))
        return answers[0] if len(answers) == 1 else _together(answers)

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks for the vectors of as many texts as the model takes at once."""
        maker = maker_of(request.model)
        options = dict(request.options)
        body: dict[str, Any] = {"taskType": "SINGLE_EMBEDDING"} if maker is _NOVA else {}
        purpose = options.pop("input_type", "document" if maker.purpose else None)
        if purpose is not None:
            self._put(body, maker.purpose, self._purpose(purpose, maker), "input_type")
        if maker is _NOVA:
            self._put(body, (_PARAMS, "text", "truncationMode"), "END", "")
        self._put(body, maker.text, list(request.texts) if maker is _COHERE else request.texts[0], "")
        if "dimensions" in options:
            self._put(body, maker.dimensions, options.pop("dimensions"), "dimensions")
        self.named(options, {})
        return self.call({**body, **request.extra}, request.model)

    def _put(self, body: dict[str, Any], path: tuple[str, ...], value: Any, option: str) -> None:
        if not path:
            raise self.unsupported(f"`{self.model}` takes no option `{option}`")
        for step in path[:-1]:
            body = body.setdefault(step, {})
        body[path[-1]] = value

    def _purpose(self, purpose: str, maker: Maker) -> str:
        words = _KINDS.get(purpose)
        return purpose if words is None else words[maker.word]

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors of a reply, in whichever of the makers' forms."""
        body = self.answer(reply)
        vectors = vectors_in(body)
        if vectors is None:
            raise self.unread(body, "vectors")
        usage = headers_usage(reply.headers)
        if "inputTextTokenCount" in body:
            usage = Usage(input=figure(body["inputTextTokenCount"]))
        return Embeddings(tuple(tuple(map(float, vector)) for vector in vectors), usage=usage, raw=body)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        body, model = self.asked(call), self.model_in(call)
        maker = maker_of(model)
        texts = _taken(body, maker.text)
        if isinstance(texts, str):
            texts = [texts]
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise refused(f"{maker.text[-1]}: texts are required")
        found = {"dimensions": _taken(body, maker.dimensions), "input_type": _taken(body, maker.purpose)}
        for implied in (("taskType",), (_PARAMS, "text", "truncationMode")) if maker is _NOVA else ():
            _taken(body, implied)
        options = {name: value for name, value in found.items() if value is not None}
        return EmbedRequest(model, tuple(texts), options, {name: v for name, v in body.items() if v != {}})

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vectors, in the form of the model's maker."""
        vectors = [list(vector) for vector in answer.vectors]
        headers = {TOKENS: str(answer.usage.total_input)} if answer.usage.known else {}
        maker = maker_of(self.model)
        if maker is _NOVA:
            return written(
                {"embeddings": [{"embeddingType": "TEXT", "embedding": v} for v in vectors]}, headers
            )
        if maker is _COHERE:
            return written({"embeddings": vectors, "response_type": "embeddings_floats"}, headers)
        return written({"embedding": vectors[0], "inputTextTokenCount": answer.usage.total_input}, headers)


def vectors_in(body: Mapping[str, Any]) -> list[Any] | None:
    """The vectors of an answer; ``None`` if there are none."""
    found = body.get("embeddings", body.get("embeddingsByType"))
    if isinstance(found, dict):
        found = found.get("float")
        found = [found] if isinstance(found, list) and found and not isinstance(found[0], list) else found
    if found is None and isinstance(body.get("embedding"), list):
        return [body["embedding"]]
    if not isinstance(found, list):
        return None
    return [item["embedding"] if isinstance(item, dict) else item for item in found]


def _together(answers: list[Embeddings]) -> Embeddings:
    """The vectors of several answers as one."""
    vectors = tuple(vector for answer in answers for vector in answer.vectors)
    known = all(answer.usage.known for answer in answers)
    usage = Usage(input=sum(answer.usage.input for answer in answers)) if known else UNKNOWN_USAGE
    return Embeddings(vectors, usage=usage, raw=[answer.raw for answer in answers])


def _taken(body: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value at ``path``, which is no longer there then."""
    if not path:
        return None
    for step in path[:-1]:
        inner = body.get(step)
        if not isinstance(inner, dict):
            return None
        body = inner
    return body.pop(path[-1], None)
