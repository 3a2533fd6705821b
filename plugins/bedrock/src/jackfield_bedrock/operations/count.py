"""How many tokens a request would take in."""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield.types import Request, TokenCount
from jackfield.wire import Call, Dialect, Reply
from jackfield.wire.facts import figure
from jackfield.wire.seal import Seal
from jackfield_bedrock.converse.read import read_body
from jackfield_bedrock.converse.render import render_body
from jackfield_bedrock.converse.tables import DEFAULTS, NAME, OWN_FIELDS, Rules
from jackfield_bedrock.failures import refused
from jackfield_bedrock.operations.exchange import Exchange, written

COUNTED = ("messages", "system", "toolConfig", OWN_FIELDS)


class CountTokens(Exchange[Request, TokenCount]):
    """``POST model/{model}/count-tokens``."""

    name: ClassVar[str] = "count_tokens"
    place: ClassVar[tuple[str, ...]] = ("model", "{model}", "count-tokens")

    def __init__(self, dialect: Dialect, model: str) -> None:
        super().__init__(dialect, model)
        known = {name: value for name, value in dialect.settings.items() if name in DEFAULTS}
        self._rules = Rules(Seal(dialect.provider, NAME), {**DEFAULTS, **known}, dialect.max_output)

    def render(self, request: Request) -> Call:
        """The call that asks: what of a conversation is counted."""
        body = render_body(request, self._rules)
        counted: dict[str, Any] = {name: body[name] for name in COUNTED if name in body}
        return self.call({"input": {"converse": counted}}, request.model)

    def parse(self, reply: Reply) -> TokenCount:
        """The count of a reply."""
        body = self.answer(reply)
        if "inputTokens" not in body:
            raise self.unread(body, "count")
        return TokenCount(figure(body["inputTokens"]), raw=body)

    def read(self, call: Call) -> Request:
        """The request a call asks about."""
        asked = self.asked(call).get("input")
        inner = asked.get("converse") if isinstance(asked, dict) else None
        if not isinstance(inner, dict):
            raise refused("input.converse: an object is required")
        return read_body(inner, self.model_in(call), self._rules)

    def write(self, answer: TokenCount) -> Reply:
        """The reply with the count."""
        return written({"inputTokens": answer.tokens})
