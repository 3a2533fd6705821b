"""The server half of the generate content format: what it reads, and how it reports failures."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import KINDS, ErrorInfo, InvalidRequest, StreamInterrupted
from jackfield.events import Failed, Finished, PartStarted, ReasoningDelta, Started, TextDelta
from jackfield.types import (
    Completion,
    Finish,
    HostedTool,
    Opaque,
    Other,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from jackfield.wire import Call, Dialect
from jackfield.wire.generate_content import GenerateContent

RETRY = "type.test/RetryInfo"
WIRE = GenerateContent(Dialect(provider="acme", base="https://x.test/v1", settings={"retry_info": RETRY}))


def read(body, verb="generateContent"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WIRE.read_completion(Call("POST", ("v1", "models", f"m%3Ax:{verb}"), raw))


def asked(**body):
    return read({"contents": [{"parts": [{"text": "hi"}]}], **body})[0]


# -- requests --------------------------------------------------------------------------------------


def test_the_path_says_model_and_form():
    """In either form of a path."""
    body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}]}).encode()

    assert ("m:x", True) == (
        read(body, "streamGenerateContent")[0].model,
        read(body, "streamGenerateContent")[1],
    )
    assert "m" == WIRE.read_completion(Call("POST", ("models", ("m", "generateContent")), body))[0].model


def test_either_spelling_is_read():
    """Keys with underscores, a part that is not in a list; the keys of arguments are nobody's to change."""
    call = {"function_call": {"name": "f", "args": {"snake_key": 1}}, "thought_signature": "s"}
    result = {"function_response": {"name": "f", "response": {"output": "x"}}}
    turns = [
        {"role": "user", "parts": {"text": "hi"}},
        {"role": "model", "parts": [call]},
        {"parts": [result]},
    ]

    request, _ = read({"contents": turns, "generation_config": {"top_p": 0.5}})

    sealed = Opaque("acme", "generate_content", {"thoughtSignature": "s"})
    assert [
        Text("hi"),
        ToolCall("gc_1_0", "f", '{"snake_key":1}', opaque=sealed),
        ToolResult("gc_1_0", "x", name="f"),
    ] == [message.parts[0] for message in request.messages]
    assert {"top_p": 0.5} == request.options


def test_results_without_ids_answer_calls_in_order():
    """Each the next of its name; one that answers none is still read."""
    calls = [{"functionCall": {"name": name}} for name in ("f", "g", "f")]
    results = [{"functionResponse": {"name": name, "response": {}}} for name in ("g", "f", "f", "h")]

    request, _ = read({"contents": [{"role": "model", "parts": calls}, {"parts": results}]})

    assert ["gc_0_1", "gc_0_0", "gc_0_2", "gc_h"] == [part.call_id for part in request.messages[1].parts]


@pytest.mark.parametrize(
    ("config", "choice", "extra"),
    [
        ({"mode": "any"}, "required", {}),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, "f", {}),
        (
            {"mode": "ANY", "allowedFunctionNames": ["f", "g"]},
            None,
            {"mode": "ANY", "allowedFunctionNames": ["f", "g"]},
        ),
        (
            {"mode": "AUTO", "streamFunctionCallArguments": True},
            None,
            {"mode": "AUTO", "streamFunctionCallArguments": True},
        ),
    ],
)
def test_a_choice_is_read(config, choice, extra):
    """What our word cannot say stays the provider's own."""
    request = asked(toolConfig={"functionCallingConfig": config})

    assert (choice, extra) == (
        request.tool_choice,
        request.extra.get("toolConfig", {}).get("functionCallingConfig", {}),
    )


def test_what_has_no_neutral_word_stays():
    """And comes out again as it was."""
    own = {
        "safetySettings": [],
        "generationConfig": {"thinkingConfig": {"thinkingBudget": -1}, "mediaResolution": "X"},
    }

    request = asked(**own, tools=[{"codeExecution": {}}], labels=None)

    assert (own, (HostedTool("codeExecution"),)) == (request.extra, request.tools)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"no", "body"),
        ([], "object"),
        ({}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": "hi"}, "array"),
        ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "role"),
        ({"contents": [{"role": "user"}]}, "parts"),
        ({"contents": [{"parts": [{"functionResponse": {"name": "f"}}]}]}, "functionResponse"),
        ({"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": [{}]}]}, "name"),
    ],
)
def test_what_is_no_request_is_refused(body, words):
    """With the place that is wrong."""
    with pytest.raises(InvalidRequest, match=words) as caught:
        read(body)

    assert (400, "INVALID_ARGUMENT") == (caught.value.status, caught.value.code)


