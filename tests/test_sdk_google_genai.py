"""The vendor's own client, pointed at the server half of the generate content wire: what we write, it understands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Failed, PartStarted, Started, TextDelta
from jackfield.types import (
    Batch,
    BatchCounts,
    BatchList,
    BatchRequest,
    Citation,
    Completion,
    Deleted,
    Embeddings,
    EmbedRequest,
    FileList,
    FileRef,
    FileUpload,
    Finish,
    HostedTool,
    Image,
    Message,
    ModelInfo,
    ModelList,
    Opaque,
    Reasoning,
    Request,
    StoredFile,
    Text,
    TokenCount,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect, Headers, Reply
from jackfield.wire.generate_content import GenerateContent
from jackfield.wire.generate_content.operations.files import Bytes, Place
from jackfield.wire.operation import Verbs

genai = pytest.importorskip("google.genai")
types = genai.types
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Loopback, Streamed, failing  # noqa: E402

MODEL = "river-1"
WORDS = "Aare, Limmat und Inn: größer als 😀."
USAGE = Usage(11, 2, output=5, reasoning=4)
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
SIGNED = Opaque("", "generate_content", {"thoughtSignature": "c2lnbmVk"})


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), USAGE, MODEL, id="answer-1")


class Served(Loopback):
    """One server that speaks this wire alone, with all that it can carry."""

    def reply(self, call: Call) -> Reply | Streamed:
        """The answer to one call, by its method and path."""
        wire = GenerateContent(Dialect(base=f"{self.url}/v1beta"))
        try:
            if wire.path_model(call.path)[1] in ("generateContent", "streamGenerateContent"):
                return self._complete(wire, call)
            verbs = next((verbs for verbs in _verbs(wire) if _is_for(verbs, call)), None)
            if verbs is not None:
                return verbs.write(self.answer(verbs.read(call)))
        except JackfieldError as exc:
            return wire.write_error(exc.info)
        return Reply(404, Headers(), b"{}")

    def _complete(self, wire: GenerateContent, call: Call) -> Reply | Streamed:
        request, stream = wire.read_completion(call)
        answer: Any = self.answer(request)
        if stream:
            events = answer if isinstance(answer, Iterator) else unfolded(answer)
            return Streamed(wire.media_type, self._written(wire, call, request, events))
        return wire.write_completion(answer)


def unfolded(completion):
    from jackfield.events import unfold

    return unfold(completion)


def _verbs(wire: GenerateContent) -> list[Verbs[Any, Any]]:
    found = [verbs for one in wire.operations().values() for verbs in one.exchanges]
    return [verbs for verbs in found if not verbs.name.endswith("results")]


def _is_for(verbs: Verbs[Any, Any], call: Call) -> bool:
    """Whether a call is one of this exchange: by method and path, and where two have one path, by a header."""
    if verbs.name.startswith("files.upload") and call.path[0] == "upload":
        begins = call.headers.get("x-goog-upload-command") == "start"
        return begins is verbs.name.endswith("begin")
    steps = [":".join(step) if isinstance(step, tuple) else step for step in verbs.path]
    here = [str(step) for step in call.path[1:]]
    return verbs.method == call.method and len(steps) == len(here) and all(map(_fits, steps, here))


def _fits(step: str, there: str) -> bool:
    return step == there or (step.startswith("{") and there.partition(":")[2] == step.partition(":")[2])


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    """One server for all tests."""
    with Served(lambda _: said(Text(WORDS))) as server:
        yield server


@pytest.fixture
def server(running) -> Served:
    """That server, with the answer that most tests expect; a test may set another."""
    running.answer = lambda _: said(Text(WORDS))
    running.calls.clear()
    return running


@pytest.fixture
def client(server):
    """The vendor's client, which finds nothing of its own to use instead."""
    options = types.HttpOptions(
        base_url=server.url, api_version="v1beta", retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(api_key="AIza-not-a-real-key", vertexai=False, http_options=options)


def keeping(asked, answer):
    """An answer that keeps what was asked."""

    def keep(request):
        asked.append(request)
        return answer

    return keep


def raising(error):
    def answer(request):
        raise error

    return answer


# -- completions -----------------------------------------------------------------------------------


def test_text(client):
    """Text, finish, figures, and who answered."""
    answer = client.models.generate_content(model=MODEL, contents="Name three rivers.")

    assert (WORDS, "STOP") == (answer.text, answer.candidates[0].finish_reason.name)
    usage = answer.usage_metadata
    assert (13, 2, 5, 4, 22) == (
        usage.prompt_token_count,
        usage.cached_content_token_count,
        usage.candidates_token_count,
        usage.thoughts_token_count,
        usage.total_token_count,
    )
    assert (MODEL, "answer-1") == (answer.model_version, answer.response_id)


def test_stream(client):
    """Pieces that make the text, and figures with the last."""
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="Name three rivers."))

    assert len(chunks) > 2
    assert WORDS == "".join(chunk.text or "" for chunk in chunks)
    assert ("STOP", 22) == (
        chunks[-1].candidates[0].finish_reason.name,
        chunks[-1].usage_metadata.total_token_count,
    )


