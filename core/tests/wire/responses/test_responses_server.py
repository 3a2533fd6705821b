"""The server half of the responses format: requests read, completions, streams and their ends written."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import InvalidRequest
from jackfield.events import (
    Finished,
)
from jackfield.types import (
    UNKNOWN_USAGE,
    Citation,
    Completion,
    Document,
    Finish,
    HostedTool,
    Image,
    Message,
    Opaque,
    Other,
    Output,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect
from jackfield.wire.responses import Responses

WIRE = Responses(Dialect(provider="acme"))
DONE = Finished(Finish("stop", "completed"), Usage(1, output=2))
GOOD = {
    "model": "m",
    "instructions": "brief",
    "input": [
        {"role": "developer", "content": "more"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "see", "prompt_cache_breakpoint": {"mode": "explicit"}},
                {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "low"},
                {"type": "input_file", "file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"},
                {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}},
            ],
        },
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}],
        },
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "r"}]},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}, {"type": "web_search"}],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "stream_options": {"include_obfuscation": False},
    "metadata": {"a": "b"},
}


def sealed(data):
    return Opaque("acme", "responses", data)


def read_all(**fields):
    return WIRE.read_completion(
        Call("POST", (), json.dumps({"model": "m", "input": "hi", **fields}).encode())
    )


def read(**fields):
    return read_all(**fields)[0]


# -- requests --------------------------------------------------------------------------------------------


def test_a_text_is_a_message_of_the_users():
    """And nothing else is implied."""
    request, stream = read_all()

    assert ((Message("user", "hi"),), {}, {}, False) == (
        request.messages,
        request.options,
        request.extra,
        stream,
    )


def test_items_are_gathered_into_turns():
    """What one side says or does in a row is one turn."""
    request = read(**{name: value for name, value in GOOD.items() if name != "model"})

    assert ["system", "system", "user", "assistant", "tool"] == [message.role for message in request.messages]
    user, answer, tool = request.messages[2:]
    assert (
        Image("image/png", data=b"hi", detail="low"),
        Document("application/pdf", data=b"hi", name="a.pdf"),
    ) == user.parts[2:4]
    assert [Reasoning, Text, ToolCall] == [type(part) for part in answer.parts]
    assert (ToolResult("c", "r"),) == tool.parts


def test_options_and_forms_are_read():
    """What is none of ours stays the provider's own."""
    request = read(**{name: value for name, value in GOOD.items() if name != "model"})

    assert ({"reasoning": "low", "verbosity": "low", "metadata": {"a": "b"}}, "f") == (
        request.options,
        request.tool_choice,
    )
    assert (Output({}, "n"), (Tool("f", schema={"type": "object"}), HostedTool("web_search"))) == (
        request.output,
        request.tools,
    )
    assert {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]} == request.extra


def test_messages_that_were_none_stay_apart():
    """Two of the model's without ids were two."""
    said = [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]

    assert [Message("assistant", "a"), Message("assistant", "b")] == [*read(input=said).messages]


def test_what_nobody_knows_is_kept():
    """Items and contents; results are of the caller's side."""
    novel = {"type": "novelty_call", "id": "n"}
    result = {"type": "novelty_call_output", "id": "n"}
    content = {"type": "input_novelty", "x": 1}

    messages = read(input=[novel, result, {"role": "user", "content": [content]}]).messages

    assert [
        Message("assistant", Other("novelty_call", sealed(novel))),
        Message("tool", Other("novelty_call_output", sealed(result))),
        Message("user", Other("input_novelty", sealed({"content_part": content}))),
    ] == [*messages]


def test_a_choice_only_the_provider_knows_is_its_own():
    """It goes on as it is."""
    choice = {"type": "allowed_tools", "mode": "auto", "tools": []}

    assert ({"tool_choice": choice}, None) == (
        read(tool_choice=choice).extra,
        read(tool_choice=choice).tool_choice,
    )


def test_nulls_say_nothing():
    """They stand for the default."""
    assert read() == read(
        instructions=None, tools=None, temperature=None, reasoning=None, previous_response_id=None
    )


