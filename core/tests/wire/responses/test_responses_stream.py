"""What streams in the responses format mean, however little of them comes and in whatever order."""

from __future__ import annotations

import json

import pytest

from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Failed,
    Finished,
    Logprobs,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    Warned,
    fold,
)
from jackfield.types import Finish, Image, Opaque, Other, Reasoning, Refusal, Text, ToolCall, Usage
from jackfield.wire import Dialect, WireDecoder
from jackfield.wire.responses import Responses

WIRE = Responses(Dialect(provider="acme"))
USAGE = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 7}


def sealed(data):
    return Opaque("acme", "responses", data)


def sse(*values, named=True):
    lines = [
        (f"event: {value['type']}\n" if named else "") + f"data: {json.dumps(value)}\n\n" for value in values
    ]
    return "".join(lines).encode()


def event(kind, **fields):
    return {"type": f"response.{kind}", **fields}


CREATED = event("created", response={"id": "r1", "model": "m-1", "status": "in_progress", "output": []})


def added(index, **item):
    return event("output_item.added", output_index=index, item=item)


def done(index, **item):
    return event("output_item.done", output_index=index, item=item)


def message(*contents, status="completed", **fields):
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": status,
        "content": list(contents),
        **fields,
    }


def text(words, **fields):
    return {"type": "output_text", "text": words, "annotations": [], **fields}


def delta(words, index=0, place=0, **fields):
    return event("output_text.delta", output_index=index, content_index=place, delta=words, **fields)


def completed(*items, **fields):
    body = {"id": "r1", "model": "m-1", "status": "completed", "output": list(items), "usage": USAGE}
    return event("completed", response={**body, **fields})


def decoded(*values, named=True, rest=b""):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return decoder.feed(sse(*values, named=named) + rest) + decoder.end()


MESSAGE = (
    added(0, **message(status="in_progress")),
    delta("Aa"),
    delta("re"),
    done(0, **message(text("Aare"))),
)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("rest", [b"", b"data: [DONE]\n\n", b": a comment\n\n"])
def test_a_text_comes_in_pieces(named, rest):
    """With or without event names, and whatever follows the end."""
    begun = sealed({"id": "msg_1", "status": "in_progress"})

    events = decoded(CREATED, *MESSAGE, completed(), named=named, rest=rest)

    assert [
        Started("r1", "m-1"),
        PartStarted(0, Text("", opaque=begun)),
        TextDelta(0, "Aa"),
        TextDelta(0, "re"),
        PartEnded(0, sealed({"id": "msg_1", "status": "completed"})),
        Finished(Finish("stop", "completed"), Usage(5, 4, output=7, raw=USAGE)),
    ] == events


def test_what_the_deltas_left_out_follows_when_the_item_is_done():
    """The end of a text, its citations, its probabilities."""
    cited = {"type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 4}
    whole = text("Aare", annotations=[cited], logprobs=[{"token": "A", "logprob": -1, "top_logprobs": []}])

    events = decoded(added(0, **message()), delta("Aa"), done(0, **message(whole)), completed())

    completion = fold(events)
    assert ("Aare", cited) == (completion.text, completion.citations[0].raw)
    assert ["A"] == [token.token for token in completion.logprobs]


def test_citations_and_probabilities_come_once():
    """Although the format says them again when all is done."""
    cited = {"type": "file_citation", "file_id": "f", "filename": "a.txt", "index": 2}
    scores = [{"token": "Aare", "logprob": -1, "top_logprobs": [{"token": "b", "logprob": -2}]}]
    note = event("output_text.annotation.added", output_index=0, content_index=0, annotation=cited)
    whole = text("Aare", annotations=[cited], logprobs=scores)

    events = decoded(
        added(0, **message()), delta("Aare", logprobs=scores), note, done(0, **message(whole)), completed()
    )

    assert 1 == sum(isinstance(e, Cited) for e in events) == sum(isinstance(e, Logprobs) for e in events)
    citation = fold(events).citations[0]
    assert ("file", "a.txt", 2) == (citation.kind, citation.title, citation.start)


def test_items_that_never_came_are_taken_from_the_last_event():
    """So are those that began and were never done."""
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}

    for values in ([], [added(0, **message())], [delta("A")], [added(0, **message()), delta("Aare")]):
        completion = fold(decoded(CREATED, *values, completed(message(text("Aare")), call)))
        assert ("Aare", ("c1",)) == (completion.text, tuple(c.id for c in completion.tool_calls))
        assert "tool_calls" == completion.finish.reason


def test_items_of_other_ids_at_the_end_are_not_taken_twice():
    """One router makes up new ids for its last event."""
    completion = fold(decoded(CREATED, *MESSAGE, completed(message(text("Aare"), id="other"))))

    assert "Aare" == completion.text