def everything():
    """What the client can be told."""
    function = types.FunctionDeclaration(
        name="weather",
        description="d",
        parameters=types.Schema(type="OBJECT", properties={"city": {"type": "STRING"}}),
    )
    calling = types.FunctionCallingConfig(mode="ANY", allowed_function_names=["weather"])
    return types.GenerateContentConfig(
        system_instruction="Be brief.",
        temperature=0.5,
        stop_sequences=["x"],
        thinking_config=types.ThinkingConfig(thinking_level="LOW", include_thoughts=True),
        tools=[types.Tool(function_declarations=[function]), types.Tool(google_search=types.GoogleSearch())],
        tool_config=types.ToolConfig(function_calling_config=calling),
        response_mime_type="application/json",
    )


def test_what_is_asked_is_understood(server, client):
    """System, options, thinking, schema, tools and choice."""
    asked: list[Request] = []
    server.answer = keeping(asked, said(Text("{}")))

    client.models.generate_content(model=MODEL, contents="hi", config=everything())

    (request,) = asked
    assert (Message("system", "Be brief."), Message("user", "hi")) == request.messages
    assert {"temperature": 0.5, "stop": ("x",), "reasoning": "low"} == request.options
    functions = [tool for tool in request.tools if isinstance(tool, Tool)]
    assert {"city": {"type": "string"}} == functions[0].schema["properties"]
    assert HostedTool("googleSearch") in request.tools
    assert ("weather", None) == (request.tool_choice, request.output.schema)


def test_media_arrive(server, client):
    """Bytes, and addresses."""
    asked: list[Request] = []
    server.answer = keeping(asked, said(Text("a cat")))
    parts = [
        types.Part.from_bytes(data=b"\xff\xfepng", mime_type="image/png"),
        types.Part.from_uri(file_uri=f"{server.url}/v1beta/files/f1", mime_type="application/pdf"),
        "What is it?",
    ]

    client.models.generate_content(model=MODEL, contents=parts)

    image, document, text = asked[0].messages[0].parts
    assert (Image("image/png", data=b"\xff\xfepng"), Text("What is it?")) == (image, text)
    assert ("files/f1", "application/pdf") == (document.file_id, document.media_type)


def test_parallel_tools(server, client):
    """Two calls in one answer, whole and streamed."""
    server.answer = lambda _: said(Text("Well:"), *CALLS, reason="tool_calls")

    whole = client.models.generate_content(model=MODEL, contents="hi")
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="hi"))

    streamed = [call for chunk in chunks for call in chunk.function_calls or ()]
    for calls in (whole.function_calls, streamed):
        assert [(c.id, c.name, c.arguments) for c in CALLS] == [(c.id, c.name, c.args) for c in calls]


def test_turns_come_back(server, client):
    """What the client's chat sends back in the next turn is what was answered, signatures in their places."""
    thought = Reasoning("hm", SIGNED)
    call = attrs.evolve(CALLS[0], opaque=SIGNED)
    server.answer = lambda _: said(thought, call, reason="tool_calls")
    chat = client.chats.create(model=MODEL)
    chat.send_message("hi")
    asked: list[Request] = []
    server.answer = keeping(asked, said(Text("done")))

    result = types.Part.from_function_response(name="weather", response={"output": "21 °C"})
    result.function_response.id = "call_1"
    chat.send_message(result)

    assert Message("assistant", (thought, call)) == asked[0].messages[1]
    assert Message("tool", ToolResult("call_1", "21 °C", name="weather")) == asked[0].messages[2]


def test_thoughts_and_citations(server, client):
    """Thoughts are marked, sources stand beside the text."""
    citation = Citation("url", "https://x.test", "X", "Aare", 0, 4)
    server.answer = lambda _: said(Reasoning("hm"), Text(WORDS, (citation,)))

    answer = client.models.generate_content(model=MODEL, contents="hi")
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="hi"))

    first, second = answer.candidates[0].content.parts
    assert ("hm", True, WORDS) == (first.text, first.thought, second.text)
    grounded = [
        c.candidates[0].grounding_metadata for c in (answer, *chunks) if c.candidates[0].grounding_metadata
    ]
    assert [("https://x.test", "Aare")] * 2 == [
        (found.grounding_chunks[0].web.uri, found.grounding_supports[0].segment.text) for found in grounded
    ]


