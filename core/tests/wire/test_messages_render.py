"""What requests look like in the messages format: one golden body for each feature."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import InvalidRequest, Unsupported
from jackfield.types import (
    Audio,
    CachePoint,
    Citation,
    Document,
    HostedTool,
    Image,
    Message,
    Opaque,
    Other,
    Output,
    Reasoning,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from jackfield.wire import Dialect
from jackfield.wire.messages import Messages

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
HI = (Message("user", "hi"),)


def rendered(request, *, stream=False, max_output=None, quirks=(), **settings):
    dialect = Dialect(
        provider="acme", base="https://x.test", settings=settings, max_output=max_output, quirks=quirks
    )
    return json.loads(Messages(dialect).render_completion(request, stream).body)


def asked(*messages, **fields):
    return rendered(Request("m", messages or HI, **fields))


def sealed(data, provider="acme", wire="messages"):
    return Opaque(provider, wire, data)


def test_a_call_goes_to_the_route_with_the_headers_of_the_dialect():
    """Path, base and headers come from the wire and its dialect."""
    wire = Messages(Dialect(base="https://x.test", headers={"version-of-api": "1"}))

    call = wire.render_completion(Request("m", HI), stream=False)

    assert ("POST", "https://x.test/v1/messages") == (call.method, call.url)
    assert {
        "accept": "application/json",
        "content-type": "application/json",
        "version-of-api": "1",
    } == call.headers


def test_the_shortest_request():
    """A text is a string, and the length limit the format demands is there."""
    expected = {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]}

    assert expected == asked()


def test_a_stream_is_asked_for_by_a_flag():
    """Only a stream has the flag."""
    assert rendered(Request("m", HI), stream=True)["stream"] is True
    assert "stream" not in rendered(Request("m", HI))
    assert (
        "text/event-stream" == Messages(Dialect()).render_completion(Request("m", HI), True).headers["accept"]
    )


@pytest.mark.parametrize(
    ("options", "max_output", "expected"),
    [({}, None, 4096), ({}, 64000, 64000), ({"max_tokens": 7}, 64000, 7), ({"max_tokens": 7}, None, 7)],
)
def test_the_length_limit_is_the_callers_then_the_models_then_the_default(options, max_output, expected):
    """``max_tokens`` is always sent."""
    body = rendered(Request("m", HI, options=options), max_output=max_output)

    assert expected == body["max_tokens"]


def test_system_turns_stand_apart():
    """System messages, wherever they are, go to the top."""
    body = asked(Message("system", "a"), Message("user", "hi"), Message("system", "b"))

    assert [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}] == body["system"]
    assert [{"role": "user", "content": "hi"}] == body["messages"]


def test_one_system_text_is_a_string():
    """The usual system prompt needs no blocks."""
    assert asked(Message("system", "be brief"), *HI)["system"] == "be brief"


def test_consecutive_turns_of_one_role_are_one_turn():
    """The format wants turns to alternate."""
    body = asked(Message("user", "a"), Message("user", "b"), Message("assistant", "c"), Message("user", "d"))

    first = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    assert [first, {"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}] == body[
        "messages"
    ]


@pytest.mark.parametrize(
    "messages", [(Message("assistant", "a"), *HI), (Message("system", "a"),), (Message("user", ""),)]
)
def test_a_conversation_that_does_not_begin_with_the_user_is_refused(messages):
    """No turn is invented."""
    with pytest.raises(InvalidRequest, match="nothing was sent"):
        asked(*messages)


def test_empty_texts_are_left_out():
    """The format refuses them, and they say nothing."""
    body = asked(Message("user", ("", "hi")), Message("assistant", ""), Message("user", "ho"))

    texts = [{"type": "text", "text": "hi"}, {"type": "text", "text": "ho"}]
    assert [{"role": "user", "content": texts}] == body["messages"]


def test_results_of_parallel_calls_stand_first_in_one_turn():
    """All results follow the calls directly, whatever was said between them."""
    calls = (ToolCall("1", "f", '{"n":1}'), ToolCall("2", "f"))
    results = (
        Message("tool", ToolResult("1", "one")),
        Message("user", "and"),
        Message("tool", ToolResult("2", "two")),
    )

    turns = asked(*HI, Message("assistant", calls), *results)["messages"]

    assert [("tool_use", {"n": 1}), ("tool_use", {})] == [
        (b["type"], b["input"]) for b in turns[1]["content"]
    ]
    assert ["tool_result", "tool_result", "text"] == [block["type"] for block in turns[2]["content"]]
    assert 3 == len(turns)


def test_a_tool_result_with_parts_and_an_error():
    """Results carry images, and tell that a call failed."""
    image = Image("image/png", data=b"x")
    message = Message("tool", (ToolResult("1", ("no", image), error=True), ToolResult("2", ())))

    failed, empty = asked(*HI, message)["messages"][0]["content"][:2]

    source = {"type": "base64", "media_type": "image/png", "data": "eA=="}
    content = [{"type": "text", "text": "no"}, {"type": "image", "source": source}]
    assert {"type": "tool_result", "tool_use_id": "1", "content": content, "is_error": True} == failed
    assert {"type": "tool_result", "tool_use_id": "2"} == empty


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Image("image/png", data=b"x"), {"type": "base64", "media_type": "image/png", "data": "eA=="}),
        (Image("image/png", url="https://x.test/a.png"), {"type": "url", "url": "https://x.test/a.png"}),
        (Image("image/png", file_id="f1"), {"type": "file", "file_id": "f1"}),
        (
            Document("application/pdf", data=b"x"),
            {"type": "base64", "media_type": "application/pdf", "data": "eA=="},
        ),
        (Document("text/csv", data="ä".encode()), {"type": "text", "media_type": "text/plain", "data": "ä"}),
        (Document("application/pdf", url="https://x.test"), {"type": "url", "url": "https://x.test"}),
        (Document("application/pdf", file_id="f1"), {"type": "file", "file_id": "f1"}),
    ],
)
def test_sources_of_media(part, expected):
    """Bytes, addresses and uploaded files."""
    block = asked(Message("user", part))["messages"][0]["content"][0]

    assert {"type": type(part).__name__.lower(), "source": expected} == block


def test_a_document_with_title_context_and_citations():
    """What the model is told about a document."""
    part = Document("application/pdf", file_id="f", name="T", context="C", citations=True)

    block = asked(Message("user", part))["messages"][0]["content"][0]

    expected = {"title": "T", "context": "C", "citations": {"enabled": True}}
    assert expected == {name: block[name] for name in expected}


def test_a_text_document_that_is_no_text_is_refused():
    """Bytes are not guessed at."""
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        asked(Message("user", Document("text/plain", data=b"\xff")))


def test_sound_is_refused():
    """The format has none."""
    with pytest.raises(Unsupported, match="audio"):
        asked(Message("user", Audio("audio/wav", data=b"x")))


def test_reasoning_goes_back_as_it_came():
    """Signatures and redacted reasoning are verbatim."""
    thinking = Reasoning("hm", sealed({"type": "thinking", "signature": "s"}))
    redacted = Reasoning("", sealed({"type": "redacted_thinking", "data": "d"}))

    content = asked(*HI, Message("assistant", (thinking, redacted, Text("a"))))["messages"][1]["content"]

    expected = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
    ]
    assert expected == content[:2]


@pytest.mark.parametrize(
    "opaque", [None, sealed({"signature": "s"}, "other"), sealed({"signature": "s"}, wire="w")]
)
@pytest.mark.parametrize(
    "make", [lambda o: Reasoning("hm", o), lambda o: ToolCall("1", "f", hosted=True, opaque=o)]
)
def test_what_others_sealed_is_left_out(make, opaque):
    """Nothing bound to another provider or wire is sent."""
    assert 1 == len(asked(*HI, Message("assistant", make(opaque)))["messages"])


def test_other_parts_and_hosted_results_go_back_only_to_where_they_came_from():
    """Blocks without a neutral type are verbatim, or absent."""
    block = {"type": "future", "x": 1}
    parts = (
        Other("future", sealed(block)),
        Other("future", sealed(block, "other")),
        ToolResult("1", (), hosted=True, opaque=sealed({"type": "web_search_tool_result", "content": []})),
        ToolResult("1", "text", hosted=True),
    )

    content = asked(*HI, Message("assistant", parts))["messages"][1]["content"]

    assert [block, {"type": "web_search_tool_result", "content": []}] == content


def test_citations_of_others_are_not_sent():
    """Only the provider's own citations go back."""
    own = Text("a", (), sealed({"citations": [{"type": "char_location"}]}))
    foreign = Text("b", (Citation("url", url="https://x.test"),))

    content = asked(*HI, Message("assistant", (own, foreign)))["messages"][1]["content"]

    expected = {"type": "text", "text": "a", "citations": [{"type": "char_location"}]}
    assert [expected, {"type": "text", "text": "b"}] == content


