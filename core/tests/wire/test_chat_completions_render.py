"""Golden requests: what every feature looks like in the body, and what is refused."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import BadConfig, Unsupported
from jackfield.types import (
    Audio,
    CachePoint,
    Document,
    EmbedRequest,
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
from jackfield.wire import Dialect
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operations.embed import Embed
from jackfield.wire.quirks import compile_quirks

HI = Message("user", "hi")


def wire(*quirks, provider="acme", **settings):
    return ChatCompletions(
        Dialect(
            provider,
            "https://api.example/v1",
            {"x-own": "1"},
            settings=settings,
            quirks=compile_quirks(quirks),
        )
    )


def body(*messages, settings=None, quirks=(), stream=False, **fields):
    request = Request("m", messages or (HI,), **fields)
    return json.loads(wire(*quirks, **(settings or {})).render_completion(request, stream).body)


def turns(*messages, **settings):
    return body(*messages, settings=settings)["messages"]


def content(*parts, **settings):
    return turns(Message("user", parts), **settings)[0]["content"]


def test_the_least_request():
    """A model and a text, nothing else; headers of the dialect are there."""
    call = wire().render_completion(Request("m", (HI,)), False)

    assert {"model": "m", "messages": [{"role": "user", "content": "hi"}]} == json.loads(call.body)
    assert ("POST", "https://api.example/v1/chat/completions") == (call.method, call.url)
    assert {"accept": "application/json", "content-type": "application/json", "x-own": "1"} == call.headers


def test_a_stream_asks_for_usage():
    """Unless the dialect says that it must not."""
    assert {"include_usage": True} == body(stream=True)["stream_options"]
    assert "stream_options" not in body(stream=True, settings={"usage_opt_in": False})


@pytest.mark.parametrize(
    ("option", "value", "field", "sent"),
    [
        ("max_tokens", 5, "max_completion_tokens", 5),
        ("temperature", 0, "temperature", 0),
        ("top_p", 0.5, "top_p", 0.5),
        ("top_k", 3, "top_k", 3),
        ("stop", ("a", "b"), "stop", ["a", "b"]),
        ("seed", 0, "seed", 0),
        ("frequency_penalty", 0.0, "frequency_penalty", 0.0),
        ("presence_penalty", -1, "presence_penalty", -1),
        ("logprobs", True, "logprobs", True),
        ("top_logprobs", 2, "top_logprobs", 2),
        ("n", 2, "n", 2),
        ("reasoning", "low", "reasoning_effort", "low"),
        ("reasoning", 0, "reasoning_effort", "none"),
        ("verbosity", "low", "verbosity", "low"),
        ("user", "u", "user", "u"),
        ("metadata", {"a": "b"}, "metadata", {"a": "b"}),
        ("service_tier", "flex", "service_tier", "flex"),
        ("store", False, "store", False),
    ],
)
def test_every_option_has_its_field(option, value, field, sent):
    """0 and false are sent as what they are."""
    rendered = body(options={option: value})

    assert sent == rendered[field]
    assert type(sent) is type(rendered[field])


def test_alternatives_of_tokens_switch_log_probabilities_on():
    """The one is refused without the other."""
    assert body(options={"top_logprobs": 2})["logprobs"] is True


def test_parallel_calls_are_spoken_of_only_where_there_are_tools():
    """The field is refused without tools."""
    assert "parallel_tool_calls" not in body(options={"parallel_tool_calls": False})
    assert body(tools=(Tool("f"),), options={"parallel_tool_calls": False})["parallel_tool_calls"] is False


@pytest.mark.parametrize("options", [{"reasoning": 2048}, {"nonsense": 1}])
def test_an_option_the_format_cannot_say_is_refused(options):
    """Before anything is sent."""
    with pytest.raises(Unsupported, match="nothing was sent"):
        body(options=options)


def test_parts_of_a_prompt():
    """Text, pictures by address and bytes, sound, documents, video."""
    assert [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://h/i.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aQ=="}},
        {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "mp3"}},
        {"type": "file", "file": {"filename": "d.pdf", "file_data": "data:application/pdf;base64,ZA=="}},
        {"type": "file", "file": {"file_id": "f1"}},
        {"type": "video_url", "video_url": {"url": "https://h/v.mp4"}},
    ] == content(
        Text("a"),
        Image("image/png", url="https://h/i.png", detail="low"),
        Image("image/png", data=b"i"),
        CachePoint(),
        Audio("audio/mpeg", data=b"a"),
        Document("application/pdf", data=b"d", name="d.pdf"),
        Document("application/pdf", file_id="f1"),
        Video("video/mp4", url="https://h/v.mp4"),
    )


def test_what_a_document_is_stands_before_it():
    """The format has no field for it."""
    items = content(Document("application/pdf", data=b"d", context="a bill"))

    assert [{"type": "text", "text": "a bill"}, "file"] == [items[0], items[1]["type"]]


@pytest.mark.parametrize(
    "part",
    [
        Image("image/png", file_id="f"),
        Audio("audio/wav", url="https://h/a"),
        Video("video/mp4", file_id="f"),
        Document("application/pdf", url="https://h/d"),
        Document("application/pdf", data=b"d", citations=True),
        Reasoning("x"),
    ],
)
def test_a_part_the_format_cannot_carry_is_refused(part):
    """Before anything is sent."""
    with pytest.raises(Unsupported, match="nothing was sent"):
        content(Text("a"), part)


def test_texts_stay_apart_unless_the_dialect_wants_one_string():
    """One text is a string, several are a list."""
    assert "a" == content(Text("a"))
    assert "a" == content(Text("a"), CachePoint())
    assert 2 == len(content(Text("a"), Text("b")))
    assert "ab" == content(Text("a"), Text("b"), content_as_text=True)


def test_roles_and_names():
    """The system turn takes the role the dialect wants; names are kept."""
    assert [{"role": "system", "content": "s"}] == turns(Message("system", "s"))
    assert [{"role": "developer", "content": "s"}] == turns(Message("system", "s"), system_role="developer")
    assert [{"role": "user", "content": "hi", "name": "Ann"}] == turns(Message("user", "hi", "Ann"))


def test_a_round_of_tools():
    """Calls keep their argument text byte for byte; every result is a message of its own."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{ "a":1 }'}}
    second = {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}}

    assert [
        {"role": "assistant", "content": "so", "tool_calls": [call, second]},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": "no"},
        {"role": "user", "content": "and?"},
    ] == turns(
        Message("assistant", (Text("so"), ToolCall("c1", "f", '{ "a":1 }'), ToolCall("c2", "g", ""))),
        Message("tool", (ToolResult("c1", "1"), ToolResult("c2", "no", error=True), Text("and?"))),
    )