ERRORS = [
    (400, "request.invalid", "INVALID_ARGUMENT"),
    (401, "auth", "UNAUTHENTICATED"),
    (403, "auth", "PERMISSION_DENIED"),
    (404, "model.missing", "NOT_FOUND"),
    (429, "throttle", "RESOURCE_EXHAUSTED"),
    (500, "server", "INTERNAL"),
    (503, "server.overloaded", "UNAVAILABLE"),
]


@pytest.mark.parametrize(("status", "kind", "word"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(server, client, status, kind, word, stream):
    """Each status is the client's own exception, with our words in it."""
    server.answer = raising(failing(kind, status, "as asked"))
    leaf = genai.errors.ClientError if status < 500 else genai.errors.ServerError

    with pytest.raises(leaf, match="as asked") as caught:
        if stream:
            list(client.models.generate_content_stream(model=MODEL, contents="hi"))
        else:
            client.models.generate_content(model=MODEL, contents="hi")

    assert (status, word) == (caught.value.code, caught.value.status)


def test_an_error_in_a_stream(server, client):
    """A stream that broke is an exception, not a short answer."""

    def broken(_):
        yield from (Started("a", MODEL), PartStarted(0, Text("")), TextDelta(0, "Aa"))
        yield Failed(ErrorInfo("server.overloaded", "out of order"))

    server.answer = broken

    with pytest.raises(genai.errors.APIError, match="out of order"):
        list(client.models.generate_content_stream(model=MODEL, contents="hi"))


# -- operations ------------------------------------------------------------------------------------


def test_embeddings(server, client):
    """Vectors in the order of the texts."""
    asked: list[EmbedRequest] = []
    server.answer = keeping(asked, Embeddings(((0.5, 1.0), (0.25, 0.0))))
    config = types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=2)

    answer = client.models.embed_content(model="vector-1", contents=["a", "b"], config=config)

    assert [[0.5, 1.0], [0.25, 0.0]] == [found.values for found in answer.embeddings]
    assert EmbedRequest("vector-1", ("a", "b"), {"dimensions": 2, "input_type": "query"}) == asked[0]


def test_count_tokens(server, client):
    """Of a request."""
    server.answer = lambda _: TokenCount(7)

    assert 7 == client.models.count_tokens(model=MODEL, contents="hi").total_tokens


def test_models(server, client):
    """With their limits."""
    server.answer = lambda _: ModelList((ModelInfo(MODEL, "River", context=9, max_output=3), ModelInfo("b")))

    first, second = client.models.list()

    assert (f"models/{MODEL}", "River", 9, 3) == (
        first.name,
        first.display_name,
        first.input_token_limit,
        first.output_token_limit,
    )
    assert "models/b" == second.name


def test_files(server, client, tmp_path):
    """Put there in two steps, looked at, listed, deleted."""
    kept = StoredFile("files/f1", "notes", 5, "text/plain", status="ACTIVE")
    asked: list[Any] = []
    answers = {FileUpload: Place(f"{server.url}/upload/v1beta/files?upload_id=1"), Bytes: kept, FileRef: kept}
    server.answer = lambda request: asked.append(request) or answers.get(type(request), FileList((kept,)))
    path = tmp_path / "notes.txt"
    path.write_bytes(b"hello")

    found = client.files.upload(file=path, config={"display_name": "notes", "mime_type": "text/plain"})
    again = client.files.get(name=found.name)
    names = [file.name for file in client.files.list()]

    assert (("files/f1", "notes"), found.name, ["files/f1"]) == (
        (found.name, found.display_name),
        again.name,
        names,
    )
    assert (FileUpload("notes", b"", "text/plain"), b"hello") == (asked[0], asked[1].file.data)
    answers[FileRef] = Deleted("files/f1")
    server.answer = lambda request: Deleted("files/f1")
    assert client.files.delete(name="files/f1") is not None


def test_batches(server, client):
    """Handed in inline, and listed."""
    asked: list[BatchRequest] = []
    batch = Batch("batches/b1", "running", BatchCounts(2, running=2), model=MODEL)
    server.answer = keeping(asked, batch)
    source = [{"contents": [{"parts": [{"text": text}], "role": "user"}]} for text in ("a", "b")]

    found = client.batches.create(model=MODEL, src=source, config={"display_name": "two"})
    server.answer = lambda _: BatchList((batch,))

    assert ("batches/b1", "JOB_STATE_RUNNING") == (found.name, found.state.name)
    assert [("0", "a"), ("1", "b")] == [(i.id, i.request.messages[0].text) for i in asked[0].items]
    assert ["batches/b1"] == [one.name for one in client.batches.list()]
