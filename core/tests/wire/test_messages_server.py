"""The server half of the messages format: requests read, completions, streams and their ends written."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed
from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Failed,
    Finished,
    Metered,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
    fold,
)
from jackfield.types import (
    CachePoint,
    Citation,
    Completion,
    Document,
    Finish,
    HostedTool,
    Image,
    Message,
    Opaque,
    Other,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect, WireDecoder
from jackfield.wire.messages import Messages

WIRE = Messages(Dialect(provider="acme"))
DONE = Finished(Finish("stop", "end_turn"), Usage(1, output=2))


def asked(**fields):
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}
    return WIRE.read_completion(Call("POST", (), json.dumps(body).encode()))


def read(*turns, **fields):
    return asked(messages=list(turns), **fields)[0]


def user(*content):
    return {"role": "user", "content": list(content)}


def written(*events, wire=WIRE):
    writer = wire.stream_writer("m-1")
    return b"".join(map(writer.write, events)) + writer.end()


def values(stream):
    return [json.loads(line[6:]) for line in stream.decode().split("\n") if line.startswith("data: ")]


def decoded(stream):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return decoder.feed(stream) + decoder.end()


# -- requests ------------------------------------------------------------------------------------


def test_a_request_with_strings():
    """Content and system may be strings."""
    request, streams = asked(
        system="be", stream=True, temperature=0, stop_sequences=["x"], metadata={"user_id": "u"}
    )

    assert (Message("system", "be"), Message("user", "hi")) == request.messages
    assert {"max_tokens": 9, "temperature": 0, "stop": ("x",), "user": "u"} == request.options
    assert ("m", True, {}) == (request.model, streams, request.extra)


def test_a_request_with_blocks():
    """Images, documents and cache points become parts."""
    mark = {"type": "ephemeral", "ttl": "1h"}
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}}
    text = {"type": "text", "media_type": "text/plain", "data": "d"}
    document = {
        "type": "document",
        "source": text,
        "title": "T",
        "citations": {"enabled": True},
        "cache_control": mark,
    }

    (message,) = read(user(image, document, {"type": "text", "text": "hi", "cache_control": None})).messages

    doc = Document("text/plain", data=b"d", name="T", citations=True)
    assert (Image("image/png", data=b"x"), doc, CachePoint("1h"), Text("hi")) == message.parts


def test_results_of_tools_are_a_turn_of_their_own():
    """The user's turn is split where the results end; a cache point stays with its result."""
    result = {
        "type": "tool_result",
        "tool_use_id": "1",
        "content": "ok",
        "cache_control": {"type": "ephemeral"},
    }
    failed = {"type": "tool_result", "tool_use_id": "2", "is_error": True}

    messages = read(user(result, failed, {"type": "text", "text": "and"})).messages

    results = (ToolResult("1", "ok"), CachePoint(), ToolResult("2", (), error=True))
    assert (Message("tool", results), Message("user", "and")) == messages


def test_blocks_nobody_knows_stay_verbatim():
    """Search results, custom documents and containers pass through."""
    block = {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}

    assert (Other("search_result", Opaque("acme", "messages", block)),) == read(user(block)).messages[0].parts


def test_reasoning_without_a_signature_is_not_taken_for_the_providers():
    """What a stream of another provider showed comes back unsigned."""
    content = [
        {"type": "thinking", "thinking": "a", "signature": ""},
        {"type": "thinking", "thinking": "b", "signature": "s"},
    ]

    parts = read(user(), {"role": "assistant", "content": content}).messages[1].parts

    assert [None, {"type": "thinking", "signature": "s"}] == [
        part.opaque and part.opaque.data for part in parts
    ]


def test_tools_and_their_choice():
    """Functions, hosted tools, and fields of a tool that are the provider's own."""
    function = {"type": "custom", "name": "f", "input_schema": {"type": "object"}, "defer_loading": True}
    hosted = {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}
    choice = {"type": "any", "disable_parallel_tool_use": True}

    request, _ = asked(tools=[function, hosted], tool_choice=choice)

    tool = Tool("f", "", {"type": "object"}, extra={"defer_loading": True})
    assert (tool, HostedTool("web_search_20250305", {"max_uses": 1})) == request.tools
    assert ("required", False) == (request.tool_choice, request.options["parallel_tool_calls"])


