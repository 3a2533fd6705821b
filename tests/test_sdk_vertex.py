"""The vendors' own clients for Google Cloud, pointed at the server halves of our wires: they understand what we write."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jackfield import Client
from jackfield.errors import JackfieldError
from jackfield.types import (
    Completion,
    Embeddings,
    Finish,
    Opaque,
    Reasoning,
    Request,
    Text,
    TokenCount,
    ToolCall,
    Usage,
)
from jackfield.wire import Call, Reply
from jackfield.wire.operation import exchange_for

anthropic = pytest.importorskip("anthropic")
genai = pytest.importorskip("google.genai")
google = pytest.importorskip("google.oauth2.credentials")
pytest.importorskip("jackfield_vertex")
pytest.importorskip("jackfield_vertex_anthropic")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Loopback, Route, Streamed, failing  # noqa: E402

TOKEN = "ya29.not-a-real-token"
USAGE = Usage(11, output=5, reasoning=4)
WORDS = "Aare, Limmat und Inn: größer als 😀."
CALL = ToolCall("call_1", "weather", '{"city":"Zürich"}')
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
CLAUDE, GEMINI = "claude-haiku-4-5@20251001", "gemini-3.5-flash"
MESSAGES: dict[str, Any] = {
    "model": CLAUDE,
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Name three rivers."}],
}


class Cloud(Loopback):
    """Serves both formats below a project; the publisher says which."""

    def __init__(self, answer: Any) -> None:
        super().__init__(answer)
        settings = {"access_token": TOKEN, "project": "p"}
        client = Client({"providers": {"vertex": settings, "vertex-anthropic": settings}})
        self.wires = {
            "anthropic": client.bind(f"vertex-anthropic/{CLAUDE}").wire,
            "google": client.bind(f"vertex/{GEMINI}").wire,
        }

    def reply(self, call: Call) -> Reply | Streamed:
        """The answer to one call."""
        wire = self.wires[str(call.path[call.path.index("publishers") + 1])]
        exchange = exchange_for(wire.operations(), call)
        try:
            if exchange is not None and not str(call.path[-1]).endswith("generateContent"):
                return exchange.write(self.answer(exchange.read(call)))  # type: ignore[no-any-return]
            return self._completed(Route((), wire), call)
        except JackfieldError as exc:
            return wire.write_error(exc.info)


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), USAGE, "river-1", id="answer-1")


@pytest.fixture(scope="module")
def running() -> Iterator[Cloud]:
    """One server for all tests."""
    with Cloud(lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture
def server(running) -> Cloud:
    """That server, with the answer that most tests expect."""
    running.answer = lambda _: said(Text(WORDS))
    running.calls.clear()
    return running


@pytest.fixture(scope="module")
def claude(running):
    """The one vendor's client."""
    place = {"base_url": f"{running.url}/v1", "region": "global", "project_id": "p"}
    with anthropic.AnthropicVertex(**place, access_token=TOKEN, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def gemini(running):
    """The other's."""
    options = genai.types.HttpOptions(base_url=running.url, api_version="v1")
    credentials = google.Credentials(token=TOKEN)
    with genai.Client(
        vertexai=True, project="p", location="global", credentials=credentials, http_options=options
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def reset(server) -> None:
    """Every test begins with the usual answer."""


def raising(error):
    def answer(request):
        raise error

    return answer


# -- messages ------------------------------------------------------------------------------------


def test_messages_text(server, claude):
    """Text, stop reason and figures; the model was read from the path."""
    asked: list[Request] = []
    server.answer = lambda request: asked.append(request) or said(Text(WORDS))

    answer = claude.messages.create(**MESSAGES)

    assert (WORDS, "end_turn", 11) == (answer.content[0].text, answer.stop_reason, answer.usage.input_tokens)
    assert CLAUDE == asked[0].model


def test_messages_stream(claude):
    """Pieces, and the message they make."""
    with claude.messages.stream(**MESSAGES) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()

    assert (WORDS, WORDS, 9) == (text, final.content[0].text, final.usage.output_tokens)


def test_messages_tool(server, claude):
    """A call, whole and streamed."""
    server.answer = lambda _: said(CALL, reason="tool_calls")
    tools = [{"name": "weather", "input_schema": PARAMETERS}]

    answer = claude.messages.create(**MESSAGES, tools=tools)
    with claude.messages.stream(**MESSAGES, tools=tools) as stream:
        streamed = stream.get_final_message()

    for found in (answer, streamed):
        assert ("call_1", CALL.arguments) == (found.content[0].id, found.content[0].input)


def test_messages_count(server, claude):
    """Asked of a model of that name."""
    server.answer = lambda request: TokenCount(len(request.model))

    answer = claude.messages.count_tokens(model=CLAUDE, messages=MESSAGES["messages"])

    assert len(CLAUDE) == answer.input_tokens


@pytest.mark.parametrize("stream", [False, True])
def test_messages_errors(server, claude, stream):
    """As the client's own class."""
    server.answer = raising(failing("throttle", 429, "as asked"))

    with pytest.raises(anthropic.RateLimitError, match="as asked"):
        claude.messages.create(**MESSAGES, stream=stream)


# -- generateContent -----------------------------------------------------------------------------


def test_content_text(server, gemini):
    """Text, finish and figures; the model was read from the path."""
    asked: list[Request] = []
    server.answer = lambda request: asked.append(request) or said(Text(WORDS))

    answer = gemini.models.generate_content(model=GEMINI, contents="Name three rivers.")

    assert (WORDS, "STOP") == (answer.text, answer.candidates[0].finish_reason.value)
    figures = answer.usage_metadata
    assert (11, 5, 4) == (
        figures.prompt_token_count,
        figures.candidates_token_count,
        figures.thoughts_token_count,
    )
    assert GEMINI == asked[0].model


def test_content_stream(gemini):
    """Pieces."""
    chunks = list(gemini.models.generate_content_stream(model=GEMINI, contents="Name three rivers."))

    assert WORDS == "".join(chunk.text or "" for chunk in chunks)
    assert 11 == chunks[-1].usage_metadata.prompt_token_count


@pytest.mark.parametrize("stream", [False, True])
def test_content_tool(server, gemini, stream):
    """A call with its signature, whole and streamed."""
    thought = Reasoning("hm", Opaque("vertex", "generate_content", {"thoughtSignature": "c2ln"}))
    server.answer = lambda _: said(thought, CALL, reason="tool_calls")

    if stream:
        parts = [
            part
            for chunk in gemini.models.generate_content_stream(model=GEMINI, contents="hi")
            for part in (chunk.candidates[0].content and chunk.candidates[0].content.parts) or ()
        ]
    else:
        parts = gemini.models.generate_content(model=GEMINI, contents="hi").candidates[0].content.parts

    calls = [part.function_call for part in parts if part.function_call]
    assert [("weather", CALL.arguments)] == [(call.name, call.args) for call in calls]


def test_content_count(server, gemini):
    """The total."""
    server.answer = lambda request: TokenCount(7)

    assert 7 == gemini.models.count_tokens(model=GEMINI, contents="Name three rivers.").total_tokens


@pytest.mark.parametrize("model", ["text-embedding-005", "gemini-embedding-2"])
def test_content_vectors(server, gemini, model):
    """By prediction or in the format's own way, as the client has it."""
    server.answer = lambda request: Embeddings(((0.5, 1.0),), usage=Usage(3))

    answer = gemini.models.embed_content(model=model, contents="Aare")

    assert [[0.5, 1.0]] == [found.values for found in answer.embeddings]


@pytest.mark.parametrize("stream", [False, True])
def test_content_errors(server, gemini, stream):
    """As the client's own class."""
    server.answer = raising(failing("throttle", 429, "as asked"))
    ask = gemini.models.generate_content_stream if stream else gemini.models.generate_content

    with pytest.raises(genai.errors.ClientError, match="as asked") as caught:
        list(ask(model=GEMINI, contents="hi"))

    assert 429 == caught.value.code
