"""Each half tests the other: what one writes, the other reads back unchanged."""

from __future__ import annotations

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.events import (
    ArgumentsDelta,
    Finished,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    fold,
)
from jackfield.types import (
    Audio,
    Choice,
    Completion,
    Document,
    Embeddings,
    EmbedRequest,
    Finish,
    Image,
    Message,
    Output,
    Reasoning,
    Refusal,
    Request,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    Video,
)
from jackfield.wire import Dialect, WireDecoder
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operations.embed import Embed

WIRE = ChatCompletions(Dialect("acme", settings={"reasoning_replay": "reasoning_content"}))
PLAIN = ChatCompletions(Dialect("acme"))

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
data = st.binary(min_size=1, max_size=12)
json_texts = st.sampled_from(['{"a":1}', '{ "a" : [1, 2] }', "{", '{"ä":"\\n"}'])
schemas = st.sampled_from(
    [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {}}]
)

media = st.one_of(
    st.builds(
        Image,
        st.sampled_from(["image/png", "image/jpeg"]),
        data,
        detail=st.none() | st.sampled_from(["low", "high"]),
    ),
    st.builds(Image, st.just("image/png"), url=st.just("https://h/a.png")),
    st.builds(Audio, st.sampled_from(["audio/wav", "audio/mpeg"]), data),
    st.builds(Video, st.just("video/mp4"), url=st.just("https://h/a.mp4")),
    st.builds(Document, st.just("application/pdf"), data, name=names),
    st.builds(Document, st.just("application/pdf"), file_id=names),
)
texts = st.builds(Text, words)
calls = st.builds(ToolCall, names, names, json_texts)
user_turns = st.builds(
    Message, st.just("user"), st.lists(texts | media, min_size=1, max_size=3).map(tuple), st.none() | names
)
system_turns = st.builds(Message, st.just("system"), st.lists(texts, min_size=1, max_size=2).map(tuple))
assistant_turns = st.builds(
    lambda head, tail: Message("assistant", (*head, *tail)),
    st.lists(st.builds(Reasoning, words), max_size=1).flatmap(lambda r: texts.map(lambda t: (*r, t))),
    st.lists(calls, max_size=2),
)
results = st.lists(st.builds(ToolResult, names, texts.map(lambda text: (text,))), min_size=1, max_size=2)
rounds = st.tuples(assistant_turns, results.map(lambda found: Message("tool", tuple(found))), user_turns)
options = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(1, 99),
        "temperature": st.sampled_from([0, 0.5, 1.0]),
        "stop": st.lists(words, min_size=1, max_size=2).map(tuple),
        "seed": st.integers(0, 9),
        "logprobs": st.booleans(),
        "n": st.integers(1, 3),
        "reasoning": st.sampled_from(["none", "low", "high"]),
        "user": words,
        "metadata": st.dictionaries(names, words, max_size=2),
        "store": st.booleans(),
    },
)
requests = st.builds(
    Request,
    words,
    st.tuples(system_turns, user_turns) | rounds,
    st.lists(
        st.builds(Tool, names, st.just("") | words, schemas, strict=st.none() | st.booleans()), max_size=2
    ).map(tuple),
    st.none() | st.sampled_from(["auto", "none", "required", "f"]),
    st.none()
    | st.just(Output())
    | st.builds(Output, schemas, names, st.none() | words, st.none() | st.booleans()),
    options,
    st.dictionaries(st.just("own"), st.integers() | words, max_size=1),
)


@settings(max_examples=150, deadline=None)
@given(requests, st.booleans())
def test_a_rendered_request_is_read_as_it_was(request, stream):
    """For all the format can carry."""
    assert (request, stream) == WIRE.read_completion(WIRE.render_completion(request, stream))


figures = st.integers(1, 99)
usages = st.builds(
    Usage,
    input=figures,
    cache_read=figures,
    cache_write=figures,
    input_audio=figures,
    input_image=figures,
    output=figures,
    reasoning=figures,
    output_audio=figures,
    output_image=figures,
)
answers = st.builds(
    lambda *groups: tuple(part for group in groups for part in group),
    st.lists(st.builds(Reasoning, words), max_size=1),
    st.lists(texts, max_size=1),
    st.lists(st.builds(Refusal, words), max_size=1),
    st.lists(st.builds(Image, st.just("image/png"), data), max_size=1),
    st.lists(calls, max_size=3),
)
logprobs = st.lists(
    st.builds(TokenLogprob, words, st.sampled_from([-1.0, -0.5]), st.just((("b", -2.0),))), max_size=2
).map(tuple)