@pytest.mark.parametrize("field", ["previous_response_id", "conversation", "background", "prompt"])
def test_what_needs_a_memory_is_refused(field):
    """By name, with what to do instead."""
    with pytest.raises(InvalidRequest, match=f"`{field}` is not supported.*`input`") as caught:
        read(**{field: "x"})

    assert (400, "unsupported_parameter") == (caught.value.info.status, caught.value.info.code)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": ""}, "`model`: a text"),
        ({"input": []}, "`input`: a text or an array"),
        ({"input": 5}, "`input` must be an array"),
        ({"input": [{}]}, "input.0.type"),
        ({"input": [{"role": "boss", "content": "x"}]}, "input.0.role: must be one of user"),
        ({"input": [{"role": "user", "content": 5}]}, "input.0.content"),
        ({"input": [{"role": "user", "content": [{}]}]}, "input.0.content.0.type"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input.0: nothing is kept here"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": 5}]}, "input.0.output"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input.0.call_id"),
        ({"instructions": 5}, "`instructions` must be a text"),
        ({"tools": [{"type": "function"}]}, "`name`: a text"),
        ({"tools": [{"type": "function", "name": "f", "parameters": 5}]}, "`parameters` must be"),
        ({"tool_choice": "f"}, "`tool_choice` must be one of"),
        ({"include": "x"}, "`include` must be an array"),
        ({"text": 5}, "`text` must be an object"),
    ],
)
def test_a_refusal_names_the_field(fields, words):
    """So that a client can mend its request."""
    with pytest.raises(InvalidRequest, match=words) as caught:
        read(**fields)

    assert 400 == caught.value.info.status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_what_is_no_object_is_refused(body):
    """As the client's mistake."""
    with pytest.raises(InvalidRequest):
        WIRE.read_completion(Call("POST", (), body))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def with_odd(path, odd):
    if not path:
        return odd
    whole = inside = copy.deepcopy(GOOD)
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = odd
    return whole


@given(st.sampled_from(list(places(GOOD))), JSON)
@settings(deadline=None)
def test_any_json_is_a_request_or_an_invalid_one(path, odd):
    """Anything at all in any place of a good request: a server never stumbles."""
    try:
        WIRE.read_completion(Call("POST", (), json.dumps(with_odd(path, odd)).encode()))
    except InvalidRequest as exc:
        assert ("request.invalid", 400) == (exc.info.kind, exc.info.status)


# -- answers ---------------------------------------------------------------------------------------------


def written(*parts, finish=DONE.finish, usage=DONE.usage, **fields):
    return json.loads(WIRE.write_completion(Completion(parts, finish, usage, "m", id="r1", **fields)).body)


def test_a_written_answer_has_the_fields_clients_expect():
    """Ids are made up where there are none, and differ."""
    body = written(Text("a"), Text("b"))

    assert ("response", "completed", "r1", "m", None) == tuple(
        body[name] for name in ("object", "status", "id", "model", "error")
    )
    ids = [item["id"] for item in body["output"]]
    assert (2, True) == (len(set(ids)), all(i.startswith("local_") for i in ids))


def test_items_that_came_go_out_as_they_came():
    """Contents of one message are put together again."""
    kept = sealed({"id": "msg_1", "status": "completed", "phase": "final_answer"})

    (item,) = written(Text("a", opaque=kept), Refusal("no", kept))["output"]

    assert ("msg_1", "final_answer", ["output_text", "refusal"]) == (
        item["id"],
        item["phase"],
        [c["type"] for c in item["content"]],
    )


def test_what_only_another_provider_could_read_stays_behind():
    """Hosted calls and unknown items; reasoning is shown as a summary."""
    foreign = Opaque("other", "messages", {"type": "x"})

    output = written(
        ToolCall("c", "search", hosted=True, opaque=foreign), Other("x", foreign), Reasoning("hm", foreign)
    )["output"]

    assert ["reasoning"] == [item["type"] for item in output]
    assert "hm" == output[0]["summary"][0]["text"]


def test_citations_of_others_are_said_in_the_formats_words():
    """A page, or a file."""
    text = Text(
        "a",
        (
            Citation("url", "https://x.test", "X"),
            Citation("char", title="a.txt", start=3, raw={"type": "char_location"}),
        ),
    )

    (item,) = written(text)["output"]

    page, file = item["content"][0]["annotations"]
    assert ("url_citation", "https://x.test", 0) == (page["type"], page["url"], page["start_index"])
    assert ("file_citation", "a.txt", 3) == (file["type"], file["filename"], file["index"])


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        (Finish("stop", "end_turn"), "completed", None),
        (Finish("tool_calls"), "completed", None),
        (Finish("length", "length"), "incomplete", "length"),
        (Finish("length", "novel"), "incomplete", "max_output_tokens"),
        (Finish("content_filter"), "incomplete", "content_filter"),
        (Finish("pause", "pause_turn"), "incomplete", "pause"),
    ],
)
def test_why_the_model_stopped_is_told(finish, status, reason):
    """In the format's words."""
    body = written(finish=finish)

    assert (status, None if reason is None else {"reason": reason}) == (
        body["status"],
        body["incomplete_details"],
    )


def test_unknown_figures_are_none():
    """They are not zeroes."""
    assert written(usage=UNKNOWN_USAGE)["usage"] is None


def test_probabilities_stand_with_the_first_text():
    """In the format's form."""
    (item,) = written(Text("a"), logprobs=(TokenLogprob("a", -1.0, (("b", -2.0),)),))["output"]

    (scored,) = item["content"][0]["logprobs"]
    assert ("a", -1.0, [97], "b") == (
        scored["token"],
        scored["logprob"],
        scored["bytes"],
        scored["top_logprobs"][0]["token"],
    )