def test_items_may_be_done_in_another_order_than_they_began():
    """Their parts keep the order in which they began."""
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    whole = {**thought, "content": [{"type": "reasoning_text", "text": "hm"}]}
    more = event("reasoning_text.delta", output_index=0, content_index=0, delta="hm")

    parts = fold(
        decoded(
            added(0, **thought),
            more,
            *(m | {"output_index": 1} for m in MESSAGE),
            done(0, **whole),
            completed(),
        )
    ).parts

    assert [
        Reasoning("hm", sealed(whole)),
        Text("Aare", opaque=sealed({"id": "msg_1", "status": "completed"})),
    ] == [*parts]


def test_pieces_of_a_summary_are_set_apart():
    """As they are in the whole item."""
    pieces = [{"type": "summary_text", "text": words} for words in ("one", "two")]
    item = {"type": "reasoning", "id": "rs_1", "encrypted_content": "s", "summary": pieces}
    deltas = [
        event("reasoning_summary_text.delta", output_index=0, summary_index=place, delta=words)
        for place, words in ((0, "o"), (0, "ne"), (1, "two"))
    ]

    events = decoded(added(0, **{**item, "summary": []}), *deltas, done(0, **item), completed())

    assert ["o", "ne", "\n\ntwo"] == [e.text for e in events if isinstance(e, ReasoningDelta)]
    assert (Reasoning("one\n\ntwo", sealed(item)),) == fold(events).parts


def test_arguments_come_in_pieces():
    """And what is kept with the call when it is done."""
    item = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "c1",
        "name": "f",
        "arguments": "",
        "status": "in_progress",
    }
    whole = {**item, "arguments": '{"a":1}', "status": "completed"}
    deltas = [
        event("function_call_arguments.delta", output_index=0, delta=words) for words in ('{"a"', ":1}")
    ]

    events = decoded(added(0, **item), *deltas, done(0, **whole), completed())

    assert ['{"a"', ":1}"] == [e.json for e in events if isinstance(e, ArgumentsDelta)]
    assert (ToolCall("c1", "f", '{"a":1}', opaque=sealed({"id": "fc_1", "status": "completed"})),) == fold(
        events
    ).parts
    assert Finish("tool_calls", "completed") == fold(events).finish


@pytest.mark.parametrize("given", ["", "{}", None])
def test_a_call_without_arguments_has_none(given):
    """However that is said."""
    item = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": given}

    assert (ToolCall("c1", "f", "{}"),) == fold(decoded(added(0, **item), done(0, **item), completed())).parts


def test_free_text_is_the_one_argument():
    """Quoted piece by piece."""
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "patch", "input": ""}
    deltas = [event("custom_tool_call_input.delta", output_index=0, delta=words) for words in ('a"', "\nb")]

    events = decoded(added(0, **item), *deltas, done(0, **{**item, "input": 'a"\nb'}), completed())

    (call,) = fold(events).tool_calls
    assert {"input": 'a"\nb'} == call.arguments
    assert 3 == sum(isinstance(e, ArgumentsDelta) for e in events)


def test_hosted_calls_are_shown_and_kept():
    """What they were called with is known when they are done; their code comes as it is written."""
    begun = {"type": "code_interpreter_call", "id": "ci_1", "status": "in_progress"}
    whole = {**begun, "status": "completed", "code": "1+1", "outputs": [{"type": "logs", "logs": "2"}]}
    code = event("code_interpreter_call_code.delta", output_index=0, delta="1+")

    (call,) = fold(decoded(added(0, **begun), code, done(0, **whole), completed())).parts

    assert ("code_interpreter", {"code": "1+1"}, True) == (call.name, call.arguments, call.hosted)
    assert whole == call.opaque.data


def test_a_picture_comes_when_it_is_done():
    """Its bytes are in the part, all else is kept with it."""
    begun = {"type": "image_generation_call", "id": "ig_1", "status": "in_progress", "result": None}
    whole = {**begun, "status": "completed", "result": "iVBORw0K"}

    parts = fold(decoded(added(0, **begun), done(0, **whole), completed())).parts

    kept = sealed({"id": "ig_1", "status": "completed"})
    assert (Image("image/png", data=b"\x89PNG\r\n", opaque=kept),) == parts


def test_items_nobody_knows_are_kept_as_they_ended():
    """From the moment they begin."""
    events = decoded(
        added(0, type="novelty_call", id="n"), done(0, type="novelty_call", id="n", x=1), completed()
    )

    assert isinstance(events[0], PartStarted)
    assert (Other("novelty_call", sealed({"type": "novelty_call", "id": "n", "x": 1})),) == fold(events).parts


def test_a_refusal_comes_in_pieces():
    """As a part of its own type."""
    part = event(
        "content_part.added", output_index=0, content_index=0, part={"type": "refusal", "refusal": ""}
    )
    more = event("refusal.delta", output_index=0, content_index=0, delta="no")
    whole = message({"type": "refusal", "refusal": "no"})

    completion = fold(decoded(added(0, **message()), part, more, done(0, **whole), completed()))

    assert (Refusal("no", sealed({"id": "msg_1", "status": "completed"})),) == completion.parts


