"""Whole answers: parts in order, usage in buckets, finish reasons, and what hosts do differently."""

from __future__ import annotations

import base64
import json

import attrs
import pytest

from jackfield.errors import Malformed
from jackfield.events import Failed, Finished, PartEnded, PartStarted, Started, fold
from jackfield.types import (
    UNKNOWN_USAGE,
    Audio,
    Citation,
    Finish,
    Image,
    Opaque,
    Other,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Dialect, Headers, Reply
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.chat_completions.parse import finish_of, usage_of
from jackfield.wire.chat_completions.tables import FINISH
from jackfield.wire.operations.embed import Embed

WIRE = ChatCompletions(Dialect("acme"))


def reply(body, status=200):
    return Reply(status, Headers({"content-type": "application/json"}), json.dumps(body).encode())


def events(message, *, finish="stop", wire=WIRE, **body):
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return wire.parse_completion(reply({"id": "i", "model": "m", "choices": [choice], **body}))[0]


def parts(message, **facts):
    return fold(events(message, **facts)).parts


def own(**data):
    return Opaque("acme", "chat_completions", data)


def test_the_events_of_an_answer():
    """Golden: started, the part whole, ended, finished with usage."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2}

    assert [
        Started("i", "m"),
        PartStarted(1, Text("hi")),
        PartEnded(1),
        Finished(Finish("stop", "stop"), Usage(input=3, output=2, raw=usage)),
    ] == events({"content": "hi"}, usage=usage)


def test_the_raw_payload_is_kept():
    """As it was sent."""
    body = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}], "own": 1}

    assert body == WIRE.parse_completion(reply(body))[1]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "a"}, (Text("a"),)),
        ({"content": None}, ()),
        ({}, ()),
        ({"content": "", "tool_calls": [], "refusal": "", "annotations": None}, ()),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, (Text("a"), Text("b"))),
        ({"content": "a", "reasoning_content": "r"}, (Reasoning("r"), Text("a"))),
        ({"content": "a", "reasoning": "r", "reasoning_content": "r"}, (Reasoning("r"), Text("a"))),
        ({"content": None, "refusal": "no"}, (Refusal("no"),)),
        (
            {"function_call": {"name": "", "arguments": ""}, "audio": {"data": "", "id": ""}, "content": "a"},
            (Text("a"),),
        ),
        ({"function_call": {"name": "f", "arguments": "{}"}}, (ToolCall("call_0", "f", "{}"),)),
        (
            {"content": "a", "images": [{"image_url": {"url": "data:image/png;base64,aQ=="}}]},
            (Text("a"), Image("image/png", data=b"i")),
        ),
        (
            {"content": [{"type": "reference", "ids": [1]}]},
            (Other("reference", own(type="reference", ids=[1])),),
        ),
    ],
)
def test_parts_of_a_message(message, expected):
    """Every field parts come in; empty ones are nothing."""
    assert expected == parts(message)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{ "a":1}'}},
            ToolCall("c", "f", '{ "a":1}'),
        ),
        (
            {"id": "", "function": {"name": "f", "arguments": {"a": [1]}}},
            ToolCall("call_0", "f", '{"a":[1]}'),
        ),
        ({"id": None, "function": {"name": "f", "arguments": None}}, ToolCall("call_0", "f", "")),
        ({"function": {"name": "f", "arguments": ""}}, ToolCall("call_0", "f", "")),
        ({"id": 7, "function": {"name": "f", "arguments": "{"}}, ToolCall("7", "f", "{")),
        ({"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}, ToolCall("c", "f", "x")),
        (
            {"id": "c", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"s": 1}},
            ToolCall("c", "f", "{}", opaque=own(extra_content={"s": 1})),
        ),
    ],
)
def test_every_dialect_of_a_tool_call(call, expected):
    """Without id, with an object for arguments, with a payload that has to go back."""
    assert (expected,) == parts({"tool_calls": [call]})


def test_reasoning_details_are_kept_for_the_next_turn():
    """Their text is shown where no plain field has it, and never twice."""
    details = [{"type": "reasoning.text", "text": "r"}, {"type": "reasoning.encrypted", "data": "=="}]

    assert (Reasoning("r", own(reasoning_details=details)),) == parts({"reasoning_details": details})
    assert "r" == parts({"reasoning": "r", "reasoning_details": details})[0].text


def test_reasoning_is_marked_where_it_has_to_go_back():
    """Only then: a mark is no part of what was said."""
    wire = ChatCompletions(Dialect("acme", settings={"reasoning_replay": "reasoning_content"}))

    assert (Reasoning("r", own()),) == parts({"reasoning_content": "r"}, wire=wire)


HOSTED = {"index": 0, "type": "search", "arguments": "{}", "output": "found"}
HOSTED_PARTS = (
    ToolCall("hosted_0", "search", "{}", hosted=True),
    ToolResult("hosted_0", "found", name="search", hosted=True),
)


def test_what_the_provider_ran_itself_is_no_call_to_answer():
    """It is shown with its result, before the text."""
    completion = fold(events({"content": "a", "executed_tools": [HOSTED]}))

    assert (*HOSTED_PARTS, Text("a")) == completion.parts
    assert ("stop", ()) == (completion.finish.reason, completion.tool_calls)


def test_thinking_in_a_content_list():
    """Kept verbatim too."""
    item = {"type": "thinking", "thinking": [{"type": "text", "text": "r"}]}

    assert (Reasoning("r", own(content=[item])), Text("a")) == parts(
        {"content": [item, {"type": "text", "text": "a"}]}
    )


@pytest.mark.parametrize(
    ("head", "kind"), [(b"RIFF", "audio/wav"), (b"ID3", "audio/mpeg"), (b"\1\2", "audio/pcm")]
)
def test_sound_is_told_by_how_it_begins(head, kind):
    """Answers do not say what they hold."""
    audio = {"id": "a1", "data": base64.b64encode(head).decode(), "transcript": "t", "expires_at": 1}

    assert (Audio(kind, data=head, transcript="t", opaque=own(audio={"id": "a1"})),) == parts(
        {"audio": audio}
    )


@pytest.mark.parametrize(
    ("finish", "reason"), [*FINISH.items(), ("EOS", "stop"), ("new", "unknown"), ("", "stop"), (None, "stop")]
)
def test_every_finish_reason(finish, reason):
    """Known words, in any case; the raw word is kept."""
    assert Finish(reason, finish) == finish_of(finish, calls=False)


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "tool_calls"),
        ("", "tool_calls"),
        (None, "tool_calls"),
        ("new", "tool_calls"),
        ("length", "length"),
    ],
)
def test_calls_make_the_reason_whatever_the_host_says(finish, reason):
    """Hosts say stop when a tool was forced."""
    completion = fold(events({"tool_calls": [{"id": "c", "function": {"name": "f"}}]}, finish=finish))

    assert Finish(reason, finish) == completion.finish


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5, "completion_tokens": None}, Usage(input=5)),
        (
            {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": None},
            Usage(input=5, output=2),
        ),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}, Usage(input=2, cache_read=3)),
        ({"prompt_tokens": 5, "prompt_cache_hit_tokens": 3}, Usage(input=2, cache_read=3)),
        ({"prompt_tokens": 5, "cached_tokens": 3}, Usage(input=2, cache_read=3)),
        ({"prompt_tokens": 5, "num_cached_tokens": 3}, Usage(input=2, cache_read=3)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(cache_read=5)),
        (
            {
                "prompt_tokens": 9,
                "prompt_tokens_details": {"cache_write_tokens": 4, "audio_tokens": 3, "image_tokens": 1},
            },
            Usage(input=1, cache_write=4, input_audio=3, input_image=1),
        ),
        (
            {"prompt_tokens": 9, "cache_creation_input_tokens": 4, "cache_read_input_tokens": 2},
            Usage(input=3, cache_read=2, cache_write=4),
        ),
        (
            {"completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 1}},
            Usage(output=1, reasoning=3, output_audio=1),
        ),
        ({"completion_tokens": 5, "reasoning_tokens": 3}, Usage(output=2, reasoning=3)),
        (
            {
                "prompt_tokens": 1,
                "completion_tokens": 2,
                "total_tokens": 10,
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            Usage(input=1, output=2, reasoning=7),
        ),
        (
            {
                "prompt_tokens": 1,
                "completion_tokens": 9,
                "total_tokens": 10,
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            Usage(input=1, output=2, reasoning=7),
        ),
        ({"input_tokens": 5, "output_tokens": 2}, Usage(input=5, output=2)),
        ({"prompt_tokens": 5, "num_search_queries": 2}, Usage(input=5, searches=2)),
        ({"prompt_tokens": -1, "completion_tokens": True}, UNKNOWN_USAGE),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, UNKNOWN_USAGE),
        (
            {"prompt_tokens": 5, "prompt_tokens_details": [1], "completion_tokens_details": "x"},
            Usage(input=5),
        ),
        (None, UNKNOWN_USAGE),
    ],
)
def test_usage_is_in_disjoint_buckets(raw, expected):
    """Whatever the dialect, nothing is counted twice, and the raw figures are kept."""
    usage = usage_of(raw)

    assert expected == (usage if not usage.known else attrs.evolve(usage, raw={}))
    assert not usage.known or raw == usage.raw


@pytest.mark.parametrize(
    "place", [{"usage": None, "x_host": {"usage": {"prompt_tokens": 5}}}, {"usage": {"prompt_tokens": 5}}]
)
def test_usage_is_found_where_the_host_puts_it(place):
    """Beside the choices, or in an object of the host's own."""
    assert 5 == fold(events({"content": "a"}, **place)).usage.input


def test_citations_belong_to_the_text():
    """As annotations of the message, or as sources beside the choices."""
    note = {
        "type": "url_citation",
        "url_citation": {"url": "u", "title": "t", "start_index": 1, "end_index": 2},
    }
    found = {"search_results": [{"url": "u", "title": "t", "snippet": "s"}], "citations": ["u"]}

    assert (Citation("url", "u", "t", None, 1, 2, raw=note),) == fold(
        events({"content": "a", "annotations": [note]})
    ).citations
    assert (Citation("url", "u", "t", "s", raw=found["search_results"][0]),) == fold(
        events({"content": "a"}, **found)
    ).citations
    assert (Citation("url", "u"),) == fold(events({"content": "a"}, citations=["u"])).citations


@pytest.mark.parametrize(
    ("logprobs", "expected"),
    [
        (
            {"content": [{"token": "a", "logprob": -1.0, "top_logprobs": [{"token": "b", "logprob": -2.0}]}]},
            (TokenLogprob("a", -1.0, (("b", -2.0),)),),
        ),
        ({"tokens": ["a"], "token_logprobs": [-1.0]}, (TokenLogprob("a", -1.0),)),
        ({"content": None, "refusal": None}, ()),
    ],
)
def test_log_probabilities(logprobs, expected):
    """The format's form and the older one."""
    choice = {"message": {"content": "a"}, "finish_reason": "stop", "logprobs": logprobs}

    assert expected == fold(WIRE.parse_completion(reply({"choices": [choice]}))[0]).logprobs


def test_further_choices_are_alternatives():
    """In the order of their index, whatever order they come in."""
    body = {
        "choices": [{"index": i, "message": {"content": str(i)}, "finish_reason": "stop"} for i in (1, 0)]
    }

    completion = fold(WIRE.parse_completion(reply(body))[0])

    assert ("0", ["1"]) == (completion.text, [choice.text for choice in completion.alternatives])


def test_a_choice_without_a_message_is_an_empty_answer():
    """Seen where a filter stopped the answer."""
    completion = fold(
        WIRE.parse_completion(reply({"choices": [{"index": 0, "finish_reason": "content_filter"}]}))[0]
    )

    assert ((), "content_filter") == (completion.parts, completion.finish.reason)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"code": 502, "message": "m"}}, "server"),
        ({"error": "m"}, "server"),
        ({"choices": [{"error": {"code": 429, "message": "m"}, "message": {}}]}, "throttle"),
        (
            {
                "choices": [{"message": {"content": "a"}}],
                "error": {"message": "m", "code": "insufficient_quota"},
            },
            "quota.money",
        ),
        ({"base_resp": {"status_code": 1004, "status_msg": "m"}, "choices": None}, "server"),
        ({"choices": []}, "protocol.body"),
        ({"choices": "x"}, "protocol.body"),
        ([], "protocol.body"),
        (None, "protocol.body"),
    ],
)
def test_a_failure_inside_a_success_is_a_failure(body, kind):
    """Classified by what it says; no answer is made of it."""
    found = WIRE.parse_completion(reply(body))[0]

    assert [Failed] == [type(event) for event in found]
    assert kind == found[0].error.kind


