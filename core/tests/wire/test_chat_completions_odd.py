"""What nobody has recorded of chat completions, but official types and hosts allow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jackfield.errors import Malformed
from jackfield.events import Failed, Finished, fold
from jackfield.types import Citation, Finish, Text, TokenLogprob, Usage
from jackfield.wire import Dialect, Reply, WireDecoder
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.chat_completions.parse import usage_of

WIRE = ChatCompletions(Dialect("acme"))


def whole(message, **choice):
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}]}
    return fold(WIRE.parse_completion(Reply(200, {}, json.dumps(body).encode()))[0])


def streamed(*records):
    """The events of a stream of choices, or of lines as they are."""
    lines = [
        one if isinstance(one, str) else json.dumps({"choices": [{"index": 0, **one}]}) for one in records
    ]
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return decoder.feed("".join(f"data: {line}\n\n" for line in lines).encode()) + decoder.end()


def delta(finish=None, **said: Any):
    return {"delta": said, "finish_reason": finish}


def call(**fields):
    return {"id": "a", "function": {"name": "f", "arguments": "{}"}, **fields}


@pytest.mark.parametrize("content", [5, True, 1.5])
def test_a_content_that_is_none_is_told(content):
    """It was read as an answer without words."""
    with pytest.raises(Malformed, match="neither a text nor a list"):
        whole({"content": content})

    assert "protocol.body" == streamed(delta("stop", content=content))[-1].error.kind


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "text": "hi"},
        [{"text": "hi"}],
        [{"type": None, "text": "hi"}],
        [None, "hi"],
    ],
)
def test_an_item_may_stand_alone_or_say_no_type(content):
    """And one that is null is none."""
    assert "hi" == whole({"content": content}).text == fold(streamed(delta("stop", content=content))).text


@pytest.mark.parametrize("calls", [call(), [None, call()]])
def test_a_call_may_stand_alone(calls):
    """Whole as in streams, where it was seen."""
    found = [whole({"tool_calls": calls}), fold(streamed(delta("stop", tool_calls=calls)))]

    assert [["a", "a"], ["tool_calls"] * 2] == [
        [one.tool_calls[0].id for one in found],
        [one.finish.reason for one in found],
    ]


@pytest.mark.parametrize("nothing", [{"tool_calls": {}}, {"content": {}}, {"tool_calls": None}])
def test_an_empty_object_is_nothing(nothing):
    """It was read as a call of a tool without a name, or as an answer that cannot be read."""
    said = {"content": "hi", **nothing}
    wanted = said["content"] or ""

    for answer in (whole(said), fold(streamed(delta("stop", **said)))):
        assert (wanted, (), "stop") == (answer.text, answer.tool_calls, answer.finish.reason)


def test_null_as_a_text_is_no_id():
    """One vendor's own client sends it for a call that has none."""
    assert "call_0" == whole({"tool_calls": [call(id="null")]}).tool_calls[0].id
    assert "call_0" == fold(streamed(delta("stop", tool_calls=[call(id="null")]))).tool_calls[0].id


def test_an_index_may_be_a_text():
    """Two calls whose arguments come by turns stay apart."""
    pieces = [("0", "a", "{"), ("1", "b", "{"), ("0", None, "}"), ("1", None, "}")]
    deltas = [
        {"index": at, "id": name, "function": {"name": name, "arguments": text}} for at, name, text in pieces
    ]

    answer = fold(streamed(*(delta(tool_calls=[one]) for one in deltas), delta("tool_calls")))

    assert [("a", "{}"), ("b", "{}")] == [(one.name, one.json) for one in answer.tool_calls]


def test_a_choice_that_is_null_is_none():
    """The others are read."""
    events = streamed(json.dumps({"choices": [None, {"index": 0, **delta("stop", content="hi")}]}))

    assert "hi" == fold(events).text


def test_a_bare_text_is_what_was_said():
    """Where a choice has neither delta nor message."""
    assert "hi" == fold(streamed({"text": "h"}, {"text": "i", "finish_reason": "stop"})).text


def test_space_around_the_end_mark_is_nothing():
    """The stream ends there."""
    assert isinstance(streamed(delta(content="hi"), " [DONE] ")[-1], Finished)


def test_text_that_is_no_json_is_no_end_mark():
    """It fails as before."""
    assert isinstance(streamed(delta(content="hi"), "[DONE")[-1], Failed)


def test_what_stands_beside_the_words_may_be_odd():
    """Citations and log probabilities say nothing where they cannot be read."""
    cited = {"type": "url_citation", "url_citation": {"url": "u", "title": 5, "start_index": "0"}}
    scored = {"content": [{"token": "hi", "logprob": "high", "top_logprobs": 5}]}

    answer = whole({"content": "hi", "annotations": [cited]}, logprobs=scored)

    assert (Text("hi", (Citation("url", "u", raw=cited),)),) == answer.parts
    assert (TokenLogprob("hi", 0.0),) == answer.logprobs


def test_an_annotation_may_not_say_what_it_is():
    """It shows."""
    (citation,) = whole({"content": "hi", "annotations": [{"url_citation": {"url": "u"}}]}).citations

    assert ("url", "u") == (citation.kind, citation.url)


def test_an_annotation_holds_its_facts_under_its_own_name():
    """Whatever its name is."""
    cited = {
        "type": "document_citation",
        "document_citation": {"title": "T", "start_index": 1, "end_index": 2},
    }

    (citation,) = whole({"content": "hi", "annotations": [cited]}).citations

    assert ("document_citation", "T", 1, 2) == (citation.kind, citation.title, citation.start, citation.end)


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        ({"prompt_tokens": "5", "completion_tokens": 2.0}, Usage(5, output=2)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "prompt_tokens_details": {"cache_creation_input_tokens": 4},
            },
            Usage(5, cache_write=4, output=1),
        ),
        (
            {"prompt_tokens": 3, "completion_tokens": 7, "reasoning_tokens": 70},
            Usage(3, output=7, reasoning=70),
        ),
        (
            {
                "prompt_tokens": 3,
                "completion_tokens": 7,
                "completion_tokens_details": {"reasoning_tokens": 70},
            },
            Usage(3, reasoning=7),
        ),
    ],
)
def test_figures_in_other_forms_and_places(raw, usage):
    """Texts and floats; cache writes as a detail; reasoning that is no part of a smaller completion."""
    found = usage_of(raw)

    assert (usage.input, usage.cache_write, usage.output, usage.reasoning) == (
        found.input,
        found.cache_write,
        found.output,
        found.reasoning,
    )


def test_a_picture_may_be_larger_than_any_text():
    """Events of several megabytes are read whole."""
    picture = "data:image/png;base64," + "AAAA" * 600_000

    answer = fold(streamed(delta("stop", images=[{"image_url": {"url": picture}}])))

    assert 1_800_000 == len(answer.parts[0].data)
    assert Finish("stop", "stop") == answer.finish
