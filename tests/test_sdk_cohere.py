"""Cohere's own client, pointed at the server half of our wire: what we write, it understands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, PartStarted, Started, TextDelta, unfold
from jackfield.types import (
    Citation,
    Completion,
    Embeddings,
    Finish,
    Message,
    ModelInfo,
    ModelList,
    Opaque,
    Ranked,
    Ranking,
    Reasoning,
    Text,
    TokenCount,
    TokenLogprob,
    ToolCall,
    Transcript,
    Usage,
)
from jackfield.wire import Dialect

cohere = pytest.importorskip("cohere")
wires = pytest.importorskip("jackfield_cohere.wire")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import failing  # noqa: E402
from one_wire import OneWire  # noqa: E402

KEY = "not-a-real-key"
USAGE = Usage(11, 2, output=5, reasoning=4)
WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
CHAT = {"model": "river-1", "messages": [{"role": "user", "content": "Name three rivers."}]}
PLAN = Reasoning("I will ask.", Opaque("cohere", "cohere", {"type": "tool_plan"}))
SOURCE = {"type": "document", "id": "d1", "document": {"id": "d1", "title": "Rivers"}}
CITED = {"start": 0, "end": 4, "text": "Aare", "sources": [SOURCE], "type": "TEXT_CONTENT"}


def said(*parts, reason="stop", **facts):
    return Completion(parts, Finish(reason), USAGE, "river-1", id="answer-1", **facts)


@pytest.fixture(scope="module")
def running() -> Iterator[OneWire]:
    """One server for all tests."""
    with OneWire(wires.CohereWire(Dialect(provider="cohere")), lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture
def server(running) -> OneWire:
    """That server, with the answer that most tests expect."""
    running.answer = lambda _: said(Text(WORDS))
    return running


@pytest.fixture(scope="module")
def client(running):
    """The vendor's client, over connections that are closed in the end."""
    with httpx.Client() as connections:
        yield cohere.ClientV2(api_key=KEY, base_url=running.url, httpx_client=connections)


def raising(error):
    def answer(request):
        raise error

    return answer


# -- chat ----------------------------------------------------------------------------------------


def test_text(server, client):
    """Text, finish and figures."""
    answer = client.chat(**CHAT)

    assert (WORDS, "COMPLETE") == (answer.message.content[0].text, answer.finish_reason)
    assert (13, 9, 2) == (
        answer.usage.tokens.input_tokens,
        answer.usage.tokens.output_tokens,
        answer.usage.cached_tokens,
    )
    assert "answer-1" == answer.id


def test_stream(server, client):
    """Pieces, then figures."""
    events = list(client.chat_stream(**CHAT))

    assert ["message-start", "content-start"] == [event.type for event in events[:2]]
    deltas = [event.delta.message.content.text for event in events if event.type == "content-delta"]
    assert WORDS == "".join(deltas)
    assert ("message-end", "COMPLETE", 9) == (
        events[-1].type,
        events[-1].delta.finish_reason,
        events[-1].delta.usage.tokens.output_tokens,
    )


def test_parallel_tools(server, client):
    """A plan and two calls."""
    server.answer = lambda _: said(PLAN, *CALLS, reason="tool_calls")

    answer = client.chat(**CHAT, tools=TOOLS)

    assert ("I will ask.", "TOOL_CALL") == (answer.message.tool_plan, answer.finish_reason)
    assert [(c.id, c.name, c.json) for c in CALLS] == [
        (call.id, call.function.name, call.function.arguments) for call in answer.message.tool_calls
    ]


def test_parallel_tools_in_a_stream(server, client):
    """The same, piece by piece."""
    server.answer = lambda _: said(PLAN, *CALLS, reason="tool_calls")

    events = list(client.chat_stream(**CHAT, tools=TOOLS))

    plan = [event.delta.message.tool_plan for event in events if event.type == "tool-plan-delta"]
    starts = [event.delta.message.tool_calls for event in events if event.type == "tool-call-start"]
    assert "I will ask." == "".join(plan)
    assert [("call_1", "weather"), ("call_2", "weather")] == [(c.id, c.function.name) for c in starts]
    first = [e for e in events if e.type == "tool-call-delta" and e.index == 0]
    assert CALLS[0].json == "".join(e.delta.message.tool_calls.function.arguments for e in first)


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_and_citations(server, client, stream):
    """Both stand where the client looks for them."""
    thought = Reasoning("hm", Opaque("cohere", "cohere", {"type": "thinking"}))
    cited = Text("Aare", (Citation("document", title="Rivers", quote="Aare", start=0, end=4, raw=CITED),))
    server.answer = lambda _: said(thought, cited)

    if stream:
        events = list(client.chat_stream(**CHAT))
        thinking = [
            getattr(e.delta.message.content, "thinking", None) for e in events if e.type == "content-delta"
        ]
        (citation,) = [e.delta.message.citations for e in events if e.type == "citation-start"]
    else:
        answer = client.chat(**CHAT)
        thinking, (citation,) = [answer.message.content[0].thinking], answer.message.citations

    assert "hm" == "".join(filter(None, thinking))
    assert ("Aare", "d1", 1) == (citation.text, citation.sources[0].id, citation.content_index)


def test_logprobs(server, client):
    """Text by text."""
    server.answer = lambda _: said(Text("Aare"), logprobs=(TokenLogprob("Aare", -0.5),))

    (item,) = client.chat(**CHAT, logprobs=True).logprobs

    assert ("Aare", [-0.5]) == (item.text, item.logprobs)


