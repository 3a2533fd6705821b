"""The vendors' own clients for Azure, pointed at the server halves of our wires: what we write, they understand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jackfield import Client
from jackfield.errors import ErrorInfo
from jackfield.events import Failed, PartStarted, Started, TextDelta
from jackfield.types import Completion, Embeddings, Finish, Text, ToolCall, Usage
from jackfield.wire import Wire

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")
pytest.importorskip("jackfield_azure_openai")
pytest.importorskip("jackfield_azure_ai")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Loopback, Route, failing  # noqa: E402

KEY = "0123456789abcdef" * 2
VERSION = "2024-10-21"
USAGE = Usage(11, 2, output=5, reasoning=4)
WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
TURNS = [{"role": "user", "content": "Name three rivers."}]
ASK: dict[str, Any] = {"model": "prod", "messages": TURNS}

ERRORS = [
    (400, "request.policy", "BadRequestError"),
    (401, "auth", "AuthenticationError"),
    (403, "auth", "PermissionDeniedError"),
    (404, "model.missing", "NotFoundError"),
    (422, "request.invalid", "UnprocessableEntityError"),
    (429, "throttle", "RateLimitError"),
    (500, "server", "InternalServerError"),
]


def wire(provider: str, **settings: str) -> Wire:
    """The wire that a user of these settings has."""
    given = {"base_url": "https://res.test", "api_key": KEY, **settings}
    return Client({"providers": {provider: given}}).bind(f"{provider}/prod").wire


class Cloud(Loopback):
    """A resource with all its surfaces."""

    def __init__(self, answer: Any) -> None:
        super().__init__(answer, self.answered)
        self._wires = [
            wire("azure-openai", api="deployments"),
            wire("azure-openai", api="v1"),
            wire("azure-openai", wire="responses"),
            wire("azure-ai"),
            wire("azure-ai", wire="messages"),
        ]
        self._routes = [Route(one.routes["complete"], one) for one in self._wires]

    def answered(self, request: Any) -> Any:
        """What answers completions answers all else, too."""
        return self.answer(request)


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), USAGE, "river-1", id="answer-1")


@pytest.fixture(scope="module")
def running() -> Iterator[Loopback]:
    """One server for all tests."""
    with Cloud(lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture(autouse=True)
def server(running) -> Loopback:
    """That server, with the answer that most tests expect; a test may set another."""
    running.answer = lambda _: said(Text(WORDS))
    running.calls.clear()
    return running


@pytest.fixture(scope="module", params=["deployments", "v1"])
def surface(request) -> str:
    """Either of the two."""
    return str(request.param)


@pytest.fixture(scope="module")
def client(running, surface):
    """The vendor's client as its guide sets it up for the surface."""
    if surface == "v1":
        made = openai.OpenAI(base_url=f"{running.url}/openai/v1/", api_key=KEY, max_retries=0)
    else:
        made = openai.AzureOpenAI(azure_endpoint=running.url, api_key=KEY, api_version=VERSION, max_retries=0)
    with made as client:
        yield client


def raising(error):
    def answer(request):
        raise error

    return answer


# -- both surfaces ---------------------------------------------------------------------------------


def test_text(server, surface, client):
    """Text, finish and figures; the deployment is in the path or in the body."""
    asked = []
    server.answer = lambda request: asked.append(request.model) or said(Text(WORDS))

    answer = client.chat.completions.create(**ASK)

    assert (WORDS, "stop") == (answer.choices[0].message.content, answer.choices[0].finish_reason)
    assert (13, 9, "river-1", "answer-1") == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.model,
        answer.id,
    )
    assert ["prod"] == asked
    assert (surface == "deployments") == ("deployments" in server.calls[0].path)


def test_stream(client):
    """Pieces, then figures."""
    chunks = list(client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}))

    assert WORDS == "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert 9 == chunks[-1].usage.completion_tokens


def test_tools(server, client):
    """Two calls in one answer, whole and streamed."""
    server.answer = lambda _: said(*CALLS, reason="tool_calls")

    answer = client.chat.completions.create(**ASK, tools=TOOLS)
    with client.chat.completions.stream(**ASK, tools=TOOLS) as stream:
        streamed = stream.get_final_completion()

    for found in (answer, streamed):
        calls = [(c.id, c.function.name, c.function.arguments) for c in found.choices[0].message.tool_calls]
        assert [(call.id, call.name, call.json) for call in CALLS] == calls
        assert "tool_calls" == found.choices[0].finish_reason


