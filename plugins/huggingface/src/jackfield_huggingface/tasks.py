"""Tasks: one small format each, all of them ``inputs`` and ``parameters``.

Over the router they are asked of the hub's own servers, by the model's name in the path; of a dedicated
endpoint at its root, since it serves one model. A provider named behind the model's name serves chat alone.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest, Unsupported
from jackfield.types import (
    Audio,
    Drawn,
    Embeddings,
    EmbedRequest,
    Image,
    ImageRequest,
    Images,
    Ranked,
    Ranking,
    RerankRequest,
    Spoken,
    Transcript,
    TranscriptionRequest,
)
from jackfield.wire.base import Dialect
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.operation import Operations, Steps, Verbs
from jackfield.wire.operations.codec import (
    Answer,
    Asked,
    Codec,
    counted,
    invalid,
    malformed,
    measured,
    said,
    written,
)
from jackfield.wire.operations.image import kind_of
from jackfield.wire.operations.models import Models
from jackfield.wire.replies import body_error, json_body

ROUTER = "router.huggingface.co"
OWN = "hf-inference"
AT: tuple[Segment, ...] = (OWN, "models", "{org}", "{name}")


class Task(Codec[Asked, Answer]):
    """A task in one dialect: where its model is, over the router or at an endpoint of its own."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._root = dialect.base.rstrip("/").removesuffix("/v1")
        self.routed = urlsplit(self._root).hostname == ROUTER

    def at(self, call: Call, model: str, *tail: str) -> Call:
        """The call, sent to where the model is; ``tail`` is the task's name, where a model has several."""
        call.base = self._root
        call.path = (OWN, "models", *_segments(model), *tail) if self.routed else ()
        return call

    def model(self, call: Call) -> str:
        """The model a call names in its path; none at an endpoint of its own."""
        steps = [step for step in call.path if isinstance(step, str)]
        after = steps[steps.index("models") + 1 :] if "models" in steps else []
        return "/".join(after[: after.index("pipeline")] if "pipeline" in after else after)

    def value(self, reply: Reply) -> Any:
        """The JSON of a reply; a failure that comes as a success is raised."""
        body = json_body(reply)
        if isinstance(body, dict) and body.get("error"):
            info = body_error(body, self.dialect, status=reply.status)
            if info is not None:
                raise info.to_exception()
        return body


def _segments(model: str) -> list[str]:
    name, _, provider = model.partition(":")
    if provider not in ("", OWN):
        msg = f"over the router only `{OWN}` does tasks, not `{provider}`; nothing was sent"
        raise Unsupported(ErrorInfo("request.unsupported", msg, hint=f"say `{name}`", sent="no"))
    return name.split("/")


# -- vectors -------------------------------------------------------------------------------------


class Embed(Task[EmbedRequest, Embeddings]):
    """Feature extraction. No usage is told."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = (*AT, "pipeline", "feature-extraction")
    fields: ClassVar[Mapping[str, str]] = {"dimensions": "dimensions", "input_type": "prompt_name"}

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks."""
        body = self.body({"inputs": list(request.texts)}, request.options, request.extra)
        return self.at(self.call(body), request.model, "pipeline", "feature-extraction")

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors of a reply: a text that was asked alone may come back as one bare vector."""
        value = self.value(reply)
        if not isinstance(value, list) or not value:
            raise malformed("it holds no list of vectors")
        vectors = value if isinstance(value[0], list) else [value]
        return Embeddings(tuple(map(_vector, vectors)), raw=value)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        body = self.asked(call)
        texts = body.pop("inputs", None)
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise invalid("`inputs` must be texts")
        options, extra = self.options(body)
        return EmbedRequest(self.model(call), tuple(texts), options, extra)

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vectors."""
        return written([list(vector) for vector in answer.vectors])


def _vector(value: Any) -> tuple[float, ...]:
    if isinstance(value, list) and value and isinstance(value[0], list):
        raise malformed("it holds a vector for each token: the model does not make one of a whole text")
    try:
        return tuple(map(float, value))
    except (TypeError, ValueError):
        raise malformed("a vector holds something that is no number") from None


# -- ranking -------------------------------------------------------------------------------------


