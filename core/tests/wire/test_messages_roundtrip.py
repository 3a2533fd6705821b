"""Each half of the messages format read by the other: whatever it can carry comes out as it went in."""

from __future__ import annotations

from contextlib import suppress

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jackfield.errors import JackfieldError
from jackfield.events import (
    Finished,
    Metered,
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
    CachePoint,
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
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect, Reply, WireDecoder
from jackfield.wire.messages import Messages

WIRE = Messages(Dialect(provider="acme"))
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
objects = st.dictionaries(names, scalars | st.lists(scalars, max_size=2), max_size=3)


def sealed(data):
    return Opaque("acme", "messages", data)


def media(kind, *types, **fields):
    data = st.builds(kind, st.sampled_from(types), data=st.binary(max_size=8), **fields)
    url = st.builds(
        lambda name, rest: kind(kind.default_media_type, url=f"https://x.test/{name}", **rest),
        names,
        st.fixed_dictionaries(fields),
    )
    return (
        data
        | url
        | st.builds(
            lambda i, rest: kind(kind.default_media_type, file_id=i, **rest),
            names,
            st.fixed_dictionaries(fields),
        )
    )


texts = st.builds(Text, words)
images = media(Image, "image/png", "image/jpeg")
documents = media(
    Document, "application/pdf", name=st.none() | words, context=st.none() | words, citations=st.booleans()
)
written_documents = st.builds(lambda text: Document("text/plain", data=text.encode()), words)
others = st.builds(
    lambda fields: Other("novelty", sealed({"type": "novelty", **fields})), st.dictionaries(names, words)
)
calls = st.builds(
    lambda i, name, args: ToolCall(i, name, dump_text(args) if args else "{}"), names, names, objects
)
hosted_calls = st.builds(
    lambda i, args: ToolCall(
        i, "find", dump_text(args) if args else "{}", True, sealed({"type": "server_tool_use"})
    ),
    names,
    objects,
)
hosted_results = st.builds(
    lambda i, text: ToolResult(
        i,
        (Text(text),),
        hosted=True,
        opaque=sealed(
            {
                "type": "mcp_tool_result",
                "tool_use_id": i,
                "content": [{"type": "text", "text": text}],
                "is_error": False,
            }
        ),
    ),
    names,
    words,
)
thoughts = st.builds(
    lambda text, sig: Reasoning(text, sealed({"type": "thinking", "signature": sig})), words, words
)
redacted = st.builds(lambda data: Reasoning("", sealed({"type": "redacted_thinking", "data": data})), words)
answered = texts | calls | hosted_calls | hosted_results | thoughts | redacted | others

points = st.builds(CachePoint, st.sampled_from([None, "5m", "1h"]))


def turn(role, parts):
    """A turn of parts, some with a cache point behind them that the format can put there."""

    def marked(items):
        out = []
        for part, point in items:
            out.append(part)
            if point is not None and not isinstance(part, Reasoning):
                out.append(point)
        return Message(role, tuple(out))

    return st.builds(marked, st.lists(st.tuples(parts, st.none() | points), min_size=1, max_size=3))


results = st.builds(
    ToolResult, names, st.lists(texts | images, min_size=1, max_size=2).map(tuple), error=st.booleans()
)
asking = turn("user", texts | images | documents | written_documents)
answering = turn("assistant", answered)
exchanges = st.lists(st.tuples(answering, asking | turn("tool", results)), max_size=2)
schemas = objects.map(lambda fields: {"type": "object", "properties": {}, **fields})
tools = st.lists(
    st.builds(
        Tool, names, words | st.just(""), schemas, strict=st.none() | st.booleans(), cache=st.none() | points
    )
    | st.builds(
        HostedTool,
        st.just("web_search_20250305"),
        st.dictionaries(names.filter(lambda n: n not in ("type", "name")), words),
    ),
    max_size=2,
).map(tuple)
options = st.fixed_dictionaries(
    {"max_tokens": st.integers(1, 9999)},
    optional={
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(0, 99),
        "stop": st.lists(words, min_size=1, max_size=2).map(tuple),
        "user": words,
        "service_tier": names,
        "reasoning": st.just("none"),
    },
)


@st.composite
def requests(draw):
    """Requests as the format can carry them."""
    first = draw(st.lists(turn("system", texts), max_size=1))
    pairs = draw(exchanges)
    tail = tuple(message for pair in pairs for message in pair)
    offered, chosen = draw(tools), draw(options)
    choice = None
    if offered:
        choice = draw(st.sampled_from([None, "auto", "none", "required", "some_tool"]))
        if choice not in ("auto", "none") and draw(st.booleans()):
            chosen["parallel_tool_calls"] = draw(st.booleans())
    output = draw(st.none() | st.builds(Output, schemas))
    extra = draw(st.dictionaries(st.sampled_from(["speed", "container"]), words))
    return Request("m", (*first, draw(asking), *tail), offered, choice, output, chosen, extra)


@QUICK
@given(requests(), st.booleans())
def test_a_rendered_request_reads_back(request, stream):
    """``read(render(request)) == request``."""
    assert (request, stream) == WIRE.read_completion(WIRE.render_completion(request, stream))


finishes = st.sampled_from(
    [
        Finish("stop", "end_turn"),
        Finish("length", "max_tokens"),
        Finish("tool_calls", "tool_use"),
        Finish("pause", "pause_turn"),
    ]
)
figures = st.builds(
    Usage,
    **{
        name: st.integers(0, 999)
        for name in (
            "input",
            "cache_read",
            "cache_write",
            "cache_write_1h",
            "output",
            "reasoning",
            "searches",
        )
    },
)
completions = st.builds(
    Completion, st.lists(answered, max_size=4).map(tuple), finishes, figures, names, id=names
)


def without_raw(completion):
    return attrs.evolve(completion, usage=attrs.evolve(completion.usage, raw={}))


@QUICK
@given(completions)
def test_a_written_completion_parses_back(completion):
    """``parse(write(completion)) == completion``."""
    events, _ = WIRE.parse_completion(WIRE.write_completion(completion))

    assert completion == without_raw(fold(events))


def events_of(completion):
    """A stream of that completion, texts and reasoning in two deltas, all parts begun in order."""
    events = [Started(completion.id, completion.model)]
    for number, part in enumerate(completion.parts):
        if isinstance(part, Text) or (isinstance(part, Reasoning) and part.text):
            delta = TextDelta if isinstance(part, Text) else ReasoningDelta
            middle = len(part.text) // 2
            empty = attrs.evolve(part, text="", opaque=None)
            events += [
                PartStarted(number, empty),
                delta(number, part.text[:middle]),
                delta(number, part.text[middle:]),
            ]
            events.append(PartEnded(number, part.opaque))
        else:
            events += [PartStarted(number, part), PartEnded(number)]
    return [*events, Metered(completion.usage), Finished(completion.finish, completion.usage)]


@QUICK
@given(completions, st.integers(1, 200))
def test_a_written_stream_parses_back(completion, size):
    """The same for events, however the bytes are cut."""
    writer = WIRE.stream_writer()
    stream = b"".join(map(writer.write, events_of(completion))) + writer.end()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    events = [event for at in range(0, len(stream), size) for event in decoder.feed(stream[at : at + size])]

    assert completion == without_raw(fold(events + decoder.end()))


@QUICK
@given(completions)
def test_a_completion_streamed_word_by_word_parses_back(completion):
    """What is streamed out of a whole answer is that answer."""
    writer = WIRE.stream_writer()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    events = decoder.feed(b"".join(map(writer.write, unfold(completion))) + writer.end()) + decoder.end()

    assert completion == without_raw(fold(events))


@QUICK
@given(st.lists(answered, min_size=1, max_size=4).map(tuple))
def test_an_answer_goes_back_as_it_was_written(parts):
    """What a server wrote is what it gets in the next turn."""
    import json

    body = json.loads(WIRE.write_completion(Completion(parts)).body)
    events, _ = WIRE.parse_completion(Reply(200, body=json.dumps(body).encode()))
    again = WIRE.render_completion(Request("m", (Message("user", "x"), fold(events).message)), stream=False)

    content = json.loads(again.body)["messages"][1]["content"]
    assert body["content"] == ([{"type": "text", "text": content}] if isinstance(content, str) else content)


noise = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "role",
                    "content",
                    "text",
                    "index",
                    "delta",
                    "usage",
                    "message",
                    "content_block",
                    "source",
                    "error",
                    "input",
                    "id",
                ]
            ),
            inner
            | st.sampled_from(
                [
                    "text",
                    "tool_use",
                    "tool_result",
                    "image",
                    "document",
                    "content_block_start",
                    "content_block_delta",
                    "message_delta",
                    "message_start",
                    "text_delta",
                    "user",
                ]
            ),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@QUICK
@given(noise)
def test_nonsense_is_an_error_of_ours_or_read_but_never_a_crash(value):
    """Requests, answers, errors and stream events of any shape."""
    body = dump_text(value).encode("utf-8", "replace")
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    fold(decoder.feed(b"data: " + body + b"\n\n") + decoder.end())
    assert WIRE.parse_error(Reply(400, body=body)).kind
    for verb, argument in (
        (WIRE.parse_completion, Reply(200, body=body)),
        (WIRE.read_completion, Call("POST", (), body)),
    ):
        with suppress(JackfieldError):
            verb(argument)
