"""What answers in the messages format mean: blocks, finishes, figures, and what goes back in the next turn."""

from __future__ import annotations

import json

import attrs
import pytest

from jackfield.errors import Malformed
from jackfield.events import Failed, Warned, fold
from jackfield.types import (
    UNKNOWN_USAGE,
    Citation,
    Finish,
    Message,
    Notice,
    Opaque,
    Other,
    Reasoning,
    Request,
    Text,
    ToolCall,
    Usage,
)
from jackfield.wire import Dialect, Reply
from jackfield.wire.messages import Messages

WIRE = Messages(Dialect(provider="acme"))
USAGE = {"input_tokens": 3, "output_tokens": 5}

BLOCKS = [
    {"type": "text", "text": "plain"},
    {"type": "text", "text": "none", "citations": None},
    {
        "type": "text",
        "text": "cited",
        "citations": [
            {
                "type": "char_location",
                "cited_text": "q",
                "document_index": 0,
                "document_title": "T",
                "start_char_index": 1,
                "end_char_index": 2,
            },
            {
                "type": "web_search_result_location",
                "url": "u",
                "title": "t",
                "cited_text": "q",
                "encrypted_index": "e",
            },
        ],
    },
    {"type": "thinking", "thinking": "hm", "signature": "sig=="},
    {"type": "thinking", "thinking": "", "signature": "only"},
    {"type": "redacted_thinking", "data": "xyz"},
    {
        "type": "tool_use",
        "id": "t1",
        "name": "f",
        "input": {"b": 1.0, "a": [None, "ä"]},
        "caller": {"type": "direct"},
    },
    {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "s1",
        "content": [
            {
                "type": "web_search_result",
                "url": "u",
                "title": "t",
                "encrypted_content": "e",
                "page_age": None,
            }
        ],
    },
    {
        "type": "code_execution_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "code_execution_tool_result_error", "error_code": "unavailable"},
    },
    {"type": "mcp_tool_use", "id": "m1", "name": "ask", "server_name": "wiki", "input": {}},
    {
        "type": "mcp_tool_result",
        "tool_use_id": "m1",
        "is_error": False,
        "content": [{"type": "text", "text": "r"}],
    },
    {"type": "compaction", "content": "summary", "encrypted_content": None},
    {"type": "container_upload", "file_id": "f1"},
    {"type": "tool_use", "id": "t3", "name": "odd", "input": "no object"},
    {"type": "image", "source": {"type": "from_the_future"}},
]


def answer(*content, stop_reason="end_turn", usage=USAGE, **fields):
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": list(content),
    }
    return Reply(
        200, body=json.dumps({**message, "stop_reason": stop_reason, "usage": usage, **fields}).encode()
    )


def parsed(*content, wire=WIRE, **fields):
    events, raw = wire.parse_completion(answer(*content, **fields))
    return fold(events, raw=raw)


def sent_back(completion):
    call = WIRE.render_completion(Request("m", (Message("user", "hi"), completion.message)), stream=False)
    content = json.loads(call.body)["messages"][1]["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def test_a_text_answer():
    """Id, model, text and finish."""
    completion = parsed({"type": "text", "text": "hello"})

    assert ("msg_1", "m-1", "hello") == (completion.id, completion.model, completion.text)
    assert Finish("stop", "end_turn") == completion.finish


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["type"])
def test_every_block_goes_back_exactly_as_it_came(block):
    """The next turn holds the same JSON, signatures and unknown fields included."""
    assert [block] == sent_back(parsed(block))


def test_all_blocks_keep_their_order():
    """Reasoning, text and calls may alternate."""
    assert BLOCKS == sent_back(parsed(*BLOCKS))


def test_citations_are_read_and_kept_raw():
    """Where a statement comes from, and the provider's own words for it."""
    block = BLOCKS[2]

    (text,) = parsed(block).parts

    passage = Citation("char", None, "T", "q", 1, 2, 0, raw=block["citations"][0])
    page = Citation("url", "u", "t", "q", raw=block["citations"][1])
    assert (passage, page) == text.citations


def test_reasoning_is_shown_and_sealed():
    """The signature belongs to the provider; the text is for reading."""
    completion = parsed(BLOCKS[3], BLOCKS[5])

    sealed = Opaque("acme", "messages", {"type": "thinking", "signature": "sig=="})
    assert Reasoning("hm", sealed) == completion.parts[0]
    assert "hm" == completion.reasoning


def test_calls_of_the_caller_and_of_the_provider_are_told_apart():
    """Hosted calls need no answer."""
    completion = parsed(BLOCKS[6], BLOCKS[8], BLOCKS[9], BLOCKS[12])

    (call,) = completion.tool_calls
    assert ("t1", "f", {"b": 1.0, "a": [None, "ä"]}) == (call.id, call.name, call.arguments)
    assert [False, True, True, True] == [part.hosted for part in completion.parts]
    assert "r" == completion.parts[3].text