class Rerank(Task[RerankRequest, Ranking]):
    """Over the router the similarity of sentences, at a dedicated endpoint its reranker."""

    name: ClassVar[str] = "rerank"
    path: ClassVar[tuple[Segment, ...]] = (*AT, "pipeline", "sentence-similarity")
    reranker: ClassVar[tuple[Segment, ...]] = ("rerank",)
    fields: ClassVar[Mapping[str, str]] = {"top_n": "top_n"}  # cut here: the formats have no word for it

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Both ways to ask."""
        similar = Verbs(self.name, "POST", self.path, self.render, self.parse, self.read, self.write_scores)
        ranked = Verbs(self.name, "POST", self.reranker, self.render, self.parse, self.read, self.write)
        return similar, ranked

    def render(self, request: RerankRequest) -> Call:
        """The call that asks for all documents to be ranked."""
        self.translated(request.options)
        documents = list(request.documents)
        if self.routed:
            inputs = {"source_sentence": request.query, "sentences": documents}
            call = self.call({"inputs": inputs, **request.extra})
            return self.at(call, request.model, "pipeline", "sentence-similarity")
        call = self.at(
            self.call({"query": request.query, "texts": documents, **request.extra}), request.model
        )
        call.path = self.reranker
        return call

    def parse(self, reply: Reply) -> Ranking:
        """The ranking of a reply, the best first."""
        value = self.value(reply)
        if not isinstance(value, list):
            raise malformed("it holds no list of scores")
        results = sorted((_ranked(place, entry) for place, entry in enumerate(value)), key=lambda r: -r.score)
        return Ranking(tuple(results), raw=value)

    def ask(self, request: RerankRequest) -> Steps[Ranking]:
        """The best of the documents."""
        ranking = self.parse((yield self.render(request)))
        return attrs.evolve(ranking, results=ranking.results[: request.options.get("top_n")])

    def read(self, call: Call) -> RerankRequest:
        """The request a call asks, in either form."""
        body = self.asked(call)
        inputs = body.pop("inputs", None)
        if isinstance(inputs, dict):
            query, texts = inputs.get("source_sentence"), inputs.get("sentences")
        else:
            query, texts = body.pop("query", None), body.pop("texts", None)
        if not isinstance(query, str) or not isinstance(texts, list) or not texts:
            raise invalid("a ranking needs a query and texts")
        return RerankRequest(self.model(call), query, tuple(map(str, texts)), {}, body)

    def write(self, answer: Ranking) -> Reply:
        """The reply of a reranker."""
        return written([{"index": ranked.index, "score": ranked.score} for ranked in answer.results])

    def write_scores(self, answer: Ranking) -> Reply:
        """The reply that tells similarities: a score for each text, in the order of the texts."""
        return written([ranked.score for ranked in sorted(answer.results, key=lambda ranked: ranked.index)])


def _ranked(place: int, entry: Any) -> Ranked:
    if isinstance(entry, dict):
        index, score, text = (
            counted(entry, "index"),
            measured(entry.get("score")),
            said(entry, "text") or None,
        )
    else:
        index, score, text = place, measured(entry), None
    if index is None or score is None:
        raise malformed("a place in the ranking has no index or score")
    return Ranked(index, score, text)


# -- pictures ------------------------------------------------------------------------------------


class MakeImage(Task[ImageRequest, Images]):
    """A picture from words: it comes as it is, not in JSON."""

    name: ClassVar[str] = "image"
    path: ClassVar[tuple[Segment, ...]] = AT
    fields: ClassVar[Mapping[str, str]] = {"negative_prompt": "negative_prompt", "seed": "seed"}

    def render(self, request: ImageRequest) -> Call:
        """The call that asks."""
        if request.images or request.mask is not None:
            raise Unsupported(_local("pictures cannot be changed, only made"))
        options = dict(request.options)
        if options.pop("n", 1) != 1:
            raise Unsupported(_local("one picture is made at a time"))
        size = options.pop("size", None)
        parameters = {**self.translated(options), **({} if size is None else _measures(str(size)))}
        extra = dict(request.extra)
        parameters |= extra.pop("parameters", {})
        body = {"inputs": request.prompt, **({"parameters": parameters} if parameters else {}), **extra}
        call = self.at(self.call(body), request.model)
        call.headers = Headers({**call.headers, "accept": "image/*"})
        return call

    def parse(self, reply: Reply) -> Images:
        """The picture of a reply."""
        kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        if reply.body[:1] == b"{":
            self.value(reply)
        elif reply.body and not kind.startswith("text/"):
            kind = kind if kind.startswith("image/") else kind_of(reply.body)
            return Images((Drawn(Image(kind, data=reply.body)),), raw=reply.body)
        raise malformed("it is no picture")

    def read(self, call: Call) -> ImageRequest:
        """The request a call asks."""
        body = self.asked(call)
        prompt, parameters = body.pop("inputs", None), body.pop("parameters", None) or {}
        if not isinstance(prompt, str):
            raise invalid("`inputs` must be a text to make a picture of")
        options, own = self.options(dict(parameters))
        if "width" in own and "height" in own:
            options["size"] = f"{own.pop('width')}x{own.pop('height')}"
        extra = {**body, **({"parameters": own} if own else {})}
        return ImageRequest(self.model(call), prompt, options=options, extra=extra)

    def write(self, answer: Images) -> Reply:
        """The reply that is the picture."""
        image = answer.images[0]
        return Reply(200, Headers({"content-type": image.media_type}), image.data or b"")


def _measures(size: str) -> dict[str, int]:
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        msg = f"a size is written as 1024x768, not {size!r:.40}; nothing was sent"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
    return {"width": int(width), "height": int(height)}


def _local(what: str) -> ErrorInfo:
    return ErrorInfo("request.unsupported", f"{what}; nothing was sent", sent="no")


# -- transcripts ---------------------------------------------------------------------------------


class Transcribe(Task[TranscriptionRequest, Transcript]):
    """Speech as text: the sound goes up as it is, or in JSON where more is to be said."""

    name: ClassVar[str] = "transcribe"
    path: ClassVar[tuple[Segment, ...]] = AT

    def render(self, request: TranscriptionRequest) -> Call:
        """The call that asks."""
        audio, options = request.audio, dict(request.options)
        if audio.data is None:
            raise Unsupported(_local("sound to be written down is sent as bytes"))
        timestamps = options.pop("timestamps", None)
        self.translated(options)
        parameters: dict[str, Any] = dict(request.extra.get("parameters", {}))
        if timestamps is not None:
            parameters["return_timestamps"] = "word" if timestamps == "word" else True
        if not parameters and not request.extra:
            headers = Headers({"accept": "application/json", **self.own, "content-type": audio.media_type})
            return self.at(Call(self.method, (), audio.data, headers), request.model)
        body = {"inputs": audio.base64, **request.extra, "parameters": parameters}
        return self.at(self.call(body), request.model)

    def parse(self, reply: Reply) -> Transcript:
        """The transcript of a reply."""
        body = self.value(reply)
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            raise malformed("it holds no text")
        return Transcript(body["text"], segments=tuple(_spoken(body.get("chunks") or ())), raw=body)

    def read(self, call: Call) -> TranscriptionRequest:
        """The request a call asks, in either form."""
        kind = call.headers.get("content-type", Audio.default_media_type)
        if not kind.startswith("application/json"):
            return TranscriptionRequest(self.model(call), Audio(kind, data=call.body))
        body = self.asked(call)
        parameters = dict(body.pop("parameters", None) or {})
        try:
            data = base64.b64decode(str(body.pop("inputs", "")), validate=True)
        except (binascii.Error, ValueError):
            raise invalid("`inputs` must be sound in base64") from None
        wanted = parameters.pop("return_timestamps", None)
        options = {"timestamps": "word" if wanted == "word" else "segment"} if wanted else {}
        extra = {**body, **({"parameters": parameters} if parameters else {})}
        return TranscriptionRequest(
            self.model(call), Audio(Audio.default_media_type, data=data), options, extra
        )

    def write(self, answer: Transcript) -> Reply:
        """The reply with the transcript."""
        chunks = [{"text": one.text, "timestamp": [one.start, one.end]} for one in answer.segments]
        return written({"text": answer.text, **({"chunks": chunks} if chunks else {})})


def _spoken(chunks: Iterable[Any]) -> Iterable[Spoken]:
    for chunk in chunks:
        times = chunk.get("timestamp") if isinstance(chunk, dict) else None
        start, end = times if isinstance(times, list) and len(times) == 2 else (None, None)
        if measured(start) is not None:
            begun = measured(start) or 0.0
            yield Spoken(said(chunk, "text"), begun, measured(end) or begun)  # the last may have no end


def operations_of(dialect: Dialect) -> Operations:
    """All of them."""
    codecs = (Models, Embed, Rerank, MakeImage, Transcribe)
    return {codec.name: codec(dialect) for codec in codecs}
