"""Vectors for texts."""

from __future__ import annotations

import base64
import binascii
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jackfield.types import UNKNOWN_USAGE, Embeddings, EmbedRequest, Usage
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.chat_completions.parse import usage_of
from jackfield.wire.operations.codec import Codec, counted, invalid, listed, malformed, said, written


class Embed(Codec[EmbedRequest, Embeddings]):
    """``POST embeddings``. The dialect's setting ``embedding_encoding`` may ask for vectors in base64."""

    name: ClassVar[str] = "embed"
    path: ClassVar[tuple[Segment, ...]] = ("embeddings",)
    fields: ClassVar[Mapping[str, str]] = {
        "dimensions": "dimensions",
        "user": "user",
        "input_type": "input_type",
    }

    def render(self, request: EmbedRequest) -> Call:
        """The call that asks."""
        body: dict[str, Any] = {"model": request.model, "input": list(request.texts)}
        body |= self.translated(request.options)
        encoding = self.dialect.settings.get("embedding_encoding", "none")
        if encoding != "none":
            body["encoding_format"] = encoding
        for quirk in self.dialect.quirks:
            body = quirk(body)
        return self.call({**body, **request.extra})

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors of a reply, in the order of the texts."""
        body = self.answer(reply)
        data = listed(body, "data")
        if not data or not all(isinstance(item, dict) for item in data):
            raise malformed("it holds no list of vectors")
        ordered = sorted(enumerate(data), key=lambda entry: _place(*entry))
        vectors = tuple(_vector(item.get("embedding")) for _, item in ordered)
        usage = body.get("usage")
        used = _used(usage) if isinstance(usage, dict) else UNKNOWN_USAGE
        return Embeddings(vectors, usage=used, model=said(body, "model"), raw=body)

    def read(self, call: Call) -> EmbedRequest:
        """The request a call asks. How the vectors are to be encoded is between the two ends of this wire."""
        body = self.asked(call)
        model, texts = body.pop("model", None), body.pop("input", None)
        body.pop("encoding_format", None)
        if isinstance(texts, str):
            texts = [texts]
        if not isinstance(model, str) or not isinstance(texts, list) or not texts:
            raise invalid("a request for embeddings needs a model and texts")
        if not all(isinstance(text, str) for text in texts):
            raise invalid("embeddings are made of texts, not of token numbers")
        options, extra = self.options(body)
        return EmbedRequest(model, tuple(texts), options, extra)

    def encoding(self, call: Call) -> str:
        """The encoding in which a call wants its vectors."""
        return "base64" if self.asked(call).get("encoding_format") == "base64" else "float"

    def write(self, answer: Embeddings, encoding: str = "float") -> Reply:
        """The reply with the vectors, as lists or in base64."""
        packed = _packed if encoding == "base64" else list
        data = [
            {"object": "embedding", "index": index, "embedding": packed(vector)}
            for index, vector in enumerate(answer.vectors)
        ]
        total = answer.usage.total_input
        usage = {"prompt_tokens": total, "total_tokens": total}
        return written({"object": "list", "model": answer.model, "data": data, "usage": usage})


def _used(raw: dict[str, Any]) -> Usage:
    """What went in; some tell the total alone, which is the same."""
    used, total = usage_of(raw), counted(raw, "total_tokens")
    return used if used.known or not total else Usage(total, raw=raw)


def _place(position: int, item: Mapping[str, Any]) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else position


def _vector(value: Any) -> tuple[float, ...]:
    if isinstance(value, str):
        try:
            return _unpacked(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            raise malformed("a vector is not base64") from None
    if not isinstance(value, list):
        raise malformed("a vector is neither a list nor base64")
    try:
        return tuple(map(float, value))
    except (TypeError, ValueError):
        raise malformed("a vector holds something that is no number") from None


def _unpacked(data: bytes) -> tuple[float, ...]:
    """32-bit floats, little-endian whatever this machine is."""
    numbers = array("f")
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)


def _packed(vector: Sequence[float]) -> str:
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode("ascii")
