"""The vendors' own clients, pointed at the server halves of our wires: what we write, they understand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, PartStarted, Started, TextDelta
from jackfield.types import (
    Citation,
    Completion,
    Embeddings,
    Finish,
    Message,
    Opaque,
    Reasoning,
    Request,
    Text,
    ToolCall,
    Usage,
)

anthropic = pytest.importorskip("anthropic")
openai = pytest.importorskip("openai")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Loopback, failing  # noqa: E402

KEY = "sk-not-a-real-key"
USAGE = Usage(11, 2, 3, output=5, reasoning=4)
WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}

ERRORS = [
    (400, "request.invalid", "BadRequestError"),
    (401, "auth", "AuthenticationError"),
    (403, "auth", "PermissionDeniedError"),
    (404, "model.missing", "NotFoundError"),
    (429, "throttle", "RateLimitError"),
    (500, "server", "InternalServerError"),
]


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), USAGE, "river-1", id="answer-1")


@pytest.fixture(scope="module")
def running() -> Iterator[Loopback]:
    """One server for all tests."""
    with Loopback(lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture
def server(running) -> Loopback:
    """That server, with the answer that most tests expect; a test may set another."""
    running.answer = lambda _: said(Text(WORDS))
    running.calls.clear()
    return running


@pytest.fixture(scope="module")
def chat(running):
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def claude(running):
    with anthropic.Anthropic(base_url=running.url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture(autouse=True)
def reset(server) -> None:
    """Every test begins with the usual answer."""


TURNS = [{"role": "user", "content": "Name three rivers."}]
CHAT = {"model": "river-1", "messages": TURNS}
MESSAGES = {**CHAT, "max_tokens": 100}


def raising(error):
    def answer(request):
        raise error

    return answer


# -- chat completions ------------------------------------------------------------------------------


def test_chat_text(chat):
    """Text, finish and figures."""
    answer = chat.chat.completions.create(**CHAT)

    assert (WORDS, "stop") == (answer.choices[0].message.content, answer.choices[0].finish_reason)
    assert (16, 9, 25) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.usage.total_tokens,
    )
    assert ("river-1", "answer-1") == (answer.model, answer.id)


def test_chat_stream(chat):
    """Pieces, then figures if they were asked for."""
    chunks = list(chat.chat.completions.create(**CHAT, stream=True, stream_options={"include_usage": True}))

    assert WORDS == "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert 9 == chunks[-1].usage.completion_tokens


def test_chat_parallel_tools(server, chat):
    """Two calls in one answer, whole and streamed."""
    server.answer = lambda _: said(*CALLS, reason="tool_calls")
    tools = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]

    answer = chat.chat.completions.create(**CHAT, tools=tools)
    with chat.chat.completions.stream(**CHAT, tools=tools) as stream:
        streamed = stream.get_final_completion()

    for found in (answer, streamed):
        calls = found.choices[0].message.tool_calls
        assert [(c.id, c.name, c.json) for c in CALLS] == [
            (c.id, c.function.name, c.function.arguments) for c in calls
        ]
        assert "tool_calls" == found.choices[0].finish_reason


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(server, chat, encoding):
    """Vectors in the order of the texts, in the encoding that was asked for."""
    server.answer = lambda _: Embeddings(((0.5, 1.0), (0.25, 0.0)), usage=Usage(7), model="river-1")

    answer = chat.embeddings.create(model="river-1", input=["a", "b"], encoding_format=encoding)

    assert 2 == len(answer.data)
    assert encoding == "base64" or [[0.5, 1.0], [0.25, 0.0]] == [item.embedding for item in answer.data]
    assert 7 == answer.usage.total_tokens


@pytest.mark.parametrize(("status", "kind", "name"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_chat_errors(server, chat, status, kind, name, stream):
    """Each status is its own exception, with our words in it."""
    server.answer = raising(failing(kind, status, "as asked", request_id="r1"))

    with pytest.raises(getattr(openai, name), match="as asked") as caught:
        list(chat.chat.completions.create(**CHAT, stream=stream))

    assert (status, "r1") == (caught.value.status_code, caught.value.request_id)


def test_chat_error_in_a_stream(server, chat):
    """A stream that broke is an exception, not a short answer."""
    server.answer = lambda _: broken()

    with pytest.raises(openai.APIError, match="out of order"):
        list(chat.chat.completions.create(**CHAT, stream=True))


def broken():
    yield from (Started("a", "river-1"), PartStarted(0, Text("")), TextDelta(0, "Aa"))
    yield Failed(ErrorInfo("server.overloaded", "out of order"))


# -- messages --------------------------------------------------------------------------------------


def test_messages_text(claude):
    """Text, stop reason and figures."""
    answer = claude.messages.create(**MESSAGES)

    assert (WORDS, "end_turn") == (answer.content[0].text, answer.stop_reason)
    usage = answer.usage
    assert (11, 2, 3, 9) == (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.output_tokens,
    )
    assert ("river-1", "answer-1") == (answer.model, answer.id)


def test_messages_stream(claude):
    """Pieces, and the message they make."""
    with claude.messages.stream(**MESSAGES) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()

    assert (WORDS, WORDS, "end_turn") == (text, final.content[0].text, final.stop_reason)
    assert (11, 9) == (final.usage.input_tokens, final.usage.output_tokens)


def test_messages_parallel_tools(server, claude):
    """Two calls in one answer, whole and streamed."""
    server.answer = lambda _: said(Text("Well:"), *CALLS, reason="tool_calls")
    tools = [{"name": "weather", "input_schema": PARAMETERS}]

    answer = claude.messages.create(**MESSAGES, tools=tools)
    with claude.messages.stream(**MESSAGES, tools=tools) as stream:
        streamed = stream.get_final_message()

    for found in (answer, streamed):
        assert [(c.id, c.name, c.arguments) for c in CALLS] == [
            (b.id, b.name, b.input) for b in found.content[1:]
        ]
        assert ("Well:", "tool_use") == (found.content[0].text, found.stop_reason)


def test_messages_reasoning_and_citations(server, claude):
    """Thinking is signed, citations stand with their text."""
    raw = {
        "type": "char_location",
        "cited_text": "q",
        "document_index": 0,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    thought = Reasoning("hm", Opaque("", "messages", {"type": "thinking", "signature": "sig"}))
    server.answer = lambda _: said(thought, Text("cited", (Citation("char", raw=raw),)))

    answer = claude.messages.create(**MESSAGES)
    with claude.messages.stream(**MESSAGES) as stream:
        streamed = stream.get_final_message()

    for found in (answer, streamed):
        assert ("hm", "sig") == (found.content[0].thinking, found.content[0].signature)
        assert ("cited", "q") == (found.content[1].text, found.content[1].citations[0].cited_text)


def test_messages_turns_come_back(server, claude):
    """What the client sends back in the next turn is what was answered."""
    thought = Reasoning("hm", Opaque("", "messages", {"type": "thinking", "signature": "sig"}))
    server.answer = lambda _: said(thought, CALLS[0], reason="tool_calls")
    first = claude.messages.create(**MESSAGES)
    asked: list[Request] = []
    server.answer = lambda request: asked.append(request) or said(Text("done"))
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": "21 °C"}

    turns = [*TURNS, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    claude.messages.create(**{**MESSAGES, "messages": turns})

    assert Message("assistant", (thought, CALLS[0])) == asked[0].messages[1]
    assert ("tool", "21 °C") == (asked[0].messages[2].role, asked[0].messages[2].parts[0].text)


@pytest.mark.parametrize(
    ("status", "kind", "name"),
    [*ERRORS, (402, "quota.money", "PaymentRequiredError"), (529, "server.overloaded", "OverloadedError")],
)
@pytest.mark.parametrize("stream", [False, True])
def test_messages_errors(server, claude, status, kind, name, stream):
    """Each status is its own exception, with our words in it."""
    server.answer = raising(failing(kind, status, "as asked", request_id="r1"))

    with pytest.raises(anthropic.APIStatusError, match="as asked") as caught:
        claude.messages.create(**MESSAGES, stream=stream)

    assert (name, status, "r1") == (
        type(caught.value).__name__,
        caught.value.status_code,
        caught.value.request_id,
    )


def test_messages_error_in_a_stream(server, claude):
    """A stream that broke is an exception, not a short answer."""
    server.answer = lambda _: broken()

    with (
        pytest.raises(anthropic.APIStatusError, match="out of order"),
        claude.messages.stream(**MESSAGES) as stream,
    ):
        stream.get_final_message()


@pytest.mark.parametrize("status", [400, 404])
def test_what_is_no_request_is_refused(server, claude, chat, status):
    """A body without turns, and a path no wire has."""
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude.messages.create(**{**MESSAGES, "messages": []}) if status == 400 else claude.post(
            "/v1/nowhere", cast_to=object
        )

    assert status == caught.value.status_code
    assert [] == [call for call in server.calls if KEY not in str(call.headers.values())]
