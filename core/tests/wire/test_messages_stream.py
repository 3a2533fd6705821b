"""What streams in the messages format mean, however they are cut and whatever is missing from them."""

from __future__ import annotations

import json

import pytest

from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Failed,
    Finished,
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    fold,
)
from jackfield.types import Finish, Opaque, Reasoning, Text, ToolCall, Usage
from jackfield.wire import Dialect, WireDecoder
from jackfield.wire.messages import Messages

WIRE = Messages(Dialect(provider="acme"))
FIRST_USAGE = {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}


def sse(*values, named=True):
    lines = [
        (f"event: {value['type']}\n" if named else "") + f"data: {json.dumps(value)}\n\n" for value in values
    ]
    return "".join(lines).encode()


def start(usage=FIRST_USAGE):
    return {
        "type": "message_start",
        "message": {"id": "msg_1", "model": "m-1", "content": [], "usage": usage},
    }


def begin(index, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, **fields):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index):
    return {"type": "content_block_stop", "index": index}


def closing(reason="end_turn", **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 7, **usage}}


LAST = {"type": "message_stop"}
PING = {"type": "ping"}
CITED = {
    "type": "char_location",
    "cited_text": "q",
    "document_index": 0,
    "start_char_index": 0,
    "end_char_index": 1,
}
WHOLE = sse(
    start(),
    PING,
    begin(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="h"),
    delta(0, "thinking_delta", thinking="m"),
    delta(0, "signature_delta", signature="sig"),
    stop(0),
    begin(1, type="text", text="", citations=[]),
    delta(1, "citations_delta", citation=CITED),
    delta(1, "text_delta", text="Grüß "),
    PING,
    delta(1, "text_delta", text="😀\u2028"),
    stop(1),
    begin(2, type="tool_use", id="t1", name="f", input={}),
    delta(2, "input_json_delta", partial_json=""),
    delta(2, "input_json_delta", partial_json='{"a":'),
    delta(2, "input_json_delta", partial_json=' "ö"}'),
    stop(2),
    begin(3, type="tool_use", id="t2", name="g", input={}),
    stop(3),
    closing("tool_use"),
    LAST,
)


def decoded(*chunks, wire=WIRE):
    decoder = WireDecoder(wire.framing(), wire.stream_parser())
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.end()


THINKING = Opaque("acme", "messages", {"type": "thinking", "signature": ""})
SIGNED = Opaque("acme", "messages", {"type": "thinking", "signature": "sig"})
SEALED = Opaque("acme", "messages", {"citations": [CITED]})
EVENTS = [
    Started("msg_1", "m-1"),
    Metered,
    PartStarted(0, Reasoning("", THINKING)),
    ReasoningDelta(0, "h"),
    ReasoningDelta(0, "m"),
    PartEnded(0, SIGNED),
    PartStarted(1, Text("", (), Opaque("acme", "messages", {"citations": []}))),
    Cited,
    TextDelta(1, "Grüß "),
    TextDelta(1, "😀\u2028"),
    PartEnded(1, SEALED),
    PartStarted(2, ToolCall("t1", "f")),
    ArgumentsDelta(2, '{"a":'),
    ArgumentsDelta(2, ' "ö"}'),
    PartEnded(2),
    PartStarted(3, ToolCall("t2", "g")),
    PartEnded(3),
    Metered,
    Finished,
]


def test_the_events_of_a_stream():
    """The golden list: reasoning, text with a citation, two calls."""
    events = decoded(WHOLE)

    assert EVENTS == [
        type(event) if kind in (Metered, Cited, Finished) else event
        for event, kind in zip(events, EVENTS, strict=True)
    ]


def test_what_a_stream_folds_to():
    """Arguments are verbatim, empty ones are an empty object, the last figures hold."""
    completion = fold(decoded(WHOLE))

    assert ("hm", "Grüß 😀\u2028") == (completion.reasoning, completion.text)
    assert ['{"a": "ö"}', "{}"] == [call.json for call in completion.tool_calls]
    assert Finish("tool_calls", "tool_use") == completion.finish
    assert (9, 4, 7) == (completion.usage.input, completion.usage.cache_read, completion.usage.output)