def test_a_refusal_goes_back_as_text():
    """The model's own words are words."""
    assert "no" == asked(*HI, Message("assistant", Refusal("no")))["messages"][1]["content"]


def test_arguments_that_are_no_object_are_refused():
    """Half a call cannot be sent back."""
    with pytest.raises(InvalidRequest, match="not a JSON object"):
        asked(*HI, Message("assistant", ToolCall("1", "f", '{"n":')))


def test_cache_points_mark_the_block_before_them():
    """System, messages and tools can be cached, for a time that may be named."""
    user = Message("user", ("a", CachePoint("1h"), "b"))
    body = asked(
        Message("system", ("s", CachePoint())), user, tools=(Tool("f", schema=SCHEMA, cache=CachePoint()),)
    )

    mark = {"type": "ephemeral"}
    assert [{"type": "text", "text": "s", "cache_control": mark}] == body["system"]
    assert {**mark, "ttl": "1h"} == body["messages"][0]["content"][0]["cache_control"]
    assert mark == body["tools"][0]["cache_control"]


def test_a_cache_point_is_never_put_on_reasoning_and_may_mark_the_turn_before():
    """Reasoning cannot be marked; a point at the start of a turn is about what came before it."""
    thinking = Reasoning("hm", sealed({"type": "thinking", "signature": "s"}))
    turns = asked(
        *HI, Message("assistant", ("a", thinking, CachePoint())), Message("user", (CachePoint(), "b"))
    )["messages"]

    assert ["cache_control" in block for block in turns[1]["content"]] == [True, False]
    assert "b" == turns[2]["content"]


