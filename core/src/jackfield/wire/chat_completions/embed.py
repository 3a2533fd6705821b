"""Embeddings in both directions."""

from __future__ import annotations

import base64
import binascii
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.types import Embeddings, EmbedRequest
from jackfield.wire.chat_completions.parse import malformed, usage_of
from jackfield.wire.chat_completions.render import unsupported
from jackfield.wire.chat_completions.settings import Settings
from jackfield.wire.chat_completions.tables import EMBED_FIELDS


def embed_body(request: EmbedRequest, settings: Settings) -> dict[str, Any]:
    """The body of a request, before quirks and extras."""
    body: dict[str, Any] = {"model": request.model, "input": list(request.texts)}
    for name, value in request.options.items():
        field = EMBED_FIELDS.get(name)
        if field is None:
            raise unsupported(f"option `{name}`", "leave it out")
        body[field] = value
    if settings.embedding_encoding != "none":
        body["encoding_format"] = settings.embedding_encoding
    return body


def embeddings_of(body: Mapping[str, Any]) -> Embeddings:
    """The vectors of an answer, in the order of the texts."""
    data = body.get("data")
    if not isinstance(data, list) or not data or not all(isinstance(item, dict) for item in data):
        raise malformed("it holds no list of vectors")
    ordered = sorted(enumerate(data), key=lambda entry: _place(*entry))
    vectors = tuple(_vector(item.get("embedding")) for _, item in ordered)
    usage = body.get("usage")
    return Embeddings(
        vectors, usage_of(usage if isinstance(usage, dict) else None), str(body.get("model") or ""), raw=body
    )


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


# -- the server half -------------------------------------------------------------------------------


def read_embed_body(body: Mapping[str, Any]) -> EmbedRequest:
    """The request a body asks. How the vectors are to be encoded is between the two ends of this wire."""
    given = dict(body)
    model, texts = given.pop("model", None), given.pop("input", None)
    given.pop("encoding_format", None)
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(model, str) or not isinstance(texts, list) or not texts:
        raise _invalid("a request for embeddings needs a model and texts")
    if not all(isinstance(text, str) for text in texts):
        raise _invalid("embeddings are made of texts, not of token numbers")
    fields = {field: option for option, field in EMBED_FIELDS.items()}
    options = {
        fields[name]: given.pop(name) for name in tuple(given) if name in fields and given[name] is not None
    }
    return EmbedRequest(model, tuple(texts), options, {name: v for name, v in given.items() if v is not None})


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, sent="no"))


def write_embed_body(embeddings: Embeddings, encoding: str) -> dict[str, Any]:
    """The body that carries the vectors, as lists or in base64."""
    body: dict[str, Any] = {
        "object": "list",
        "model": embeddings.model,
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": _packed(vector) if encoding == "base64" else list(vector),
            }
            for index, vector in enumerate(embeddings.vectors)
        ],
    }
    total = embeddings.usage.total_input
    body["usage"] = {"prompt_tokens": total, "total_tokens": total}
    return body
