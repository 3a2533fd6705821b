"""What the format has besides chat: vectors, ranking, transcripts, the list of models, counting."""

from __future__ import annotations

import base64
import binascii
from array import array
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest, Unsupported
from jackfield.types import (
    Embeddings,
    EmbedRequest,
    Message,
    ModelInfo,
    ModelList,
    ModelsRequest,
    Ranking,
    Request,
    Text,
    TokenCount,
    Usage,
)
from jackfield.wire.base import Dialect
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.facts import figure
from jackfield.wire.operation import Operations, Steps
from jackfield.wire.operations.codec import Codec, invalid, listed, malformed, said, written
from jackfield.wire.operations.models import PagedModels
from jackfield.wire.operations.rerank import Rerank
from jackfield.wire.operations.transcribe import Transcribe
from jackfield_cohere.tables import DEFAULTS, INPUT_TYPES
from jackfield_cohere.usage import BILLED, billed_fields, meta_usage

MOST_TEXTS = 96
LONGEST_TEXT = 65536
PAGE = 1000
API_VERSION = {"version": "2"}


# -- vectors -------------------------------------------------------------------------------------


class Embed(Codec[EmbedRequest, Embeddings]):
    """``POST v2/embed``, for 96 texts at a time; more are asked in several calls."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = ("v2", "embed")
    fields: ClassVar[Mapping[str, str]] = {"dimensions": "output_dimension", "input_type": "input_type"}

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._input_type = {**DEFAULTS, **dialect.settings}["input_type"]

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks. Newer models demand to be told what the vectors are for."""
        given = {"input_type": self._input_type, **self.translated(request.options)}
        given["input_type"] = INPUT_TYPES.get(given["input_type"], given["input_type"])
        required = {"model": request.model, "texts": list(request.texts), "embedding_types": ["float"]}
        body = {**required, **given}
        for quirk in self.dialect.quirks:
            body = quirk(body)
        return self.call({**body, **request.extra})

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors of a reply: floats, if they are among what was asked for."""
        body = self.answer(reply)
        found = body.get("embeddings")
        if isinstance(found, dict):
            found = found.get("float") or next((v for v in found.values() if isinstance(v, list)), None)
        if not isinstance(found, list):
            raise malformed("it holds no list of vectors")
        return Embeddings(tuple(map(_vector, found)), usage=meta_usage(body.get("meta")), raw=body)

    def ask(self, request: EmbedRequest) -> Steps[Embeddings]:
        """As many calls as it takes."""
        answers: list[Embeddings] = []
        for start in range(0, len(request.texts), MOST_TEXTS):
            some = attrs.evolve(request, texts=request.texts[start : start + MOST_TEXTS])
            answers.append(self.parse((yield self.render(some))))
        if len(answers) == 1:
            return answers[0]
        vectors = tuple(vector for answer in answers for vector in answer.vectors)
        raw = [answer.raw for answer in answers]
        return Embeddings(vectors, usage=_together([answer.usage for answer in answers]), raw=raw)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, texts = body.pop("model", None), body.pop("texts", None)
        if not isinstance(model, str) or not isinstance(texts, list) or not texts:
            raise invalid("a request for embeddings needs a model and texts")
        if not all(isinstance(text, str) for text in texts):
            raise invalid("embeddings are made of texts")
        if body.get("embedding_types") == ["float"]:
            del body["embedding_types"]
        options, extra = self.options(body)
        return EmbedRequest(model, tuple(texts), options, extra)

    def write(self, answer: Embeddings) -> Reply:
        """The reply with the vectors."""
        meta = {"api_version": API_VERSION, BILLED: {"input_tokens": answer.usage.total_input}}
        vectors = {"float": [list(vector) for vector in answer.vectors]}
        return written(
            {
                "id": "",
                "embeddings": vectors,
                "texts": [],
                "meta": meta,
                "response_type": "embeddings_by_type",
            }
        )


def _vector(value: Any) -> tuple[float, ...]:
    try:
        if isinstance(value, str):
            return tuple(array("f", base64.b64decode(value, validate=True)))
        return tuple(map(float, value))
    except (TypeError, ValueError, binascii.Error):
        raise malformed("a vector holds something that is no number") from None


def _together(usages: list[Usage]) -> Usage:
    """What several calls used, with what of it is billed."""
    if not all(usage.known for usage in usages):
        return Usage(source="unknown", raw={"calls": [usage.raw for usage in usages]})
    billed: dict[str, int] = {}
    for usage in usages:
        for name, count in usage.raw[BILLED].items():
            billed[name] = billed.get(name, 0) + figure(count)
    return meta_usage({BILLED: billed})


# -- ranking -------------------------------------------------------------------------------------


class CohereRerank(Rerank):
    """``POST v2/rerank``: a search is billed, whatever the number of its tokens."""

    path: ClassVar[tuple[Segment, ...]] = ("v2", "rerank")
    fields: ClassVar[Mapping[str, str]] = {"top_n": "top_n", "max_tokens_per_doc": "max_tokens_per_doc"}

    def parse(self, reply: Reply) -> Ranking:
        """The ranking of a reply."""
        ranking = super().parse(reply)
        return attrs.evolve(ranking, usage=meta_usage(ranking.raw.get("meta")))

    def write(self, answer: Ranking) -> Reply:
        """The reply that holds the ranking."""
        results = [{"index": ranked.index, "relevance_score": ranked.score} for ranked in answer.results]
        billed = (
            {"search_units": answer.usage.searches} if answer.usage.searches else billed_fields(answer.usage)
        )
        return written({"id": "", "results": results, "meta": {"api_version": API_VERSION, BILLED: billed}})


# -- transcripts ---------------------------------------------------------------------------------


class CohereTranscribe(Transcribe):
    """``POST v2/audio/transcriptions``: text alone, of speech in a language that must be named."""

    path: ClassVar[tuple[Segment, ...]] = ("v2", "audio", "transcriptions")
    fields: ClassVar[Mapping[str, str]] = {"language": "language", "temperature": "temperature"}

    def render(self, request: Any) -> Call:
        """The call that asks; what the format has no word for is refused."""
        unknown = sorted({"timestamps", "diarize", "translate"} & request.options.keys())
        if unknown:
            raise Unsupported(_local(f"a transcript takes no option `{unknown[0]}`"))
        if "language" not in request.options:
            msg = "a transcript needs to know the language spoken; nothing was sent"
            hint = 'say which, as in language="en"'
            raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
        return super().render(request)

    @property
    def exchanges(self) -> tuple[Any, ...]:
        """One way to ask: into the language that is spoken."""
        return super().exchanges[:1]


def _local(what: str) -> ErrorInfo:
    return ErrorInfo("request.unsupported", f"{what}; nothing was sent", sent="no")


# -- models --------------------------------------------------------------------------------------


class Models(PagedModels):
    """``GET v1/models``, page after page."""

    name: ClassVar[str] = "models"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "models")

    def render(self, request: ModelsRequest) -> Call:
        """The call for one page."""
        call = self.call()
        call.query = tuple((name, str(value)) for name, value in {"page_size": PAGE, **request.extra}.items())
        return call

    def parse(self, reply: Reply) -> ModelList:
        """The models of one page."""
        body = self.answer(reply)
        return ModelList(tuple(map(model_info, listed(body, "models"))), raw=body)

    def following(self, body: dict[str, Any]) -> dict[str, str]:
        """With the token of the next page."""
        token = said(body, "next_page_token")
        return {"page_token": token} if token else {}

    def read(self, call: Call) -> ModelsRequest:
        """The request a call asks."""
        return ModelsRequest({name: value for name, value in call.query if name != "page_size"})

    def write(self, answer: ModelList) -> Reply:
        """The reply that lists them."""
        models = [{"name": model.id, "context_length": model.context} for model in answer.models]
        kept = [{name: value for name, value in model.items() if value is not None} for model in models]
        return written({"models": kept})


def model_info(entry: Any) -> ModelInfo:
    """What one entry says."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise malformed("a model has no name")
    return ModelInfo(entry["name"], context=figure(entry.get("context_length")) or None, raw=entry)


