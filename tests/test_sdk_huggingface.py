"""Hugging Face's own client, pointed at the server half of our wire: what we write, it understands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, PartStarted, Started, TextDelta
from jackfield.types import (
    Audio,
    Completion,
    Drawn,
    Embeddings,
    Finish,
    Image,
    Images,
    Ranked,
    Ranking,
    Reasoning,
    Spoken,
    Text,
    ToolCall,
    Transcript,
    Usage,
)
from jackfield.wire import Dialect

hub = pytest.importorskip("huggingface_hub")
pytest.importorskip("numpy")  # the client's vectors are its arrays
wires = pytest.importorskip("jackfield_huggingface.wire")
sys.path.insert(0, str(Path(__file__).parent))

from loopback import failing  # noqa: E402
from one_wire import OneWire  # noqa: E402

WORDS = "Aare, Limmat und Inn: größer als 😀."
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
CHAT = {"model": "org/river-1", "messages": [{"role": "user", "content": "Name three rivers."}]}
AT = "hf-inference/models/org/name"


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), Usage(11, output=9), "river-1", id="answer-1")


class Tasks(wires.HuggingFaceWire):
    """The wire with one of the two tasks that have the same path: what goes up decides which."""

    task = "image"

    def operations(self):
        left_out = {"image", "transcribe"} - {self.task}
        return {name: found for name, found in super().operations().items() if name not in left_out}


@pytest.fixture(scope="module")
def running() -> Iterator[OneWire]:
    """One server for all tests."""
    with OneWire(Tasks(Dialect(provider="huggingface")), lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture
def server(running) -> OneWire:
    """That server, with the answer that most tests expect."""
    running.answer = lambda _: said(Text(WORDS))
    return running


@pytest.fixture
def chat(running):
    """The vendor's client, for chat."""
    with hub.InferenceClient(base_url=f"{running.url}/v1", token="hf_none") as client:
        yield client


@pytest.fixture
def tasks(running):
    """The vendor's client, for tasks."""
    with hub.InferenceClient(token="hf_none", provider="hf-inference") as client:
        yield client


def raising(error):
    def answer(request):
        raise error

    return answer


def test_text(server, chat):
    """Text, finish and figures."""
    answer = chat.chat_completion(**CHAT)

    assert (WORDS, "stop") == (answer.choices[0].message.content, answer.choices[0].finish_reason)
    assert (11, 9) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def test_stream(server, chat):
    """Pieces, then the reason."""
    chunks = list(chat.chat_completion(**CHAT, stream=True))

    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert WORDS == "".join(choice.delta.content or "" for choice in choices)
    assert "stop" == choices[-1].finish_reason


def test_reasoning_and_parallel_tools(server, chat):
    """Thoughts beside the calls."""
    server.answer = lambda _: said(Reasoning("hm"), *CALLS, reason="tool_calls")

    (choice,) = chat.chat_completion(**CHAT, tools=TOOLS).choices

    assert "tool_calls" == choice.finish_reason
    assert [(c.id, c.name, c.json) for c in CALLS] == [
        (call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls
    ]


def test_a_stream_of_calls(server, chat):
    """Piece by piece."""
    server.answer = lambda _: said(CALLS[0], reason="tool_calls")

    chunks = list(chat.chat_completion(**CHAT, tools=TOOLS, stream=True))

    calls = [c for chunk in chunks for choice in chunk.choices for c in choice.delta.tool_calls or ()]
    assert CALLS[0].json == "".join(call.function.arguments or "" for call in calls)
    assert ("call_1", "weather") == (calls[0].id, calls[0].function.name)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "request.invalid"), (401, "auth"), (404, "model.missing"), (429, "throttle")]
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, chat, status, kind, stream):
    """The status and our words."""
    server.answer = raising(failing(kind, status, "as asked"))

    with pytest.raises(hub.errors.HfHubHTTPError, match="as asked") as caught:
        list(chat.chat_completion(**CHAT, stream=stream))

    assert status == caught.value.response.status_code


def test_an_error_in_a_stream(server, chat):
    """A stream that broke is an exception, not a short answer."""
    begun = Started("a", "river-1"), PartStarted(0, Text("")), TextDelta(0, "Aa")
    server.answer = lambda _: iter((*begun, Failed(ErrorInfo("server.overloaded", "out of order"))))

    with pytest.raises(Exception, match="out of order"):
        list(chat.chat_completion(**CHAT, stream=True))


def test_vectors(server, tasks):
    """In the order of the texts."""
    asked = []
    server.answer = lambda request: asked.append(request) or Embeddings(((0.5, 1.0), (0.25, 0.0)))

    url = f"{server.url}/{AT}/pipeline/feature-extraction"
    found = tasks.feature_extraction(["a", "b"], model=url, prompt_name="query")

    assert [[0.5, 1.0], [0.25, 0.0]] == found.tolist()
    assert ("org/name", ("a", "b"), {"input_type": "query"}) == (
        asked[0].model,
        asked[0].texts,
        asked[0].options,
    )


def test_ranking(server, tasks):
    """A score for each text, in the order of the texts."""
    server.answer = lambda request: Ranking((Ranked(1, 0.9), Ranked(0, 0.1)))

    url = f"{server.url}/{AT}/pipeline/sentence-similarity"

    assert [0.1, 0.9] == tasks.sentence_similarity("q", other_sentences=["a", "b"], model=url)


def test_transcript(server, tasks):
    """The sound goes up as it is."""
    asked = []
    answer = Transcript("hello", segments=(Spoken("hello", 0.0, 1.5),))
    server.answer = lambda request: asked.append(request) or answer
    server.wire.task = "transcribe"

    found = tasks.automatic_speech_recognition(b"RIFF", model=f"{server.url}/{AT}")

    assert ("hello", [0.0, 1.5]) == (found.text, found.chunks[0].timestamp)
    assert (b"RIFF", Audio) == (asked[0].audio.data, type(asked[0].audio))


def test_a_picture(server, tasks):
    """It comes as it is; the client would decode it, so it is fetched without its help."""
    asked = []
    picture = Image("image/png", data=b"\x89PNG")
    server.answer = lambda request: asked.append(request) or Images((Drawn(picture),))
    server.wire.task = "image"
    helper = hub.inference._providers.get_provider_helper("hf-inference", task="text-to-image", model="x")
    asking = helper.prepare_request(
        inputs="a river",
        parameters={"width": 64, "height": 32, "seed": 1},
        headers={},
        model=f"{server.url}/{AT}",
        api_key="hf_none",
    )

    assert b"\x89PNG" == tasks._inner_post(asking)
    assert ("a river", {"size": "64x32", "seed": 1}) == (asked[0].prompt, asked[0].options)