def test_every_split_gives_the_same_events():
    """Bytes may be cut anywhere, inside a character too."""
    expected = decoded(WHOLE)

    for position in range(len(WHOLE) + 1):
        assert expected == decoded(WHOLE[:position], WHOLE[position:])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_every_chunk_size_gives_the_same_events(size):
    """So may every chunk be."""
    chunks = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]

    assert decoded(WHOLE) == decoded(*chunks)


def test_line_ends_and_missing_event_names_do_not_matter():
    """The JSON says what an event is."""
    values = [json.loads(line[5:]) for line in WHOLE.decode().split("\n") if line.startswith("data:")]

    assert decoded(WHOLE) == decoded(sse(*values, named=False).replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("size", range(0, len(WHOLE), 41))
def test_a_stream_that_stops_early_is_truncated(size):
    """Whatever was cut, success is never claimed, and what came before is kept."""
    events = decoded(WHOLE[:size])

    assert "stream.truncated" == events[-1].error.kind
    assert events[:-1] == decoded(WHOLE)[: len(events) - 1]


def test_a_dialect_may_do_without_the_last_event():
    """Some hosts end after the stop reason; none may end before it."""
    wire = Messages(Dialect(settings={"require_stop": False}))

    assert isinstance(decoded(sse(start(), closing()), wire=wire)[-1], Finished)
    assert isinstance(decoded(sse(start()), wire=wire)[-1], Failed)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("overloaded_error", "server.overloaded"),
        ("rate_limit_error", "throttle"),
        ("api_error", "server"),
        ("new", "server"),
    ],
)
def test_an_error_in_a_stream_is_classified_and_keeps_what_came(code, kind):
    """The status was 200 long ago; the code tells."""
    error = {"type": "error", "error": {"type": code, "message": "words"}, "request_id": "r"}

    events = decoded(sse(start(), begin(0, type="text", text="a"), error, LAST))

    assert (kind, "r") == (events[-1].error.kind, events[-1].error.request_id)
    assert "a" == fold(events).text


def test_a_bare_error_object_is_read():
    """Failures were seen as plain JSON under the content type of a stream."""
    events = decoded(b'{"error": {"type": "rate_limit_error", "message": "slow down"}}')

    assert "throttle" == events[-1].error.kind


def test_figures_are_running_totals():
    """The last one holds; one that is not repeated still does."""
    events = decoded(sse(start(), closing(input_tokens=20, cache_read_input_tokens=None), LAST))

    assert [Usage(9, 4, output=1), Usage(20, 4, output=7)] == [
        bare(e.usage) for e in events if isinstance(e, Metered)
    ]
    assert Usage(20, 4, output=7) == bare(events[-1].usage)


def bare(usage):
    return Usage(usage.input, usage.cache_read, usage.cache_write, output=usage.output)


def test_what_is_unknown_is_ignored():
    """New events, new deltas, repeated ends, an end mark of another format."""
    noise = [
        {"type": "news", "x": 1},
        {"type": ["odd"]},
        {"type": "content_block_delta", "index": 0},
        delta(0, "news_delta", text="x"),
        delta(0, "text_delta", text=None),
        delta(0, "thinking_delta", thinking="not here"),
        delta(8, "signature_delta", signature="nowhere"),
        stop(8),
        {"type": "message_delta"},
    ]
    block = [begin(0, type="text", text=""), *noise, delta(0, "text_delta", text="ok"), stop(0), stop(0)]
    stream = sse(start(), *block, closing(), named=False) + b"data: [DONE]\n\n" + sse(LAST, LAST, start())

    completion = fold(decoded(stream))

    assert ("ok", None, 1) == (completion.text, completion.parts[0].opaque, len(completion.parts))


