"""Each half of the generate content format read by the other: whatever it can carry comes out as it went in."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import attrs
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jackfield.errors import JackfieldError
from jackfield.events import (
    Finished,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    fold,
    unfold,
)
from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    Choice,
    Citation,
    Completion,
    Document,
    Finish,
    HostedTool,
    Image,
    Message,
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
    Usage,
    Video,
)
from jackfield.wire import Call, Dialect, Reply, WireDecoder
from jackfield.wire.fence import fenced
from jackfield.wire.generate_content import GenerateContent

WIRE = GenerateContent(Dialect(provider="acme", base="https://x.test/v1"))
OLD = GenerateContent(
    Dialect(provider="acme", base="https://x.test/v1", settings={"schema": "openapi", "thinking": "budget"})
)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
names = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
ids = st.from_regex(r"call_[a-z0-9]{1,8}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
objects = st.dictionaries(names, scalars | st.lists(scalars, max_size=2), max_size=3)
signatures = st.none() | words.map(
    lambda text: Opaque("acme", "generate_content", {"thoughtSignature": text})
)


def sealed(data):
    return Opaque("acme", "generate_content", data)


def media(kind, *types):
    data = st.builds(kind, st.sampled_from(types), data=st.binary(min_size=1, max_size=8), opaque=signatures)
    url = st.builds(lambda name, t: kind(t, url=f"https://x.test/{name}"), names, st.sampled_from(types))
    file = st.builds(lambda name, t: kind(t, file_id=f"files/{name}"), names, st.sampled_from(types))
    return data | url | file


texts = st.builds(Text, words)
signed_texts = st.builds(Text, words | st.just(""), opaque=signatures.filter(bool))
images = media(Image, "image/png", "image/jpeg")
anything = (
    images
    | media(Audio, "audio/wav")
    | media(Video, "video/mp4")
    | media(Document, "application/pdf", "text/plain")
)
others = st.builds(lambda fields: Other("novelty", sealed({"novelty": fields})), objects)
calls = st.builds(
    lambda i, name, args, seal: ToolCall(i, name, dump_text(args) if args else "{}", opaque=seal),
    ids,
    names,
    objects,
    signatures,
)
signed_thoughts = st.builds(Reasoning, words, signatures.filter(bool))
thoughts = st.builds(Reasoning, words) | signed_thoughts
drawn = st.builds(Image, st.just("image/png"), data=st.binary(min_size=1, max_size=8), opaque=signatures)
answered = texts | signed_texts | calls | thoughts | others | drawn
sent_back = texts | signed_texts | calls | signed_thoughts | others | drawn


def unique(parts):
    """The calls of a turn have ids of their own."""
    found = [part.id for part in parts if isinstance(part, ToolCall)]
    return len(found) == len(set(found))


@st.composite
def exchanges(draw):
    """A turn of the model's, and what answers it: results of all calls, then perhaps more."""
    parts = tuple(draw(st.lists(sent_back, min_size=1, max_size=3).filter(unique)))
    called = [part for part in parts if isinstance(part, ToolCall)]
    asked = Message("user", tuple(draw(st.lists(texts | anything, min_size=1, max_size=2))))
    if not called:
        return Message("assistant", parts), asked
    results = tuple(draw(results_of(call)) for call in called)
    return Message("assistant", parts), Message("tool", results), *([asked] if draw(st.booleans()) else [])


def results_of(call):
    plain = st.builds(
        lambda text, error: ToolResult(call.id, (Text(text),), error=error, name=call.name),
        words.filter(lambda text: not text.startswith("{")),
        st.booleans(),
    )
    table = objects.filter(lambda fields: fields and not fields.keys() & {"output", "error"})
    said = table.map(lambda fields: ToolResult(call.id, (Text(dump_text(fields)),), name=call.name))
    shown = st.builds(
        lambda text, data: ToolResult(call.id, (Text(text), Image("image/png", data=data)), name=call.name),
        words.filter(lambda text: not text.startswith("{")),
        st.binary(min_size=1, max_size=8),
    )
    return plain | said | shown


schemas = st.fixed_dictionaries(
    {
        "type": st.just("object"),
        "properties": st.dictionaries(names, st.just({"type": "string"}), max_size=2),
    },
    optional={"required": st.just(["a"]), "description": words},
)


@st.composite
def tools(draw):
    """Functions, all of them strict or none, then tools that are run elsewhere."""
    strict = draw(st.sampled_from([None, True]))
    found = draw(
        st.lists(st.builds(Tool, names, words | st.just(""), schemas, strict=st.just(strict)), max_size=2)
    )
    hosted = draw(
        st.lists(st.builds(HostedTool, st.sampled_from(["googleSearch", "urlContext"]), objects), max_size=1)
    )
    return (*found, *hosted), strict


options = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(1, 9999),
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(0, 99),
        "stop": st.lists(words, min_size=1, max_size=2).map(tuple),
        "seed": st.integers(0, 99),
        "frequency_penalty": st.floats(-2, 2),
        "presence_penalty": st.floats(-2, 2),
        "n": st.integers(1, 4),
        "logprobs": st.booleans(),
        "top_logprobs": st.integers(0, 9),
        "reasoning": st.sampled_from(["minimal", "low", "medium", "high"]),
        "service_tier": names,
        "store": st.booleans(),
    },
)


@st.composite
def requests(draw):
    """Requests as the format can carry them."""
    first = draw(st.lists(st.builds(lambda part: Message("system", (part,)), texts), max_size=1))
    pairs = draw(st.lists(exchanges(), max_size=2))
    asked = Message("user", tuple(draw(st.lists(texts | anything, min_size=1, max_size=2))))
    tail = tuple(message for pair in pairs for message in pair)
    offered, strict = draw(tools())
    functions = [tool.name for tool in offered if isinstance(tool, Tool)]
    choices = [
        None,
        *((["auto"] if not strict else []) + ["none", "required"] if offered else []),
        *([] if strict else functions[:1]),
    ]
    if strict and functions:
        choices = [None]
    output = draw(st.none() | st.builds(Output, schemas) | st.just(Output()))
    extra = draw(st.dictionaries(st.sampled_from(["cachedContent", "labels"]), words))
    return Request(
        "m", (*first, asked, *tail), offered, draw(st.sampled_from(choices)), output, draw(options), extra
    )


@QUICK
@given(requests(), st.booleans())
def test_a_rendered_request_reads_back(request, stream):
    """``read(render(request)) == request``."""
    assert (request, stream) == WIRE.read_completion(WIRE.render_completion(request, stream))


@QUICK
@given(requests(), st.sampled_from([None, "none", 4096]))
def test_so_does_one_of_older_models(request, budget):
    """Their schemas are in capitals, and they think in tokens."""
    chosen = {name: value for name, value in request.options.items() if name != "reasoning"}
    asked = attrs.evolve(request, options=chosen | ({"reasoning": budget} if budget else {}))

    assert (asked, False) == OLD.read_completion(OLD.render_completion(asked, stream=False))


finishes = st.sampled_from(
    [
        Finish("stop", "STOP"),
        Finish("length", "MAX_TOKENS"),
        Finish("content_filter", "SAFETY"),
        Finish("error", "OTHER"),
    ]
)
figures = st.builds(
    Usage,
    **{
        name: st.integers(0, 999)
        for name in (
            "input",
            "cache_read",
            "input_audio",
            "input_image",
            "output",
            "reasoning",
            "output_audio",
            "output_image",
        )
    },
).filter(lambda usage: not usage.reasoning or usage.total_output > usage.reasoning)


def cited(text):
    """A text with a citation of its first character."""
    place = Citation("url", "https://x.test", "X", text[:1], 0, 1)
    chunk = {"web": {"uri": "https://x.test", "title": "X"}}
    segment = {"startIndex": 0, "endIndex": len(text[:1].encode()), "text": text[:1]}
    support = {"segment": segment, "groundingChunkIndices": [0]}
    raw = {"groundingChunk": chunk, "groundingSupport": support}
    return Text(text, (attrs.evolve(place, raw=raw),))


def finished(parts, finish):
    """To have called a tool is why the model stopped, if it stopped well."""
    called = any(isinstance(part, ToolCall) for part in parts)
    return Finish("tool_calls", finish.raw) if called and finish.reason == "stop" else finish


