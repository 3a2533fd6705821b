"""Streams: golden events, and every dialect of deltas, ends, usage and errors that was seen."""

from __future__ import annotations

import json

import pytest

from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Failed,
    Finished,
    Logprobs,
    Metered,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    fold,
)
from jackfield.types import (
    UNKNOWN_USAGE,
    Citation,
    Finish,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.wire import Dialect, WireDecoder
from jackfield.wire.chat_completions import ChatCompletions

DONE = "data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def chunk(delta=None, *, finish=None, index=0, choice=None, **fields):
    body = {
        "id": "i",
        "model": "m",
        "choices": [{"index": index, "delta": delta or {}, "finish_reason": finish, **(choice or {})}],
    }
    return f"data: {json.dumps({**body, **fields})}\n\n"


def events(*texts, size=None, **settings):
    wire = ChatCompletions(Dialect("acme", settings=settings))
    decoder = WireDecoder(wire.framing(), wire.stream_parser())
    body = "".join(texts).encode()
    size = size or len(body) or 1
    found = [event for at in range(0, len(body), size) for event in decoder.feed(body[at : at + size])]
    return found + decoder.end()


def completed(*texts, **settings):
    found = events(*texts, **settings)
    assert isinstance(found[-1], Finished), found[-1]
    return fold(found)


def failure(*texts, **settings):
    last = events(*texts, **settings)[-1]
    assert isinstance(last, Failed)
    return last.error


def call(text=None, **fields):
    name = fields.pop("name", None)
    function = {key: value for key, value in (("name", name), ("arguments", text)) if value is not None}
    return {"tool_calls": [{"function": function, **fields}]}


GOLDEN = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "so"}),
    chunk({"content": "a"}),
    chunk({"content": "b"}),
    chunk(call("", index=0, id="c1", name="f", type="function")),
    chunk(call('{"x"', index=0)),
    chunk(call(":1}", index=0)),
    chunk(finish="tool_calls"),
    f"data: {json.dumps({'id': 'i', 'choices': [], 'usage': USAGE})}\n\n",
    DONE,
)


def test_the_events_of_a_stream():
    """Golden: every part is started, filled and ended; usage and finish come once."""
    usage = Usage(input=3, output=2, raw=USAGE)

    assert [
        Started("i", "m"),
        PartStarted(0, Reasoning("")),
        ReasoningDelta(0, "so"),
        PartEnded(0),
        PartStarted(1, Text("")),
        TextDelta(1, "a"),
        TextDelta(1, "b"),
        PartEnded(1),
        PartStarted(2, ToolCall("c1", "f", "")),
        ArgumentsDelta(2, '{"x"'),
        ArgumentsDelta(2, ":1}"),
        Metered(usage),
        PartEnded(2),
        Finished(Finish("tool_calls", "tool_calls"), usage),
    ] == events(*GOLDEN)


def test_a_stream_may_be_split_at_every_byte():
    """And read byte by byte."""
    for size in range(1, 200):
        assert events(*GOLDEN) == events(*GOLDEN, size=size)


# -- ends ------------------------------------------------------------------------------------------

HI = chunk({"content": "hi"})
STOP = chunk(finish="stop")


@pytest.mark.parametrize(
    "texts",
    [
        (HI, STOP, DONE),
        (HI, STOP),
        (HI, STOP.rstrip()),
        (HI, DONE),
        (HI, chunk(finish=""), DONE),
        (chunk({"content": "hi"}, finish="stop"),),
        (HI, STOP, DONE, DONE),
        (HI, STOP, DONE, HI),
        (HI, STOP, STOP, DONE),
        (": ping\n\n", HI, ": ping\n\n", STOP, "data:\n\n"),
        (HI.replace("data: ", "data:"), STOP.replace("\n", "\r\n")),
        ("\ufeff" + HI, STOP),
        (HI, 'data: {"obfuscation": "x"}\n\n', STOP),
        ('data: {"choices": [], "id": "", "model": ""}\n\n', HI, chunk(choice={"delta": None}), STOP),
        (HI, "event: message\n" + STOP),
        (HI, "data: null\n\n", STOP),
    ],
)
def test_every_end_of_a_stream(texts):
    """With and without the end mark, comments, repeated finish, chunks that hold nothing."""
    assert "hi" == completed(*texts).text


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ((HI,), "stream.truncated"),
        ((HI, "data: {"), "stream.truncated"),
        ((HI, STOP[:30]), "stream.truncated"),
        ((HI, chunk(finish="")), "stream.truncated"),
        ((chunk({"role": "assistant", "content": ""}), DONE), "stream.truncated"),
        ((), "protocol.body"),
        ((DONE,), "protocol.body"),
        (("<html>login</html>",), "protocol.body"),
        ((HI, "data: {oops}\n\n"), "protocol.body"),
        ((HI, "data: 5\n\n"), "protocol.body"),
        ((HI, 'data: {"choices": [1]}\n\n'), "protocol.body"),
    ],
)
def test_what_is_no_end_is_a_failure(texts, kind):
    """A cut stream never looks like a whole one."""
    assert kind == failure(*texts).kind