def test_interleaved_blocks_are_put_together():
    """Two calls at once are told apart by their index."""
    stream = sse(
        start(),
        begin(0, type="tool_use", id="a", name="f", input={}),
        begin(1, type="tool_use", id="b", name="f", input={}),
        delta(1, "input_json_delta", partial_json='{"n":2}'),
        delta(0, "input_json_delta", partial_json='{"n":1}'),
        closing("tool_use"),
        LAST,
    )

    assert [{"n": 1}, {"n": 2}] == [call.arguments for call in fold(decoded(stream)).tool_calls]


def test_an_index_that_is_used_again_begins_a_new_part():
    """Nothing of the first is lost or mixed in."""
    twice = [
        begin(0, type="text", text="a"),
        begin(0, type="text", text="b"),
        delta(0, "text_delta", text="c"),
    ]

    assert ["a", "bc"] == [part.text for part in fold(decoded(sse(start(), *twice, closing(), LAST))).parts]


def test_a_delta_says_what_its_block_is_if_nothing_else_did():
    """A forgotten start costs no text."""
    lost = [
        delta(0, "thinking_delta", thinking="h"),
        delta(1, "text_delta", text="a"),
        delta(1, "text_delta", text="b"),
    ]

    completion = fold(decoded(sse(start(), *lost, closing(), LAST)))

    assert ("h", "ab") == (completion.reasoning, completion.text)


def test_a_call_may_come_whole():
    """Hosts that do not stream arguments put them into the start."""
    stream = sse(
        start(),
        begin(0, type="tool_use", id="a", name="f", input={"n": 1}),
        stop(0),
        closing("tool_use"),
        LAST,
    )

    assert '{"n":1}' == fold(decoded(stream)).tool_calls[0].json


def test_blocks_of_the_future_grow_and_are_kept():
    """Deltas of no known type are laid over their block."""
    grown = [
        begin(0, type="compaction", content=None),
        delta(0, "compaction_delta", content="sum"),
        delta(0, "compaction_delta", content="mary", encrypted_content="e"),
        stop(0),
        begin(1, type="call_of_the_future", input={}),
        delta(1, "input_json_delta", partial_json='{"n":'),
        delta(1, "input_json_delta", partial_json="1}"),
        stop(1),
    ]

    first, second = fold(decoded(sse(start(), *grown, closing(), LAST))).parts

    assert {"type": "compaction", "content": "summary", "encrypted_content": "e"} == first.opaque.data
    assert {"type": "call_of_the_future", "input": {"n": 1}} == second.opaque.data


def test_the_answer_tools_arguments_stream_as_text():
    """Where a schema was asked for by a tool, its arguments are the answer as it comes."""
    wire = Messages(Dialect(settings={"structured": "tool"}))
    block = [
        begin(0, type="tool_use", id="a", name="structured_answer", input={}),
        delta(0, "input_json_delta", partial_json='{"n":'),
        delta(0, "input_json_delta", partial_json="1}"),
        stop(0),
    ]

    completion = fold(decoded(sse(start(), *block, closing("tool_use"), LAST), wire=wire))

    assert ('{"n":1}', "stop") == (completion.text, completion.finish.reason)


@pytest.mark.parametrize(
    "data", [b"data: {]\n\n", b"data: []\n\n", b"data: 1\n\n", b"data: " + b"[" * 200 + b"\n\n"]
)
def test_an_event_that_is_no_object_fails_the_stream(data):
    """What came before is handed on first."""
    events = decoded(sse(start()) + data)

    assert (Started, "protocol.body") == (type(events[0]), events[-1].error.kind)


def test_nothing_follows_the_end():
    """After success or failure a stream is over."""
    parser = WIRE.stream_parser()
    records = WIRE.framing().feed(sse(LAST, start()))

    assert [1, 0] == [len(parser.feed(record)) for record in records]
    assert [] == parser.end()
