"""Recorded requests sent to the simulator, which is told what parts the recorded answer had."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
from attrs import frozen
from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import Asked, asked
from jackfield_simulator.routing import Route
from jackfield_simulator.scenario import Rule, Then, When
from jackfield_simulator.things import Asking
from shapes import Shape, shape_of

from jackfield.errors import JackfieldError
from jackfield.events import Failed, Finished, fold
from jackfield.types import (
    BatchItem,
    BatchRequest,
    Completion,
    Finish,
    Message,
    Reasoning,
    Refusal,
    Request,
    RerankRequest,
    Text,
    Tool,
    ToolCall,
    Usage,
)
from jackfield.wire import Headers, Reply, WireDecoder

sys.path.insert(0, str(Path(__file__).parents[3] / "tests" / "recordings"))
from cassettes import Exchange, exchanges, require

__all__ = ["Outcome", "exchanges", "outcome_of", "require"]

# The recordings' word for a service -> the provider here; all others are spoken to as one compatible with all.
IDS = {
    **{
        name: name
        for name in (
            "anthropic",
            "bedrock",
            "cohere",
            "deepseek",
            "fireworks",
            "gemini",
            "groq",
            "huggingface",
            "mistral",
            "ollama",
            "openai",
            "openrouter",
            "perplexity",
            "together",
            "vertex",
            "xai",
        )
    },
    "azure": "azure-openai",
}
KEYS = {"authorization": "Bearer simulated-key", "content-type": "application/json"}


@frozen
class Outcome:
    """What became of one recorded request."""

    exchange: Exchange
    provider: str
    recorded: Shape
    given: Shape | None  # none where no wire has the path
    operation: str = ""


def has_package(exchange: Exchange) -> bool:
    """Whether a package here speaks what it was recorded of; all else is answered as by one compatible with all."""
    return exchange.provider in IDS and provider_of(exchange) != "openai-compatible"


def provider_of(exchange: Exchange) -> str:
    """The provider here that a recorded exchange was with."""
    if exchange.provider == "azure" and "anthropic" in exchange.surface:
        return "azure-ai"
    if exchange.provider == "vertex" and "rawPredict" in exchange.uri.replace(
        "streamRawPredict", "rawPredict"
    ):
        publisher = exchange.uri.partition("/publishers/")[2].partition("/")[0]
        return {"anthropic": "vertex-anthropic", "mistralai": "vertex-mistral"}.get(publisher, "vertex")
    surface = exchange.surface
    if "responses" in surface and exchange.provider not in ("azure", "bedrock", *IDS):
        return "openai"
    foreign = "compat" in surface or (exchange.provider == "ollama" and "completions" in surface)
    return "openai-compatible" if foreign else IDS.get(exchange.provider, "openai-compatible")


def call_of(exchange: Exchange) -> Asked:
    """The recorded request as it comes in at the simulator."""
    parts = urlsplit(exchange.uri)
    target = f"/{provider_of(exchange)}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    headers = {**KEYS, **_form_type(exchange)}
    if provider_of(exchange) in ("anthropic", "azure-ai"):
        headers["anthropic-version"] = "2023-06-01"
    return asked(exchange.method, target, headers.items(), exchange.request, "http://127.0.0.1:1")


def made_up(call: Asked, route: Route, exchange: Exchange) -> Asked:
    """The call with a body that the wire renders, where the recording kept none."""
    if exchange.request.strip() or exchange.method != "POST":
        return call
    if route.exchange is None:
        tools = (Tool("weather", "", {"type": "object", "properties": {}}),)
        request: Any = Request("simulated-model", (Message("user", (Text("hi"),)),), tools=tools)
        rendered = route.wire.render_completion(request, stream=exchange.streamed)
    elif route.operation == "rerank":
        rendered = route.exchange.render(RerankRequest("simulated-model", "hi", ("hi", "there")))
    else:
        return call
    return attrs.evolve(call, body=rendered.body)


def known(app: Simulated, call: Asked, operation: str) -> None:
    """Let there be the batch that a call is about."""
    if operation not in ("batches.get", "batches.cancel"):
        return
    name = str([step for step in call.path if step != "cancel"][-1])
    items = (BatchItem("0", Request("simulated-model", (Message("user", (Text("hi"),)),))),)
    wires = app.router.wires(provider_of_path(call), "")
    batch = app.things.answer(BatchRequest("simulated-model", items), Asking("batches.create", call, wires))
    app.things.batches[name] = app.things.batches.pop(batch.id)


def provider_of_path(call: Asked) -> str:
    """The provider a call names."""
    return str(call.path[0])


def _form_type(exchange: Exchange) -> dict[str, str]:
    if exchange.request[:2] != b"--":
        return {}
    boundary = exchange.request.partition(b"\r\n")[0][2:].decode("latin-1")
    return {"content-type": f"multipart/form-data; boundary={boundary}"}


def outcome_of(app: Simulated, exchange: Exchange) -> Outcome:
    """Send one request, and look at both answers."""
    call = call_of(exchange)
    recorded = shape_of(exchange.status, exchange.headers.get("content-type", ""), exchange.body)
    route = app.router.route(call)
    if route is None:
        return Outcome(exchange, provider_of(exchange), recorded, None)
    call = made_up(call, route, exchange)
    known(app, call, route.operation)
    app.script.clear()
    then = _then(route.wire, exchange) if route.exchange is None or exchange.status >= 400 else None
    if then is not None:
        app.script.add(Rule(When(operation="*"), then))
    found = app.exchange(call)
    reply = found.reply
    body = reply.body if isinstance(reply, Reply) else b"".join(reply.chunks)
    given = shape_of(reply.status, reply.headers.get("content-type", ""), body)
    return Outcome(exchange, provider_of(exchange), recorded, given, route.operation)


def _then(wire: Any, exchange: Exchange) -> Then | None:
    """What the recorded answer consisted of, as a scenario says it."""
    reply = Reply(exchange.status, Headers(exchange.headers), exchange.body)
    if exchange.status >= 400:
        info = wire.parse_error(reply)
        return Then(error=info.kind, status=exchange.status, code=info.code or "", message="as recorded")
    try:
        events = _read(wire, reply, exchange)
        failed = events[-1] if isinstance(events[-1], Failed) else None
        then = _told(fold([*events[:-1], Finished(Finish("stop"), Usage())] if failed else events))
    except (JackfieldError, KeyError, TypeError, AttributeError, ValueError):
        return None
    if failed is None or failed.error.kind == "stream.truncated":
        return then
    error = failed.error
    return attrs.evolve(
        then, error=error.kind, status=200, code=error.code or "", message="so", text=then.text or None
    )


def _read(wire: Any, reply: Reply, exchange: Exchange) -> list[Any]:
    if (
        exchange.streamed
        or exchange.body[:1] == b"["
        or "eventstream" in reply.headers.get("content-type", "")
    ):
        decoder = WireDecoder(wire.framing(), wire.stream_parser())
        return [*decoder.feed(reply.body), *decoder.end()]
    return [*wire.parse_completion(reply)[0]]


def _told(completion: Completion) -> Then:
    text = next((part for part in completion.parts if isinstance(part, Text)), None)
    cited = text.citations if text is not None else ()
    calls = tuple(
        {"id": part.id, "name": part.name, "arguments": part.json}
        for part in completion.parts
        if isinstance(part, ToolCall) and not part.hosted
    )
    refusal = next((part.text for part in completion.parts if isinstance(part, Refusal)), "")
    thought = any(isinstance(part, Reasoning) for part in completion.parts)
    finish = completion.finish.reason if completion.finish.reason not in ("unknown", "error") else ""
    citations = tuple(
        {
            name: value
            for name in ("kind", "url", "title", "quote", "document")
            if (value := getattr(one, name)) is not None
        }
        for one in cited
    )
    return Then(
        text=text.text if text is not None else None if calls or refusal else "",
        reasoning="Let me see." if thought else "",
        refusal=refusal,
        calls=calls,
        citations=citations,
        finish=finish,
    )
