"""What nobody has recorded of the second version of the format, but its types allow."""

from __future__ import annotations

import json

import pytest
from jackfield_cohere.wire import CohereWire

from jackfield.events import fold
from jackfield.types import TokenLogprob
from jackfield.wire import Dialect, Reply, WireDecoder

WIRE = CohereWire(Dialect(provider="cohere"))


def whole(message, **fields):
    body = {"id": "c", "message": message, "finish_reason": "COMPLETE", **fields}
    return fold(WIRE.parse_completion(Reply(200, {}, json.dumps(body).encode()))[0])


@pytest.mark.parametrize("item", [{"text": "hi"}, {"type": None, "text": "hi"}])
def test_an_item_may_not_say_what_it_is(item):
    """It shows."""
    assert "hi" == whole({"content": [item]}).text


def test_a_text_may_be_missing():
    """It says nothing, and takes nothing with it."""
    assert "hi" == whole({"content": [{"type": "text", "text": None}, {"type": "text", "text": "hi"}]}).text


@pytest.mark.parametrize("odd", [5, "odd", {"a": 1}])
def test_what_stands_beside_the_words_may_be_odd(odd):
    """Plans, citations and log probabilities that cannot be read take no words with them."""
    message = {"content": [{"type": "text", "text": "hi"}], "citations": odd, "tool_plan": None}

    assert "hi" == whole(message, logprobs=odd).text


def test_a_log_probability_may_be_odd():
    """It is none."""
    message = {"content": [{"type": "text", "text": "hi"}]}

    answer = whole(message, logprobs=[{"text": "hi", "logprobs": ["odd", -1]}, {"text": "x", "logprobs": 5}])

    assert (TokenLogprob("hi", -1.0),) == answer.logprobs


def test_arguments_may_be_an_object():
    """They are read as the text they would be."""
    call = {"id": 5, "function": {"name": "f", "arguments": {"x": 1}}}

    (found,) = whole({"tool_calls": [call]}).tool_calls

    assert ("5", "f", '{"x":1}') == (found.id, found.name, found.json)


def test_the_type_of_an_event_may_be_odd():
    """It is one that is to come."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    assert [] == decoder.feed(b'data: {"type":{"a":1}}\n\n')