@pytest.mark.parametrize(("status", "kind", "name"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, status, kind, name, stream):
    """Each status is its own exception, with our words in it."""
    server.answer = raising(failing(kind, status, "as asked", request_id="r1"))

    with pytest.raises(getattr(openai, name), match="as asked") as caught:
        list(client.chat.completions.create(**ASK, stream=stream))

    assert (status, "r1") == (caught.value.status_code, caught.value.request_id)


def test_a_broken_stream(server, client):
    """An exception, not a short answer."""
    server.answer = lambda _: broken()

    with pytest.raises(openai.APIError, match="out of order"):
        list(client.chat.completions.create(**ASK, stream=True))


def broken():
    yield from (Started("a", "river-1"), PartStarted(0, Text("")), TextDelta(0, "Aa"))
    yield Failed(ErrorInfo("server.overloaded", "out of order"))


def test_vectors(server, client):
    """In whichever encoding the client likes."""
    server.answer = lambda _: Embeddings(((0.5, 1.0), (0.25, 0.0)), usage=Usage(7), model="river-1")

    answer = client.embeddings.create(model="vectors", input=["a", "b"])

    assert [[0.5, 1.0], [0.25, 0.0]] == [item.embedding for item in answer.data]


def test_responses(client):
    """Whole and streamed; the body names the deployment on both."""
    answer = client.responses.create(model="prod", input="Name three rivers.")
    with client.responses.stream(model="prod", input="Name three rivers.") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")

    assert (WORDS, WORDS) == (answer.output_text, text)


# -- Foundry ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def claude(running):
    with anthropic.AnthropicFoundry(
        base_url=f"{running.url}/anthropic", api_key=KEY, max_retries=0
    ) as client:
        yield client


def test_messages(claude):
    """Whole and streamed."""
    ask = {**ASK, "max_tokens": 100}
    answer = claude.messages.create(**ask)
    with claude.messages.stream(**ask) as stream:
        streamed = stream.get_final_message()

    for found in (answer, streamed):
        assert (WORDS, "end_turn", 11) == (found.content[0].text, found.stop_reason, found.usage.input_tokens)


def test_messages_tools(server, claude):
    """A call, and what becomes of it."""
    server.answer = lambda _: said(*CALLS, reason="tool_calls")
    tools = [{"name": "weather", "input_schema": PARAMETERS}]

    answer = claude.messages.create(**ASK, max_tokens=100, tools=tools)

    assert [(c.id, c.name, c.arguments) for c in CALLS] == [(b.id, b.name, b.input) for b in answer.content]


def test_messages_errors(server, claude):
    """Of its own classes."""
    server.answer = raising(failing("throttle", 429, "as asked"))

    with pytest.raises(anthropic.RateLimitError, match="as asked"):
        claude.messages.create(**ASK, max_tokens=100)


@pytest.fixture(scope="module")
def inference(running):
    module = pytest.importorskip("azure.ai.inference")
    from azure.core.credentials import AzureKeyCredential

    with module.ChatCompletionsClient(
        endpoint=f"{running.url}/models", credential=AzureKeyCredential(KEY), retry_total=0
    ) as client:
        yield client


def test_inference(server, inference):
    """Whole and streamed, with the vendor's older client."""
    answer = inference.complete(messages=TURNS, model="prod")
    pieces = inference.complete(messages=TURNS, model="prod", stream=True)
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)

    assert (WORDS, "stop", WORDS) == (
        answer.choices[0].message.content,
        answer.choices[0].finish_reason,
        text,
    )
    assert ("models", "chat", "completions") == server.calls[0].path


def test_inference_tools(server, inference):
    """Ids and arguments."""
    server.answer = lambda _: said(*CALLS, reason="tool_calls")

    answer = inference.complete(messages=TURNS, model="prod", tools=TOOLS)

    calls = answer.choices[0].message.tool_calls
    assert [(c.id, c.name, c.json) for c in CALLS] == [
        (c.id, c.function.name, c.function.arguments) for c in calls
    ]


@pytest.mark.parametrize(
    ("status", "kind", "name"),
    [
        (401, "auth", "ClientAuthenticationError"),
        (404, "model.missing", "ResourceNotFoundError"),
        (429, "throttle", "HttpResponseError"),
    ],
)
def test_inference_errors(server, inference, status, kind, name):
    """Each its class, with our words in it."""
    exceptions = pytest.importorskip("azure.core.exceptions")
    server.answer = raising(failing(kind, status, "as asked"))

    with pytest.raises(getattr(exceptions, name), match="as asked") as caught:
        inference.complete(messages=TURNS, model="prod")

    assert status == caught.value.status_code
