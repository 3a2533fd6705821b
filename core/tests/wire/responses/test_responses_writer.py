"""Streams and failures as the server half of the responses format writes them."""

from __future__ import annotations

import json

from jackfield.errors import ErrorInfo
from jackfield.events import (
    ArgumentsDelta,
    Failed,
    Finished,
    Logprobs,
    Metered,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
    unfold,
)
from jackfield.types import (
    Citation,
    Completion,
    Finish,
    Opaque,
    Other,
    Reasoning,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire import Dialect
from jackfield.wire.responses import Responses

WIRE = Responses(Dialect(provider="acme"))
DONE = Finished(Finish("stop", "completed"), Usage(1, output=2))


def sealed(data):
    return Opaque("acme", "responses", data)


def streamed(*events):
    writer = WIRE.stream_writer("asked")
    stream = b"".join(map(writer.write, events)) + writer.end()
    return [json.loads(line[6:]) for line in stream.decode().split("\n") if line.startswith("data: ")]


def kinds(records):
    return [record["type"].removeprefix("response.") for record in records]


def test_a_stream_says_everything_twice():
    """In deltas, and whole when it is done; numbered, and without an end mark."""
    records = streamed(Started("r1", "m"), PartStarted(0, Text("")), TextDelta(0, "hi"), PartEnded(0), DONE)

    assert [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ] == kinds(records)
    assert [*range(9)] == [record["sequence_number"] for record in records]


def test_every_item_is_announced_by_the_id_it_ends_with():
    """Clients check that."""
    kept = sealed({"id": "msg_1", "status": "completed"})
    records = streamed(*unfold(Completion((Text("a", opaque=kept), ToolCall("c", "f"), Reasoning("hm")))))

    ids = {
        kind: [r["item"]["id"] for r in records if r["type"] == f"response.output_item.{kind}"]
        for kind in ("added", "done")
    }
    assert ids["added"] == ids["done"] == [item["id"] for item in records[-1]["response"]["output"]]
    assert "msg_1" == ids["added"][0]


def test_the_same_id_is_never_written_twice():
    """A second message of that id gets one of ours, unless it is the same message."""
    kept = sealed({"id": "msg_1"})
    parts = (Text("a", opaque=kept), ToolCall("c", "f"), Text("b", opaque=kept))

    output = streamed(*unfold(Completion(parts)))[-1]["response"]["output"]

    assert 3 == len({item["id"] for item in output})


def test_parts_that_come_whole_are_said_in_deltas_all_the_same():
    """A text, a thought, a call."""
    parts = [Text("a", (Citation("url", "https://x.test"),)), Reasoning("hm"), ToolCall("c", "f", '{"a":1}')]
    events = [e for n, part in enumerate(parts) for e in (PartStarted(n, part), PartEnded(n))]

    records = streamed(*events, DONE)

    deltas = {
        kind: r["delta"] for kind, r in zip(kinds(records), records, strict=True) if kind.endswith(".delta")
    }
    assert {
        "output_text.delta": "a",
        "reasoning_summary_text.delta": "hm",
        "function_call_arguments.delta": '{"a":1}',
    } == deltas
    assert "output_text.annotation.added" in kinds(records)


def test_a_call_with_free_text_is_said_when_it_is_whole():
    """Its quoted pieces are no text."""
    call = ToolCall("c", "p", "{}", opaque=sealed({"type": "custom_tool_call"}))
    pieces = [ArgumentsDelta(0, piece) for piece in ('{"input":"a', 'b"}')]

    records = streamed(PartStarted(0, call), *pieces, PartEnded(0), DONE)

    assert ["ab"] == [r["delta"] for r in records if r["type"] == "response.custom_tool_call_input.delta"]


def test_late_probabilities_are_in_the_finished_item():
    """Those in time come with a delta, too."""
    scores = Logprobs((TokenLogprob("a", -1.0),))
    begun = [PartStarted(0, Text("")), TextDelta(0, "a")]

    early = streamed(*begun, scores, PartEnded(0), DONE)
    late = streamed(*begun, PartEnded(0), scores, DONE)

    for records in (early, late):
        assert "a" == records[-1]["response"]["output"][0]["content"][0]["logprobs"][0]["token"]
    assert 2 == kinds(early).count("output_text.delta")


def test_other_choices_and_unknown_parts_are_left_out():
    """The format has one answer."""
    events = [
        PartStarted(0, Text("x"), 1),
        TextDelta(0, "y"),
        PartEnded(0),
        PartStarted(1, Other("x", Opaque("o", "w", {}))),
    ]

    assert [] == streamed(*events, Metered(Usage(3)), DONE)[-1]["response"]["output"]


def test_what_is_open_at_the_end_is_ended():
    """And figures that came before hold."""
    records = streamed(
        PartStarted(0, Text("")), TextDelta(0, "hi"), Metered(Usage(3)), Finished(Finish("stop"))
    )

    assert (3, "hi") == (
        records[-1]["response"]["usage"]["input_tokens"],
        records[-1]["response"]["output"][0]["content"][0]["text"],
    )
    assert "asked" == records[-1]["response"]["model"]


def test_a_failure_ends_the_stream():
    """As an event of its own and as the end of the response."""
    records = streamed(
        Started("r1", "m"), Failed(ErrorInfo("throttle", "slow down", code="rate_limit_exceeded"))
    )

    error, failed = records[-2:]
    assert ("error", "slow down", "slow down") == (error["type"], error["message"], error["error"]["message"])
    assert ("failed", "rate_limit_exceeded") == (
        failed["response"]["status"],
        failed["response"]["error"]["code"],
    )


def test_a_failure_is_written_with_what_helps_to_come_back():
    """Status, words, code, id and the time to wait."""
    error = ErrorInfo("throttle", "slow down", retry_after=1.5, should_retry=True, request_id="r9")

    reply = WIRE.write_error(error)

    assert (429, "2", "1500", "true", "r9") == (
        reply.status,
        *(
            reply.headers[name]
            for name in ("retry-after", "retry-after-ms", "x-should-retry", "x-request-id")
        ),
    )
    assert "throttle" == WIRE.parse_error(reply).kind


def test_a_thought_that_was_kept_whole_is_said_in_full():
    """Not in summary: so some providers do."""
    said = [{"type": "reasoning_text", "text": "hm"}]
    kept = sealed({"type": "reasoning", "id": "rs_1", "summary": [], "content": said})

    records = streamed(*unfold(Completion((Reasoning("hm", kept),))))

    names = ["content_part.added", "reasoning_text.delta", "reasoning_text.done", "content_part.done"]
    assert names == kinds(records)[3:7]
    assert said == records[-1]["response"]["output"][0]["content"]
    assert records[3]["part"] == {**said[0], "text": ""}
