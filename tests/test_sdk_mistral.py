"""The vendor's own client, pointed at the server half of the shared wire: what we write, it understands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, PartStarted, Started, TextDelta
from jackfield.types import (
    Completion,
    Document,
    Finish,
    Message,
    Output,
    Reasoning,
    Request,
    Text,
    ToolCall,
    Usage,
)
from jackfield.wire import Dialect
from jackfield.wire.chat_completions import ChatCompletions

pytest.importorskip("mistralai")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Loopback, failing
from mistralai.client import Mistral
from mistralai.client.errors import ResponseValidationError, SDKError

KEY = "not-a-real-key"
WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("aB3dE6gH9", "weather", '{"city":"Zürich"}'), ToolCall("bC4eF7hI0", "weather", "{}"))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
ASK = {"model": "river-1", "messages": [{"role": "user", "content": "Name three rivers."}]}


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), Usage(11, 2, output=5, reasoning=4), "river-1", id="answer-1")


@pytest.fixture(scope="module")
def running() -> Iterator[Loopback]:
    """One server for all tests, which speaks the format as the provider's own clients expect it."""
    wire = ChatCompletions(Dialect("mistral", settings={"whole_calls": True, "reasoning_replay": "content"}))
    with Loopback(lambda _: said(Text(WORDS)), wires=[wire]) as server:
        server._routes.reverse()  # the same path: ours comes first
        yield server


@pytest.fixture(autouse=True)
def server(running) -> Loopback:
    """That server, with the answer that most tests expect; a test may set another."""
    running.answer = lambda _: said(Text(WORDS))
    running.calls.clear()
    return running


@pytest.fixture(scope="module")
def client(running):
    with Mistral(api_key=KEY, server_url=running.url) as client:
        yield client


@pytest.fixture
def asked(server) -> list[Request]:
    """The requests the server read."""
    found: list[Request] = []
    server.answer = lambda request: found.append(request) or said(Text(WORDS))
    return found


def streamed(client, **options):
    return [event.data for event in client.chat.stream(**ASK, **options)]


def test_text(client):
    """Text, finish and figures."""
    answer = client.chat.complete(**ASK)

    choice = answer.choices[0]
    assert (WORDS, "stop", "river-1", "answer-1") == (
        choice.message.content,
        choice.finish_reason,
        answer.model,
        answer.id,
    )
    assert (13, 9, 22) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.usage.total_tokens,
    )


def test_stream(client):
    """Pieces, and a reason to finish."""
    chunks = streamed(client)

    assert WORDS == "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert ["stop"] == [
        c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason
    ]


def test_parallel_tools(server, client):
    """Two calls in one answer, whole and streamed."""
    server.answer = lambda _: said(*CALLS, reason="tool_calls")

    whole = client.chat.complete(**ASK, tools=TOOLS, tool_choice="any").choices[0].message.tool_calls
    deltas = [
        call for chunk in streamed(client, tools=TOOLS) for call in chunk.choices[0].delta.tool_calls or []
    ]

    assert [(call.id, call.name, call.json) for call in CALLS] == [
        (call.id, call.function.name, call.function.arguments) for call in whole
    ]
    assert "".join(call.json for call in CALLS) == "".join(call.function.arguments for call in deltas)
    assert [call.id for call in CALLS] == [call.id for call in deltas if call.function.name]


def test_thoughts_and_their_way_back(server, client, asked):
    """They are items of the content, whole and streamed, and come back as they were."""
    answer = server.answer
    server.answer = lambda request: (answer(request), said(Reasoning("hm"), Text(WORDS)))[1]

    message = client.chat.complete(**ASK).choices[0].message
    chunks = [chunk.choices[0].delta.content for chunk in streamed(client) if chunk.choices]
    client.chat.complete(model="river-1", messages=[*ASK["messages"], message, *ASK["messages"]])

    assert ("hm", WORDS) == (message.content[0].thinking[0].text, message.content[1].text)
    assert "hm" == "".join(
        item.thinking[0].text for content in chunks if isinstance(content, list) for item in content
    )
    assert [("Reasoning", "hm"), ("Text", WORDS)] == [
        (type(part).__name__, part.text) for part in asked[-1].messages[1].parts
    ]


def test_its_own_options_are_read(client, asked):
    """A seed, a demand to call, a schema; what only it has is kept as it is."""
    form = {"type": "json_schema", "json_schema": {"name": "r", "schema": PARAMETERS, "strict": True}}

    client.chat.complete(
        **ASK,
        max_tokens=9,
        random_seed=7,
        safe_prompt=True,
        tools=TOOLS,
        tool_choice="any",
        response_format=form,
    )

    (request,) = asked
    assert {"max_tokens": 9, "seed": 7} == {name: request.options[name] for name in ("max_tokens", "seed")}
    assert ("required", Output(PARAMETERS, "r", None, True)) == (request.tool_choice, request.output)
    assert True is request.extra["safe_prompt"]


def test_turns_are_read(client, asked):
    """Thoughts, calls, results, documents by address."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    call = {"id": "aB3dE6gH9", "function": {"name": "weather", "arguments": "{}"}}
    document = {"type": "document_url", "document_url": "https://h.example/a.pdf", "document_name": "a"}
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "see"}, document]},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "ho"}], "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "aB3dE6gH9", "name": "weather", "content": "sun"},
    ]

    client.chat.complete(model="river-1", messages=turns)

    user, turn, result = asked[0].messages
    assert (
        Message("user", (Text("see"), Document("application/pdf", url="https://h.example/a.pdf", name="a")))
        == user
    )
    assert ["Reasoning", "Text", "ToolCall"] == [type(part).__name__ for part in turn.parts]
    assert ("hm", "sun") == (turn.parts[0].text, result.parts[0].text)


def raising(error):
    def answer(request):
        raise error

    return answer


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "request.invalid"),
        (401, "auth"),
        (402, "quota.money"),
        (404, "model.missing"),
        (429, "throttle"),
        (500, "server"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, status, kind, stream):
    """Each status is an error, with our words in it."""
    server.answer = raising(failing(kind, status, "as asked", request_id="r1"))

    with pytest.raises(SDKError) as caught:
        streamed(client) if stream else client.chat.complete(**ASK)

    assert status == caught.value.status_code
    assert "as asked" == json.loads(caught.value.body)["error"]["message"]


def broken():
    yield from (Started("a", "river-1"), PartStarted(0, Text("")), TextDelta(0, "Aa"))
    yield Failed(ErrorInfo("server.overloaded", "out of order"))


def test_an_error_in_a_stream(server, client):
    """A stream that broke is an exception, not a short answer."""
    server.answer = lambda _: broken()

    with pytest.raises(ResponseValidationError):
        streamed(client)
