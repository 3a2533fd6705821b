"""Vectors by prediction: instances go in, predictions come out. Older embedding models know no other way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from jackfield.types import UNKNOWN_USAGE, Embeddings, EmbedRequest, Usage
from jackfield.wire.fence import understood
from jackfield.wire.generate_content.operations.embed import TASKS
from jackfield.wire.generate_content.operations.embed import Embed as OwnEmbed
from jackfield.wire.generate_content.operations.exchange import Exchange, listed, malformed, number, written
from jackfield.wire.generate_content.read import refused
from jackfield.wire.generate_content.tables import table_of

if TYPE_CHECKING:
    from jackfield.plugin import Call, Reply
    from jackfield.wire.call import Segment
    from jackfield.wire.operation import Steps, Verbs
    from jackfield_vertex.wire import VertexContent

VERB = "predict"
_OPTIONS = ("dimensions", "input_type")
_OF_THE_TEXT = frozenset({"title"})  # fields of a provider's own that are said of each text
_READ = frozenset({"content", "task_type", "taskType"})


class Predict(Exchange[EmbedRequest, Embeddings]):
    """``POST ...models/{model}:predict``, for texts."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", VERB))

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks about all texts."""
        self.unsupported(request.options, _OPTIONS)
        kind, extra = request.options.get("input_type"), request.extra
        each = {name: value for name, value in extra.items() if name in _OF_THE_TEXT}
        if kind:
            each = {"task_type": TASKS.get(kind, kind.upper()), **each}
        parameters = {name: value for name, value in extra.items() if name not in _OF_THE_TEXT}
        if "dimensions" in request.options:
            parameters = {"outputDimensionality": request.options["dimensions"], **parameters}
        body: dict[str, Any] = {"instances": [{"content": text, **each} for text in request.texts]}
        if parameters:
            body["parameters"] = parameters
        return self.call(self.wire.verb_path(request.model, VERB), body)

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors in the order of the texts, with the figures beside each added up."""
        return self.fenced(_embeddings, reply)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        model = self.wire.path_model(call.path)[0]
        return understood(lambda: _request(self.body(call), model), refused)

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vectors; the figure of all stands beside the first."""
        predictions: list[dict[str, Any]] = [
            {"embeddings": {"values": list(vector)}} for vector in answer.vectors
        ]
        if answer.usage.known:
            for place, prediction in enumerate(predictions):
                tokens = 0 if place else answer.usage.total_input
                prediction["embeddings"]["statistics"] = {"token_count": tokens, "truncated": False}
        return written({"predictions": predictions})


def _embeddings(body: Mapping[str, Any]) -> Embeddings:
    found = [table_of(prediction.get("embeddings")) for prediction in listed(body, "predictions")]
    if not found:
        raise malformed("it holds no vectors")
    vectors = tuple(tuple(map(float, item["values"])) for item in found)
    figures = [number(item.get("statistics") or {}, "token_count") for item in found]
    known = [figure for figure in figures if figure is not None]
    usage = Usage(input=sum(known)) if len(known) == len(figures) else UNKNOWN_USAGE
    return Embeddings(vectors, usage=usage, raw=body)


def _request(body: Mapping[str, Any], model: str) -> EmbedRequest:
    instances, parameters = listed(body, "instances"), table_of(body.get("parameters"))
    texts = tuple(instance["content"] for instance in instances if isinstance(instance.get("content"), str))
    if not texts or len(texts) < len(instances):
        raise refused("instances: each needs a text as its content")
    first = instances[0]
    task, size = first.get("task_type") or first.get("taskType"), parameters.pop("outputDimensionality", None)
    ours = next((name for name, theirs in TASKS.items() if theirs == task), str(task or "").lower())
    options = {**({"dimensions": size} if size else {}), **({"input_type": ours} if task else {})}
    own = {name: value for name, value in first.items() if name not in _READ}
    return EmbedRequest(model, texts, options, {**own, **parameters})


class Embed(OwnEmbed):
    """Any number of texts: by prediction where the model wants it so, else in the format's own way."""

    def __init__(self, wire: VertexContent) -> None:
        super().__init__(wire)
        self.predict = Predict(wire)
        self._instances: int = wire.rules.settings["instances"]

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """All ways to ask."""
        return (*super().exchanges, self.predict.verbs)

    def ask(self, request: EmbedRequest) -> Steps[Embeddings]:
        """The calls that lead to all vectors."""
        if not self._instances:
            return (yield from super().ask(request))
        found: list[Embeddings] = []
        for start in range(0, len(request.texts), self._instances):
            some = attrs.evolve(request, texts=request.texts[start : start + self._instances])
            reply = yield self.predict.render(some)
            found.append(self.predict.parse(reply))
            if len(found[-1].vectors) != len(some.texts):
                raise malformed(f"it holds {len(found[-1].vectors)} vectors for {len(some.texts)} texts")
        return found[0] if len(found) == 1 else _joined(found)


def _joined(found: list[Embeddings]) -> Embeddings:
    """Several answers as one; what any of them leaves unsaid is unknown of all."""
    known = all(one.usage.known for one in found)
    usage = Usage(input=sum(one.usage.total_input for one in found)) if known else UNKNOWN_USAGE
    vectors = tuple(vector for one in found for vector in one.vectors)
    return Embeddings(vectors, usage=usage, raw=[one.raw for one in found])
