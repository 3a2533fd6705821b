"""The forms in which dialects say the same thing: what is rendered, and that it is read as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import BadConfig, Unsupported
from jackfield.events import Finished, fold, unfold
from jackfield.types import (
    Audio,
    CachePoint,
    Completion,
    Document,
    Finish,
    Message,
    Opaque,
    Reasoning,
    Request,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Dialect, WireDecoder, wire_named
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.chat_completions.forms import short_id

HI = Message("user", "hi")


def wire(**given):
    return ChatCompletions(Dialect("acme", settings=given))


def body(*messages, options=None, **given):
    request = Request("m", messages or (HI,), options=options or {})
    return json.loads(wire(**given).render_completion(request, stream=False).body)


def item(part, **given):
    return body(Message("user", (Text("see"), part)), **given)["messages"][0]["content"][-1]


# -- efforts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "effort", "expected"),
    [
        ("effort", "low", {"reasoning_effort": "low"}),
        ("effort", 0, {"reasoning_effort": "none"}),
        ("effort_or_tokens", 99, {"reasoning_effort": 99}),
        ("effort_or_tokens", 0, {"reasoning_effort": "none"}),
        ("thinking", "low", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("thinking", "none", {"thinking": {"type": "disabled"}}),
        ("thinking", 0, {"thinking": {"type": "disabled"}}),
        ("switch", "low", {"reasoning": {"enabled": True}, "reasoning_effort": "low"}),
        ("switch", "none", {"reasoning": {"enabled": False}}),
        ("object", "low", {"reasoning": {"effort": "low"}}),
        ("object", 99, {"reasoning": {"max_tokens": 99}}),
        ("object", 0, {"reasoning": {"effort": "none"}}),
    ],
)
def test_an_effort_has_the_form_of_the_dialect(form, effort, expected):
    """Words, numbers, switches."""
    found = body(options={"reasoning": effort}, reasoning=form)

    assert expected == {name: value for name, value in found.items() if name not in ("model", "messages")}


@pytest.mark.parametrize("form", ["effort", "thinking", "switch"])
def test_a_number_of_tokens_needs_a_form_that_has_it(form):
    """It is refused before anything is sent."""
    with pytest.raises(Unsupported, match="number of reasoning tokens"):
        body(options={"reasoning": 99}, reasoning=form)


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("thinking", {"thinking": {"type": "enabled", "budget_tokens": 9}}),
        ("thinking", {"thinking": {"type": "enabled"}}),
        ("switch", {"reasoning": {"enabled": True}}),
        ("object", {"reasoning": {"effort": "low", "exclude": True}}),
        ("object", {"reasoning": {"enabled": True}}),
        ("effort", {"thinking": {"type": "disabled"}}),
    ],
)
def test_what_a_form_does_not_know_stays_as_it_is(form, given):
    """It goes on as a field of the provider's own."""
    codec = wire(reasoning=form)
    call = codec.render_completion(Request("m", (HI,), extra=given), stream=False)

    assert given == codec.read_completion(call)[0].extra


# -- documents and sound ---------------------------------------------------------------------------

AT = Document("application/pdf", url="https://h.example/a.pdf")
BYTES = Document("application/pdf", data=b"%PDF", name="a.pdf")
KEPT = Document("application/pdf", file_id="f1")
DATA = "data:application/pdf;base64,JVBERg=="


@pytest.mark.parametrize(
    ("form", "part", "expected"),
    [
        ("file", BYTES, {"type": "file", "file": {"filename": "a.pdf", "file_data": DATA}}),
        ("file_data", AT, {"type": "file", "file": {"filename": "document.pdf", "file_data": AT.url}}),
        ("file_data", KEPT, {"type": "file", "file": {"file_id": "f1"}}),
        ("document_url", AT, {"type": "document_url", "document_url": AT.url}),
        ("document_url", BYTES, {"type": "document_url", "document_url": DATA, "document_name": "a.pdf"}),
        ("document_url", KEPT, {"type": "file", "file_id": "f1"}),
        ("file_url", AT, {"type": "file_url", "file_url": {"url": AT.url}}),
        ("file_url", BYTES, {"type": "file_url", "file_url": {"url": "JVBERg=="}}),
    ],
)
def test_a_document_has_the_form_of_the_dialect(form, part, expected):
    """By bytes, by address, by id."""
    assert expected == item(part, documents=form)


@pytest.mark.parametrize(("form", "part"), [("file", AT), ("file_url", KEPT)])
def test_a_document_the_form_cannot_carry_is_refused(form, part):
    """With what to do instead."""
    with pytest.raises(Unsupported, match="a document by"):
        item(part, documents=form)


