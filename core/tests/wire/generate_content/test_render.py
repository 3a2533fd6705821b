"""Requests in the generate content format: turns, tools, options, schemas, and what is refused."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import BadConfig, InvalidRequest, Unsupported
from jackfield.types import (
    CachePoint,
    Document,
    HostedTool,
    Image,
    Message,
    Opaque,
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
from jackfield.wire import Call, Dialect
from jackfield.wire.generate_content import GenerateContent
from jackfield.wire.generate_content.schemas import narrowed, widened

BASE = "https://x.test/v1"


def wire(**settings):
    return GenerateContent(Dialect(provider="acme", base=BASE, settings=settings))


USUAL = wire()


def body(*messages, wire=USUAL, **fields):
    return json.loads(
        wire.render_completion(Request("m", messages or (Message("user", "hi"),), **fields), False).body
    )


def parts(*parts, **settings):
    return body(Message("user", parts), wire=wire(**settings))["contents"][0]["parts"]


# -- where -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("m", "models/m"),
        ("models/m", "models/m"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("a/b", "models/a%2Fb"),
        ("m:x?y", "models/m%3Ax%3Fy"),
    ],
)
def test_a_model_is_one_segment_and_the_verb_stands_behind_it(model, path):
    """Whatever is in its name; and it reads back."""
    call = wire().render_completion(Request(model, (Message("user", "hi"),)), stream=True)

    assert f"{BASE}/{path}:streamGenerateContent?alt=sse" == call.url
    served = Call("POST", ("v1", *call.url.removeprefix(f"{BASE}/").partition("?")[0].split("/")), call.body)
    assert model.removeprefix("models/") == wire().read_completion(served)[0].model


def test_a_setting_nobody_knows_the_word_of_is_refused():
    """When the wire is made."""
    with pytest.raises(BadConfig, match="thinking"):
        wire(thinking="hard")


# -- turns -----------------------------------------------------------------------------------------


CALLS = (ToolCall("gc_r_0", "f"), ToolCall("own", "g"))


def test_calls_that_came_without_an_id_go_back_without_one():
    """It was ours."""
    turns = body(Message("user", "hi"), Message("assistant", CALLS))["contents"]

    first, second = (part["functionCall"] for part in turns[1]["parts"])
    assert {"name": "f", "args": {}} == first
    assert {"name": "g", "args": {}, "id": "own"} == second


def test_results_of_parallel_calls_are_one_turn():
    """With what the user says then."""
    results = [Message("tool", ToolResult("gc_r_0", "1")), Message("tool", ToolResult("own", '{"a": 1}'))]

    turns = body(Message("user", "hi"), Message("assistant", CALLS), *results, Message("user", "go on"))[
        "contents"
    ]

    first, second, third = turns[2]["parts"]
    assert {"functionResponse": {"name": "f", "response": {"output": "1"}}} == first
    assert {"functionResponse": {"name": "g", "response": {"a": 1}, "id": "own"}} == second
    assert ("user", {"text": "go on"}) == (turns[2]["role"], third)


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (ToolResult("c", "no", error=True), {"error": "no"}),
        (ToolResult("c", '{"output": 1}'), {"output": '{"output": 1}'}),
        (ToolResult("c", "{no"), {"output": "{no"}),
        (ToolResult("c", "[1]"), {"output": "[1]"}),
        (ToolResult("c", ""), {"output": ""}),
    ],
)
def test_what_a_tool_answers_becomes_an_object(result, response):
    """As the format wants it."""
    found = body(Message("user", "hi"), Message("assistant", ToolCall("c", "f")), Message("tool", result))

    assert response == found["contents"][2]["parts"][0]["functionResponse"]["response"]


def test_a_result_of_no_call_is_refused():
    """The format names the tool; a result that has the name itself is fine."""
    with pytest.raises(InvalidRequest, match="answers no call"):
        body(Message("user", "hi"), Message("tool", ToolResult("c", "x")))
    assert body(Message("user", "hi"), Message("tool", ToolResult("c", "x", name="f")))


def test_what_others_sealed_stays_away():
    """Thoughts of others, and thoughts that nobody signed, are not sent at all."""
    foreign, own = (
        Opaque("other", "messages", {"s": 1}),
        Opaque("acme", "generate_content", {"thoughtSignature": "s"}),
    )
    said = Message(
        "assistant", (Reasoning("a", foreign), Reasoning("b"), Reasoning("c", own), Text("d", opaque=foreign))
    )

    turns = body(Message("user", "hi"), said)["contents"]

    assert [{"text": "c", "thought": True, "thoughtSignature": "s"}, {"text": "d"}] == turns[1]["parts"]


def test_media_go_inline_or_by_address():
    """Uploaded files under the address of the provider."""
    found = parts(
        Image("image/png", data=b"\1"),
        Video("video/mp4", url="https://v.test/x"),
        Document("application/pdf", file_id="files/f1"),
        Document("application/pdf", file_id="https://other.test/f"),
    )

    assert {"inlineData": {"mimeType": "image/png", "data": "AQ=="}} == found[0]
    assert ["https://v.test/x", f"{BASE}/files/f1", "https://other.test/f"] == [
        p["fileData"]["fileUri"] for p in found[1:]
    ]


def test_one_part_alone_may_say_how_finely_it_is_looked_at():
    """Where the model takes that."""
    image = Image("image/png", data=b"\1", detail="high")

    assert "mediaResolution" not in parts(image)[0]
    assert {"level": "MEDIA_RESOLUTION_HIGH"} == parts(image, part_resolution=True)[0]["mediaResolution"]


def test_cache_points_and_empty_texts_leave_no_trace():
    """But a turn that is nothing else is still a turn."""
    assert [{"text": "a"}] == parts(Text("a"), CachePoint(), Text(""))
    assert [{"text": ""}] == parts(Text(""))
    assert [{"text": "no"}] == parts(Refusal("no"))


def test_no_turns_are_refused():
    """Instructions alone ask nothing."""
    with pytest.raises(InvalidRequest, match="no turn"):
        body(Message("system", "Be brief."))


def test_half_a_call_cannot_be_sent_back():
    """The format takes objects."""
    with pytest.raises(InvalidRequest, match="not a JSON object"):
        body(Message("user", "hi"), Message("assistant", ToolCall("c", "f", '{"a')))


# -- tools and options -----------------------------------------------------------------------------

TOOLS = (Tool("f", "does", {"type": "object", "properties": {}}), HostedTool("googleSearch"), Tool("g"))


def test_functions_share_an_entry():
    """Tools that are run elsewhere have one each."""
    first, second = body(tools=TOOLS)["tools"]

    assert ["f", "g"] == [one["name"] for one in first["functionDeclarations"]]
    assert {"googleSearch": {}} == second


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("f", {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_a_choice_of_tools_is_said(choice, config):
    """By mode, and by name."""
    assert {"functionCallingConfig": config} == body(tools=TOOLS, tool_choice=choice)["toolConfig"]


def test_strict_tools_are_held_to_their_schemas():
    """Where the model can be, and a call is not demanded anyway."""
    strict = (Tool("f", strict=True),)

    assert "VALIDATED" == body(tools=strict)["toolConfig"]["functionCallingConfig"]["mode"]
    assert "ANY" == body(tools=strict, tool_choice="required")["toolConfig"]["functionCallingConfig"]["mode"]
    assert "toolConfig" not in body(tools=strict, wire=wire(validated=False))


def test_only_functions_can_be_chosen():
    """Others run when the model likes."""
    with pytest.raises(Unsupported, match="no function"):
        body(tools=TOOLS, tool_choice="googleSearch")


@pytest.mark.parametrize(
    "option", [{"verbosity": "low"}, {"user": "u"}, {"metadata": {}}, {"parallel_tool_calls": False}]
)
def test_what_the_format_has_no_word_for_is_refused(option):
    """Nothing is dropped in silence."""
    with pytest.raises(Unsupported, match=next(iter(option))):
        body(options=option)


def test_what_goes_without_saying_is_not_said():
    """Calls may always come in parallel."""
    assert "generationConfig" not in body(options={"parallel_tool_calls": True})


@pytest.mark.parametrize(
    ("settings", "value", "expected"),
    [
        ({}, "low", {"thinkingLevel": "low", "includeThoughts": True}),
        ({"thoughts": False}, "high", {"thinkingLevel": "high"}),
        ({"levels": {"max": "xhigh"}}, "max", {"thinkingLevel": "xhigh", "includeThoughts": True}),
        ({"thinking": "budget"}, 77, {"thinkingBudget": 77, "includeThoughts": True}),
        ({"thinking": "budget"}, 0, {"thinkingBudget": 0}),
    ],
)
def test_how_much_to_think_is_said(settings, value, expected):
    """In a word, or in tokens."""
    assert (
        expected
        == body(options={"reasoning": value}, wire=wire(**settings))["generationConfig"]["thinkingConfig"]
    )


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({}, 77),
        ({}, "none"),
        ({"thinking": "budget", "thinking_off": False}, "none"),
        ({"thinking": "none"}, "low"),
    ],
)
def test_what_cannot_be_said_of_thinking_is_refused(settings, value):
    """Before anything is sent."""
    with pytest.raises(Unsupported):
        body(options={"reasoning": value}, wire=wire(**settings))


def test_a_model_that_does_not_think_need_not_be_told():
    """So nothing is said."""
    assert "generationConfig" not in body(options={"reasoning": "none"}, wire=wire(thinking="none"))


def test_settings_of_a_host_are_in_every_body():
    """Thresholds and kinds of answers; a request's own thresholds come instead."""
    host = wire(safety={"HARM": "BLOCK_NONE"}, modalities=["TEXT", "IMAGE"], labels=True)

    found = body(wire=host, options={"metadata": {"a": "b"}})

    assert [{"category": "HARM", "threshold": "BLOCK_NONE"}] == found["safetySettings"]
    assert (["TEXT", "IMAGE"], {"a": "b"}) == (
        found["generationConfig"]["responseModalities"],
        found["labels"],
    )
    assert [] == body(wire=host, extra={"safetySettings": []})["safetySettings"]