def test_tools_of_the_caller_and_of_the_provider():
    """Functions have schemas; hosted tools have a dated type and a name."""
    tools = (
        Tool("f", "does", SCHEMA, strict=True, extra={"defer_loading": True}),
        HostedTool("web_search_20250305", {"max_uses": 2}),
        HostedTool("mcp_toolset", {"mcp_server_name": "s"}),
    )

    function = {
        "name": "f",
        "description": "does",
        "input_schema": SCHEMA,
        "strict": True,
        "defer_loading": True,
    }
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    assert [function, search, {"type": "mcp_toolset", "mcp_server_name": "s"}] == asked(tools=tools)["tools"]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        ("auto", None, {"type": "auto"}),
        ("required", None, {"type": "any"}),
        ("none", False, {"type": "none"}),
        ("f", None, {"type": "tool", "name": "f"}),
        ("web_search_20250305", None, {"type": "tool", "name": "web_search"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", True, {"type": "any", "disable_parallel_tool_use": False}),
        (None, None, None),
    ],
)
def test_the_choice_of_a_tool(choice, parallel, expected):
    """Our words for it, in the format's."""
    options = {} if parallel is None else {"parallel_tool_calls": parallel}
    tools = (Tool("f"), HostedTool("web_search_20250305"))

    assert expected == asked(tools=tools, tool_choice=choice, options=options).get("tool_choice")


def test_options_have_the_names_of_the_format_and_zero_stays_zero():
    """One table says what each option is called."""
    options = {
        "temperature": 0,
        "top_p": 0.5,
        "top_k": 3,
        "stop": ("a", "b"),
        "user": "u",
        "service_tier": "auto",
    }

    body = asked(options=options)

    expected = {
        "temperature": 0,
        "top_p": 0.5,
        "top_k": 3,
        "stop_sequences": ["a", "b"],
        "metadata": {"user_id": "u"},
        "service_tier": "auto",
    }
    assert expected == {name: body[name] for name in expected}


def test_options_that_ask_for_nothing_are_not_sent():
    """One answer without log probabilities is what the format gives."""
    assert asked() == asked(options={"n": 1, "logprobs": False, "top_logprobs": 0})


@pytest.mark.parametrize("option", ["seed", "n", "logprobs", "frequency_penalty", "verbosity"])
def test_options_the_format_lacks_are_refused(option):
    """Nothing is accepted and ignored."""
    with pytest.raises(Unsupported, match=f"no option `{option}`"):
        asked(options={option: 2})


def test_a_schema_is_asked_for_natively():
    """The answer is held to a schema."""
    body = asked(output=Output(SCHEMA))

    assert {"format": {"type": "json_schema", "schema": SCHEMA}} == body["output_config"]


def test_a_schema_is_asked_for_by_a_tool_where_nothing_else_works():
    """The tool must be called; its arguments will be the answer."""
    body = rendered(Request("m", HI, tools=(Tool("f"),), output=Output(SCHEMA)), structured="tool")

    assert ["f", "structured_answer"] == [tool["name"] for tool in body["tools"]]
    assert {"type": "tool", "name": "structured_answer"} == body["tool_choice"]


def test_json_without_a_schema_is_refused():
    """The format has no such mode."""
    with pytest.raises(Unsupported, match="without a schema"):
        asked(output=Output())


def test_extra_comes_last_and_is_merged():
    """The provider's own fields are sent as they are, beside ours."""
    body = asked(
        output=Output(SCHEMA), extra={"output_config": {"effort": "low"}, "speed": "fast", "max_tokens": 1}
    )

    assert {"format", "effort"} == set(body["output_config"])
    assert ("fast", 1) == (body["speed"], body["max_tokens"])


def test_extra_fields_named_by_the_dialect_travel_as_headers():
    """Such a field is joined to what the header says already, and is not in the body."""
    dialect = Dialect(headers={"x-betas": "a"}, settings={"extra_headers": {"betas": "x-betas"}})

    call = Messages(dialect).render_completion(Request("m", HI, extra={"betas": ["b", "c"]}), stream=False)

    assert "a,b,c" == call.headers["x-betas"]
    assert "betas" not in json.loads(call.body)


def test_quirks_rewrite_the_body_in_order_but_not_extra():
    """A quirk sees what the wire rendered."""
    first, second = (lambda body: {**body, "top": 1}), (lambda body: {**body, "top": body["top"] + 1})

    body = rendered(Request("m", HI, extra={"model": "mine"}), quirks=(first, second))

    assert (2, "mine") == (body["top"], body["model"])


def test_the_format_has_no_embeddings():
    """Who asks for them is told so before anything is sent."""
    assert "embed" not in Messages(Dialect()).operations()
