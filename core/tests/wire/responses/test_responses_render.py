"""What requests look like in the responses format, and what it cannot say."""

from __future__ import annotations

import json

import pytest
from attrs import frozen

from jackfield.errors import BadConfig, Unsupported
from jackfield.types import (
    Audio,
    CachePoint,
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
    Video,
)
from jackfield.wire import Dialect
from jackfield.wire.responses import Responses

HI = Message("user", "hi")
OBJECT = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def wire(**settings):
    return Responses(Dialect(provider="acme", base="https://x.test/v1", settings=settings))


def rendered(*messages, stream=False, settings=None, **fields):
    request = Request("m", messages or (HI,), **fields)
    return json.loads(wire(**(settings or {})).render_completion(request, stream).body)


def items(*messages, **settings):
    return rendered(*messages, settings=settings)["input"]


def sealed(data, provider="acme"):
    return Opaque(provider, "responses", data)


def test_the_smallest_request():
    """A model and an item."""
    call = wire().render_completion(Request("m", (HI,)), stream=False)

    assert {"model": "m", "input": [{"role": "user", "content": "hi"}]} == json.loads(call.body)
    assert ("POST", "https://x.test/v1/responses", "application/json") == (
        call.method,
        call.url,
        call.headers["accept"],
    )


def test_a_stream_is_asked_for():
    """In the body and in the headers."""
    call = wire().render_completion(Request("m", (HI,)), stream=True)

    assert (True, "text/event-stream") == (json.loads(call.body)["stream"], call.headers["accept"])


def test_system_messages():
    """The first is the instructions, later ones and those that are no single text are items."""
    first, later = Message("system", "one"), Message("system", "two")

    body = rendered(first, HI, later)
    plain = rendered(first, HI, settings={"instructions": False, "system_role": "developer"})

    assert ("one", {"role": "system", "content": "two"}) == (body["instructions"], body["input"][1])
    assert {"role": "developer", "content": "one"} == plain["input"][0]


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("what?", {"type": "input_text", "text": "what?"}),
        (
            Image("image/png", data=b"1", detail="low"),
            {"type": "input_image", "image_url": "data:image/png;base64,MQ==", "detail": "low"},
        ),
        (Image("image/png", file_id="f1"), {"type": "input_image", "file_id": "f1"}),
        (
            Document("application/pdf", data=b"1", name="a.pdf"),
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,MQ=="},
        ),
        (
            Document("application/pdf", url="https://x.test/a.pdf"),
            {"type": "input_file", "file_url": "https://x.test/a.pdf"},
        ),
        (
            Audio("audio/wav", data=b"1"),
            {"type": "input_audio", "input_audio": {"data": "MQ==", "format": "wav"}},
        ),
    ],
)
def test_what_a_user_sends(part, content):
    """Texts, pictures, documents and sound."""
    assert [content, {"type": "input_text", "text": "?"}] == items(Message("user", (part, "?")))[0]["content"]


def test_what_a_document_is_about_goes_before_it():
    """As a text."""
    document = Document("application/pdf", data=b"1", context="about it")

    first, second = items(Message("user", document))[0]["content"]

    assert ({"type": "input_text", "text": "about it"}, "document.pdf") == (first, second["filename"])


@pytest.mark.parametrize(
    "message",
    [
        Message("user", Video("video/mp4", data=b"1")),
        Message("user", Audio("audio/wav", url="https://x.test/a.wav")),
        Message("user", Document("application/pdf", data=b"1", citations=True)),
        Message("assistant", Image("image/png", data=b"1")),
        Message("assistant", Audio("audio/wav", data=b"1")),
    ],
)
def test_what_the_format_cannot_carry_is_refused(message):
    """Before anything is sent."""
    with pytest.raises(Unsupported, match="cannot carry"):
        items(message)


