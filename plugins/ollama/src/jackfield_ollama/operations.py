"""What the format has besides chat: vectors, and the models that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.types import Embeddings, EmbedRequest, ModelInfo, ModelList, ModelsRequest
from jackfield.wire.base import Dialect
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.operation import Operations
from jackfield.wire.operations.codec import Codec, invalid, listed, malformed, moment, said, written
from jackfield_ollama.tables import usage_of


class Embed(Codec[EmbedRequest, Embeddings]):
    """``POST api/embed``. What an older server answers to one text is read, too."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = ("api", "embed")
    fields: ClassVar[Mapping[str, str]] = {"dimensions": "dimensions"}

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks."""
        body = {"model": request.model, "input": list(request.texts), **self.translated(request.options)}
        for quirk in self.dialect.quirks:
            body = quirk(body)
        return self.call({**body, **request.extra})

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors of a reply."""
        body = self.answer(reply)
        found = [body["embedding"]] if "embedding" in body else listed(body, "embeddings")
        try:
            vectors = tuple(tuple(map(float, vector)) for vector in found)
        except (TypeError, ValueError):
            raise malformed("a vector holds something that is no number") from None
        return Embeddings(vectors, usage=usage_of(body), model=said(body, "model"), raw=body)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, texts = body.pop("model", None), body.pop("input", None)
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(model, str) or not isinstance(texts, list):
            raise invalid("a request for embeddings needs a model and texts")
        options, extra = self.options({name: value for name, value in body.items() if value != {}})
        return EmbedRequest(model, tuple(map(str, texts)), options, extra)

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vectors."""
        counts = {"prompt_eval_count": answer.usage.total_input} if answer.usage.known else {}
        return written({"model": answer.model, "embeddings": [list(v) for v in answer.vectors], **counts})


class Models(Codec[ModelsRequest, ModelList]):
    """``GET api/tags``: what has been pulled. A server tells contexts of one model at a time, elsewhere."""

    name: ClassVar[str] = "models"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("api", "tags")

    def render(self, request: ModelsRequest) -> Call:
        """The call that asks."""
        return self.call()

    def parse(self, reply: Reply) -> ModelList:
        """The models of a reply."""
        body = self.answer(reply)
        return ModelList(tuple(_info(entry) for entry in listed(body, "models")), raw=body)

    def read(self, call: Call) -> ModelsRequest:
        """The request a call asks."""
        return ModelsRequest()

    def write(self, answer: ModelList) -> Reply:
        """The reply that lists them."""
        entries: list[dict[str, Any]] = [{"name": model.id, "model": model.id} for model in answer.models]
        for entry, model in zip(entries, answer.models, strict=True):
            if model.created is not None:
                entry["modified_at"] = model.created.isoformat()
        return written({"models": entries})


def _info(entry: Any) -> ModelInfo:
    if not isinstance(entry, dict):
        raise malformed("a model is no object")
    return ModelInfo(said(entry, "model", "name"), created=moment(entry.get("modified_at")), raw=entry)


def operations_of(dialect: Dialect) -> Operations:
    """Both."""
    return {"embed": Embed(dialect), "models": Models(dialect)}
