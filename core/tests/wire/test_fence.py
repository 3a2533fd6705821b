"""The one fence between what providers send and what parsers expect."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from jackfield import Malformed, fold
from jackfield.events import Failed
from jackfield.framing.sse import SSE
from jackfield.wire import Dialect, Reply, WireDecoder, wire_named
from jackfield.wire.fence import fenced
from jackfield.wire.records import RawRecords

ODD = [
    {"tool_calls": 5},
    {"tool_calls": [[]]},
    {"content": [5]},
    {"annotations": 5},
    {"executed_tools": 5},
    {"function_call": 5, "content": {}},
]


@pytest.mark.parametrize("message", ODD, ids=str)
def test_an_answer_of_another_form_is_malformed_or_read(message) -> None:
    """Whatever stands where something else belongs, no foreign exception gets out."""
    wire = wire_named("chat_completions")(Dialect())
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    try:
        events, _ = fenced(wire.parse_completion, Reply(200, {}, json.dumps(body).encode()))
    except Malformed as exc:
        assert exc.info.kind == "protocol.body"
    else:
        assert fold(events).finish.reason in ("stop", "tool_calls")


@pytest.mark.parametrize("index", [-1, 128, 3_000_000, 10**30])
@pytest.mark.parametrize("key", ["message", "delta"])
def test_an_absurd_index_costs_nothing(index, key) -> None:
    """A choice out of bounds makes the answer unreadable, whole or streamed."""
    wire = wire_named("chat_completions")(Dialect())
    body = json.dumps({"choices": [{"index": index, key: {"content": "x"}, "finish_reason": "stop"}]})

    if key == "message":
        with pytest.raises(Malformed, match="out of bounds"):
            wire.parse_completion(Reply(200, {}, body.encode()))
    else:
        decoder = WireDecoder(wire.framing(), wire.stream_parser())
        events = decoder.feed(f"data: {body}\n\n".encode())
        assert "out of bounds" in events[-1].error.message


class Stumbling:
    """A parser that trips over everything."""

    def feed(self, record):
        raise KeyError("sk-a-value-of-the-answer")

    def end(self):
        raise IndexError


def test_a_stream_parser_that_stumbles_is_a_failed_stream() -> None:
    """What came before stays; the failure tells the kind of stumble and nothing of the answer."""
    events = WireDecoder(SSE(), Stumbling()).feed(b"data: {}\n\n")

    assert isinstance(events[0], Failed)
    assert "KeyError in `feed`" in events[0].error.message
    assert "sk-a-value" not in events[0].error.message
    assert "IndexError" in WireDecoder(SSE(), Stumbling()).end()[0].error.message


def test_raw_records_can_be_pickled_and_copied() -> None:
    """The bytes travel, the wire stays behind."""
    records = RawRecords(SSE, [b'data: {"a": 1}\n\n'])

    for again in (pickle.loads(pickle.dumps(records)), copy.deepcopy(records)):
        assert [{"a": 1}] == list(again)