def test_cache_points():
    """Where the dialect says them; elsewhere caching is automatic."""
    turn = Message("user", ("long", CachePoint("30m"), "short"))
    mark = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}

    assert {"type": "input_text", "text": "long", **mark} == items(turn, cache_points=True)[0]["content"][0]
    assert {"type": "input_text", "text": "long"} == items(turn)[0]["content"][0]


def test_what_the_model_said_without_items_of_its_own():
    """What was said elsewhere is said again; what was sealed elsewhere stays behind."""
    foreign = sealed({"id": "rs"}, "other")
    turn = Message(
        "assistant",
        (
            Reasoning("hm", foreign),
            Text("a", opaque=foreign),
            Refusal("no"),
            ToolCall("c", "f", ""),
            Other("x", foreign),
        ),
    )

    assert [
        {
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}],
        },
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    ] == items(turn)


def test_turns_of_the_model_are_not_put_together():
    """One message each."""
    said = [Message("assistant", "a"), Message("assistant", "b")]

    assert [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}] == items(*said)


def test_contents_of_one_item_go_back_as_one():
    """By the id they share."""
    kept = sealed({"id": "msg_1", "status": "completed"})
    turn = Message(
        "assistant", (Text("a", opaque=kept), Refusal("no", kept), Text("b", opaque=sealed({"id": "msg_2"})))
    )

    first, second = items(turn)

    assert ["output_text", "refusal"] == [content["type"] for content in first["content"]]
    assert ("msg_1", "completed", "msg_2") == (first["id"], first["status"], second["id"])


def test_reasoning_goes_back_verbatim():
    """Unless neither side could tell what it was."""
    bare, whole = (
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "encrypted_content": "x"},
    )
    turn = Message("assistant", (Reasoning("", sealed(bare)), Reasoning("", sealed(whole))))

    assert [bare, whole] == items(turn)
    assert [whole] == rendered(turn, options={"store": False})["input"]
    assert [whole] == rendered(turn, settings={"fixed_fields": {"store": False}})["input"]


def test_fields_a_host_refuses_are_left_out_of_what_goes_back():
    """Ids and statuses, say."""
    call = ToolCall("c", "f", opaque=sealed({"id": "fc_1", "status": "completed", "namespace": "n"}))

    (item,) = items(Message("assistant", call), replay_without=["id", "status"])

    assert {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "namespace": "n"} == item


def test_results_of_tools():
    """Come before what else the turn says; those of free text calls are of another type."""
    calls = Message(
        "assistant",
        (
            ToolCall("c1", "f"),
            ToolCall("c2", "p", '{"input":"x"}', opaque=sealed({"type": "custom_tool_call"})),
        ),
    )
    picture = Image("image/png", data=b"1")
    turn = Message(
        "user", ("and?", ToolResult("c1", ("see", picture)), ToolResult("c2", "done"), ToolResult("c3", ()))
    )

    _, custom, first, second, third, said = items(calls, turn)

    assert ("custom_tool_call", "x") == (custom["type"], custom["input"])
    assert ["input_text", "input_image"] == [content["type"] for content in first["output"]]
    assert {"type": "custom_tool_call_output", "call_id": "c2", "output": "done"} == second
    assert ("", "user") == (third["output"], said["role"])


def test_tools():
    """The caller's own are said not to be strict, unless they are; the provider's go as they are."""
    tools = (
        Tool("f", "does", OBJECT),
        Tool("g", schema=OBJECT, strict=True, extra={"defer_loading": True}),
        HostedTool("web_search", {"search_context_size": "low"}),
    )

    one, two, three = rendered(tools=tools)["tools"]
    loose = rendered(tools=tools[:1], settings={"tool_strict": "omit"})["tools"][0]

    assert {
        "type": "function",
        "name": "f",
        "description": "does",
        "parameters": OBJECT,
        "strict": False,
    } == one
    assert (True, True) == (two["strict"], two["defer_loading"])
    assert {"type": "web_search", "search_context_size": "low"} == three
    assert "strict" not in loose


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ("f", {"type": "function", "name": "f"}),
        ("web_search", {"type": "web_search"}),
        ("patch", {"type": "custom", "name": "patch"}),
    ],
)
def test_the_choice_of_a_tool(choice, expected):
    """By word, by name, by kind."""
    tools = (Tool("f"), HostedTool("web_search"), HostedTool("custom", {"name": "patch"}))

    assert expected == rendered(tools=tools, tool_choice=choice)["tool_choice"]


