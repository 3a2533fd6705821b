"""What real providers counted: requests and answers of the recordings beside the checkout, with their usage.

They are read in place. Where the folder is absent, ``require`` skips the module visibly.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from attrs import frozen
from cassettes import Exchange, exchanges

from jackfield.errors import JackfieldError
from jackfield.events import fold
from jackfield.types import Completion, Request, Text
from jackfield.wire import Call, Dialect, Wire, WireDecoder, wire_named

_CHAT = (
    "chat_completions",
    "foundry-models-chat_completions",
    "mantle-chat_completions",
    "compat-chat_completions",
    "openai-compat",
    "openai-compat-chat_completions",
    "hf-inference-chat_completions",
    "api-inference-chat_completions",
    "router-together-chat_completions",
)
_SURFACES = {
    **dict.fromkeys(_CHAT, "chat_completions"),
    "responses": "responses",
    "messages": "messages",
    "generate_content": "generate_content",
}

# Figures that count something else than the text at hand, by provider: what it is.
APART = {
    "perplexity": "searches the web, and counts its question alone",
    "chatgpt_codex": "adds instructions of its own",
    "github_copilot": "adds instructions of its own",
}


@frozen
class Sample:
    """A request or the text of an answer, and how many tokens the provider made of it."""

    id: str
    provider: str
    model: str
    asked: Request | str
    tokens: int

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.asked, str):
            return self.asked
        return "\n".join(message.text for message in self.asked.messages)


def _wire(exchange: Exchange) -> Wire:
    kind = wire_named(_SURFACES[exchange.surface])
    return kind(Dialect(provider=exchange.provider, settings=kind.defaults))


def _answer(exchange: Exchange, wire: Wire) -> Completion | None:
    try:
        if not exchange.streamed:
            return fold(wire.parse_completion(exchange.reply)[0])
        decoder = WireDecoder(wire.framing(), wire.stream_parser())
        return fold([*decoder.feed(exchange.body), *decoder.end()])
    except JackfieldError:
        return None


def _request(exchange: Exchange, wire: Wire) -> Request | None:
    path = [part for part in exchange.uri.partition("?")[0].split("/")[3:] if part]
    head, colon, verb = path[-1].partition(":")
    place = (*path[:-1], (head, verb)) if colon else tuple(path)
    if exchange.surface == "generate_content":
        place = ("models", place[-1])
    try:
        return wire.read_completion(Call("POST", place, exchange.request))[0]
    except (JackfieldError, KeyError, ValueError):
        return None


def _of(exchange: Exchange) -> Iterator[Sample]:
    wire = _wire(exchange)
    completion = _answer(exchange, wire)
    if completion is None or completion.usage.source != "reported":
        return
    usage, model = completion.usage, completion.model or str((exchange.asked or {}).get("model", ""))
    request = _request(exchange, wire)
    if request is not None and usage.total_input and not _more(request, exchange):
        yield Sample(f"{exchange.id} in", exchange.provider, model, request, usage.total_input)
    plain = all(type(part) is Text for part in completion.parts)
    if (
        plain
        and completion.text
        and usage.output > 20
        and not usage.reasoning
        and not completion.alternatives
    ):
        yield Sample(f"{exchange.id} out", exchange.provider, model, completion.text, usage.output)


def _more(request: Request, exchange: Exchange) -> bool:
    """Whether the model was given more to read than can be seen: pictures, pages it looked up, earlier turns."""
    hosted = any(type(tool).__name__ == "HostedTool" for tool in request.tools)
    kinds = {type(part).__name__ for message in request.messages for part in message.parts}
    kinds |= {
        type(inner).__name__
        for message in request.messages
        for part in message.parts
        for inner in getattr(part, "parts", ())
    }
    seen = {"Text", "ToolCall", "ToolResult", "CachePoint", "Refusal"}
    return (
        hosted
        or not kinds <= seen
        or b"previous_response_id" in exchange.request
        or b"web_search" in exchange.request
    )


@cache
def samples() -> tuple[Sample, ...]:
    """All of them."""
    found = (exchange for exchange in exchanges() if exchange.surface in _SURFACES and exchange.status == 200)
    return tuple(
        sample
        for exchange in found
        if exchange.provider not in APART and exchange.asked
        for sample in _of(exchange)
    )