def finish(parts):
    reason = "tool_calls" if any(isinstance(part, ToolCall) for part in parts) else "stop"
    return Finish(reason, reason)


choices = st.builds(lambda parts, tokens: Choice(parts, finish(parts), tokens), answers, logprobs)
completions = st.builds(
    lambda choice, usage, others, model: Completion(
        choice.parts,
        choice.finish,
        usage,
        model,
        id="i",
        alternatives=tuple(others),
        logprobs=choice.logprobs,
    ),
    choices,
    usages,
    st.lists(choices, max_size=1),
    words,
)


def bare(completion):
    """Without the raw figures, which only an answer that came over a wire has."""
    return attrs.evolve(completion, usage=attrs.evolve(completion.usage, raw={}))


@settings(max_examples=150, deadline=None)
@given(completions)
def test_a_written_answer_is_parsed_as_it_was(completion):
    """Parts, further choices, log probabilities, usage and all."""
    events, _ = PLAIN.parse_completion(PLAIN.write_completion(completion))

    assert completion == bare(fold(events))


def streamed(part, number):
    """The events of one part, in two deltas where it can have some."""
    if isinstance(part, ToolCall):
        half = len(part.json) // 2
        yield PartStarted(number, attrs.evolve(part, json=""))
        yield from (ArgumentsDelta(number, piece) for piece in (part.json[:half], part.json[half:]) if piece)
    elif isinstance(part, Image):
        yield PartStarted(number, part)
    else:
        delta = ReasoningDelta if isinstance(part, Reasoning) else TextDelta
        half = len(part.text) // 2
        yield PartStarted(number, attrs.evolve(part, text=""))
        yield from (delta(number, piece) for piece in (part.text[:half], part.text[half:]) if piece)
    yield PartEnded(number)


def read_again(events):
    writer = PLAIN.stream_writer()
    decoder = WireDecoder(PLAIN.framing(), PLAIN.stream_parser())
    body = b"".join(map(writer.write, events)) + writer.end()
    return decoder.feed(body) + decoder.end()


@settings(max_examples=150, deadline=None)
@given(answers.filter(bool), usages)
def test_a_written_stream_is_parsed_as_it_was(parts, usage):
    """Deltas and whole parts, in their order."""
    events = [Started("i", "m"), *(event for at, part in enumerate(parts) for event in streamed(part, at))]
    events.append(Finished(finish(parts), usage))

    assert fold(events) == bare(fold(read_again(events)))


@settings(max_examples=50, deadline=None)
@given(answers.filter(bool), usages)
def test_parts_that_come_whole_are_parsed_as_they_were(parts, usage):
    """A start that already holds its part."""
    events = [Started("i", "m")]
    for number, part in enumerate(parts):
        events += [PartStarted(number, part), PartEnded(number)]
    events.append(Finished(finish(parts), usage))

    assert fold(events) == bare(fold(read_again(events)))


@settings(deadline=None)
@given(
    st.builds(
        EmbedRequest,
        words,
        st.lists(words, min_size=1).map(tuple),
        st.fixed_dictionaries({}, optional={"dimensions": figures}),
    )
)
def test_a_rendered_request_for_vectors_is_read_as_it_was(request):
    """Texts in their order."""
    assert request == Embed(PLAIN.dialect).read(Embed(PLAIN.dialect).render(request))


vectors = st.lists(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=3).map(tuple),
    min_size=1,
    max_size=3,
)


@settings(deadline=None)
@given(vectors.map(tuple), st.sampled_from(["float", "base64"]))
def test_written_vectors_are_parsed_as_they_were(found, encoding):
    """In either encoding."""
    embeddings = Embeddings(found, usage=Usage(input=3), model="m")

    parsed = Embed(PLAIN.dialect).parse(Embed(PLAIN.dialect).write(embeddings, encoding=encoding))

    assert (found, 3, "m") == (parsed.vectors, parsed.usage.input, parsed.model)