@pytest.mark.parametrize(
    ("setting", "turn"), [("omit", {}), ("null", {"content": None}), ("empty", {"content": ""})]
)
def test_a_turn_of_calls_alone_has_the_content_the_dialect_wants(setting, turn):
    """Some servers refuse null, some its absence."""
    rendered = turns(Message("assistant", (ToolCall("c", "f", "{}"),)), null_content=setting)[0]

    rendered.pop("tool_calls")
    assert {"role": "assistant", **turn} == rendered


def test_pictures_in_a_tools_answer_want_a_setting():
    """The format's own form has text alone there."""
    result = Message("tool", (ToolResult("c", (Text("a"), Image("image/png", data=b"i"))),))

    assert ["text", "image_url"] == [
        item["type"] for item in turns(result, tool_media="inline")[0]["content"]
    ]
    with pytest.raises(Unsupported):
        turns(result)


def test_a_refusal_and_hosted_calls_of_earlier_turns():
    """The refusal has a field; what the provider ran itself is not told again."""
    turn = Message("assistant", (Refusal("no"), ToolCall("h", "search", "{}", hosted=True)))

    assert [{"role": "assistant", "refusal": "no"}] == turns(turn)


def test_a_turn_of_which_nothing_can_go_back_keeps_its_place():
    """Turns must go on alternating."""
    assert [{"role": "assistant", "content": ""}] == turns(Message("assistant", (Reasoning("x"),)))


OWN = Opaque(
    "acme",
    "chat_completions",
    {"reasoning_details": [{"type": "t", "data": "=="}], "content": [{"type": "thinking"}]},
)
FOREIGN = Opaque("other", "chat_completions", dict(OWN.data))


@pytest.mark.parametrize(
    ("replay", "expected"),
    [
        ("none", {"content": "a"}),
        ("reasoning_content", {"content": "a", "reasoning_content": "r"}),
        ("reasoning", {"content": "a", "reasoning": "r"}),
        ("reasoning_details", {"content": "a", "reasoning_details": OWN.data["reasoning_details"]}),
        ("content", {"content": [{"type": "thinking"}, {"type": "text", "text": "a"}]}),
    ],
)
def test_reasoning_goes_back_in_the_field_it_is_wanted_in(replay, expected):
    """Verbatim, and only to where it came from."""
    own = turns(Message("assistant", (Reasoning("r", OWN), Text("a"))), reasoning_replay=replay)
    foreign = turns(Message("assistant", (Reasoning("r", FOREIGN), Text("a"))), reasoning_replay=replay)

    assert [{"role": "assistant", **expected}] == own
    assert [{"role": "assistant", "content": "a"}] == foreign