def test_a_dialect_may_want_the_end_mark():
    """Then a finish reason alone is a truncation."""
    assert "stream.truncated" == failure(HI, STOP, done="required").kind
    assert "hi" == completed(HI, STOP, DONE, done="required").text


# -- tool calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([call("{}", index=0, id="a", name="f")], [("a", "f", "{}")]),
        ([call(None, index=0, id="a", name="f")], [("a", "f", "")]),
        ([call({"x": 1}, name="f")], [("call_0", "f", '{"x":1}')]),
        ([call("", index=0, id="", name="f"), call("{}", index=0, id="")], [("call_0", "f", "{}")]),
        (
            [call("", index=0, id=None, name="f"), call("{}", index=0, id=None, name=None, type=None)],
            [("call_0", "f", "{}")],
        ),
        ([call("{}", id="a", name="f"), call("{}", id="b", name="f")], [("a", "f", "{}"), ("b", "f", "{}")]),
        ([call("{", id="a", name="f"), call("}")], [("a", "f", "{}")]),
        (
            [call("{", id="a", name="f"), call("{", id="b", name="g"), call("}", id="a"), call("}", id="b")],
            [("a", "f", "{}"), ("b", "g", "{}")],
        ),
        (
            [call("{}", index=0, id="a", name="f"), call("{}", index=0, id="b", name="g")],
            [("a", "f", "{}"), ("b", "g", "{}")],
        ),
        (
            [call("{}", index=0, name="f"), call("{}", index=0, name="f")],
            [("call_0", "f", "{}"), ("call_1", "f", "{}")],
        ),
        ([call("{", index=0, id="a", name="f"), call("}", index=0, id="a", name="f")], [("a", "f", "{}")]),
        (
            [
                call("{", index=0, id="a", name="f"),
                call("{", index=1, id="b", name="g"),
                call("}", index=0),
                call("}", index=1),
            ],
            [("a", "f", "{}"), ("b", "g", "{}")],
        ),
        ([call("{", index=0, id="a"), call("}", index=0, name="f")], [("a", "f", "{}")]),
        ([call("{}", index=3, id="a", name="f")], [("a", "f", "{}")]),
        (
            [
                {
                    "tool_calls": [
                        {"index": i, "id": f"{i}", "function": {"name": "f", "arguments": "{}"}}
                        for i in (0, 1)
                    ]
                }
            ],
            [("0", "f", "{}"), ("1", "f", "{}")],
        ),
        (
            [{"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": "{}"}}],
            [("call_0", "f", "{}")],
        ),
        ([call("x")], []),
    ],
)
def test_every_dialect_of_tool_call_deltas(deltas, expected):
    """Ids and indexes missing, empty or reused; calls whole, in pieces, interleaved."""
    completion = (
        completed(*map(chunk, deltas), STOP) if expected else completed(HI, *map(chunk, deltas), STOP)
    )

    assert expected == [(one.id, one.name, one.json) for one in completion.tool_calls]
    assert ("tool_calls" if expected else "stop") == completion.finish.reason


def test_text_after_a_call_is_a_part_of_its_own():
    """Parts keep the order they came in."""
    parts = completed(HI, chunk(call("{}", index=0, id="a", name="f")), chunk({"content": "!"}), STOP).parts

    assert (Text("hi"), ToolCall("a", "f", "{}"), Text("!")) == parts


def test_what_hangs_on_a_call_is_kept():
    """It may come with any of its deltas."""
    first, second = call("{", index=0, id="a", name="f"), call("}", index=0, extra_content={"s": 1})

    assert (
        Opaque("acme", "chat_completions", {"extra_content": {"s": 1}})
        == completed(chunk(first), chunk(second), STOP).tool_calls[0].opaque
    )


