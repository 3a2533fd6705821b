"""Streams of the generate content format: texts run on, signatures stand alone, and only the end is an end."""

from __future__ import annotations

import json

import pytest

from jackfield.events import (
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
from jackfield.types import Finish, Opaque, Reasoning, Text, ToolCall
from jackfield.wire import Dialect, WireDecoder
from jackfield.wire.generate_content import GenerateContent

WIRE = GenerateContent(Dialect(provider="acme"))


def sealed(**data):
    return Opaque("acme", "generate_content", data)


def record(*parts, index=0, **more):
    """One record with one candidate."""
    usage = {"usageMetadata": more.pop("usage")} if "usage" in more else {}
    content = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    return {
        "candidates": [{**content, "index": index, **more}],
        "responseId": "r",
        "modelVersion": "m",
        **usage,
    }


def events_of(*records, form="data: %s\r\n\r\n"):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    chunks = [(form % json.dumps(one)).encode() for one in records]
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


def text(words, **beside):
    return {"text": words, **beside}


def test_texts_and_thoughts_run_on():
    """Each kind is one part until the other comes."""
    found = events_of(
        record(text("h", thought=True)),
        record(text("m", thought=True)),
        record(text("A")),
        record(text("a"), finishReason="STOP"),
    )

    assert [
        Started("r", "m"),
        PartStarted(0, Reasoning("")),
        ReasoningDelta(0, "h"),
        ReasoningDelta(0, "m"),
        PartEnded(0),
        PartStarted(1, Text("")),
        TextDelta(1, "A"),
        TextDelta(1, "a"),
        PartEnded(1),
        Finished(Finish("stop", "STOP"), found[-1].usage),
    ] == found


def test_a_signature_stays_on_the_part_that_carried_it():
    """Be it an empty text, a text, or a thought."""
    found = fold(
        events_of(
            record(text("hm", thought=True, thoughtSignature="s1")),
            record(text("A")),
            record(text("a", thoughtSignature="s2")),
            record(text("", thoughtSignature="s3"), finishReason="STOP"),
        )
    )

    assert (
        Reasoning("hm", sealed(thoughtSignature="s1")),
        Text("A"),
        Text("a", opaque=sealed(thoughtSignature="s2")),
        Text("", opaque=sealed(thoughtSignature="s3")),
    ) == found.parts


def test_calls_without_ids_get_stable_ones():
    """Several of one record, and of several, are told apart; an id of the provider's stays."""
    call = {"functionCall": {"name": "f", "args": {"a": 1}}}
    known = {"functionCall": {"name": "g", "id": "own"}, "thoughtSignature": "s"}

    found = fold(events_of(record(call, call), record(known, call, finishReason="STOP")))

    assert [("gc_r_0", {"a": 1}), ("gc_r_1", {"a": 1}), ("own", {}), ("gc_r_3", {"a": 1})] == [
        (part.id, part.arguments) for part in found.tool_calls
    ]
    assert ("tool_calls", sealed(thoughtSignature="s")) == (found.finish.reason, found.parts[2].opaque)


def test_text_may_follow_the_finish_reason():
    """Nothing but the end of the bytes decides."""
    found = events_of(
        record(text("A"), finishReason="STOP"), record({"executableCode": {"code": "1"}}), record(text("b"))
    )

    assert ("Ab", ["Text", "Other", "Text"]) == (
        fold(found).text,
        [type(part).__name__ for part in fold(found).parts],
    )
    assert isinstance(found[-1], Finished)


@pytest.mark.parametrize(
    "records",
    [
        [],
        [record(text("A"))],
        [{"usageMetadata": {"promptTokenCount": 1}}],
        [record(text("A"), finishReason="STOP"), record(text("B"), index=1)],
        [record({"functionCall": {"name": "f", "willContinue": True}}, finishReason="STOP")],
    ],
)
def test_an_end_without_a_reason_is_no_end(records):
    """For any of the answers, and for a call whose arguments were still to come."""
    last = events_of(*records)[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind


def test_records_without_content_are_no_parts():
    """Contents without parts, candidates without content, no candidates."""
    found = fold(
        events_of(
            {"responseId": "r", "modelVersion": "m"},
            record(),
            {"candidates": [{"content": {"role": "model"}}]},
            {"candidates": []},
            record(text("")),
            record(finishReason="UNEXPECTED_TOOL_CALL", finishMessage="no such tool"),
        )
    )

    assert ((), Finish("error", "UNEXPECTED_TOOL_CALL")) == (found.parts, found.finish)


def test_the_last_figures_hold():
    """The first are told at once; records without any change nothing."""
    found = events_of(
        record(text("A"), usage={"trafficType": "ON_DEMAND"}),
        record(text("b"), usage={"promptTokenCount": 9, "totalTokenCount": 11, "thoughtsTokenCount": 2}),
        record(text("c"), usage={"trafficType": "ON_DEMAND"}),
        record(
            usage={"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 16},
            finishReason="STOP",
        ),
    )

    assert [(9, 0, 2)] == [
        (e.usage.input, e.usage.output, e.usage.reasoning) for e in found if type(e) is Metered
    ]
    assert (9, 5, 2) == (found[-1].usage.input, found[-1].usage.output, found[-1].usage.reasoning)


def test_several_answers_are_kept_apart():
    """However they are mixed."""
    found = fold(
        events_of(
            record(text("a")),
            record(text("x"), index=1),
            record(text("b"), finishReason="STOP"),
            record(text("y"), index=1, finishReason="MAX_TOKENS"),
        )
    )

    assert ("ab", "xy", "length") == (
        found.text,
        found.alternatives[0].text,
        found.alternatives[0].finish.reason,
    )


GROUNDING = {
    "groundingChunks": [
        {"web": {"uri": "https://x.test", "title": "X"}},
        {"maps": {"uri": "https://m.test"}},
    ],
    "groundingSupports": [
        {"segment": {"startIndex": 3, "endIndex": 7, "text": "Aare"}, "groundingChunkIndices": [0, 7]},
    ],
    "webSearchQueries": ["a", "b"],
}


def test_sources_are_cited_where_they_belong():
    """Places are characters, not bytes; what is repeated is told once; a source of the whole answer has no place."""
    found = events_of(
        record(text("ü Aare"), groundingMetadata={}),
        record(text("."), groundingMetadata=GROUNDING),
        record(finishReason="STOP", groundingMetadata=GROUNDING),
    )

    cited = [event.citation for event in found if type(event) is Cited]
    assert [("url", "https://x.test", "Aare", 2, 6), ("place", "https://m.test", None, None, None)] == [
        (c.kind, c.url, c.quote, c.start, c.end) for c in cited
    ]
    assert not found[-1].usage.known


def test_a_source_without_a_text_stands_by_an_empty_one():
    """Nothing is lost."""
    passages = {"citations": [{"uri": "https://x.test", "title": "X"}]}

    found = fold(events_of(record(finishReason="RECITATION", citationMetadata=passages)))

    assert [("https://x.test", "X")] == [(c.url, c.title) for c in found.citations]
    assert "content_filter" == found.finish.reason


def calling(*pieces, **more):
    return record({"functionCall": {"partialArgs": list(pieces), "willContinue": True, **more}})


def piece(path, **value):
    return {"jsonPath": path, **value}


def test_arguments_may_come_in_pieces():
    """Texts grow, places are made as they are named, the signature stays with the call."""
    begun = {"functionCall": {"name": "f", "id": "c1", "willContinue": True}, "thoughtSignature": "s"}

    found = fold(
        events_of(
            record(begun),
            calling(piece("$.city", stringValue="Zü", willContinue=True)),
            calling(piece("$.city", stringValue="rich"), piece("$.days[1].n", numberValue=2)),
            calling(piece("$['odd name']", boolValue=True), piece("$.none", nullValue="NULL_VALUE")),
            record({"functionCall": {}}, finishReason="STOP"),
        )
    )

    (part,) = found.tool_calls
    assert {"city": "Zürich", "days": [None, {"n": 2}], "odd name": True, "none": None} == part.arguments
    assert ("c1", "f", sealed(thoughtSignature="s")) == (part.id, part.name, part.opaque)


@pytest.mark.parametrize("path", ["", "city", "$.a..b", None])
def test_a_piece_without_a_place_cannot_be_read(path):
    """Guessing would change the call."""
    bad = {"functionCall": {"name": "f", "partialArgs": [{"jsonPath": path, "stringValue": "x"}]}}

    last = events_of(record(bad, finishReason="STOP"))[-1]

    assert isinstance(last, Failed)
    assert "protocol.body" == last.error.kind


ERROR = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}


@pytest.mark.parametrize("form", ["data: %s\r\n\r\n", "%s\n", "\n%s"])
def test_an_error_ends_the_stream(form):
    """As an event, or bare, after content or before any."""
    begun = f"data: {json.dumps(record(text('A')))}\r\n\r\n".encode()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    late = decoder.feed(begun) + decoder.feed(
        (form % json.dumps(ERROR, indent=1 if "data" not in form else None)).encode()
    )
    late += decoder.end()

    assert [Failed, "server.overloaded"] == [type(late[-1]), late[-1].error.kind]
    assert [Failed] == [type(event) for event in events_of(ERROR, form=form)]


def test_a_blocked_prompt_is_declined():
    """It is no answer, and not a stream cut short either."""
    found = events_of({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m"})

    assert ("request.policy", "SAFETY") == (found[-1].error.kind, found[-1].error.code)


def test_what_breaks_off_in_the_middle_of_a_record_is_truncated():
    """Its half is nothing."""
    whole = f"data: {json.dumps(record(text('A')))}\r\n\r\n".encode()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    found = decoder.feed(whole + whole[:40]) + decoder.end()

    assert ("A", "stream.truncated") == (fold(found).text, found[-1].error.kind)


def test_a_last_record_without_its_blank_line_counts():
    """Some servers forget it."""
    stream = f"data: {json.dumps(record(text('A'), finishReason='STOP'))}".encode()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    assert isinstance((decoder.feed(stream) + decoder.end())[-1], Finished)


def test_one_array_is_a_stream_too():
    """It is what comes where events are not asked for."""
    body = json.dumps(
        [record(text("A")), record({"functionCall": {"name": "f"}}, finishReason="STOP")], indent=1
    )

    found = events_of(json.loads(body), form="%s")

    assert (Text("A"), ToolCall("gc_r_0", "f")) == fold(found).parts


def test_half_a_call_is_none_where_the_limit_cut_it():
    """The answer ends at its length; anywhere else half a call is a stream cut short."""
    half = {"functionCall": {"name": "f", "willContinue": True}}

    cut, broken = (events_of(record(half), record(finishReason=why))[-1] for why in ("MAX_TOKENS", "STOP"))

    assert Finish("length", "MAX_TOKENS") == cut.finish
    assert "stream.truncated" == broken.error.kind


def test_a_prompt_that_is_blocked_late_is_blocked():
    """It is not a stream that broke off."""
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}}

    last = events_of(record(text("a")), blocked)[-1]

    assert ("request.policy", "SAFETY") == (last.error.kind, last.error.code)


def test_an_index_that_is_null_is_not_told():
    """The only candidate need not say which it is."""
    assert "a" == fold(events_of(record(text("a"), index=None, finishReason="STOP"))).text


def test_figures_may_be_texts():
    """Whole numbers of 64 bits are written so by rule."""
    figures = {"promptTokenCount": "3", "candidatesTokenCount": "2", "cachedContentTokenCount": "1"}

    usage = fold(events_of(record(text("a"), finishReason="STOP", usage=figures))).usage

    assert (2, 1, 2) == (usage.input, usage.cache_read, usage.output)