def test_what_hangs_on_a_call_goes_back_to_its_provider_alone():
    """Signatures of thoughts on calls."""

    def call(provider):
        return Message(
            "assistant",
            (
                ToolCall(
                    "c", "f", "{}", opaque=Opaque(provider, "chat_completions", {"extra_content": {"s": 1}})
                ),
            ),
        )

    assert {"s": 1} == turns(call("acme"))[0]["tool_calls"][0]["extra_content"]
    assert "extra_content" not in turns(call("other"))[0]["tool_calls"][0]


def test_tools():
    """A function with all it has, and one with nothing."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    rendered = body(tools=(Tool("f", "does", schema, strict=True, cache=CachePoint()), Tool("g")))["tools"]

    assert {"name": "f", "description": "does", "parameters": schema, "strict": True} == rendered[0][
        "function"
    ]
    assert {"name": "g", "parameters": {"type": "object", "properties": {}}} == rendered[1]["function"]


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_a_choice_of_tools_is_a_word(choice):
    """The three words are the format's own."""
    assert choice == body(tools=(Tool("f"),), tool_choice=choice)["tool_choice"]


def test_a_choice_of_one_tool_names_it():
    """Any other word is a tool's name."""
    named = body(tools=(Tool("f"),), tool_choice="f")["tool_choice"]

    assert {"type": "function", "function": {"name": "f"}} == named


def test_hosted_tools_go_where_the_dialect_says():
    """Into tools, into a field of their own, or nowhere."""
    search = (HostedTool("web_search", {"search_context_size": "low"}),)

    assert {"search_context_size": "low"} == body(tools=search, settings={"web_search": True})[
        "web_search_options"
    ]
    assert [{"type": "run", "a": 1}] == body(
        tools=(HostedTool("run", {"a": 1}),), settings={"hosted_tools": ["run"]}
    )["tools"]
    with pytest.raises(Unsupported, match="web_search"):
        body(tools=search)


def test_the_form_of_an_answer():
    """Any object, or one that fits a schema."""
    form = {"name": "a_b", "description": "d", "schema": {"type": "object"}, "strict": False}

    assert {"type": "json_object"} == body(output=Output())["response_format"]
    assert {"type": "json_schema", "json_schema": form} == body(
        output=Output({"type": "object"}, "a b", "d", strict=False)
    )["response_format"]


CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "strict"), [(CLOSED, True), ({"type": "object", "properties": {"x": CLOSED}}, None)]
)
def test_a_class_of_the_callers_is_held_to_strictly_where_it_can_be(schema, strict):
    """The strict form wants every object closed."""
    assert strict == body(output=Output(schema, target=dict))["response_format"]["json_schema"].get("strict")


def test_quirks_come_before_what_the_caller_added():
    """Fields of the provider's own are sent as they are."""
    rendered = body(options={"seed": 1}, quirks=({"drop": ["seed"]},), extra={"seed": 2, "own": None})

    assert (2, None) == (rendered["seed"], rendered["own"])


@pytest.mark.parametrize(
    "settings", [{"don": "x"}, {"done": "maybe"}, {"usage_opt_in": 1}, {"hosted_tools": "x"}]
)
def test_a_setting_nobody_knows_is_refused(settings):
    """A misspelt profile is told so when a model is bound."""
    with pytest.raises(BadConfig):
        wire(**settings)


def test_embeddings():
    """Texts, options, and the encoding only where the dialect asks for one."""
    request = EmbedRequest("m", ("a", "b"), {"dimensions": 3, "user": "u"}, {"own": 1})
    plain, encoded = (
        json.loads(Embed(w.dialect).render(request).body) for w in (wire(), wire(embedding_encoding="base64"))
    )

    assert {"model": "m", "input": ["a", "b"], "dimensions": 3, "user": "u", "own": 1} == plain
    assert "base64" == encoded["encoding_format"]


def test_an_embedding_option_the_format_lacks_is_refused():
    """Before anything is sent."""
    with pytest.raises(Unsupported):
        Embed(wire().dialect).render(EmbedRequest("m", ("a",), {"nonsense": 1}))
