"""What nobody has recorded of the messages format, but servers that speak it as a second language may send."""

from __future__ import annotations

import json

import pytest

from jackfield.events import Failed, Finished, fold
from jackfield.types import Citation, Finish, Other, Reasoning, Text, ToolCall, Usage
from jackfield.wire import Dialect, Reply, WireDecoder
from jackfield.wire.messages import Messages

WIRE = Messages(Dialect(provider="acme"))


def begin(**block):
    return {"type": "content_block_start", "index": 0, "content_block": block}


def delta(**said):
    return {"type": "content_block_delta", "index": 0, "delta": said}


def around(*values, first=None, last=None):
    """A stream with these values between its beginning and its end."""
    usage = {"input_tokens": 5, "output_tokens": 1} if first is None else first
    end = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7} if last is None else last}
    return [
        {"type": "message_start", "message": {"id": "m", "model": "x", "content": [], "usage": usage}},
        *values,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", **end},
        {"type": "message_stop"},
    ]


def events(values, line=lambda value: f"data: {json.dumps(value)}\n\n"):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return decoder.feed("".join(map(line, values)).encode()) + decoder.end()


def read(*values, **usage):
    found = events(around(*values, **usage))
    assert isinstance(found[-1], Finished), found[-1]
    return fold(found)


def whole(*content):
    body = {"id": "m", "content": content, "stop_reason": "end_turn"}
    return fold(WIRE.parse_completion(Reply(200, {}, json.dumps(body).encode()))[0])


def test_a_block_may_hold_a_whole_document():
    """What a tool of the vendor's fetched comes in one event."""
    page = {"type": "web_fetch_tool_result", "content": {"data": "x" * (1 << 20)}}

    assert [Other] == [type(part) for part in read(begin(**page)).parts]


@pytest.mark.parametrize("block", [{"type": "text"}, {"type": "text", "text": None}, {}, {"type": None}])
@pytest.mark.parametrize("kind", [{"type": "text_delta"}, {}])
def test_a_text_may_begin_without_words(block, kind):
    """And its deltas without their type: all words were lost."""
    assert (Text("hi"),) == read(begin(**block), delta(**kind, text="hi")).parts


@pytest.mark.parametrize("block", [{"type": "thinking"}, {"type": "thinking", "thinking": None}])
def test_a_thought_may_begin_without_words(block):
    """The same for reasoning."""
    answer = read(begin(**block), delta(type="thinking_delta", thinking="hm"))

    assert [(Reasoning, "hm")] == [(type(part), part.text) for part in answer.parts]


@pytest.mark.parametrize("given", [{}, {"input": None}])
def test_a_call_may_begin_without_input(given):
    """The arguments come in deltas anyway; whole, there are none."""
    block = {"type": "tool_use", "id": "a", "name": "f", **given}

    assert (ToolCall("a", "f", "{}"),) == whole(block).parts
    assert (ToolCall("a", "f", '{"x":1}'),) == read(begin(**block), delta(partial_json='{"x":1}')).parts


def test_an_event_may_be_named_beside_its_data_alone():
    """As other formats do it."""

    def line(value):
        named = {name: item for name, item in value.items() if name != "type"}
        return f"event: {value['type']}\ndata: {json.dumps(named)}\n\n"

    found = events(around(begin(type="text", text=""), delta(type="text_delta", text="hi")), line)

    assert ("hi", Finish("stop", "end_turn")) == (fold(found).text, fold(found).finish)


def test_half_an_event_is_no_end_whatever_its_name():
    """A stream cut off in its last record is cut off."""
    lines = around(begin(type="text", text=""), delta(type="text_delta", text="hi"))[:-1]
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    decoder.feed("".join(f"data: {json.dumps(line)}\n\n" for line in lines).encode())
    decoder.feed(b'event: message_stop\ndata: {"type":"mess')

    assert "stream.truncated" == decoder.end()[-1].error.kind


@pytest.mark.parametrize("text", ['event: error\ndata: {"message":"full"}\n\n', '{"detail":"full"}\n'])
def test_a_failure_may_lack_the_form_of_one(text):
    """Named as an error, or without any framing."""
    last = events([text], str)[-1]

    assert isinstance(last, Failed)
    assert last.error.message == "full"


def test_nothing_does_not_take_a_figure_back():
    """A last record that counts no input does not mean there was none."""
    usage = read(begin(type="text", text="a"), last={"input_tokens": 0, "output_tokens": 7}).usage

    assert Usage(5, output=7, raw=usage.raw) == usage


@pytest.mark.parametrize("odd", [5, "odd", {"a": 1}])
def test_citations_may_be_odd(odd):
    """The words they belong to are read nevertheless."""
    assert "hi" == whole({"type": "text", "text": "hi", "citations": odd}).text


def test_facts_of_a_citation_may_be_odd():
    """They say nothing."""
    raw = {"type": "web_search_result_location", "url": 5, "title": "T", "cited_text": None}

    (citation,) = read(begin(type="text", text="a"), delta(type="citations_delta", citation=raw)).citations

    assert Citation("url", None, "T", raw=raw) == citation


def test_half_a_document_in_an_unknown_block_is_kept():
    """It is no reason to lose the answer."""
    block = {"type": "hologram", "id": "h"}

    (part,) = read(begin(**block), delta(type="input_json_delta", partial_json='{"x":')).parts

    assert Other("hologram", WIRE.rules.seal.close({**block, "partial_json": '{"x":'})) == part