def test_events_without_an_index_are_about_the_item_of_their_id():
    """Or about the last one."""
    values = [
        added(0, **message()),
        event("output_text.delta", item_id="msg_1", delta="Aa"),
        event("output_text.delta", delta="re"),
    ]

    assert "Aare" == fold(decoded(*values, completed())).text


@pytest.mark.parametrize(
    ("fields", "finish"),
    [
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            Finish("length", "max_output_tokens"),
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            Finish("content_filter", "content_filter"),
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": "novelty"}}, Finish("unknown", "novelty")),
        ({"status": "incomplete", "incomplete_details": None}, Finish("unknown", "incomplete")),
        ({"status": "cancelled"}, Finish("error", "cancelled")),
        ({"status": None}, Finish("stop", "completed")),
    ],
)
def test_why_the_model_stopped(fields, finish):
    """Ours for it, and the provider's."""
    assert finish == fold(decoded(CREATED, completed(**fields))).finish


def test_an_incomplete_answer_ends_by_its_own_event():
    """It is an end like any other."""
    body = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []}

    assert (
        Finish("length", "max_output_tokens")
        == decoded(CREATED, *MESSAGE, event("incomplete", response=body))[-1].finish
    )


def test_an_answer_still_being_made_is_told():
    """A stream of an answer in the background may end before the answer."""
    events = decoded(CREATED, event("done", response={"id": "r1", "status": "queued", "output": []}))

    assert Finish("unknown", "queued") == events[-1].finish
    assert any(isinstance(e, Warned) and "r1" in e.notice.message for e in events)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ({"type": "error", "code": "server_error", "message": "oh", "param": None}, "server", "oh"),
        ({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow"}}, "throttle", "slow"),
        (
            event(
                "failed", response={"status": "failed", "error": {"code": "invalid_prompt", "message": "no"}}
            ),
            "request.policy",
            "no",
        ),
        (
            event(
                "failed",
                response={"status": "failed", "error": {"code": "insufficient_quota", "message": "pay"}},
            ),
            "quota.money",
            "pay",
        ),
        (event("failed", response={}), "server", "without saying why"),
        ({"type": "novelty", "error": {"message": "oh"}}, "server", "oh"),
    ],
)
def test_a_failure_in_a_stream(value, kind, words):
    """Whatever its form; what came before it stays."""
    events = decoded(CREATED, *MESSAGE, value)

    assert isinstance(events[-1], Failed)
    assert (kind, True) == (events[-1].error.kind, words in events[-1].error.message)
    assert "Aare" == fold(events).text


def test_a_failure_that_is_no_event_is_one():
    """A bare object under the type of a stream."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    events = decoder.feed(b'{"error":{"message":"bad key","code":"invalid_api_key"}}') + decoder.end()

    assert ["auth"] == [e.error.kind for e in events]


def test_a_whole_answer_under_the_type_of_a_stream_is_read():
    """Some servers do not stream what they were asked to."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    body = json.dumps(completed(message(text("Aare")))["response"]).encode()

    assert "Aare" == fold(decoder.feed(body) + decoder.end()).text


@pytest.mark.parametrize("values", [(), (CREATED,), (CREATED, *MESSAGE)])
def test_a_stream_without_an_end_is_no_answer(values):
    """Nor one without a beginning."""
    last = decoded(*values, rest=b"data: [DONE]\n\n")[-1]

    assert isinstance(last, Failed)
    assert ("stream.truncated" if values else "protocol.body") == last.error.kind


def test_a_record_cut_short_is_told_by_the_end():
    """It is not taken for malformed."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    events = decoder.feed(sse(CREATED, *MESSAGE) + b'data: {"type": "resp') + decoder.end()

    assert "stream.truncated" == events[-1].error.kind


def test_what_is_no_object_is_malformed():
    """And nothing of it is quoted."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    (failed,) = decoder.feed(b"data: [1]\n\n")

    assert "protocol.body" == failed.error.kind


def test_two_items_of_one_index_are_two():
    """One server counts only up to nought."""
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    values = [added(0, **thought), done(0, **thought), *MESSAGE]

    for last in ([], [thought, message(text("Aare"))]):
        completion = fold(decoded(*values, completed(*last)))
        assert ["Reasoning", "Text"] == [type(part).__name__ for part in completion.parts]
        assert "Aare" == completion.text


def test_an_item_announced_twice_is_one():
    """Nor does its end come twice."""
    values = [MESSAGE[0], *MESSAGE, MESSAGE[0], MESSAGE[-1]]

    assert "Aare" == fold(decoded(*values, completed())).text


def test_an_item_that_was_never_announced_is_read_when_it_is_done():
    """Even where its index was another's."""
    call = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}

    assert ("c",) == tuple(c.id for c in fold(decoded(*MESSAGE, done(0, **call), completed())).tool_calls)
