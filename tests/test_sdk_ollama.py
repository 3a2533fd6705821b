"""Ollama's own client, pointed at the server half of our wire: what we write, it understands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, PartStarted, Started, TextDelta
from jackfield.types import (
    Completion,
    Embeddings,
    Finish,
    Image,
    ModelInfo,
    ModelList,
    Opaque,
    Reasoning,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire import Dialect

ollama = pytest.importorskip("ollama")
wires = pytest.importorskip("jackfield_ollama.wire")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import failing  # noqa: E402
from one_wire import OneWire  # noqa: E402

WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
THOUGHT = Reasoning("hm", Opaque("ollama", "ollama", {}))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
CHAT = {"model": "river-1", "messages": [{"role": "user", "content": "Name three rivers."}]}


def said(*parts, reason="stop", **facts):
    return Completion(parts, Finish(reason), Usage(11, output=9), "river-1", **facts)


@pytest.fixture(scope="module")
def running() -> Iterator[OneWire]:
    """One server for all tests."""
    wire = wires.OllamaWire(Dialect(provider="ollama", settings={"think_levels": ("gpt-oss*",)}))
    with OneWire(wire, lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture
def server(running) -> OneWire:
    """That server, with the answer that most tests expect."""
    running.answer = lambda _: said(Text(WORDS))
    return running


@pytest.fixture(scope="module")
def client(running):
    """The vendor's client, closed in the end."""
    client = ollama.Client(host=running.url)
    yield client
    client._client.close()


def raising(error):
    def answer(request):
        raise error

    return answer


def test_text(server, client):
    """Text, finish and figures."""
    answer = client.chat(**CHAT)

    assert (WORDS, True, "stop") == (answer.message.content, answer.done, answer.done_reason)
    assert (11, 9, "river-1") == (answer.prompt_eval_count, answer.eval_count, answer.model)


def test_stream(server, client):
    """Pieces, then figures."""
    lines = list(client.chat(**CHAT, stream=True))

    assert WORDS == "".join(line.message.content for line in lines)
    assert (True, 9) == (lines[-1].done, lines[-1].eval_count)
    assert not any(line.done for line in lines[:-1])


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_and_parallel_tools(server, client, stream):
    """Thoughts first, then two calls, each whole."""
    server.answer = lambda _: said(THOUGHT, *CALLS, reason="tool_calls")

    found = client.chat(**CHAT, tools=TOOLS, think=True, stream=stream)
    lines = list(found) if stream else [found]

    assert "hm" == "".join(line.message.thinking or "" for line in lines)
    calls = [call for line in lines for call in line.message.tool_calls or ()]
    assert [(c.name, c.arguments) for c in CALLS] == [(c.function.name, c.function.arguments) for c in calls]


def test_logprobs(server, client):
    """With the alternatives."""
    server.answer = lambda _: said(Text("a"), logprobs=(TokenLogprob("a", -0.5, (("b", -1.0),)),))

    (token,) = client.chat(**CHAT, logprobs=True, top_logprobs=1).logprobs

    assert ("a", -0.5, "b") == (token.token, token.logprob, token.top_logprobs[0].token)


def test_turns_come_back(server, client):
    """What the client sends back in the next turn is what was answered; the result finds its call."""
    server.answer = lambda _: said(THOUGHT, CALLS[0], reason="tool_calls")
    first = client.chat(**CHAT, tools=TOOLS)
    asked = []
    server.answer = lambda request: asked.append(request) or said(Text("done"))

    result = {"role": "tool", "tool_name": "weather", "content": "21 °C"}
    client.chat(model="river-1", messages=[*CHAT["messages"], first.message, result], tools=TOOLS)

    thought, call = asked[0].messages[1].parts
    (answered,) = asked[0].messages[2].parts
    assert (THOUGHT, CALLS[0].arguments) == (thought, call.arguments)
    assert (call.id, "21 °C") == (answered.call_id, answered.text)


def test_what_the_client_asks_is_read(server, client):
    """Options, pictures, form and thinking."""
    asked = []
    server.answer = lambda request: asked.append(request) or said(Text("done"))
    turn = {"role": "user", "content": "what?", "images": [b"\x89PNG"]}

    client.chat(
        model="gpt-oss:20b",
        messages=[turn],
        format=PARAMETERS,
        options={"num_predict": 5, "num_ctx": 99},
        think="low",
        keep_alive="1h",
    )

    (request,) = asked
    assert {"max_tokens": 5, "reasoning": "low"} == request.options
    assert {"options": {"num_ctx": 99}, "keep_alive": "1h"} == request.extra
    assert Image("image/png", data=b"\x89PNG") == request.messages[0].parts[1]
    assert PARAMETERS == request.output.schema


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "request.invalid"), (401, "auth"), (404, "model.missing"), (429, "throttle"), (503, "server")],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, status, kind, stream):
    """The status and our words."""
    server.answer = raising(failing(kind, status, "as asked"))

    with pytest.raises(ollama.ResponseError, match="as asked") as caught:
        list(client.chat(**CHAT, stream=stream))

    assert status == caught.value.status_code


def test_an_error_in_a_stream(server, client):
    """A stream that broke is an exception, not a short answer."""
    begun = Started("a", "river-1"), PartStarted(0, Text("")), TextDelta(0, "Aa")
    server.answer = lambda _: iter((*begun, Failed(ErrorInfo("server.overloaded", "out of order"))))

    with pytest.raises(ollama.ResponseError, match="out of order"):
        list(client.chat(**CHAT, stream=True))


def test_vectors(server, client):
    """In the order of the texts."""
    server.answer = lambda _: Embeddings(((0.5, 1.0), (0.25, 0.0)), usage=Usage(7), model="e")

    found = client.embed(model="e", input=["a", "b"], dimensions=2)

    assert ([[0.5, 1.0], [0.25, 0.0]], 7) == (found.embeddings, found.prompt_eval_count)


def test_models(server, client):
    """With the day they were pulled."""
    day = datetime(2026, 11, 1, tzinfo=UTC)
    server.answer = lambda _: ModelList((ModelInfo("river-1", created=day),))

    assert [("river-1", day)] == [(model.model, model.modified_at) for model in client.list().models]
