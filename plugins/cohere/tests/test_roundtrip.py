"""Each half of the wire read by the other, and what stumbles: whatever it can carry comes out as it went in."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jackfield_cohere.citations import citation_of
from jackfield_cohere.wire import CohereWire

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, Malformed, Unsupported
from jackfield.events import Failed, Finished, fold, unfold
from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    Citation,
    Completion,
    Document,
    EmbedRequest,
    Finish,
    Image,
    Message,
    ModelsRequest,
    Opaque,
    Other,
    Output,
    Reasoning,
    Request,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
    TranscriptionRequest,
    Usage,
)
from jackfield.wire import Call, Dialect, Reply, WireDecoder

WIRE = CohereWire(Dialect(provider="cohere"))
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
objects = st.dictionaries(names, st.none() | st.booleans() | st.integers(-9, 9) | words, max_size=3)
schemas = objects.map(lambda fields: {"type": "object", "properties": {}, **fields})


def sealed(data):
    return Opaque("cohere", "cohere", data)


texts = st.builds(Text, words)
images = st.builds(
    Image, st.just("image/png"), data=st.binary(min_size=1, max_size=8), detail=st.none() | names
)
documents = st.builds(
    lambda text, name, context: Document(
        "text/plain", text.encode(), name=name, context=context, citations=True
    ),
    words,
    st.none() | words,
    st.none() | words,
)
others = st.builds(
    lambda fields: Other("novelty", sealed({"type": "novelty", **fields})), st.dictionaries(names, words)
)
plans = st.builds(lambda text: Reasoning(text, sealed({"type": "tool_plan"})), words)
thoughts = st.builds(lambda text: Reasoning(text, sealed({"type": "thinking"})), words)
calls = st.builds(
    lambda i, name, args: ToolCall(i, name, dump_text(args) if args else "{}"), names, names, objects
)
citations = st.builds(
    lambda text, start, names: citation_of(
        {
            "start": start,
            "end": start + len(text),
            "text": text,
            "sources": [{"type": "document", "id": name, "document": {"title": name}} for name in names],
            "type": "TEXT_CONTENT",
        }
    ),
    words,
    st.integers(0, 9),
    st.lists(names, max_size=2),
)
cited = st.builds(Text, words, st.lists(citations, max_size=2).map(tuple))


@st.composite
def answers(draw):
    """The parts of an answer in the order the format has: a plan, thoughts, one text, calls."""
    plan = draw(st.lists(plans, max_size=1))
    content = [*draw(st.lists(thoughts, max_size=1)), *draw(st.lists(cited, max_size=1))]
    found = (*plan, *content, *draw(st.lists(calls, max_size=2)))
    return found or (Text("x"),)


results = st.builds(
    ToolResult, names, st.lists(texts | documents | others, min_size=1, max_size=2).map(tuple)
)
asking = st.builds(
    Message, st.just("user"), st.lists(texts | images | others, min_size=1, max_size=3).map(tuple)
)
answering = st.builds(Message, st.just("assistant"), answers())
told = st.builds(lambda result: Message("tool", (result,)), results)
tools = st.lists(st.builds(Tool, names, words | st.just(""), schemas), max_size=2).map(tuple)
options = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(1, 9999),
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(0, 99),
        "stop": st.lists(words, min_size=1, max_size=2).map(tuple),
        "seed": st.integers(0, 99),
        "logprobs": st.booleans(),
        "reasoning": st.sampled_from(["none", "high", 512]),
    },
)


@st.composite
def requests(draw):
    """Requests as the format can carry them: documents stand before what the user says last."""
    first = draw(st.lists(st.builds(lambda text: Message("system", (text,)), texts), max_size=1))
    between = draw(st.lists(asking | answering | told, max_size=3))
    last = draw(asking)
    last = Message("user", (*draw(st.lists(documents, max_size=2)), *last.parts))
    offered = draw(tools)
    choice = draw(st.sampled_from([None, "none", "required"])) if offered else None
    output = draw(st.none() | st.builds(Output, st.none() | schemas))
    extra = draw(st.dictionaries(st.sampled_from(["safety_mode", "priority"]), words))
    return Request("m", (*first, *between, last), offered, choice, output, draw(options), extra)


@QUICK
@given(requests(), st.booleans())
def test_a_rendered_request_reads_back(request, stream):
    """``read(render(request)) == request``."""
    assert (request, stream) == WIRE.read_completion(WIRE.render_completion(request, stream))


figures = st.builds(
    lambda fresh, cached, out, thought: Usage(fresh, cached, output=out, reasoning=thought),
    *[st.integers(0, 999)] * 4,
)
finishes = st.sampled_from(
    [Finish("stop", "COMPLETE"), Finish("length", "MAX_TOKENS"), Finish("stop", "STOP_SEQUENCE")]
)
logprobs = st.lists(st.builds(TokenLogprob, words, st.floats(-9, 0)), max_size=2).map(tuple)
completions = st.builds(
    lambda parts, finish, usage, tokens: Completion(parts, finish, usage, id="a1", logprobs=tokens),
    answers(),
    finishes,
    figures,
    logprobs,
)


def facts(completion):
    used = completion.usage
    buckets = (used.input, used.cache_read, used.output, used.reasoning)
    parts = tuple(map(placeless, completion.parts))
    return parts, completion.finish, buckets, completion.id, completion.logprobs


def placeless(part):
    """A part whose citations do not say in which piece of content they are: our server does."""
    if not isinstance(part, Text):
        return part
    raws = ({n: v for n, v in c.raw.items() if n != "content_index"} for c in part.citations)
    return Text(part.text, tuple(map(citation_of, raws)))


def decoded(*chunks):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


@QUICK
@given(completions)
def test_a_written_completion_parses_back(completion):
    """``parse(write(completion)) == completion``."""
    assert facts(completion) == facts(fold(WIRE.parse_completion(WIRE.write_completion(completion))[0]))


@QUICK
@given(completions)
def test_a_written_stream_parses_back(completion):
    """So do events, and they fold to the same completion."""
    writer = WIRE.stream_writer("m")

    again = decoded(b"".join(map(writer.write, unfold(completion))) + writer.end())

    assert isinstance(again[-1], Finished)
    assert facts(completion) == facts(fold(again))


@QUICK
@given(st.binary(max_size=80) | st.builds(lambda v: json.dumps(v).encode(), objects))
def test_what_is_no_request_is_refused(body):
    """With words, whatever it is."""
    with suppress(InvalidRequest):
        WIRE.read_completion(Call("POST", ("v2", "chat"), body))


@QUICK
@given(
    st.binary(max_size=80),
    st.sampled_from(["message-start", "content-delta", "tool-call-start", "message-end"]),
)
def test_a_stream_of_anything_ends(data, kind):
    """In a finish or a failure."""
    record = b'data: {"type":"%b","delta":%b}\n\n' % (kind.encode(), data)

    assert isinstance(decoded(record)[-1], Finished | Failed)


# -- streams out of the ordinary -------------------------------------------------------------------


def stream(*records):
    return decoded(b"".join(b"data: %b\n\n" % json.dumps(record).encode() for record in records))


def delta(kind, index, message):
    return {"type": kind, "index": index, "delta": {"message": message}}


END = {
    "type": "message-end",
    "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 1.0}}},
}
TEXT = delta("content-start", 0, {"content": {"type": "text", "text": ""}})
RAW = {"start": 0, "end": 1, "text": "a", "sources": []}


def test_a_citation_after_its_text_still_belongs_to_it():
    """By its index, or to the latest text."""
    ended = {"type": "content-end", "index": 0}
    events = stream(
        TEXT,
        delta("content-delta", 0, {"content": {"text": "ab"}}),
        ended,
        delta("citation-start", 0, {"citations": RAW}),
        END,
    )

    assert ["a"] == [citation.quote for citation in fold(events).citations]


def test_a_citation_of_a_plan_is_no_citation_of_the_text():
    """It stays in what the provider sent."""
    assert (
        ()
        == fold(
            stream(TEXT, delta("citation-start", 0, {"citations": {**RAW, "type": "PLAN"}}), END)
        ).citations
    )


def test_content_that_never_began_begins_with_its_first_piece():
    """As text or thinking."""
    pieces = (
        delta("content-delta", 0, {"content": {"thinking": "hm"}}),
        delta("content-delta", 1, {"content": {"text": "a"}}),
    )

    assert ("hm", "a") == (fold(stream(*pieces, END)).reasoning, fold(stream(*pieces, END)).text)


def test_an_error_where_an_event_should_be_is_a_failure():
    """Some front ends send their own body."""
    (event,) = stream({"id": "x", "message": "internal server error"})

    assert ("server", "internal server error") == (event.error.kind, event.error.message)


def test_events_to_come_are_passed_over():
    """And so is debugging."""
    assert ["stop"] == [
        e.finish.reason for e in stream({"type": "debug", "prompt": "x"}, {"type": "novelty"}, END)
    ]


def test_an_error_without_words_is_one():
    """The finish reason says so."""
    end = {"type": "message-end", "delta": {"finish_reason": "ERROR", "usage": {}}}

    assert Finish("error", "ERROR") == stream(end)[-1].finish


# -- beside chat -----------------------------------------------------------------------------------


def answer(**body):
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


def test_many_texts_are_asked_in_several_calls():
    """96 at a time; the figures are added up."""
    steps = WIRE.operations()["embed"].ask(EmbedRequest("e", tuple(map(str, range(100)))))
    first = next(steps)
    billed = {"meta": {"billed_units": {"input_tokens": 5.0}}}
    second = steps.send(answer(embeddings={"float": [[float(n)] for n in range(96)]}, **billed))
    with pytest.raises(StopIteration) as done:
        steps.send(answer(embeddings={"float": [[float(n)] for n in range(96, 100)]}, **billed))

    found = done.value.value
    assert (96, 4) == tuple(len(json.loads(call.body)["texts"]) for call in (first, second))
    assert tuple((float(n),) for n in range(100)) == found.vectors
    assert (10, {"billed_units": {"input_tokens": 10}}) == (found.usage.input, found.usage.raw)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, "search_document"),
        ("query", "search_query"),
        ("document", "search_document"),
        ("clustering", "clustering"),
    ],
)
def test_vectors_are_for_something(given, sent):
    """The format demands to know what; documents, if nobody says."""
    call = WIRE.operations()["embed"].render(
        EmbedRequest("e", ("a",), {"input_type": given} if given else {})
    )

    assert sent == json.loads(call.body)["input_type"]


@pytest.mark.parametrize("found", [{"int8": [[1, 2]]}, {"base64": ["AACAPwAAAEA="]}, [[1.0, 2.0]]])
def test_vectors_come_in_several_forms(found):
    """All as numbers."""
    assert ((1.0, 2.0),) == WIRE.operations()["embed"].parse(answer(embeddings=found)).vectors


@pytest.mark.parametrize("found", [None, {}, [["x"]], {"base64": ["!"]}])
def test_what_are_no_vectors_cannot_be_read(found):
    """Whatever they are."""
    with pytest.raises(Malformed):
        WIRE.operations()["embed"].parse(answer(embeddings=found))


def test_models_come_in_pages():
    """Until there is no next one."""
    steps = WIRE.operations()["models"].ask(ModelsRequest())
    first = next(steps)
    second = steps.send(answer(models=[{"name": "a", "context_length": 9.0}], next_page_token="t"))
    with pytest.raises(StopIteration) as done:
        steps.send(answer(models=[{"name": "b"}]))

    assert ("page_size=1000", "page_size=1000&page_token=t") == tuple(
        c.url.split("?")[1] for c in (first, second)
    )
    assert [("a", 9), ("b", None)] == [(model.id, model.context) for model in done.value.value.models]


def test_tokens_of_texts_are_counted():
    """One text after the other."""
    steps = WIRE.operations()["count_tokens"].ask(
        Request("m", (Message("system", "a b"), Message("user", "c")))
    )
    calls = [next(steps), steps.send(answer(tokens=[1, 2]))]
    with pytest.raises(StopIteration) as done:
        steps.send(answer(tokens=[3]))

    assert ["a b", "c"] == [json.loads(call.body)["text"] for call in calls]
    assert 3 == done.value.value.tokens


@pytest.mark.parametrize(
    "request_",
    [
        Request("m", (Message("user", Image("image/png", data=b"1")),)),
        Request("m", (Message("user", "x"),), (Tool("t"),)),
        Request("m", (Message("user", "x" * 70000),)),
    ],
)
def test_what_cannot_be_counted_is_refused(request_):
    """Rather than counted wrongly."""
    with pytest.raises(Unsupported):
        next(WIRE.operations()["count_tokens"].ask(request_))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, InvalidRequest),
        ({"language": "en", "timestamps": "word"}, Unsupported),
        ({"language": "en", "translate": True}, Unsupported),
    ],
)
def test_a_transcript_is_asked_for_as_the_format_can(options, error):
    """With the language, and nothing but the text."""
    with pytest.raises(error, match="nothing was sent"):
        WIRE.operations()["transcribe"].render(
            TranscriptionRequest("t", Audio("audio/wav", data=b"1"), options)
        )


# -- what else the halves agree on -----------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [Audio("audio/wav", data=b"1"), Image("image/png", file_id="f"), Document("text/plain", data=b"\xff")],
)
def test_what_the_format_cannot_say_is_refused(part):
    """Before a byte is sent."""
    with pytest.raises(JackfieldError, match="nothing was sent"):
        WIRE.render_completion(Request("m", (Message("user", part),)), stream=False)


def test_what_others_sealed_stays_here():
    """Their thoughts, and citations of other forms."""
    foreign = Reasoning("hm", Opaque("acme", "messages", {"signature": "s"}))
    turn = Message("assistant", (foreign, Text("a", (Citation("char", raw={"type": "char_location"}),))))

    _, sent = json.loads(
        WIRE.render_completion(Request("m", (Message("user", "x"), turn)), stream=False).body
    )["messages"]

    assert {"role": "assistant", "content": "a"} == sent


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("request.context", 400, "TOO_MANY_TOKENS"), ("auth", 502, None)]
)
def test_a_failure_keeps_its_code(kind, status, code):
    """That of the format for what it has one for."""
    reply = WIRE.write_error(ErrorInfo(kind, "no", retry_after=1.5, request_id="r1"))

    body = json.loads(reply.body)
    assert (status, code, "r1") == (reply.status, body.get("error_type"), body["id"])
    assert ("2", "1500") == (reply.headers["retry-after"], reply.headers["retry-after-ms"])


def test_the_package_loads_quickly():
    """Once the library is there."""
    code = "import jackfield.plugin, time; t = time.process_time(); import jackfield_cohere; print(time.process_time() - t)"

    seconds = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert float(seconds) < 0.2