def test_forms_of_answers():
    """Any object, a schema, and one held to strictly where a class is to be built."""

    @frozen
    class Target:
        a: str

    assert {"format": {"type": "json_object"}} == rendered(output=Output())["text"]
    loose = rendered(output=Output(OBJECT, "My form!", "words"))["text"]["format"]
    assert {"type": "json_schema", "name": "My_form_", "schema": OBJECT, "description": "words"} == loose
    assert rendered(output=Output(OBJECT, target=Target))["text"]["format"]["strict"] is True
    assert "strict" not in rendered(output=Output({"type": "object"}, target=Target))["text"]["format"]


def test_options():
    """Each under the format's name."""
    options = {
        "max_tokens": 5,
        "reasoning": "low",
        "verbosity": "high",
        "logprobs": True,
        "top_logprobs": 2,
        "n": 1,
    }

    body = rendered(options=options, settings={"reasoning_summary": "auto"})

    assert (5, {"effort": "low", "summary": "auto"}, {"verbosity": "high"}, 2) == (
        body["max_output_tokens"],
        body["reasoning"],
        body["text"],
        body["top_logprobs"],
    )
    assert (["message.output_text.logprobs"], False) == (body["include"], "n" in body)


def test_reasoning_is_asked_for_sealed_where_nothing_is_stored():
    """Nothing else could bring it back in the next turn."""
    asked = rendered(options={"reasoning": "low", "store": False})
    silent = rendered(options={"reasoning": "none", "store": False})

    assert ["reasoning.encrypted_content"] == asked["include"]
    assert "include" not in silent


def test_no_reasoning_is_a_word_too():
    """And no summary is asked for."""
    body = rendered(options={"reasoning": 0}, settings={"reasoning_summary": "auto"})

    assert {"effort": "none"} == body["reasoning"]


@pytest.mark.parametrize(
    "options", [{"seed": 1}, {"n": 2}, {"stop": ("x",)}, {"top_k": 1}, {"reasoning": 2000}]
)
def test_options_the_format_has_not_are_refused(options):
    """Before anything is sent."""
    with pytest.raises(Unsupported, match="nothing was sent"):
        rendered(options=options)


def test_a_dialect_may_take_more_options():
    """Under our names for them."""
    body = rendered(options={"top_k": 1, "stop": ("x",)}, settings={"also": ["top_k", "stop"]})

    assert (1, ["x"]) == (body["top_k"], body["stop"])


def test_fields_of_the_providers_own():
    """Laid over the body; tables are merged, what is included is added."""
    extra = {
        "reasoning": {"summary": "auto"},
        "include": ["b"],
        "previous_response_id": "r0",
        "truncation": "auto",
    }

    body = rendered(
        options={"reasoning": "low"},
        extra=extra,
        settings={"include": ["a"], "fixed_fields": {"store": False}},
    )

    assert {"effort": "low", "summary": "auto"} == body["reasoning"]
    assert (["a", "reasoning.encrypted_content", "b"], "r0", "auto", False) == (
        body["include"],
        body["previous_response_id"],
        body["truncation"],
        body["store"],
    )


@pytest.mark.parametrize(
    "settings",
    [{"novel": 1}, {"system_role": "boss"}, {"include": "x"}, {"cache_points": "yes"}, {"fixed_fields": []}],
)
def test_a_setting_that_is_none_is_refused(settings):
    """With the name of the wire."""
    with pytest.raises(BadConfig, match="wire `responses`"):
        wire(**settings)


def test_it_offers_the_operations_of_its_family():
    """Beside completions."""
    assert {"embed", "models", "files.upload"} <= set(wire().operations())
