"""Each half of the responses format read by the other: whatever it can carry comes out as it went in."""

from __future__ import annotations

import json
from contextlib import suppress

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jackfield.errors import JackfieldError
from jackfield.events import (
    ArgumentsDelta,
    Cited,
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
    CachePoint,
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
    Refusal,
    Request,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect, Reply, WireDecoder
from jackfield.wire.responses import Responses

WIRE = Responses(Dialect(provider="acme", settings={"cache_points": True, "also": ["top_k", "stop"]}))
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
objects = st.dictionaries(names, scalars | st.lists(scalars, max_size=2), max_size=3)


def sealed(data):
    return Opaque("acme", "responses", data)


# -- parts of answers: ids differ, as they do wherever they come from -----------------------------------

citations = st.builds(
    lambda url, title, start: {
        "type": "url_citation",
        "url": f"https://x.test/{url}",
        "title": title,
        "start_index": start,
        "end_index": start + 3,
    },
    names,
    words,
    st.integers(0, 9),
).map(
    lambda raw: Citation("url", raw["url"], raw["title"], None, raw["start_index"], raw["end_index"], raw=raw)
)
cited = st.lists(citations, max_size=2).map(tuple)
texts = st.builds(Text, words, cited)
refusals = st.builds(Refusal, words)
calls = st.builds(lambda i, name, args: ToolCall(i, name, dump_text(args)), words, names, objects)
thoughts = st.builds(Reasoning, words)
pictures = st.builds(lambda data: Image("image/png", data=data), st.binary(min_size=1, max_size=8))


def message(identity, text, cited):
    return Text(text, cited, sealed({"id": f"msg_{identity}", "status": "completed", "phase": "final"}))


def reasoning(identity, text, secret):
    summary = [{"type": "summary_text", "text": text}] if text else []
    item = {"type": "reasoning", "id": f"rs_{identity}", "summary": summary, "encrypted_content": secret}
    return Reasoning(text, sealed(item))


def search(identity, query):
    action = {"type": "search", "query": query}
    item = {"type": "web_search_call", "id": f"ws_{identity}", "status": "completed", "action": action}
    return ToolCall(f"ws_{identity}", "web_search", dump_text(action), True, sealed(item))


def custom(identity, text):
    kept = {"type": "custom_tool_call", "id": f"ctc_{identity}", "status": "completed"}
    return ToolCall(f"call_{identity}", "patch", dump_text({"input": text}), opaque=sealed(kept))


def novelty(identity, fields):
    return Other("novelty_call", sealed({"type": "novelty_call", "id": f"n_{identity}", **fields}))


sealed_parts = (
    st.builds(lambda text, cited: lambda i: message(i, text, cited), words, cited)
    | st.builds(
        lambda text: lambda i: Refusal(text, sealed({"id": f"msg_{i}", "status": "completed"})), words
    )
    | st.builds(lambda text, secret: lambda i: reasoning(i, text, secret), words | st.just(""), words)
    | st.builds(lambda query: lambda i: search(i, query), words)
    | st.builds(lambda text: lambda i: custom(i, text), words)
    | st.builds(lambda fields: lambda i: novelty(i, fields), st.dictionaries(names, words))
    | st.builds(
        lambda name, args: (
            lambda i: ToolCall(
                f"call_{i}", name, dump_text(args), opaque=sealed({"id": f"fc_{i}", "status": "completed"})
            )
        ),
        names,
        objects,
    )
)


def numbered(makers):
    return tuple(make(number) if callable(make) else make for number, make in enumerate(makers))


said = st.lists(texts | refusals | calls | thoughts | pictures | sealed_parts, max_size=5).map(numbered)

# -- requests --------------------------------------------------------------------------------------------


def media(kind, *types, **fields):
    data = st.builds(kind, st.sampled_from(types), data=st.binary(max_size=8), **fields)
    url = st.builds(
        lambda name, rest: kind(kind.default_media_type, url=f"https://x.test/{name}", **rest),
        names,
        st.fixed_dictionaries({name: value for name, value in fields.items() if name != "name"}),
    )
    file = st.builds(lambda i: kind(kind.default_media_type, file_id=i), names)
    return data | url | file


asked_texts = st.builds(Text, words)
images = media(Image, "image/png", "image/jpeg", detail=st.sampled_from([None, "low", "high"]))
documents = media(Document, "application/pdf", "text/plain", name=words)
sounds = st.builds(
    lambda kind, data: Audio(kind, data=data),
    st.sampled_from(["audio/wav", "audio/mpeg"]),
    st.binary(min_size=1, max_size=8),
)
novel = st.builds(
    lambda fields: Other("input_novelty", sealed({"content_part": {"type": "input_novelty", **fields}})),
    st.dictionaries(names, words),
)


def turn(role, parts, minimum=1):
    """A turn of parts, some with a cache point behind them."""

    def marked(items):
        out = []
        for part, point in items:
            out += [part] if point is None else [part, point]
        return Message(role, tuple(out))

    points = st.none() | st.builds(CachePoint, st.sampled_from([None, "30m"]))
    return st.builds(marked, st.lists(st.tuples(parts, points), min_size=minimum, max_size=3))


asking = turn("user", asked_texts | images | documents | sounds | novel)
answering = (
    st.lists(
        st.builds(Text, words) | refusals.map(lambda part: part) | calls | sealed_parts,
        min_size=1,
        max_size=4,
    )
    .map(numbered)
    .map(lambda parts: Message("assistant", parts))
)
results = st.builds(
    lambda i, parts, status: ToolResult(i, parts, opaque=sealed({"status": status}) if status else None),
    names,
    st.lists(asked_texts | images, min_size=1, max_size=2).map(tuple),
    st.sampled_from(["", "completed"]),
)
custom_results = st.builds(
    lambda i, text: ToolResult(i, text, opaque=sealed({"type": "custom_tool_call_output"})), names, words
)
answering_tools = st.lists(results | custom_results, min_size=1, max_size=2).map(
    lambda parts: Message("tool", tuple(parts))
)
exchanges = st.lists(st.tuples(answering, asking | answering_tools), max_size=2)
schemas = objects.map(lambda fields: {"type": "object", "properties": {}, **fields})
tools = st.lists(
    st.builds(Tool, names, words | st.just(""), schemas, strict=st.booleans())
    | st.builds(
        HostedTool, st.just("web_search"), st.dictionaries(names.filter(lambda n: n != "type"), words)
    )
    | st.builds(lambda name: HostedTool("custom", {"name": name, "format": {"type": "text"}}), names),
    max_size=2,
).map(tuple)
options = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(1, 9999),
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(0, 99),
        "stop": st.lists(words, min_size=1, max_size=2).map(tuple),
        "user": words,
        "metadata": st.dictionaries(names, words, max_size=2),
        "service_tier": names,
        "store": st.booleans(),
        "parallel_tool_calls": st.booleans(),
        "verbosity": st.sampled_from(["low", "high"]),
        "logprobs": st.just(True),
    },
)
outputs = (
    st.none()
    | st.just(Output())
    | st.builds(Output, schemas, names, st.none() | words, st.none() | st.booleans())
)


