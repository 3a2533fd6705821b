"""What whole answers in the responses format mean."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import Malformed
from jackfield.events import Failed, Warned, fold
from jackfield.types import Opaque, Other, Reasoning, Text, ToolCall, Usage
from jackfield.wire import Dialect, Headers, Reply
from jackfield.wire.responses import Responses

WIRE = Responses(Dialect(provider="acme", errors={"own_code": "quota.money"}))
WORDS = {"type": "output_text", "text": "hi", "annotations": []}


def sealed(data):
    return Opaque("acme", "responses", data)


def events_of(*items, **fields):
    body = {"id": "r1", "model": "m-1", "status": "completed", "output": list(items), **fields}
    return WIRE.parse_completion(Reply(200, body=json.dumps(body).encode()))[0]


def parsed(*items, **fields):
    return fold(events_of(*items, **fields))


def message(*contents, **fields):
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": list(contents), **fields}


def test_contents_of_one_message_are_parts_of_one_item():
    """Each keeps what is said of the message, and of itself."""
    parts = parsed(message(WORDS, {**WORDS, "novel": 1}, phase="final_answer")).parts

    kept = {"id": "msg_1", "phase": "final_answer"}
    assert (
        Text("hi", opaque=sealed(kept)),
        Text("hi", opaque=sealed({**kept, "content": {"novel": 1}})),
    ) == parts


def test_a_content_nobody_knows_is_a_message_of_its_own():
    """Kept as it is."""
    (part,) = parsed(message({"type": "output_song", "notes": "c"})).parts

    assert ("output_song", [{"type": "output_song", "notes": "c"}]) == (
        part.kind,
        part.opaque.data["content"],
    )


@pytest.mark.parametrize(
    ("item", "name", "arguments"),
    [
        ({"type": "web_search_call", "id": "i", "action": {"query": "q"}}, "web_search", {"query": "q"}),
        ({"type": "file_search_call", "id": "i", "queries": ["q"]}, "file_search", {"queries": ["q"]}),
        ({"type": "code_interpreter_call", "id": "i", "code": "1"}, "code_interpreter", {"code": "1"}),
        ({"type": "mcp_call", "id": "i", "name": "ask", "arguments": '{"a":1}'}, "ask", {"a": 1}),
    ],
)
def test_calls_of_the_providers_own(item, name, arguments):
    """They need no answer, and the item is kept whole."""
    completion = parsed(item)

    (call,) = completion.parts
    assert (name, arguments, sealed(item)) == (call.name, call.arguments, call.opaque)
    assert ((), "stop") == (completion.tool_calls, completion.finish.reason)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "computer_call", "id": "i", "action": {"type": "click"}},
        {"type": "mcp_approval_request", "id": "i"},
        {"type": "compaction", "encrypted_content": "x"},
        {"type": "function_call", "call_id": "c"},  # no name: nobody could call it
        {"type": "image_generation_call", "id": "i", "result": None},
    ],
)
def test_other_items_are_kept(item):
    """Verbatim, for the next turn."""
    assert (Other(item["type"], sealed(item)),) == parsed(item).parts


def test_arguments_may_come_as_an_object():
    """They are text all the same."""
    item = {"type": "function_call", "call_id": "c", "name": "f", "arguments": {"a": 1}}

    assert (ToolCall("c", "f", '{"a":1}'),) == parsed(item).parts


def test_reasoning_beside_the_items_is_read():
    """One server puts it there, as a text."""
    completion = parsed(message(WORDS), reasoning="hm")

    assert (Reasoning("hm"), "hi") == (completion.parts[0], completion.text)


def test_text_beside_the_items_is_read_where_there_are_none():
    """The convenience of some servers."""
    assert "hi" == parsed(output_text="hi").text


def test_usage_is_put_into_buckets():
    """What is cached or reasoned is not counted twice."""
    raw = {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 3, "audio_tokens": 2},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 4},
    }

    used = parsed(usage=raw, tool_usage={"web_search": {"num_requests": 2}}).usage

    assert Usage(10, 5, 3, input_audio=2, output=5, reasoning=4, searches=2, raw=raw) == used


@pytest.mark.parametrize(
    ("fields", "searches"),
    [
        ({}, 1),
        ({"tool_usage": {"web_search": {"num_requests": 0}}}, 0),
        ({"usage": {"server_side_tool_usage_details": {"web_search_calls": 2, "x_search_calls": 1}}}, 3),
    ],
)
def test_searches_are_counted_as_they_are_told(fields, searches):
    """Else as they are listed; looking at a page is none."""
    items = [{"type": "web_search_call", "id": k, "action": {"type": k}} for k in ("search", "open_page")]
    usage = {"input_tokens": 1, "output_tokens": 1, **fields.pop("usage", {})}

    assert searches == parsed(*items, usage=usage, **fields).usage.searches


@pytest.mark.parametrize("usage", [None, {}, {"total_tokens": 3}])
def test_no_figures_are_no_zeroes(usage):
    """They are unknown."""
    assert not parsed(usage=usage).usage.known


def test_an_answer_in_the_background_is_no_answer_yet():
    """It is told so, with its id."""
    events = events_of(status="queued")

    assert ("unknown", "queued") == (fold(events).finish.reason, fold(events).finish.raw)
    assert any(isinstance(event, Warned) and "`r1`" in event.notice.message for event in events)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"status": "failed", "output": [], "error": {"code": "server_error", "message": "oh"}}, "server"),
        ({"status": "failed", "output": [], "error": {"code": "own_code", "message": "oh"}}, "quota.money"),
        ({"status": "failed", "output": []}, "server"),
        ({"error": {"code": 502, "message": "upstream"}}, "server"),
        ({"detail": "nope"}, "server"),
        ({"id": "r1", "object": "response", "status": "completed"}, "protocol.body"),
        ([], "protocol.body"),
    ],
)
def test_a_success_that_is_none(body, kind):
    """A failure in disguise, or nothing that can be read."""
    (failed,) = WIRE.parse_completion(Reply(200, body=json.dumps(body).encode()))[0]

    assert isinstance(failed, Failed)
    assert kind == failed.error.kind


def test_a_page_is_no_answer():
    """Whatever its status."""
    with pytest.raises(Malformed, match="text/html"):
        WIRE.parse_completion(Reply(200, Headers({"content-type": "text/html"}), b"<html>"))


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "context_length_exceeded", "message": "long"}, "request.context"),
        (400, {"code": "model_not_found", "message": "none"}, "model.missing"),
        (400, {"code": "invalid_prompt", "message": "flagged"}, "request.policy"),
        (400, {"code": "image_too_large", "message": "big"}, "request.invalid"),
        (429, {"code": "insufficient_quota", "message": "pay"}, "quota.money"),
        (429, {"code": "rate_limit_exceeded", "message": "slow"}, "throttle"),
        (503, {"code": "slow_down", "message": "busy"}, "server.overloaded"),
    ],
)
def test_an_error_says_what_the_caller_can_do(status, error, kind):
    """By its code, then by its status."""
    found = WIRE.parse_error(Reply(status, body=json.dumps({"error": error}).encode()))

    assert (kind, status) == (found.kind, found.status)