@pytest.mark.parametrize(
    ("fields", "reasoning", "extra"),
    [
        ({"thinking": {"type": "disabled"}}, "none", {}),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, 2000, {}),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low", {}),
        ({"thinking": {"type": "between_tools"}}, None, {"thinking": {"type": "between_tools"}}),
        ({"output_config": {"effort": "low"}}, None, {"output_config": {"effort": "low"}}),
        ({"speed": "fast", "metadata": {"team": "x"}}, None, {"speed": "fast", "metadata": {"team": "x"}}),
        (
            {"output_config": {"format": {"type": "news"}}},
            None,
            {"output_config": {"format": {"type": "news"}}},
        ),
    ],
)
def test_reasoning_is_an_option_and_the_rest_is_extra(fields, reasoning, extra):
    """What has no neutral word stays as it is."""
    request, _ = asked(**fields)

    assert (reasoning, extra) == (request.options.get("reasoning"), request.extra)


def test_headers_that_stand_for_fields_are_read():
    """The list of a header becomes the field it came from."""
    wire = Messages(Dialect(settings={"extra_headers": {"betas": "x-betas"}}))
    body = b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}'

    request, _ = wire.read_completion(Call("POST", (), body, {"x-betas": "a, b"}))

    assert {"betas": ["a", "b"]} == request.extra


@pytest.mark.parametrize(
    "fields",
    [
        {"model": None},
        {"model": 1},
        {"max_tokens": None, "messages": None},
        {"messages": []},
        {"messages": "hi"},
        {"messages": ["hi"]},
        {"messages": [{"role": "robot", "content": "hi"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": 1}]},
        {"tools": [{"name": "f"}]},
        {"tools": [{"input_schema": {}}]},
        {"tools": {}},
        {"tool_choice": {"type": "news"}},
        {"tool_choice": {"type": "tool"}},
        {"thinking": "yes"},
        {"metadata": []},
    ],
)
def test_a_request_that_breaks_the_format_is_refused(fields):
    """With the place, and the code of the format."""
    with pytest.raises(InvalidRequest) as caught:
        asked(**fields)

    assert "invalid_request_error" == caught.value.code


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"model":"m","messages":[{"role":"user","content":"x"}]}']
)
def test_a_body_that_is_no_request_is_refused(body):
    """Not JSON, not an object, or without a length limit."""
    with pytest.raises(InvalidRequest):
        WIRE.read_completion(Call("POST", (), body))


# -- answers -------------------------------------------------------------------------------------


def test_a_completion_is_a_message():
    """The whole shape, figures included."""
    usage = Usage(1, 2, 3, 4, output=5, reasoning=6, searches=7)
    completion = Completion((Text("hi"),), Finish("stop", "stop_sequence"), usage, "m-1", id="msg_1")

    message = json.loads(WIRE.write_completion(completion).body)

    counted = {
        "input_tokens": 1,
        "cache_read_input_tokens": 2,
        "cache_creation_input_tokens": 7,
        "output_tokens": 11,
    }
    assert counted.items() <= message["usage"].items()
    assert ("message", "assistant", "msg_1", "m-1") == tuple(
        message[n] for n in ("type", "role", "id", "model")
    )
    assert ([{"type": "text", "text": "hi"}], "stop_sequence") == (message["content"], message["stop_reason"])


def test_what_other_providers_sealed_is_shown_but_not_passed_off_as_signed():
    """Reasoning, hosted calls and citations of another wire are readable."""
    parts = (
        Reasoning("hm", Opaque("other", "w", {"signature": "x"})),
        ToolCall("1", "search", '{"q":1}', hosted=True),
        Text("a", (Citation(url="https://x.test", title="T"), Citation("passage", quote="q", start=1))),
        Refusal("no"),
    )

    thinking, call, text, refusal = json.loads(WIRE.write_completion(Completion(parts)).body)["content"]

    assert {"type": "thinking", "thinking": "hm", "signature": ""} == thinking
    assert ("server_tool_use", {"q": 1}) == (call["type"], call["input"])
    assert ["web_search_result_location", "char_location"] == [raw["type"] for raw in text["citations"]]
    assert {"type": "text", "text": "no"} == refusal


def test_a_call_whose_arguments_are_no_object_cannot_be_written():
    """The format takes objects only."""
    with pytest.raises(Malformed):
        WIRE.write_completion(Completion((ToolCall("1", "f", "{"),)))


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        (Finish("stop", "stop"), "end_turn"),
        (Finish("length"), "max_tokens"),
        (Finish("tool_calls"), "tool_use"),
        (Finish("content_filter"), "refusal"),
        (Finish("pause"), "pause_turn"),
        (Finish("unknown"), "end_turn"),
        (Finish("length", "model_context_window_exceeded"), "model_context_window_exceeded"),
    ],
)
def test_stop_reasons_are_those_of_the_format(finish, expected):
    """Whatever the provider behind it called them."""
    assert expected == json.loads(WIRE.write_completion(Completion((), finish)).body)["stop_reason"]