logprobs = st.lists(
    st.builds(
        TokenLogprob,
        words,
        st.floats(-9, 0),
        st.lists(st.tuples(words, st.floats(-9, 0)), max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)


def apart(parts):
    """Texts and thoughts of one kind do not follow each other: in a stream they would be one."""
    kinds = [type(part) for part in parts if getattr(part, "opaque", None) is None]
    return all(a is not b or a not in (Text, Reasoning) for a, b in pairwise(kinds))


@st.composite
def completions(draw, alternatives=1):
    """Answers as the format can carry them."""
    parts = tuple(draw(st.lists(answered, max_size=4).filter(unique).filter(apart)))
    if draw(st.booleans()):
        parts = (*(part for part in parts if not isinstance(part, Text)), cited(draw(words)))
        assume(apart(parts))
    finish = finished(parts, draw(finishes))
    others = ()
    for _ in range(draw(st.integers(0, alternatives))):
        more = tuple(draw(st.lists(texts, min_size=1, max_size=1)))
        others += (Choice(more, draw(finishes)),)
    return Completion(
        parts,
        finish,
        draw(figures),
        draw(names),
        id=draw(names),
        alternatives=others,
        logprobs=draw(logprobs),
    )


def without_raw(completion):
    return attrs.evolve(completion, usage=attrs.evolve(completion.usage, raw={}))


@QUICK
@given(completions())
def test_a_written_completion_parses_back(completion):
    """``parse(write(completion)) == completion``."""
    events, _ = WIRE.parse_completion(WIRE.write_completion(completion))

    assert completion == without_raw(fold(events))


def whole_events(completion):
    """A stream of that completion: what is signed comes whole, all other texts in two deltas."""
    events = [Started(completion.id, completion.model)]
    for number, part in enumerate(completion.parts):
        if isinstance(part, Text | Reasoning) and part.opaque is None and part.text:
            delta = TextDelta if isinstance(part, Text) else ReasoningDelta
            middle = len(part.text) // 2
            pieces = [delta(number, text) for text in (part.text[:middle], part.text[middle:]) if text]
            events += [PartStarted(number, attrs.evolve(part, text="")), *pieces, PartEnded(number)]
        else:
            events += [PartStarted(number, part), PartEnded(number)]
    return [*events, Finished(completion.finish, completion.usage)]


def streamed(events, size=None, **asked):
    """What is read of a stream of ``events`` that comes in pieces."""
    writer = WIRE.stream_writer(**asked)
    stream = b"".join(map(writer.write, events)) + writer.end()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    size = size or len(stream) or 1
    found = [event for at in range(0, len(stream), size) for event in decoder.feed(stream[at : at + size])]
    return found + decoder.end()


@QUICK
@given(completions(0), st.integers(1, 200), st.booleans())
def test_a_written_stream_parses_back(completion, size, array):
    """The same for events, however the bytes are cut, and for one array."""
    completion = attrs.evolve(completion, logprobs=())

    assert completion == without_raw(fold(streamed(whole_events(completion), size, array=array)))


def loosened(completion):
    """A completion as word by word streams leave it: a signature that comes last stands behind its words."""
    parts = []
    for part in completion.parts:
        if isinstance(part, Text | Reasoning) and part.opaque is not None and part.text:
            parts += [attrs.evolve(part, opaque=None), type(part)("", opaque=part.opaque)]
        else:
            parts.append(part)
    return attrs.evolve(completion, parts=tuple(parts))


def merged(completion):
    """Texts and thoughts that run on are one."""
    parts = []
    for part in completion.parts:
        last = parts[-1] if parts else None
        if (
            type(part) in (Text, Reasoning)
            and type(last) is type(part)
            and last.opaque is part.opaque is None
        ):
            changes = {"citations": last.citations + part.citations} if type(part) is Text else {}
            parts[-1] = attrs.evolve(last, text=last.text + part.text, **changes)
        else:
            parts.append(part)
    return attrs.evolve(completion, parts=tuple(parts))


@QUICK
@given(completions())
def test_a_completion_streamed_word_by_word_parses_back(completion):
    """What is streamed out of a whole answer is that answer."""
    completion = attrs.evolve(
        completion, parts=tuple(part for part in completion.parts if not getattr(part, "citations", ()))
    )
    completion = attrs.evolve(completion, finish=finished(completion.parts, completion.finish))

    assert merged(loosened(completion)) == without_raw(fold(streamed(unfold(completion))))


@QUICK
@given(st.lists(answered, min_size=1, max_size=4).filter(unique).map(tuple))
def test_an_answer_goes_back_as_it_was_written(parts):
    """What a server wrote is what it gets in the next turn, but for thoughts that nobody signed."""
    import json

    written = json.loads(WIRE.write_completion(Completion(parts)).body)["candidates"][0]["content"]["parts"]
    events, _ = WIRE.parse_completion(WIRE.write_completion(Completion(parts)))
    asked = Request("m", (Message("user", "x"), fold(events).message))
    turns = json.loads(WIRE.render_completion(asked, stream=False).body)["contents"]

    kept = [part for part in written if not part.get("thought") or "thoughtSignature" in part]
    assert kept == (turns[1]["parts"] if len(turns) > 1 else [])


noise = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "contents",
                    "parts",
                    "text",
                    "role",
                    "functionCall",
                    "functionResponse",
                    "name",
                    "args",
                    "partialArgs",
                    "jsonPath",
                    "stringValue",
                    "candidates",
                    "content",
                    "index",
                    "finishReason",
                    "usageMetadata",
                    "promptTokensDetails",
                    "groundingMetadata",
                    "groundingChunks",
                    "groundingSupports",
                    "segment",
                    "groundingChunkIndices",
                    "citationMetadata",
                    "citations",
                    "error",
                    "details",
                    "promptFeedback",
                    "tools",
                    "functionDeclarations",
                    "toolConfig",
                    "generationConfig",
                    "thinkingConfig",
                    "logprobsResult",
                    "inlineData",
                ]
            ),
            inner | st.sampled_from(["STOP", "model", "user", "$.a[0]", [{}], [[]]]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@QUICK
@given(noise)
def test_nonsense_is_an_error_of_ours_or_read_but_never_a_crash(value):
    """Requests, answers, errors and records of any shape."""
    body = dump_text(value).encode("utf-8", "replace")
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    fold(decoder.feed(b"data: " + body + b"\n\n") + decoder.end())
    assert WIRE.parse_error(Reply(400, body=body)).kind
    with suppress(JackfieldError):
        fenced(WIRE.parse_completion, Reply(200, body=body))
    with suppress(JackfieldError):
        WIRE.read_completion(Call("POST", ("models", "m:generateContent"), body))
