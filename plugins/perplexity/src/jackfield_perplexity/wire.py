"""The wire of chat completions, with vectors of whole numbers in base64."""

from __future__ import annotations

import base64
import binascii
from array import array
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import evolve

from jackfield.jsontext import dumps, loads
from jackfield.wire import Reply
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operations.codec import listed, malformed, written
from jackfield.wire.operations.embed import Embed

if TYPE_CHECKING:
    from jackfield.types import Embeddings
    from jackfield.wire.operation import Operations


class PerplexityWire(ChatCompletions):
    """The shared format; only vectors differ."""

    def operations(self) -> Operations:
        """What the format carries besides completions."""
        return self._all

    @cached_property
    def _all(self) -> Operations:
        return {**super().operations(), "embed": ByteEmbed(self.dialect)}


class ByteEmbed(Embed):
    """A vector is a text of base64, each byte of which is a number from -128 to 127 (2026-08)."""

    def parse(self, reply: Reply) -> Embeddings:
        """The vectors of a reply, in the order of the texts."""
        body = self.answer(reply)
        data = [_numbers(item) for item in listed(body, "data")]
        found = super().parse(Reply(reply.status, reply.headers, dumps({**body, "data": data})))
        return evolve(found, raw=body)

    def write(self, answer: Embeddings, encoding: str = "base64_int8") -> Reply:
        """The reply with the vectors; numbers that are none of a byte are cut to the nearest."""
        body = loads(super().write(answer).body)
        for item, vector in zip(body["data"], answer.vectors, strict=True):
            numbers = array("b", (max(-128, min(127, round(number))) for number in vector))
            item["embedding"] = base64.b64encode(numbers.tobytes()).decode("ascii")
        return written(body)


def _numbers(item: Any) -> Any:
    """An entry with its vector as numbers."""
    encoded = item.get("embedding") if isinstance(item, dict) else None
    if not isinstance(encoded, str):
        return item
    try:
        return {**item, "embedding": list(array("b", base64.b64decode(encoded, validate=True)))}
    except (binascii.Error, ValueError):
        raise malformed("a vector is not base64") from None