# -- counting ------------------------------------------------------------------------------------


class CountTokens(Codec[Request, TokenCount]):
    """``POST v1/tokenize``, once for each text. The prompt template is not counted, and not billed either."""

    name: ClassVar[str] = "count_tokens"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "tokenize")

    def render(self, request: Request) -> Call:
        """The call that counts the words of a request of one text."""
        return self.call(
            {"text": "".join(message.text for message in request.messages), "model": request.model}
        )

    def parse(self, reply: Reply) -> TokenCount:
        """The count of one text."""
        body = self.answer(reply)
        return TokenCount(len(listed(body, "tokens")), raw=body)

    def ask(self, request: Request) -> Steps[TokenCount]:
        """The tokens of all texts together."""
        texts = [_countable(part) for message in request.messages for part in message.parts]
        if request.tools or request.output is not None:
            raise Unsupported(_local("the tokens of tools and schemas cannot be counted"))
        counts = []
        for text in filter(None, texts):
            alone = Request(request.model, (Message("user", text),))
            counts.append(self.parse((yield self.render(alone))))
        return TokenCount(sum(count.tokens for count in counts), raw=[count.raw for count in counts])

    def read(self, call: Call) -> Request:
        """The request a call asks."""
        body = self.asked(call)
        if not isinstance(body.get("text"), str) or not isinstance(body.get("model"), str):
            raise invalid("to count tokens takes a `text` and a `model`")
        return Request(body["model"], (Message("user", body["text"]),))

    def write(self, answer: TokenCount) -> Reply:
        """The reply with the count: as many tokens as there are, whose numbers nobody knows here."""
        return written({"tokens": [0] * answer.tokens, "token_strings": [""] * answer.tokens})


def _countable(part: Any) -> str:
    if not isinstance(part, Text):
        raise Unsupported(_local("only the tokens of texts can be counted"))
    if len(part.text) > LONGEST_TEXT:
        raise Unsupported(_local(f"texts of more than {LONGEST_TEXT} characters are not counted"))
    return part.text


def operations_of(dialect: Dialect) -> Operations:
    """All of them."""
    codecs = (Embed, CohereRerank, CohereTranscribe, Models, CountTokens)
    return {codec.name: codec(dialect) for codec in codecs}