# -- other parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deltas", "expected"),
    [
        ([{"reasoning": "r"}, {"content": "a", "reasoning": None}], (Reasoning("r"), Text("a"))),
        ([{"reasoning": "r", "reasoning_content": "r"}], (Reasoning("r"),)),
        (
            [{"content": "", "reasoning": "r", "role": "assistant"}, {"content": "a"}],
            (Reasoning("r"), Text("a")),
        ),
        ([{"refusal": "n"}, {"refusal": "o"}], (Refusal("no"),)),
        ([{"content": [{"type": "text", "text": "a"}]}, {"content": "b"}], (Text("ab"),)),
        (
            [{"images": [{"image_url": {"url": "data:image/png;base64,aQ=="}}]}],
            (Image("image/png", data=b"i"),),
        ),
        (
            [
                {
                    "content": "a",
                    "audio": {"data": "", "id": ""},
                    "function_call": {"name": "", "arguments": ""},
                }
            ],
            (Text("a"),),
        ),
    ],
)
def test_parts_of_deltas(deltas, expected):
    """Every field, alone and beside others."""
    assert expected == completed(*map(chunk, deltas), STOP).parts


def test_what_the_provider_runs_itself_comes_with_its_result():
    """First what it calls, later what came of it, under the same index."""
    first = {"executed_tools": [{"index": 0, "type": "search", "arguments": "{}"}]}
    second = {"executed_tools": [{"index": 0, "type": "search", "output": "found"}]}
    alone = {"executed_tools": [{"index": 1, "type": "run", "arguments": "{}"}]}

    completion = completed(chunk(first), chunk(second), HI, chunk(alone), STOP)

    assert ("stop", ["search", "run"]) == (
        completion.finish.reason,
        [p.name for p in completion.parts if type(p) is ToolCall],
    )
    assert "found" == completion.parts[1].text


def test_reasoning_details_are_joined_as_they_have_to_go_back():
    """Pieces of one item are one item again; what is encrypted stays apart."""
    pieces = [
        {"type": "reasoning.text", "index": 0, "text": "a", "signature": None},
        {"type": "reasoning.text", "index": 0, "text": "b", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "=="},
    ]
    part = completed(*(chunk({"reasoning_details": [piece]}) for piece in pieces), HI, STOP).parts[0]

    details = [{"type": "reasoning.text", "index": 0, "text": "ab", "signature": "s"}, pieces[2]]
    assert Reasoning("ab", Opaque("acme", "chat_completions", {"reasoning_details": details})) == part


def test_thinking_items_are_joined():
    """As a whole answer would have had them."""

    def item(text):
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}

    part = completed(chunk({"content": [item("a")]}), chunk({"content": [item("b")]}), HI, STOP).parts[0]

    assert Reasoning("ab", Opaque("acme", "chat_completions", {"content": [item("ab")]})) == part


def test_sound_is_joined_at_the_end():
    """Each piece is encoded on its own."""
    pieces = [
        {"audio": {"id": "a1", "transcript": "x"}},
        {"audio": {"data": "UklGRg=="}},
        {"audio": {"data": "YQ==", "transcript": "y"}},
    ]

    part = completed(*map(chunk, pieces), STOP).parts[0]

    assert (b"RIFFa", "audio/wav", "xy") == (part.data, part.media_type, part.transcript)


def test_citations_of_deltas_and_chunks():
    """Annotations go to their text at once, sources once, at the end."""
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t"}}
    found = events(
        chunk({"content": "a", "annotations": [note]}, citations=["v"]), chunk({}, citations=["v"]), STOP
    )

    assert [Cited(0, Citation("url", "u", "t", raw=note)), Cited(0, Citation("url", "v"))] == [
        e for e in found if type(e) is Cited
    ]


def test_log_probabilities_come_with_their_tokens():
    """One event for each chunk that has some."""
    logprobs = {"logprobs": {"content": [{"token": "a", "logprob": -1.0}]}}

    assert Logprobs((TokenLogprob("a", -1.0),)) in events(chunk({"content": "a"}, choice=logprobs), STOP)


def test_choices_are_told_apart():
    """However they are interleaved."""
    texts = [
        chunk({"content": text}, index=index) for index, text in ((1, "x"), (0, "a"), (1, "y"), (0, "b"))
    ]
    completion = completed(*texts, chunk(finish="stop", index=1), chunk(finish="length"), DONE)

    assert ("ab", "length") == (completion.text, completion.finish.reason)
    assert [("xy", "stop")] == [(one.text, one.finish.reason) for one in completion.alternatives]


def test_a_message_beside_the_delta_is_not_read_twice():
    """Some hosts repeat all that was said in every chunk."""
    texts = [
        chunk({"content": text}, choice={"message": {"content": said}})
        for text, said in (("a", "a"), ("b", "ab"))
    ]

    assert "ab" == completed(*texts, STOP).text


