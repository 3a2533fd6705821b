"""Both halves of the wires against each other: what one writes, the other reads."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jackfield_bedrock.converse import Converse
from jackfield_bedrock.converse.stream import EVENTS
from jackfield_bedrock.converse.tables import FINISHES
from jackfield_bedrock.invoke import invoke_class
from jackfield_bedrock.invoke.chunks import write_chunk
from jackfield_bedrock.operations import operations_of

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError
from jackfield.events import Failed, Finished, Started, fold, unfold
from jackfield.framing.event_stream import write_event
from jackfield.types import (
    Audio,
    CachePoint,
    Citation,
    Completion,
    Document,
    EmbedRequest,
    Finish,
    HostedTool,
    Image,
    ImageRequest,
    Message,
    Opaque,
    Other,
    Output,
    Reasoning,
    Request,
    RerankRequest,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    Video,
)
from jackfield.wire import Call, Dialect, Headers, Reply, WireDecoder
from jackfield.wire.fence import fenced

HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-2-lite-v1:0"
DIALECT = Dialect(provider="bedrock", base="https://bedrock.test")
WIRE = Converse(DIALECT, HAIKU)


def sealed(**data: Any) -> Opaque:
    return Opaque("bedrock", "converse", data)


WORDS = st.text(min_size=1, max_size=20).filter(lambda text: "\x00" not in text and text.isprintable())
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,12}", fullmatch=True)
OBJECTS = st.dictionaries(NAMES, st.one_of(st.integers(-9, 9), WORDS, st.booleans()), max_size=3)
JSON = OBJECTS.map(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")))
SIGNATURES = st.from_regex(r"[A-Za-z0-9+/]{4,20}", fullmatch=True)

TEXTS = st.builds(Text, WORDS)
CITED = WORDS.map(
    lambda words: Text(
        words,
        (
            Citation(
                "char",
                title="facts",
                quote="quoted",
                document=0,
                start=1,
                end=2,
                raw=CITATION,
            ),
        ),
        sealed(citations=[CITATION]),
    )
)
CITATION = {
    "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}},
    "sourceContent": [{"text": "quoted"}],
    "title": "facts",
}
THOUGHT = st.one_of(
    st.builds(lambda text, sign: Reasoning(text, sealed(signature=sign)), WORDS, SIGNATURES),
    st.builds(lambda data: Reasoning("", sealed(redactedContent=data)), SIGNATURES),
)
CALLS = st.builds(ToolCall, NAMES, NAMES, JSON, st.booleans())
MEDIA = st.one_of(
    st.builds(lambda data: Image("image/png", data=data), st.binary(max_size=9)),
    st.builds(lambda data: Video("video/mp4", data=data), st.binary(max_size=9)),
    st.builds(lambda data: Audio("audio/wav", data=data), st.binary(max_size=9)),
    st.just(Image("image/webp", url="s3://bucket/a.webp", opaque=sealed(s3Location={"bucketOwner": "1"}))),
    st.builds(lambda data: Document("application/pdf", data=data, name="facts"), st.binary(max_size=9)),
    st.just(Document("text/plain", data=b"facts", name="facts", citations=True, context="what")),
)
RESULTS = st.builds(
    lambda name, parts, error: ToolResult(name, tuple(parts), error),
    NAMES,
    st.lists(st.one_of(TEXTS, st.just(Text('{"a":1}', opaque=sealed(json={"a": 1})))), max_size=2),
    st.booleans(),
)
OTHERS = st.just(Other("guardContent", sealed(guardContent={"text": {"text": "x", "qualifiers": ["query"]}})))


def unique(parts: list[Any]) -> tuple[Any, ...]:
    """Parts of which one at most is a document: names must differ, and ours do not."""
    seen = False
    kept = []
    for part in parts:
        if not (isinstance(part, Document) and seen):
            kept.append(part)
        seen = seen or isinstance(part, Document)
    return tuple(kept)


USER = st.lists(st.one_of(TEXTS, MEDIA, OTHERS, st.just(CachePoint("1h"))), min_size=1, max_size=3).map(
    unique
)
ASSISTANT = st.lists(st.one_of(TEXTS, CITED, THOUGHT, CALLS), min_size=1, max_size=3).map(tuple)
TOOLS = st.one_of(
    st.builds(
        Tool,
        NAMES,
        st.one_of(st.just(""), WORDS),
        st.just({"type": "object"}),
        strict=st.sampled_from([None, True]),
        cache=st.sampled_from([None, CachePoint(), CachePoint("5m")]),
    ),
    st.builds(HostedTool, NAMES),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(9000, 20000),
        "temperature": st.sampled_from([0, 0.5, 1]),
        "top_p": st.sampled_from([0.1, 1]),
        "top_k": st.integers(1, 50),
        "stop": st.lists(WORDS, min_size=1, max_size=2).map(tuple),
        "service_tier": st.sampled_from(["flex", "priority"]),
        "metadata": st.just({"team": "a"}),
        "reasoning": st.sampled_from([1024, 2048, "none"]),
    },
)


@st.composite
def requests(draw):
    system = draw(st.lists(TEXTS, max_size=2))
    turns = [Message("user", (Text("begin"), *draw(USER)))]
    if draw(st.booleans()):
        turns.append(Message("assistant", draw(ASSISTANT)))
        turns.append(Message("tool", tuple(draw(st.lists(RESULTS, min_size=1, max_size=2)))))
    tools = tuple(draw(st.lists(TOOLS, max_size=2)))
    choice = draw(st.sampled_from([None, "auto", "required", "weather"])) if tools else None
    output = draw(st.sampled_from([None, Output({"type": "object"}, "city", "of the answer")]))
    messages = (Message("system", tuple(system)),) if system else ()
    return Request(HAIKU, (*messages, *turns), tools, choice, output, draw(OPTIONS), {})


@given(requests(), st.booleans())
@settings(deadline=None)
def test_a_request_is_read_as_it_was_rendered(request_, stream):
    """Turns, tools, options, form of the answer, whether it streams."""
    assert (request_, stream) == WIRE.read_completion(WIRE.render_completion(request_, stream))


PARTS = st.lists(st.one_of(TEXTS, CITED, THOUGHT, CALLS), max_size=4).map(tuple)
FIGURES = st.builds(
    Usage,
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    output=st.integers(0, 9),
)


@st.composite
def completions(draw):
    parts = draw(PARTS)
    raw = draw(st.sampled_from(sorted(set(FINISHES) - {"tool_use", "guardrail_intervened"})))
    return Completion(parts, Finish(FINISHES[raw], raw), draw(FIGURES), HAIKU)


def plain(completion: Completion) -> Completion:
    """Without what the provider sent: the figures are the same, however they were said."""
    return attrs.evolve(completion, usage=attrs.evolve(completion.usage, raw={}), raw=None)


@given(completions())
@settings(deadline=None)
def test_an_answer_is_parsed_as_it_was_written(completion):
    """Whole, and as a stream of the same events."""
    whole = fold(WIRE.parse_completion(WIRE.write_completion(completion))[0])
    writer = WIRE.stream_writer()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    body = b"".join(map(writer.write, unfold(completion))) + writer.end()

    streamed = fold(decoder.feed(body) + decoder.end())

    assert completion == plain(whole)
    assert completion == plain(streamed)


# -- what streams alone have -----------------------------------------------------------------------


def decoded(codec, events):
    writer, decoder = codec.stream_writer(), WireDecoder(codec.framing(), codec.stream_parser())
    return decoder.feed(b"".join(map(writer.write, events)) + writer.end()) + decoder.end()


@pytest.mark.parametrize(
    "part",
    [
        Image("image/png", data=b"\x89PNG"),
        ToolResult(
            "call",
            (Text('{"a":1}', opaque=sealed(json={"a": 1})),),
            hosted=True,
            opaque=sealed(type="x_result"),
        ),
    ],
)
def test_what_comes_in_pieces_is_shown_whole(part):
    """A picture, or the answer of a tool that ran over there."""
    completion = Completion((part,), Finish("stop", "end_turn"), Usage(1, output=2), HAIKU)

    assert completion == plain(fold(decoded(WIRE, unfold(completion))))


@pytest.mark.parametrize("kind", ["throttle", "server", "request.context", "model.missing", "auth"])
def test_a_failure_keeps_its_kind(kind):
    """Whole, and inside a stream."""
    error = ErrorInfo(kind, "it is so")

    (*_, failed) = decoded(WIRE, [Started(), Failed(error)])
    assert (kind, True) == (failed.error.kind, "it is so" in failed.error.message)
    assert kind == WIRE.parse_error(WIRE.write_error(error)).kind


# -- the makers' own formats -----------------------------------------------------------------------

PROMPTED = [
    "meta.llama3-70b-instruct-v1:0",
    "amazon.titan-text-express-v1",
    "mistral.mixtral-8x7b-instruct-v0:1",
    "cohere.command-text-v14",
    "cohere.command-r-v1:0",
    "ai21.j2-mid-v1",
    "us.deepseek.r1-v1:0",
]
INVOKED = [*PROMPTED, HAIKU, NOVA, "openai.gpt-oss-120b-1:0"]


@pytest.mark.parametrize("model", INVOKED)
@pytest.mark.parametrize("reason", ["stop", "length"])
def test_answers_of_invoked_models_are_parsed_as_written(model, reason):
    """Text, why it stopped, figures; whole and streamed."""
    codec = invoke_class(model)(DIALECT, model)
    completion = Completion((Text("Aare, Limmat."),), Finish(reason), Usage(7, output=3), model)

    whole = fold(codec.parse_completion(codec.write_completion(completion))[0])
    events = decoded(codec, unfold(completion))

    assert isinstance(events[-1], Finished)
    for found in (whole, fold(events)):
        assert (completion.text, reason) == (found.text, found.finish.reason)
        assert (7, 3) == (found.usage.total_input, found.usage.total_output)


@pytest.mark.parametrize("model", INVOKED)
@pytest.mark.parametrize("stream", [True, False])
def test_requests_of_invoked_models_are_rendered_as_read(model, stream):
    """Their bodies, to the letter."""
    codec = invoke_class(model)(DIALECT, model)
    turns = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    request = Request(model, turns, options={"max_tokens": 9, "temperature": 0.5})

    call = codec.render_completion(request, stream)
    read, streamed = codec.read_completion(call)

    assert (model, stream) == (read.model, streamed)
    again = codec.render_completion(read, stream)
    if model not in ("us.deepseek.r1-v1:0", "amazon.titan-text-express-v1", *PROMPTED):
        assert turns == read.messages
    assert json.loads(call.body) == json.loads(again.body)


# -- operations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model", "asked"),
    [
        (
            "embed",
            "cohere.embed-v4:0",
            EmbedRequest("cohere.embed-v4:0", ("a", "b"), {"dimensions": 256, "input_type": "search_query"}),
        ),
        (
            "embed",
            "amazon.titan-embed-text-v2:0",
            EmbedRequest("amazon.titan-embed-text-v2:0", ("a",), {"dimensions": 256}),
        ),
        (
            "rerank",
            "cohere.rerank-v3-5:0",
            RerankRequest("cohere.rerank-v3-5:0", "q", ("a", "b"), {"top_n": 1}),
        ),
        (
            "image",
            "amazon.nova-canvas-v1:0",
            ImageRequest(
                "amazon.nova-canvas-v1:0", "a river", (), None, {"n": 2, "size": "512x256", "seed": 3}
            ),
        ),
        (
            "image",
            "stability.sd3-5-large-v1:0",
            ImageRequest(
                "stability.sd3-5-large-v1:0", "a river", (), None, {"aspect_ratio": "1:1", "seed": 3}
            ),
        ),
        ("count_tokens", HAIKU, Request(HAIKU, (Message("user", "hi"),))),
    ],
)
def test_operations_are_read_as_they_were_rendered(name, model, asked):
    """What is asked for, and how."""
    (verbs,) = operations_of(DIALECT, model)[name].exchanges

    assert asked == verbs.read(verbs.render(asked))


def test_words_of_one_maker_are_read_as_usual_ones():
    """It says `stop_reason`, and `message` in streams too."""
    codec = invoke_class("mistral.mistral-large-2407-v1:0")(DIALECT, "m")
    choice = {"index": 0, "message": {"role": "assistant", "content": "Aare"}, "stop_reason": "stop"}
    decoder = WireDecoder(codec.framing(), codec.stream_parser())
    pieces = [{**choice, "stop_reason": None}, {**choice, "message": {"content": ", Inn"}}]

    whole = fold(codec.parse_completion(Reply(200, Headers(), json.dumps({"choices": [choice]}).encode()))[0])
    body = b"".join(write_chunk({"choices": [piece]}) for piece in pieces)
    streamed = fold(decoder.feed(body) + decoder.end())

    assert ("Aare", "stop") == (whole.text, whole.finish.reason)
    assert ("Aare, Inn", "stop") == (streamed.text, streamed.finish.reason)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"text": "Aare", "finish_reason": "length"}]},
        {"choices": [{"message": {"content": "Aare"}, "finish_reason": "length"}]},
        {"generation": "Aare", "stop_reason": "length"},
    ],
)
def test_the_format_of_a_users_own_model_is_read_from_its_answer(body):
    """Its ARN does not tell."""
    codec = invoke_class("arn:aws:bedrock:us-east-1:1:imported-model/x")(DIALECT, "arn:x")

    answer = fold(codec.parse_completion(Reply(200, Headers(), json.dumps(body).encode()))[0])

    assert ("Aare", "length") == (answer.text, answer.finish.reason)


@pytest.mark.parametrize("model", [None, *INVOKED])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1", b'{"prompt":1}', b'{"message":"a","chat_history":[1]}']
)
def test_what_is_no_request_is_refused_in_words(model, body):
    """Whatever a client sends, a server stays up."""
    codec = WIRE if model is None else invoke_class(model)(DIALECT, model)
    call = Call(
        "POST", codec.path(model or HAIKU, False) if model is None else ("model", model, "invoke"), body
    )

    with pytest.raises(InvalidRequest):
        codec.read_completion(call)


SCRAMBLED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["output", "message", "content", "text", "toolUse", "toolUseId", "name", "input", "usage",
                 "reasoningContent", "citationsContent", "citations", "location", "start", "delta", "stopReason",
                 "contentBlockIndex", "image", "source", "bytes", "toolResult", "choices", "generation", "citation"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@given(SCRAMBLED, st.sampled_from([None, *INVOKED]))
@settings(deadline=None)
def test_nothing_but_our_errors_escapes_from_answers(value, model):
    """Whatever a provider sends, callers see one of our errors."""
    codec = WIRE if model is None else invoke_class(model)(DIALECT, model)
    reply = Reply(200, Headers({"content-type": "application/json"}), json.dumps(value).encode())

    with suppress(JackfieldError):
        fold(fenced(codec.parse_completion, reply)[0])
    codec.parse_error(reply)


@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), SCRAMBLED), max_size=5))
@settings(deadline=None)
def test_a_scrambled_stream_ends_as_any_other(events):
    """With one last event, whatever came before."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    body = b"".join(write_event(name, json.dumps(value).encode()) for name, value in events)

    found = decoder.feed(body) + decoder.end()

    assert isinstance(found[-1], Finished | Failed)
    fold(found)