@pytest.mark.parametrize("form", ["file", "file_data", "document_url", "file_url"])
def test_wishes_about_documents(form):
    """What one is stands before it; citations cannot be asked for."""
    told = body(Message("user", (Document("application/pdf", data=b"x", context="a bill"),)), documents=form)

    assert {"type": "text", "text": "a bill"} == told["messages"][0]["content"][0]
    with pytest.raises(Unsupported, match="citations"):
        item(Document("application/pdf", data=b"x", citations=True), documents=form)


def test_sound_may_be_bare():
    """Base64 or an address; its kind is told by its first bytes when it is read."""
    sound = Audio("audio/mpeg", data=b"ID3x")
    codec = wire(audio="plain")
    request = Request("m", (Message("user", (sound, Audio("audio/mpeg", url="https://h.example/a.mp3"))),))

    found, _ = codec.read_completion(codec.render_completion(request, stream=False))

    assert {"type": "input_audio", "input_audio": "SUQzeA=="} == item(sound, audio="plain")
    assert request == found
    with pytest.raises(Unsupported, match="file id"):
        item(Audio("audio/mpeg", file_id="f"), audio="plain")


# -- turns -----------------------------------------------------------------------------------------


def test_cache_points_are_left_out_unless_they_are_said():
    """A point before everything marks nothing."""
    turn = Message("user", (CachePoint(), Text("a"), CachePoint("1h"), Text("b"), CachePoint()))

    plain, marked = (
        body(turn, cache_points=form)["messages"][0]["content"] for form in ("omit", "cache_control")
    )

    assert [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}] == plain
    assert [{"type": "ephemeral", "ttl": "1h"}, {"type": "ephemeral"}] == [
        item["cache_control"] for item in marked
    ]


def test_cache_points_alone_are_no_turn():
    """Neither behind the results of tools."""
    turn = Message("tool", (ToolResult("call_1", "ok"), CachePoint()))

    assert ["tool"] == [turn["role"] for turn in body(turn, cache_points="cache_control")["messages"]]


def test_the_beginning_of_an_answer_is_marked():
    """Only where the last turn is the model's."""
    begun = body(HI, Message("assistant", "Once"), prefill="prefix")["messages"]

    assert [None, True] == [turn.get("prefix") for turn in begun]
    assert "prefix" not in body(HI, prefill="prefix")["messages"][0]


@pytest.mark.parametrize("name", ["chat_completions", "messages"])
def test_a_wire_says_whether_an_answer_may_be_begun(name):
    """Where the dialect states it; others are not asked to go on with one."""
    stated = {"prefill": "prefix" if name == "chat_completions" else True}
    wires = [wire_named(name)(Dialect(settings=settings)) for settings in ({}, stated)]

    assert [False, True] == [wire.prefills for wire in wires]


@pytest.mark.parametrize(
    ("names", "expected"), [("all", ["s", "u", "a"]), ("user", [None, "u", None]), ("none", [None] * 3)]
)
def test_names_are_said_where_they_may_be(names, expected):
    """Some providers refuse them."""
    turns = [Message(role, "x", name=role[0]) for role in ("system", "user", "assistant")]

    assert expected == [turn.get("name") for turn in body(*turns, names=names)["messages"]]


def test_reasoning_that_must_be_there_is():
    """In turns of calls alone."""
    turns = [Message("assistant", "a"), Message("assistant", ToolCall("call_1", "f"))]

    found = body(*turns, reasoning_replay="reasoning_content", reasoning_stand_in=" ")["messages"]

    assert [None, " "] == [turn.get("reasoning_content") for turn in found]


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(1, 12))
def test_ids_of_calls_fit(identity, length):
    """Whatever they were, and always in the same way."""
    found = short_id(identity, length)

    assert (length, True, True) == (len(found), found.isascii(), found.isalnum())
    assert found == short_id(found, length) == short_id(identity, length)


@pytest.mark.parametrize(
    "given",
    [
        {"reasoning": "loud"},
        {"documents": "paper"},
        {"audio": "x"},
        {"cache_points": True},
        {"names": "some"},
        {"call_id_length": "9"},
    ],
)
def test_a_form_nobody_knows_is_a_mistake(given):
    """It is told when the model is bound."""
    with pytest.raises(BadConfig, match=next(iter(given))):
        wire(**given)


# -- both ways -------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
points = st.builds(CachePoint, st.none() | st.sampled_from(["5m", "1h"]))
documents = st.one_of(
    st.builds(Document, st.just("application/pdf"), st.binary(min_size=1, max_size=8), name=words),
    st.builds(Document, st.just("application/pdf"), url=st.just("https://h.example/a.pdf"), name=words),
    st.builds(Document, st.just("application/pdf"), file_id=st.just("f1")),
)
texts = st.builds(Text, words)
users = st.builds(
    lambda pairs: Message("user", tuple(part for pair in pairs for part in pair if part is not None)),
    st.lists(st.tuples(texts | documents, st.none() | points), min_size=2, max_size=3),
)
DETAILS = [{"type": "reasoning.encrypted", "data": "x"}]
THOUGHT = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]
detailed = Reasoning("", Opaque("acme", "chat_completions", {"reasoning_details": DETAILS}))
thought = Reasoning("hm", Opaque("acme", "chat_completions", {"content": THOUGHT}))
efforts = st.fixed_dictionaries({}, optional={"reasoning": st.sampled_from(["none", "low", "high"])})


