"""The vendor's own client, pointed at the server half of the responses wire: what we write, it understands."""

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
    Finish,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    Usage,
)

openai = pytest.importorskip("openai")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Loopback, failing  # noqa: E402

KEY = "sk-not-a-real-key"
USAGE = Usage(11, 2, 3, output=5, reasoning=4)
WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}
ASKED = {"model": "river-1", "input": "Name three rivers."}


def sealed(data):
    return Opaque("", "responses", data)


THOUGHT = Reasoning(
    "hm",
    sealed(
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "secret",
        }
    ),
)
SEARCH = ToolCall(
    "ws_1",
    "web_search",
    '{"type":"search","query":"q"}',
    True,
    sealed(
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "q"},
        }
    ),
)


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), USAGE, "river-1", id="resp_1")


@pytest.fixture(scope="module")
def running() -> Iterator[Loopback]:
    """One server for all tests."""
    with Loopback(lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture(autouse=True)
def server(running) -> Loopback:
    """That server, with the answer that most tests expect; a test may set another."""
    running.answer = lambda _: said(Text(WORDS))
    running.calls.clear()
    return running


@pytest.fixture(scope="module")
def client(running):
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def final(client, **asked):
    """The response at the end of a stream, as the client puts it together."""
    with client.responses.stream(**{**ASKED, **asked}) as stream:
        return stream.get_final_response()


def test_text(client):
    """Text, status and figures."""
    answer = client.responses.create(**ASKED)

    assert (WORDS, "completed", "resp_1", "river-1") == (
        answer.output_text,
        answer.status,
        answer.id,
        answer.model,
    )
    usage = answer.usage
    assert (16, 9, 25) == (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    assert (2, 4) == (usage.input_tokens_details.cached_tokens, usage.output_tokens_details.reasoning_tokens)


def test_a_stream_of_events(client):
    """Every piece as it comes, in order, and the whole at the end."""
    events = list(client.responses.create(**ASKED, stream=True))

    assert WORDS == "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert list(range(len(events))) == [event.sequence_number for event in events]
    assert ("response.created", "response.completed") == (events[0].type, events[-1].type)
    assert (WORDS, 9) == (events[-1].response.output_text, events[-1].response.usage.output_tokens)


def test_a_stream_that_the_client_puts_together(client):
    """With its own checks on what may follow what."""
    assert (WORDS, "completed") == (final(client).output_text, final(client).status)


def test_parallel_tools(server, client):
    """Two calls in one answer, whole and streamed."""
    server.answer = lambda _: said(Text("Well:"), *CALLS, reason="tool_calls")

    for found in (client.responses.create(**ASKED, tools=[TOOL]), final(client, tools=[TOOL])):
        calls = [item for item in found.output if item.type == "function_call"]
        assert [(c.id, c.name, c.json) for c in CALLS] == [(c.call_id, c.name, c.arguments) for c in calls]
        assert "Well:" == found.output_text


def test_reasoning_citations_refusals_and_hosted_tools(server, client):
    """Each as an item of its own type."""
    raw = {"type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 5}
    text = Text("cited", (Citation("url", "https://x.test", "X", raw=raw),))
    server.answer = lambda _: said(THOUGHT, SEARCH, text, Refusal("no"))

    for found in (client.responses.create(**ASKED), final(client)):
        thought, search, message, refused = found.output
        assert ("rs_1", "secret", "hm") == (thought.id, thought.encrypted_content, thought.summary[0].text)
        assert ("web_search_call", "q") == (search.type, search.action.query)
        assert ("cited", "https://x.test") == (
            message.content[0].text,
            message.content[0].annotations[0].url,
        )
        assert "no" == refused.content[0].refusal


def test_an_answer_cut_short(server, client):
    """Says so, and why."""
    server.answer = lambda _: said(Text(WORDS), reason="length")

    for found in (
        client.responses.create(**ASKED),
        list(client.responses.create(**ASKED, stream=True))[-1].response,
    ):
        assert ("incomplete", "max_output_tokens") == (found.status, found.incomplete_details.reason)


def test_a_parsed_answer(server, client):
    """The client asks for a schema and builds a class from what comes."""
    pydantic = pytest.importorskip("pydantic")

    class River(pydantic.BaseModel):
        name: str

    asked: list[Request] = []
    server.answer = lambda request: asked.append(request) or said(Text('{"name":"Inn"}'))

    answer = client.responses.parse(**ASKED, text_format=River)

    assert ("Inn", "River", True) == (answer.output_parsed.name, asked[0].output.name, asked[0].output.strict)


def test_turns_come_back(server, client):
    """What the client sends back in the next turn is what was answered."""
    server.answer = lambda _: said(THOUGHT, Text("Well:"), CALLS[0], reason="tool_calls")
    first = client.responses.create(**ASKED, tools=[TOOL])
    asked: list[Request] = []
    server.answer = lambda request: asked.append(request) or said(Text("done"))
    result = {"type": "function_call_output", "call_id": "call_1", "output": "21 °C"}

    turns = [{"role": "user", "content": "hi"}, *first.output, result]
    client.responses.create(model="river-1", input=turns, tools=[TOOL], instructions="Be brief.")

    system, user, answer, tool = asked[0].messages
    assert ("Be brief.", "hi", "21 °C") == (system.text, user.text, tool.parts[0].text)
    assert Message("assistant", (THOUGHT, Text("Well:"), CALLS[0])) == answer
    assert (Tool("weather", "", PARAMETERS, strict=False),) == asked[0].tools


ERRORS = [
    (400, "request.invalid", "BadRequestError"),
    (401, "auth", "AuthenticationError"),
    (403, "auth", "PermissionDeniedError"),
    (404, "model.missing", "NotFoundError"),
    (429, "throttle", "RateLimitError"),
    (500, "server", "InternalServerError"),
]


@pytest.mark.parametrize(("status", "kind", "name"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, status, kind, name, stream):
    """Each status is its own exception, with our words in it."""

    def answer(request):
        raise failing(kind, status, "as asked", request_id="r1")

    server.answer = answer

    with pytest.raises(getattr(openai, name), match="as asked") as caught:
        list(client.responses.create(**ASKED, stream=stream))

    assert (status, "r1") == (caught.value.status_code, caught.value.request_id)


def broken():
    yield from (Started("resp_1", "river-1"), PartStarted(0, Text("")), TextDelta(0, "Aa"))
    yield Failed(ErrorInfo("server.overloaded", "out of order"))


def test_an_error_in_a_stream(server, client):
    """A stream that broke is an exception, not a short answer."""
    server.answer = lambda _: broken()

    with pytest.raises(openai.APIError, match="out of order"):
        list(client.responses.create(**ASKED, stream=True))


@pytest.mark.parametrize(
    ("field", "value"),
    [("previous_response_id", "resp_0"), ("conversation", "conv_1"), ("background", True)],
)
def test_what_needs_a_memory_is_refused(client, field, value):
    """Nothing is kept between requests, and the refusal names the field."""
    with pytest.raises(openai.BadRequestError, match=field) as caught:
        client.responses.create(**ASKED, **{field: value})

    assert "unsupported_parameter" == caught.value.code