def test_a_path_without_a_verb_is_refused():
    """It is some other operation's."""
    with pytest.raises(InvalidRequest, match="path"):
        WIRE.read_completion(Call("POST", ("models",), b"{}"))


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (Finish("tool_calls", "tool_use"), "STOP"),
        (Finish("content_filter", "RECITATION"), "RECITATION"),
        (Finish("content_filter", "refusal"), "SAFETY"),
        (Finish("pause"), "CONTINUATION"),
        (Finish("error"), "OTHER"),
        (Finish("unknown"), None),
    ],
)
def test_a_reason_is_said_in_the_words_of_the_format(finish, word):
    """Its own, if it was one of its own."""
    body = json.loads(WIRE.write_completion(Completion((Text("a"),), finish)).body)

    assert word == body["candidates"][0].get("finishReason")


def test_what_others_sealed_is_left_out():
    """But their thoughts are shown."""
    foreign = Opaque("other", "messages", {"signature": "x"})
    parts = (
        Reasoning("hm", foreign),
        Other("thing", foreign),
        Text("a", opaque=foreign),
        ToolCall("c", "f", hosted=True),
    )

    body = json.loads(WIRE.write_completion(Completion(parts)).body)

    assert [
        {"text": "hm", "thought": True},
        {"text": "a"},
        {"functionCall": {"name": "f", "args": {}, "id": "c"}},
    ] == body["candidates"][0]["content"]["parts"]


def test_parts_that_nobody_ended_are_ended():
    """With what they held before deltas came; a stream that finishes says so."""
    writer = WIRE.stream_writer("m", array=True)
    events = [
        Started(),
        PartStarted(0, Reasoning("h")),
        ReasoningDelta(0, "m"),
        PartStarted(1, Text("A")),
        TextDelta(1, "a"),
        PartStarted(2, ToolCall("c", "f")),
        Finished(Finish("tool_calls")),
    ]

    records = json.loads(b"".join(map(writer.write, events)) + writer.end())

    said = [part for one in records for part in one["candidates"][0].get("content", {}).get("parts", ())]
    assert ["h", "m", "A", "a"] == [part["text"] for part in said if "text" in part]
    assert ("f", "STOP", "m") == (
        said[-1]["functionCall"]["name"],
        records[-1]["candidates"][0]["finishReason"],
        records[-1]["modelVersion"],
    )
    assert b"[]" == WIRE.stream_writer(array=True).end()


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_is_reported_as_one(kind):
    """With a status, a word, and our message; the client half reads the same leaf where the format can say it."""
    reply = WIRE.write_error(ErrorInfo(kind, "as it is"))

    error = json.loads(reply.body)["error"]
    assert (reply.status, "as it is", True) == (error["code"], error["message"], error["status"].isupper())
    assert reply.status >= 400
    assert WIRE.parse_error(reply).message == "as it is"


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (ErrorInfo("auth", status=403), 403, "PERMISSION_DENIED"),
        (ErrorInfo("request.invalid", status=400, code="FAILED_PRECONDITION"), 400, "INVALID_ARGUMENT"),
        (ErrorInfo("request.invalid", status=422), 422, "INVALID_ARGUMENT"),
        (ErrorInfo("server", status=200), 500, "INTERNAL"),
        (ErrorInfo("throttle", code="rate_limit_error"), 429, "RESOURCE_EXHAUSTED"),
    ],
)
def test_a_failure_keeps_its_status(error, status, word):
    """And has the word that belongs to it."""
    reply = WIRE.write_error(error)

    assert (status, word) == (reply.status, json.loads(reply.body)["error"]["status"])


def test_when_to_come_back_is_said():
    """In headers, and in the body, under the type that the provider has for it."""
    reply = WIRE.write_error(
        ErrorInfo("throttle", "slow", retry_after=1.5, request_id="r", should_retry=True)
    )

    assert [{"@type": RETRY, "retryDelay": "1.5s"}] == json.loads(reply.body)["error"]["details"]
    assert ("2", "1500", "r", "true") == tuple(
        reply.headers[name] for name in ("retry-after", "retry-after-ms", "x-request-id", "x-should-retry")
    )
    assert 1.5 == WIRE.parse_error(reply).retry_after


def test_a_failure_inside_a_stream_is_an_event():
    """As the client half reads it."""
    written = WIRE.stream_writer().write(Failed(StreamInterrupted("broke", status=503).info))

    assert json.loads(written.removeprefix(b"data: "))["error"]["code"] == 503