def model_turn(reasoning):
    return st.builds(
        lambda text, name: Message("assistant", (reasoning, text, ToolCall("abcdefgh9", name, "{}"))),
        texts,
        st.sampled_from(["f", "g"]),
    )


def requests(reasoning):
    last = Message("tool", (ToolResult("abcdefgh9", "ok"),))
    return st.builds(
        lambda user, turn, options: Request("m", (user, turn, last), options=options),
        users,
        model_turn(reasoning),
        efforts,
    )


@settings(max_examples=60, deadline=None)
@given(requests(thought), st.sampled_from(["thinking", "switch", "object", "effort_or_tokens"]))
def test_a_dialect_with_thoughts_in_the_content_is_read_as_it_was(request, form):
    """Documents by address, short ids, marks of cache points."""
    codec = wire(
        reasoning=form,
        reasoning_replay="content",
        documents="document_url",
        cache_points="cache_control",
        call_id_length=9,
    )

    assert (request, True) == codec.read_completion(codec.render_completion(request, stream=True))


@settings(max_examples=60, deadline=None)
@given(requests(detailed), st.sampled_from(["thinking", "switch", "object", "effort_or_tokens"]))
def test_a_dialect_with_details_of_reasoning_is_read_as_it_was(request, form):
    """Which stay verbatim."""
    codec = wire(
        reasoning=form,
        reasoning_replay="reasoning_details",
        documents="document_url",
        cache_points="cache_control",
    )

    assert (request, False) == codec.read_completion(codec.render_completion(request, stream=False))


def test_calls_may_be_written_whole():
    """One delta each, for clients that do not join several; they are read as they were."""
    calls = (ToolCall("a", "f", '{"x": 1}'), ToolCall("b", "g", "{}"))
    completion = Completion(
        (Text("hm"), *calls), Finish("tool_calls", "tool_calls"), Usage(1, output=2), "m", id="i"
    )
    codec = wire(whole_calls=True)
    writer = codec.stream_writer("m")

    events = [event for event in unfold(completion) if not isinstance(event, Finished)]
    written = b"".join(map(writer.write, events))
    written += writer.write(Finished(completion.finish, completion.usage)) + writer.end()
    decoder = WireDecoder(codec.framing(), codec.stream_parser())

    assert 2 == written.count(b'"tool_calls":[')
    assert completion.parts == fold(decoder.feed(written)).parts


def test_the_oldest_word_for_a_demand_is_understood():
    """And the other name of a seed."""
    codec = wire()
    call = codec.render_completion(
        Request("m", (HI,), extra={"tool_choice": "any", "random_seed": 7}), stream=False
    )

    request, _ = codec.read_completion(call)

    assert ("required", {"seed": 7}) == (request.tool_choice, request.options)


SIGNED = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True, "signature": "s"}
]
bare = st.builds(Reasoning, words)
kept = st.just(Reasoning("hm", Opaque("acme", "chat_completions", {"content": SIGNED})))
thinking = st.builds(
    lambda thought, text, call: Completion(
        (thought, text, *call),
        Finish("tool_calls" if call else "stop", "tool_calls" if call else "stop"),
        Usage(1, output=2),
        "m",
        "acme",
        "i",
    ),
    bare | kept,
    texts,
    st.lists(st.just(ToolCall("abcdefgh9", "f", "{}")), max_size=1),
)


def own(completion):
    """The completion as it is when it comes from the provider: its thoughts are items."""
    first, *rest = completion.parts
    items = [{"type": "thinking", "thinking": [{"type": "text", "text": first.text}]}]
    found = (
        first
        if first.opaque
        else Reasoning(first.text, Opaque("acme", "chat_completions", {"content": items}))
    )
    return (found, *rest)


@settings(max_examples=60, deadline=None)
@given(thinking)
def test_thoughts_are_written_into_the_content(completion):
    """Whole and streamed, with all that hangs on them."""
    codec = wire(reasoning_replay="content", whole_calls=True)
    events, _ = codec.parse_completion(codec.write_completion(completion))
    writer, decoder = codec.stream_writer("m"), WireDecoder(codec.framing(), codec.stream_parser())

    streamed = decoder.feed(b"".join(map(writer.write, unfold(completion))) + writer.end())

    for found in (fold(events), fold(streamed)):
        assert own(completion) == found.parts
        assert (completion.finish, 3) == (found.finish, found.usage.total_input + found.usage.total_output)