# -- streams -------------------------------------------------------------------------------------


def test_the_order_of_a_stream():
    """Message, blocks by index, figures, end."""
    stream = written(
        Started("msg_1", "m-2"),
        PartStarted(5, Text("")),
        TextDelta(5, "a"),
        PartEnded(5),
        PartStarted(9, ToolCall("t", "f")),
        ArgumentsDelta(9, "{}"),
        Metered(Usage(1)),
        DONE,
    )

    events = values(stream)

    expected = "message_start content_block_start content_block_delta content_block_stop content_block_start"
    expected += " content_block_delta content_block_stop message_delta message_stop"
    assert expected.split() == [event["type"] for event in events]
    assert [0, 0, 0, 1, 1, 1] == [event["index"] for event in events if "index" in event]
    assert ("msg_1", "m-2") == (events[0]["message"]["id"], events[0]["message"]["model"])


def test_a_stream_starts_even_if_nobody_said_so():
    """Clients insist on the first event."""
    first, *_ = values(written(PartStarted(0, Text("a")), DONE))

    assert ("message_start", "m-1") == (first["type"], first["message"]["model"])


def test_parts_that_come_whole_are_filled_by_deltas():
    """Blocks begin empty, as clients expect."""
    sealed = Opaque("acme", "messages", {"type": "thinking", "signature": "s"})
    parts = (
        Reasoning("hm", sealed),
        ToolCall("1", "f", '{"n":1}'),
        Text("a", (Citation(url="u"),)),
        Refusal("no"),
    )
    events = [
        event for number, part in enumerate(parts) for event in (PartStarted(number, part), PartEnded(number))
    ]

    stream = written(*events, DONE)

    starts = [value["content_block"] for value in values(stream) if "content_block" in value]
    assert [{"thinking": "", "signature": ""}, {"input": {}}, {"text": ""}, {"text": ""}] == [
        {name: start[name] for name in start.keys() & {"thinking", "signature", "input", "text"}}
        for start in starts
    ]
    assert ["hm", '{"n":1}', "a", "no"] == [
        getattr(p, "text", None) or p.json for p in fold(decoded(stream)).parts
    ]


def test_a_stream_that_failed_has_an_error_and_no_end():
    """A client must not take it for a success."""
    stream = written(Started("m"), PartStarted(0, Text("a")), Failed(ErrorInfo("server.overloaded", "busy")))

    assert ["error", "overloaded_error"] == [values(stream)[-1]["type"], values(stream)[-1]["error"]["type"]]
    assert "server.overloaded" == decoded(stream)[-1].error.kind


def test_a_stream_that_broke_off_has_no_end():
    """Nothing is made up."""
    assert "stream.truncated" == decoded(written(Started("m")))[-1].error.kind


def test_further_answers_are_left_out():
    """The format has one."""
    stream = written(
        PartStarted(0, Text("a")), PartStarted(1, Text("b"), 1), TextDelta(1, "c"), PartEnded(1), DONE
    )

    assert ["a"] == [part.text for part in fold(decoded(stream)).parts]


def test_citations_are_written_as_they_come():
    """Verbatim if the format knows them."""
    raw = {
        "type": "page_location",
        "cited_text": "q",
        "document_index": 0,
        "start_page_number": 1,
        "end_page_number": 2,
    }
    stream = written(PartStarted(0, Text("")), Cited(0, Citation("page", raw=raw)), TextDelta(0, "a"), DONE)

    assert raw == fold(decoded(stream)).citations[0].raw