def test_turns_come_back(server, client):
    """What the client sends back in the next turn is what was answered."""
    server.answer = lambda _: said(PLAN, CALLS[0], reason="tool_calls")
    first = client.chat(**CHAT, tools=TOOLS)
    asked = []
    server.answer = lambda request: asked.append(request) or said(Text("done"))

    result = {"role": "tool", "tool_call_id": "call_1", "content": "21 °C"}
    client.chat(model="river-1", messages=[*CHAT["messages"], first.message, result], tools=TOOLS)

    assert Message("assistant", (PLAN, CALLS[0])) == asked[0].messages[1]
    assert ("tool", "21 °C") == (asked[0].messages[2].role, asked[0].messages[2].parts[0].text)


def test_what_the_client_asks_is_read(server, client):
    """Documents, thinking, limits and the form of the answer."""
    asked = []
    server.answer = lambda request: asked.append(request) or said(Text("done"))

    client.chat(
        **CHAT,
        documents=[{"id": "d1", "data": {"text": "Aare"}}],
        thinking={"type": "enabled", "token_budget": 500},
        p=0.5,
        stop_sequences=["x"],
        response_format={"type": "json_object", "json_schema": PARAMETERS},
    )

    (request,) = asked
    assert {"reasoning": 500, "top_p": 0.5, "stop": ("x",)} == request.options
    assert (b"Aare", "d1") == (request.messages[0].parts[0].data, request.messages[0].parts[0].name)
    assert PARAMETERS == request.output.schema


ERRORS = [
    (400, "request.invalid", "BadRequestError"),
    (401, "auth", "UnauthorizedError"),
    (403, "auth", "ForbiddenError"),
    (404, "model.missing", "NotFoundError"),
    (422, "request.invalid", "UnprocessableEntityError"),
    (429, "throttle", "TooManyRequestsError"),
    (500, "server", "InternalServerError"),
    (503, "server.overloaded", "ServiceUnavailableError"),
]


@pytest.mark.parametrize(("status", "kind", "name"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, status, kind, name, stream):
    """Each status is its own exception, with our words in it."""
    server.answer = raising(failing(kind, status, "as asked", request_id="r1"))

    with pytest.raises(getattr(cohere, name)) as caught:
        ask(client, stream)

    assert (status, "as asked", "r1") == (
        caught.value.status_code,
        caught.value.body["message"],
        caught.value.headers["x-debug-trace-id"],
    )


def ask(client, stream):
    options = {"max_retries": 0}
    return (
        list(client.chat_stream(**CHAT, request_options=options))
        if stream
        else client.chat(**CHAT, request_options=options)
    )


def test_an_error_in_a_stream(server, client):
    """The end of the stream says what went wrong."""
    server.answer = lambda _: iter(
        (
            Started("a", "river-1"),
            PartStarted(0, Text("")),
            TextDelta(0, "Aa"),
            Failed(ErrorInfo("server.overloaded", "out of order")),
        )
    )

    last = list(client.chat_stream(**CHAT))[-1]

    assert ("message-end", "ERROR", "out of order") == (last.type, last.delta.finish_reason, last.delta.error)


# -- beside chat ---------------------------------------------------------------------------------


def test_vectors(server, client):
    """In the order of the texts, with what they are for."""
    asked = []
    answer = Embeddings(((0.5, 1.0), (0.25, 0.0)), usage=Usage(7))
    server.answer = lambda request: asked.append(request) or answer

    found = client.embed(model="e", texts=["a", "b"], input_type="search_query", embedding_types=["float"])

    assert [[0.5, 1.0], [0.25, 0.0]] == found.embeddings.float_
    assert 7 == found.meta.billed_units.input_tokens
    assert (("a", "b"), {"input_type": "search_query"}) == (asked[0].texts, asked[0].options)


def test_ranking(server, client):
    """The best first."""
    server.answer = lambda request: Ranking((Ranked(1, 0.9), Ranked(0, 0.1)), usage=Usage(searches=1))

    found = client.rerank(model="r", query="q", documents=["a", "b"], top_n=2)

    assert [(1, 0.9), (0, 0.1)] == [(r.index, r.relevance_score) for r in found.results]
    assert 1 == found.meta.billed_units.search_units


def test_models(server, client):
    """With their contexts."""
    server.answer = lambda _: ModelList((ModelInfo("river-1", context=1000),))

    assert [("river-1", 1000)] == [(m.name, m.context_length) for m in client.models.list().models]


def test_transcript(server, client):
    """A form with the sound goes up."""
    asked = []
    server.answer = lambda request: asked.append(request) or Transcript("hello")

    found = client.audio.transcriptions.create(model="t", language="en", file=("a.wav", b"RIFF", "audio/wav"))

    assert "hello" == found.text
    assert ({"language": "en"}, b"RIFF") == (asked[0].options, asked[0].audio.data)


def test_counting(server, client):
    """As many tokens as were counted."""
    server.answer = lambda _: TokenCount(3)

    assert 3 == len(client.tokenize(text="a b c", model="river-1", offline=False).tokens)


def test_events_and_completions_are_served_alike(server, client):
    """Whether the answer came as events or whole."""
    server.answer = lambda _: unfold(said(Text(WORDS)))

    assert WORDS == client.chat(**CHAT).message.content[0].text