# -- schemas ---------------------------------------------------------------------------------------


def test_a_schema_goes_as_it_is_or_narrowed():
    """As the model knows it."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}

    now = body(output=Output(schema), tools=(Tool("f", schema=schema),))
    then = body(output=Output(schema), tools=(Tool("f", schema=schema),), wire=wire(schema="openapi"))

    narrow = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}
    assert (schema, schema) == (
        now["generationConfig"]["responseJsonSchema"],
        now["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"],
    )
    assert (narrow, narrow) == (
        then["generationConfig"]["responseSchema"],
        then["tools"][0]["functionDeclarations"][0]["parameters"],
    )


@pytest.mark.parametrize(
    ("schema", "narrow"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "INTEGER", "nullable": True}),
        (
            {"oneOf": [{"type": "integer"}, {"type": "string"}]},
            {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]},
        ),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]}),
        ({"const": "a"}, {"enum": ["a"], "type": "STRING"}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}}, {"type": "STRING"}),
        (
            {"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"properties": {"x": True}}}},
            {"properties": {"x": {}}},
        ),
        (
            {"type": "array", "items": {"type": "number", "$comment": "x"}},
            {"type": "ARRAY", "items": {"type": "NUMBER"}},
        ),
    ],
)
def test_a_schema_is_narrowed_to_what_the_subset_says(schema, narrow):
    """What it cannot say is left out where the rest stays true."""
    assert narrow == narrowed(schema)


def test_a_schema_without_an_end_is_refused():
    """The subset has no references."""
    loop = {
        "$ref": "#/$defs/A",
        "$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}},
    }

    with pytest.raises(Unsupported, match="refers to itself"):
        narrowed(loop)
    with pytest.raises(Unsupported, match="refers to itself"):
        narrowed({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}})


@pytest.mark.parametrize(
    "schema", [{"type": ["string", "null"]}, {"type": "array", "items": {"type": "integer"}}]
)
def test_a_narrow_schema_widens_again(schema):
    """To what it was made of."""
    assert schema == widened(narrowed(schema))