def test_a_hosted_tool_that_failed_says_so():
    """An error may be the content, or a flag."""
    assert parsed(BLOCKS[10]).parts[0].error


@pytest.mark.parametrize("block", [*BLOCKS[-4:], {}, "text", None, {"type": "text", "text": 1}])
def test_what_has_no_neutral_type_is_kept(block):
    """A block of the future, or one that breaks the format, is no crash."""
    assert isinstance(parsed(block).parts[0], Other)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause"),
        ("compaction", "pause"),
        ("news", "unknown"),
        (None, "unknown"),
    ],
)
def test_why_the_model_stopped(raw, reason):
    """Our word, and the provider's."""
    assert Finish(reason, raw) == parsed(stop_reason=raw).finish


def test_a_refusal_says_why():
    """The provider's explanation is a warning: it is not the model's text."""
    details = {"type": "refusal", "category": "bio", "explanation": "because"}

    events, _ = WIRE.parse_completion(answer(stop_reason="refusal", stop_details=details))

    assert Warned(Notice("refused", "bio: because")) in events


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"input_tokens": 3, "output_tokens": 5}, Usage(3, output=5)),
        (
            {
                "input_tokens": 3,
                "output_tokens": 5,
                "cache_read_input_tokens": 7,
                "cache_creation_input_tokens": 11,
            },
            Usage(3, 7, 11, output=5),
        ),
        (
            {
                "input_tokens": 3,
                "output_tokens": 5,
                "cache_creation_input_tokens": 11,
                "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 10},
            },
            Usage(3, cache_write=1, cache_write_1h=10, output=5),
        ),
        (
            {
                "input_tokens": 3,
                "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4},
            },
            Usage(3, cache_write=2, cache_write_1h=4),
        ),
        (
            {"input_tokens": 3, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 4}},
            Usage(3, output=1, reasoning=4),
        ),
        ({"input_tokens": 3, "server_tool_use": {"web_search_requests": 2}}, Usage(3, searches=2)),
        ({"input_tokens": -3, "output_tokens": "five", "server_tool_use": 1}, Usage()),
        ({"input_tokens": "3", "output_tokens": 5.0}, Usage(3, output=5)),
    ],
)
def test_usage_is_in_disjoint_buckets(raw, expected):
    """Cached input is not input, reasoning is not output; the raw figures stay."""
    usage = parsed(usage=raw).usage

    assert raw == usage.raw
    assert {**vars_of(expected), "raw": raw} == vars_of(usage)


def vars_of(usage):
    return {name: getattr(usage, name) for name in attrs.fields_dict(Usage)}


@pytest.mark.parametrize("raw", [None, {}, [], {"service_tier": "standard"}])
def test_usage_without_figures_is_unknown(raw):
    """Unknown is not zero."""
    assert UNKNOWN_USAGE == parsed(usage=raw).usage


def test_the_answer_tools_arguments_are_the_answer():
    """Where a schema was asked for by a tool, its call is text and the model has simply stopped."""
    wire = Messages(Dialect(settings={"structured": "tool"}))
    block = {"type": "tool_use", "id": "1", "name": "structured_answer", "input": {"n": 1}}

    completion = parsed(block, wire=wire, stop_reason="tool_use")

    assert ('{"n":1}', "stop", ()) == (completion.text, completion.finish.reason, completion.tool_calls)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>log in</html>",
        b'{"content": [',
        b"[]",
        b"{}",
        b'{"content": "hello"}',
        b"null",
        b"\xff\xfe",
    ],
)
def test_a_success_that_is_no_message_is_malformed(body):
    """It is never returned as a completion."""
    assert "protocol.body" == failure_of(Reply(200, {"content-type": "text/html"}, body)).kind


def failure_of(reply):
    """How parsing fails: bytes that are no JSON raise, JSON that is no message is a failed answer."""
    try:
        events, _ = WIRE.parse_completion(reply)
    except Malformed as exc:
        return exc.info
    assert [Failed] == [type(event) for event in events]
    return events[0].error


def test_an_error_in_a_success_is_that_error():
    """Some hosts answer 200 with an error in it."""
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}'

    assert "server.overloaded" == failure_of(Reply(200, body=body)).kind


@pytest.mark.parametrize("position", range(0, 400, 7))
def test_an_answer_cut_short_is_an_error_and_never_a_crash(position):
    """Half an object is no partial answer."""
    reply = answer(*BLOCKS)

    assert "protocol.body" == failure_of(Reply(200, body=reply.body[:position])).kind


def test_parts_are_of_the_usual_types():
    """Text and calls carry nothing opaque unless there is something to carry."""
    assert (Text("plain"), ToolCall("t2", "g", "{}")) == parsed(BLOCKS[0], BLOCKS[7]).parts