@st.composite
def requests(draw):
    """Requests as the format can carry them."""
    first = draw(st.lists(turn("system", asked_texts), max_size=2))
    tail = tuple(message for pair in draw(exchanges) for message in pair)
    choice = draw(st.sampled_from([None, "auto", "none", "required", "some_tool"]))
    extra = draw(st.dictionaries(st.sampled_from(["truncation", "prompt_cache_key"]), words))
    return Request(
        "m", (*first, draw(asking), *tail), draw(tools), choice, draw(outputs), draw(options), extra
    )


@QUICK
@given(requests(), st.booleans())
def test_a_rendered_request_reads_back(request, stream):
    """``read(render(request)) == request``."""
    assert (request, stream) == WIRE.read_completion(WIRE.render_completion(request, stream))


@settings(deadline=None)
@given(st.sampled_from(["minimal", "low", "high"]), st.booleans())
def test_an_effort_reads_back(effort, store):
    """With what it makes the body ask for."""
    request = Request("m", (Message("user", "hi"),), options={"reasoning": effort, "store": store})

    again, _ = WIRE.read_completion(WIRE.render_completion(request, stream=False))

    assert request.options == again.options
    assert ({} if store else {"include": ["reasoning.encrypted_content"]}) == again.extra


# -- answers ---------------------------------------------------------------------------------------------

finishes = st.sampled_from(
    [
        Finish("length", "max_output_tokens"),
        Finish("content_filter", "content_filter"),
        Finish("stop", "completed"),
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
            "input_audio",
            "input_image",
            "output",
            "reasoning",
            "output_audio",
            "output_image",
            "searches",
        )
    },
)


@st.composite
def completions(draw):
    """Answers as the format can carry them."""
    parts, finish = draw(said), draw(finishes)
    called = any(isinstance(part, ToolCall) and not part.hosted for part in parts)
    if finish.reason == "stop" and called:
        finish = Finish("tool_calls", "completed")
    return Completion(parts, finish, draw(figures), draw(names), id=draw(names))


def without_raw(completion):
    return attrs.evolve(completion, usage=attrs.evolve(completion.usage, raw={}))


