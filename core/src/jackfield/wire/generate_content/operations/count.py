"""How many tokens a request would take in."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield.types import Request, TokenCount
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.generate_content.operations.exchange import Exchange, malformed, number, written
from jackfield.wire.generate_content.tables import table_of

_COUNTED = ("contents", "systemInstruction", "tools", "generationConfig")


class CountTokens(Exchange[Request, TokenCount]):
    """``POST models/{model}:countTokens``."""

    name: ClassVar[str] = "count_tokens"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", "countTokens"))

    def render(self, request: Request) -> Call:
        """The call that asks."""
        body = self.wire.body_of(request)
        if self.wire.rules.settings["count"] == "request":
            asked: dict[str, Any] = {
                "generateContentRequest": {"model": self.wire.model_name(request.model), **body}
            }
        else:
            asked = {name: body[name] for name in _COUNTED if name in body}
        return self.call(self.wire.verb_path(request.model, "countTokens"), asked)

    def parse(self, reply: Reply) -> TokenCount:
        """The count."""
        body = self.answer(reply)
        tokens = number(body, "totalTokens")
        if tokens is None:
            raise malformed("it holds no count")
        return TokenCount(tokens, number(body, "cachedContentTokenCount") or 0, raw=body)

    def read(self, call: Call) -> Request:
        """The request whose tokens are to be counted."""
        body = self.body(call)
        inner = table_of(body.get("generateContentRequest"))
        return self.wire.read_request(inner or body, self.wire.path_model(call.path)[0])

    def write(self, answer: TokenCount) -> Reply:
        """The reply with the count."""
        cached = {"cachedContentTokenCount": answer.cached} if answer.cached else {}
        details = [{"modality": "TEXT", "tokenCount": answer.tokens}]
        return written({"totalTokens": answer.tokens, **cached, "promptTokensDetails": details})