@pytest.mark.parametrize(
    "message", [{"tool_calls": ["x"]}, {"content": [1]}, {"images": [{}]}, {"audio": {"data": "!"}}]
)
def test_a_message_that_cannot_be_read_is_malformed(message):
    """Rather than half an answer."""
    with pytest.raises(Malformed):
        events(message)


def test_vectors_as_lists_and_in_base64():
    """In the order of their index."""
    packed = base64.b64encode(b"\x00\x00\x80\x3f\x00\x00\x00\xbf").decode()
    data = [{"index": 1, "embedding": packed}, {"index": 0, "embedding": [1, 0.5]}]

    embeddings = Embed(WIRE.dialect).parse(reply({"data": data, "model": "m", "usage": {"prompt_tokens": 4}}))

    assert ((1.0, 0.5), (1.0, -0.5)) == embeddings.vectors
    assert (4, "m") == (embeddings.usage.input, embeddings.model)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": []},
        {"data": [{}]},
        {"data": [{"embedding": "!"}]},
        {"data": [{"embedding": ["x"]}]},
        {"data": [1]},
    ],
)
def test_vectors_that_cannot_be_read_are_malformed(body):
    """A list, a base64 text of whole numbers, or nothing."""
    with pytest.raises(Malformed):
        Embed(WIRE.dialect).parse(reply(body))
