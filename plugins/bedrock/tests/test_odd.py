"""What nobody has recorded of the Converse API, but its model allows."""

from __future__ import annotations

import json

import pytest
from jackfield_bedrock.converse import Converse

from jackfield.events import Finished, fold
from jackfield.framing.event_stream import write_event
from jackfield.types import Finish, Other, Text, Usage
from jackfield.wire import Dialect, Reply, WireDecoder

WIRE = Converse(Dialect(provider="bedrock", base="https://bedrock.test"), "amazon.nova-2-lite-v1:0")
STOP = ("messageStop", {"stopReason": "end_turn"})
USAGE = {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}


def streamed(*events):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    frames = [write_event(name, json.dumps(value).encode()) for name, value in events]
    found = [event for frame in frames for event in decoder.feed(frame)] + decoder.end()
    assert isinstance(found[-1], Finished), found[-1]
    return fold(found)


def whole(*content):
    body = {"output": {"message": {"content": content}}, "stopReason": "end_turn", **USAGE}
    return fold(WIRE.parse_completion(Reply(200, {}, json.dumps(body).encode()))[0])


def delta(**said):
    return "contentBlockDelta", {"contentBlockIndex": 0, "delta": said}


def test_a_text_may_have_something_beside_it():
    """The words are shown, in whatever order the members come."""
    assert "hi" == whole({"newMember": {"a": 1}, "text": "hi"}).text
    assert "hi" == streamed(delta(newMember={"a": 1}, text="hi"), STOP).text


def test_a_text_in_a_block_of_an_unknown_kind_is_shown():
    """The block is kept, and the words begin a part of their own."""
    start = "contentBlockStart", {"contentBlockIndex": 0, "start": {"hologram": {"a": 1}}}

    first, second = streamed(start, delta(text="hi"), STOP).parts

    assert ("hologram", Text("hi")) == (first.kind if isinstance(first, Other) else first, second)


@pytest.mark.parametrize("kind", ["toolUse", "reasoningContent"])
def test_a_delta_may_be_null(kind):
    """It says nothing."""
    assert "hi" == streamed(delta(**{kind: None}), delta(text="hi"), STOP).text


def test_figures_may_come_before_the_end():
    """They hold for it."""
    answer = streamed(delta(text="hi"), ("metadata", USAGE), STOP)

    assert Finish("stop", "end_turn") == answer.finish
    assert Usage(3, output=2, raw=USAGE["usage"]) == answer.usage


def test_facts_of_a_citation_may_be_odd():
    """They say nothing."""
    raw = {"title": 5, "location": {"documentChar": {"documentIndex": "0", "start": None, "end": 3}}}

    (citation,) = whole({"citationsContent": {"content": [{"text": "hi"}], "citations": [raw]}}).citations

    assert (None, None, None, 3) == (citation.title, citation.document, citation.start, citation.end)