def test_a_whole_answer_is_read_where_a_stream_was_asked():
    """Some servers do not stream, whatever they say they send."""
    choice = {
        "index": 0,
        "message": {"content": "a", "tool_calls": [{"id": "c", "function": {"name": "f"}}]},
        "finish_reason": "stop",
    }

    completion = completed(json.dumps({"id": "i", "choices": [choice], "usage": USAGE}))

    assert ("a", "tool_calls", 3) == (completion.text, completion.finish.reason, completion.usage.input)


# -- usage -----------------------------------------------------------------------------------------


def used(prompt, completion):
    return {"prompt_tokens": prompt, "completion_tokens": completion}


@pytest.mark.parametrize(
    "texts",
    [
        (HI, STOP, f"data: {json.dumps({'choices': [], 'usage': used(3, 2)})}\n\n", DONE),
        (HI, chunk(finish="stop", usage=used(3, 2)), DONE),
        (chunk({"content": "hi"}, usage=used(3, 1)), chunk(finish="stop", usage=used(3, 2)), DONE),
        (
            HI,
            chunk(finish="stop", x_host={"usage": used(3, 2)}),
            f"data: {json.dumps({'choices': [], 'usage': used(3, 2)})}\n\n",
        ),
        (HI, chunk(finish="stop", choice={"usage": used(3, 2)}), DONE),
        (HI, STOP, chunk({}, usage=used(3, 2)), DONE),
        (HI, chunk(finish="stop", usage=used(3, 2)), chunk({}, usage=used(30, 1)), DONE),
        (
            chunk({"content": "hi"}, usage=used(0, 0)),
            chunk(finish="stop", usage=used(3, 2)),
            chunk({}, usage=None),
            DONE,
        ),
    ],
)
def test_usage_comes_in_four_ways(texts):
    """The last figure counts and none is added; after the finish a smaller one is not believed."""
    usage = completed(*texts).usage

    assert (3, 2) == (usage.input, usage.output)


def test_no_usage_is_unknown():
    """Never a usage of zero."""
    assert UNKNOWN_USAGE == completed(HI, STOP, DONE).usage


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (
            'data: {"error":{"message":"m","code":"insufficient_quota"}}\n\n',
            "quota.money",
            "insufficient_quota",
        ),
        ('data: {"error":"m"}\n\n', "server", None),
        (
            'event: error\ndata: {"error":{"message":"m","code":"x","status_code":400}}\n\n',
            "request.invalid",
            "x",
        ),
        ('event: error\ndata: {"message":"m"}\n\n', "server", None),
        (
            'data: {"object":"error","message":"m","type":"BadRequestError","code":400}\n\n',
            "request.invalid",
            "BadRequestError",
        ),
        (chunk({"content": ""}, finish="error", error={"code": 502, "message": "m"}), "server", "502"),
        (chunk(choice={"error": {"code": 429, "message": "m"}}), "throttle", "429"),
        ('{"error":{"code":404,"message":"m"}}\n', "model.missing", "404"),
        (
            '{\n "error": {\n  "message": "overloaded",\n  "type": "overloaded_error"\n }\n}\n',
            "server.overloaded",
            "overloaded_error",
        ),
        ('data: {"detail":"m"}\n\n', "server", None),
        ('data: {"base_resp":{"status_code":1002,"status_msg":"m"}}\n\n', "server", "1002"),
    ],
)
@pytest.mark.parametrize("before", [(), (HI,)])
def test_every_error_inside_a_stream(before, text, kind, code):
    """Classified by what it says; what came before it is kept."""
    found = events(*before, text, STOP, DONE)

    assert (kind, code) == (found[-1].error.kind, found[-1].error.code)
    assert ("hi" if before else "") == fold(found).text
    assert 1 == sum(isinstance(event, Failed | Finished) for event in found)


def test_usage_beside_an_error_is_not_lost():
    """The attempt is paid for."""
    found = events(HI, chunk({}, error={"message": "m"}, usage=USAGE))

    assert Metered(Usage(input=3, output=2, raw=USAGE)) == found[-2]


@pytest.mark.parametrize("delta", [{"tool_calls": [1]}, {"content": [1]}, {"images": [{}]}])
def test_a_delta_that_cannot_be_read_is_malformed(delta):
    """Rather than half an answer."""
    assert "protocol.body" == failure(HI, chunk(delta), STOP).kind
