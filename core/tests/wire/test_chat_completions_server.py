"""The server half: what clients send is understood or refused, what is written is what official clients expect."""

from __future__ import annotations

import base64
import json

import pytest

from jackfield.errors import KINDS, ErrorInfo, InvalidRequest
from jackfield.events import (
    ArgumentsDelta,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    Warned,
)
from jackfield.types import (
    Completion,
    Document,
    Embeddings,
    EmbedRequest,
    Finish,
    HostedTool,
    Image,
    Message,
    Notice,
    Opaque,
    Output,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect
from jackfield.wire.chat_completions import Asked, ChatCompletions
from jackfield.wire.operations.embed import Embed

WIRE = ChatCompletions(Dialect("acme"))
HI = [{"role": "user", "content": "hi"}]


def call(**body):
    return Call("POST", ("chat", "completions"), json.dumps(body).encode())


def read(messages=HI, **body):
    return WIRE.read_completion(call(model="m", messages=messages, **body))[0]


def test_a_request_in_words_of_ours():
    """All else is kept as it came; null is nothing."""
    request, stream = WIRE.read_completion(
        call(
            model="m",
            messages=HI,
            max_tokens=5,
            stop="a",
            temperature=0,
            seed=None,
            stream=True,
            own={"a": 1},
        )
    )

    assert stream
    assert (Message("user", "hi"),) == request.messages
    assert {"max_tokens": 5, "stop": ("a",), "temperature": 0} == request.options
    assert {"own": {"a": 1}} == request.extra


def test_tools_and_the_form_of_the_answer():
    """Functions, hosted tools in both places, a named choice; how usage is put is nobody else's business."""
    function = {"type": "function", "function": {"name": "f"}}
    request = read(
        tools=[function, {"type": "run", "a": 1}],
        tool_choice=function,
        web_search_options={},
        response_format={"type": "json_object"},
        stream_options={"include_usage": True},
    )

    assert (Tool("f"), HostedTool("run", {"a": 1}), HostedTool("web_search", {})) == request.tools
    assert ("f", Output(), {}) == (request.tool_choice, request.output, request.extra)


def test_turns_of_every_role():
    """Results of one round of tools are one turn."""
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    turns = [
        {"role": "developer", "content": "s"},
        {"role": "assistant", "content": None, "tool_calls": calls, "reasoning_content": "r"},
        {"role": "tool", "tool_call_id": "c", "content": "1"},
        {"role": "tool", "tool_call_id": "d", "content": [{"type": "text", "text": "2"}]},
        {"role": "assistant", "refusal": "no", "content": [{"type": "text", "text": "a"}]},
    ]

    assert (
        Message("system", "s"),
        Message("assistant", (Reasoning("r"), ToolCall("c", "f", "{}"))),
        Message("tool", (ToolResult("c", "1"), ToolResult("d", "2"))),
        Message("assistant", (Text("a"), Refusal("no"))),
    ) == read(turns).messages


def test_parts_by_address_and_bytes():
    """Data addresses become bytes."""
    parts = [
        {"type": "image_url", "image_url": "https://h/i.png"},
        {"type": "image_url", "image_url": {"url": "data:image/gif;base64,aQ==", "detail": "low"}},
        {"type": "file", "file": {"file_id": "f"}},
    ]

    assert (
        Image("image/png", url="https://h/i.png"),
        Image("image/gif", data=b"i", detail="low"),
        Document("application/pdf", file_id="f"),
    ) == read([{"role": "user", "content": parts}]).messages[0].parts


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        {"messages": HI},
        {"model": "m"},
        {"model": "m", "messages": []},
        {"model": 1, "messages": HI},
        {"model": "m", "messages": ["x"]},
        {"model": "m", "messages": [{"role": "boss", "content": "x"}]},
        {"model": "m", "messages": [{"role": ["x"], "content": "x"}]},
        {"model": "m", "messages": [{"role": "user", "content": 5}]},
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "blob"}]}]},
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": "x"}]}],
        },
        {"model": "m", "messages": [{"role": "tool", "content": "x"}]},
        {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{}]}]},
        {"model": "m", "messages": HI, "tools": "x"},
        {"model": "m", "messages": HI, "tools": [{"type": "function"}]},
        {"model": "m", "messages": HI, "tools": [{}]},
        {"model": "m", "messages": HI, "tool_choice": 5},
        {"model": "m", "messages": HI, "response_format": {"type": "xml"}},
    ],
)
def test_what_is_no_request_is_refused(body):
    """With a status, and words that say what is wrong."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()

    with pytest.raises(InvalidRequest) as caught:
        WIRE.read_completion(Call("POST", (), text))

    assert 400 == caught.value.info.status


def test_how_the_answer_is_to_be_put():
    """Usage in a stream: for the one who writes the answer."""
    assert Asked(True) == WIRE.asked(call(stream_options={"include_usage": True}))
    assert Asked() == WIRE.asked(call())


ANSWER = Completion(
    (Text("a"), ToolCall("c", "f", "{}")),
    Finish("tool_calls"),
    Usage(input=2, cache_read=1, output=3),
    "m",
    id="i",
)


def test_a_whole_answer():
    """Golden: the official fields, null where there is nothing."""
    body = json.loads(WIRE.write_completion(ANSWER).body)

    message = {
        "role": "assistant",
        "content": "a",
        "refusal": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
    assert [choice] == body["choices"]
    assert ("i", "chat.completion", "m", 0) == (body["id"], body["object"], body["model"], body["created"])


def test_totals_include_what_the_details_list():
    """As the format counts."""
    usage = json.loads(WIRE.write_completion(ANSWER).body)["usage"]

    assert (3, 3, 6) == (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"])
    assert 1 == usage["prompt_tokens_details"]["cached_tokens"]


@pytest.mark.parametrize(
    "reason", ["stop", "length", "tool_calls", "content_filter", "pause", "error", "unknown"]
)
def test_official_clients_get_official_reasons(reason):
    """They know four words."""
    body = json.loads(WIRE.write_completion(Completion((), Finish(reason))).body)

    assert body["choices"][0]["finish_reason"] in ("stop", "length", "tool_calls", "content_filter")


def chunks(*events, usage=True):
    writer = WIRE.stream_writer("m", usage=usage)
    written = b"".join(writer.write(event) for event in events) + writer.end()
    return [text.removeprefix("data: ") for text in written.decode().split("\n\n")[:-1]]


EVENTS = (
    Started("i", "m"),
    PartStarted(0, Reasoning("")),
    ReasoningDelta(0, "r"),
    PartStarted(1, Text("")),
    TextDelta(1, "a"),
    PartStarted(2, ToolCall("c", "f")),
    ArgumentsDelta(2, "{}"),
    PartEnded(2, Opaque("acme", "chat_completions", {"extra_content": 1})),
    Warned(Notice("x", "y")),
    Finished(Finish("stop"), Usage(input=1, output=1)),
)


def test_a_stream_begins_with_the_role_and_ends_with_the_mark():
    """Golden: the deltas in between."""
    *written, done = chunks(*EVENTS)
    deltas = [choice["delta"] for chunk in written for choice in json.loads(chunk)["choices"]]

    assert "[DONE]" == done
    assert [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "r"},
        {"content": "a"},
        {
            "tool_calls": [
                {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 0, "extra_content": 1}]},
        {},
    ] == deltas


def test_usage_is_written_only_if_asked_for():
    """On a chunk of its own, after the finish."""
    assert [] == json.loads(chunks(*EVENTS)[-2])["choices"]
    assert all("usage" not in chunk for chunk in chunks(*EVENTS, usage=False))


def test_a_failed_stream_has_no_end_mark():
    """The error object is the last that is sent."""
    written = chunks(Started("i"), Failed(ErrorInfo("throttle", "slow", code="x")))

    assert [{"error": {"message": "slow", "type": "rate_limit_error", "param": None, "code": "x"}}] == [
        json.loads(one) for one in written
    ]


def test_hosted_calls_are_not_written():
    """Clients would try to answer them."""
    assert "tool_calls" not in "".join(
        chunks(
            PartStarted(0, ToolCall("h", "s", "{}", hosted=True)),
            ArgumentsDelta(0, "{}"),
            Finished(Finish("stop")),
        )
    )


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if not kind.startswith(("local", "config", "plugin", "timeout"))]
)
def test_a_failure_keeps_its_leaf_on_the_way_through(kind):
    """What one half writes the other reads, where the format has a word for it."""
    error = ErrorInfo(kind, "words", retry_after=1.5)

    read_again = WIRE.parse_error(WIRE.write_error(error))

    known = (
        "auth",
        "request.invalid",
        "request.context",
        "request.policy",
        "model",
        "quota.money",
        "throttle",
        "server",
    )
    assert "words" in read_again.message
    if kind.startswith(known):
        assert KINDS[kind].leaf is KINDS[read_again.kind].leaf


def test_an_error_reply():
    """Its own status, or that of its kind; when to come back; whether to."""
    error = ErrorInfo("throttle", "slow", retry_after=1.2, should_retry=False, request_id="r")
    reply = WIRE.write_error(error)

    assert 429 == reply.status
    assert 529 == WIRE.write_error(ErrorInfo("server.overloaded", status=529)).status
    headers = {"retry-after": "2", "retry-after-ms": "1200", "x-should-retry": "false", "x-request-id": "r"}
    assert {**headers, "content-type": "application/json"} == reply.headers


def test_embeddings_both_ways():
    """Official clients ask for base64 and get it."""
    request = Embed(WIRE.dialect).read(
        call(model="m", input="a", dimensions=2, encoding_format="base64", own=1)
    )
    body = json.loads(
        Embed(WIRE.dialect)
        .write(Embeddings(((1.0, -0.5),), usage=Usage(input=3), model="m"), encoding="base64")
        .body
    )

    assert EmbedRequest("m", ("a",), {"dimensions": 2}, {"own": 1}) == request
    assert b"\x00\x00\x80\x3f\x00\x00\x00\xbf" == base64.b64decode(body["data"][0]["embedding"])
    assert {"prompt_tokens": 3, "total_tokens": 3} == body["usage"]


@pytest.mark.parametrize(
    "body",
    [{}, {"model": "m"}, {"model": "m", "input": []}, {"model": "m", "input": [[1, 2]]}, {"input": "a"}],
)
def test_what_is_no_request_for_vectors_is_refused(body):
    """Token numbers among them: we do not know the tokenizer."""
    with pytest.raises(InvalidRequest):
        Embed(WIRE.dialect).read(call(**body))