def streamed(events, size=0):
    writer = WIRE.stream_writer()
    stream = b"".join(map(writer.write, events)) + writer.end()
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    size = size or len(stream)
    found = [event for at in range(0, len(stream), size) for event in decoder.feed(stream[at : at + size])]
    return without_raw(fold(found + decoder.end()))


@QUICK
@given(completions())
def test_a_written_completion_parses_back(completion):
    """``parse(write(completion)) == completion``."""
    events, _ = WIRE.parse_completion(WIRE.write_completion(completion))

    assert completion == without_raw(fold(events))


def events_of(completion):
    """A stream of that completion, what grows in two deltas, all parts begun in order."""
    yield Started(completion.id, completion.model)
    for number, part in enumerate(completion.parts):
        yield from _part(number, part)
    yield Finished(completion.finish, completion.usage)


def _part(number, part):
    deltas = {Text: TextDelta, Refusal: TextDelta, Reasoning: ReasoningDelta, ToolCall: ArgumentsDelta}
    delta = deltas.get(type(part))
    if delta is None:
        yield from (PartStarted(number, part), PartEnded(number))
        return
    name = "json" if isinstance(part, ToolCall) else "text"
    whole = getattr(part, name)
    empty = {name: "", **({"citations": ()} if isinstance(part, Text) else {})}
    yield PartStarted(number, attrs.evolve(part, **empty))
    for piece in filter(None, (whole[: len(whole) // 2], whole[len(whole) // 2 :])):
        yield delta(number, piece)
    yield from (Cited(number, citation) for citation in getattr(part, "citations", ()))
    yield PartEnded(number, part.opaque)


@QUICK
@given(completions(), st.integers(1, 200))
def test_a_written_stream_parses_back(completion, size):
    """The same for events, however the bytes are cut."""
    assert completion == streamed(events_of(completion), size)


@QUICK
@given(completions())
def test_a_completion_streamed_word_by_word_parses_back(completion):
    """What is streamed out of a whole answer is that answer."""
    assert completion == streamed(unfold(completion))


@settings(deadline=None)
@given(
    st.lists(st.builds(TokenLogprob, words, st.floats(-9, 0), st.just((("a", -1.0),))), min_size=1).map(tuple)
)
def test_log_probabilities_parse_back(tokens):
    """Whole and streamed."""
    completion = Completion(
        (Text("hi"),), Finish("stop", "completed"), Usage(1), "m", id="r", logprobs=tokens
    )

    whole = fold(WIRE.parse_completion(WIRE.write_completion(completion))[0])

    assert completion == without_raw(whole) == streamed(unfold(completion))


@QUICK
@given(completions())
def test_an_answer_goes_back_as_it_was_written(completion):
    """What a server wrote of its own is what it gets in the next turn."""
    output = json.loads(WIRE.write_completion(completion).body)["output"]
    events, _ = WIRE.parse_completion(WIRE.write_completion(completion))
    turn = tuple(part for part in fold(events).parts if not isinstance(part, Image))
    again = WIRE.render_completion(Request("m", (Message("assistant", turn),)), stream=False)

    own = [item for item in output if not item["id"].startswith("local_")]
    for item in own:
        for content in item.get("content") or ():
            content.pop("logprobs", None)
    assert own == [item for item in json.loads(again.body)["input"] if "id" in item]


NOISY = [
    "type",
    "role",
    "content",
    "text",
    "output",
    "output_index",
    "item",
    "delta",
    "usage",
    "response",
    "part",
    "status",
]
KINDS = [
    *(
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
        "web_search_call",
        "image_generation_call",
    ),
    *("input_image", "input_file", "output_text", "refusal", "user", "assistant", "completed", "failed"),
    *(
        "response.output_item.added",
        "response.output_item.done",
        "response.completed",
        "response.output_text.delta",
    ),
    *("response.content_part.added", "response.reasoning_text.delta", "error"),
]
noise = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NOISY), inner | st.sampled_from(KINDS), max_size=4)
    ),
    max_leaves=12,
)


@QUICK
@given(st.lists(noise, min_size=1, max_size=3))
def test_nonsense_is_an_error_of_ours_or_read_but_never_a_crash(values):
    """Requests, answers, errors and stream events of any shape."""
    bodies = [dump_text(value).encode("utf-8", "replace") for value in values]
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    fold([e for body in bodies for e in decoder.feed(b"data: " + body + b"\n\n")] + decoder.end())
    assert WIRE.parse_error(Reply(400, body=bodies[0])).kind
    for verb, argument in (
        (WIRE.parse_completion, Reply(200, body=bodies[0])),
        (WIRE.read_completion, Call("POST", (), bodies[0])),
    ):
        with suppress(JackfieldError):
            verb(argument)
