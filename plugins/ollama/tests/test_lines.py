"""Each half of the wire read by the other, and what stumbles: whatever it can carry comes out as it went in."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jackfield_ollama.wire import OllamaWire

from jackfield.errors import InvalidRequest, Malformed
from jackfield.events import Failed, Finished, Started, fold, unfold
from jackfield.jsontext import dump_text
from jackfield.types import (
    Completion,
    EmbedRequest,
    Finish,
    HostedTool,
    Image,
    Message,
    ModelsRequest,
    Opaque,
    Output,
    Reasoning,
    Request,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire import Call, Dialect, Reply, WireDecoder

WIRE = OllamaWire(Dialect(provider="ollama", settings={"think_levels": ("gpt-oss*",)}))
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
objects = st.dictionaries(names, st.none() | st.booleans() | st.integers(-9, 9) | words, max_size=3)
schemas = objects.map(lambda fields: {"type": "object", "properties": {}, **fields})

texts = st.builds(Text, words)
images = st.builds(lambda data: Image("image/png", data=b"\x89PNG" + data), st.binary(max_size=4))
thoughts = st.builds(lambda text: Reasoning(text, Opaque("ollama", "ollama", {})), words)
calls = st.builds(lambda i, name, args: ToolCall(i, name, dump_text(args)), names, names, objects)


@st.composite
def answers(draw):
    """The parts of an answer in the order the format has: thoughts, text, calls."""
    said = (*draw(st.lists(thoughts, max_size=1)), *draw(st.lists(texts, max_size=1)))
    return (*said, *draw(st.lists(calls, max_size=2))) or (Text("x"),)


asking = st.builds(lambda text, some: Message("user", (text, *some)), texts, st.lists(images, max_size=2))
told = st.builds(lambda i, name, text: Message("tool", ToolResult(i, text, name=name)), names, names, texts)
turns = asking | told | st.builds(Message, st.just("assistant"), answers())
options = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(1, 9999),
        "temperature": st.floats(0, 1),
        "top_k": st.integers(0, 99),
        "stop": st.lists(words, min_size=1, max_size=2).map(tuple),
        "seed": st.integers(0, 99),
        "logprobs": st.booleans(),
    },
)


@st.composite
def requests(draw):
    """Requests as the format can carry them."""
    model = draw(st.sampled_from(["qwen3", "gpt-oss:20b"]))
    said = tuple(draw(st.lists(turns, min_size=1, max_size=4)))
    tools = draw(st.lists(st.builds(Tool, names, words | st.just(""), schemas), max_size=2).map(tuple))
    output = draw(st.none() | st.builds(Output, st.none() | schemas))
    efforts = ["none", "medium"] if model == "qwen3" else ["low", "medium", "high"]
    chosen = draw(options) | draw(st.fixed_dictionaries({}, optional={"reasoning": st.sampled_from(efforts)}))
    extra = draw(st.sampled_from([{}, {"keep_alive": "1h"}, {"options": {"num_ctx": 99}}]))
    return Request(model, said, tools, None, output, chosen, extra)


@QUICK
@given(requests(), st.booleans())
def test_a_rendered_request_reads_back(request, stream):
    """``read(render(request)) == request``."""
    assert (request, stream) == WIRE.read_completion(WIRE.render_completion(request, stream))


finishes = st.sampled_from([Finish("stop", "stop"), Finish("length", "length")])
tokens = st.lists(st.builds(TokenLogprob, words, st.floats(-9, 0)), max_size=2).map(tuple)
figures = st.builds(lambda read, written: Usage(read, output=written), *[st.integers(0, 999)] * 2)


@st.composite
def completions(draw):
    """Answers; one with calls ends for them."""
    parts, finish = draw(answers()), draw(finishes)
    if finish.reason == "stop" and any(isinstance(part, ToolCall) for part in parts):
        finish = Finish("tool_calls", "stop")
    return Completion(parts, finish, draw(figures), "m", logprobs=draw(tokens))


def facts(completion):
    used = completion.usage
    return completion.parts, completion.finish, used.input, used.output, completion.model, completion.logprobs


def decoded(*chunks):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


@QUICK
@given(completions())
def test_a_written_completion_parses_back(completion):
    """``parse(write(completion)) == completion``."""
    assert facts(completion) == facts(fold(WIRE.parse_completion(WIRE.write_completion(completion))[0]))


@QUICK
@given(completions())
def test_a_written_stream_parses_back(completion):
    """So do events, and they fold to the same completion."""
    writer = WIRE.stream_writer("m")

    again = decoded(b"".join(map(writer.write, unfold(completion))) + writer.end())

    assert isinstance(again[-1], Finished)
    assert facts(completion) == facts(fold(again))


@QUICK
@given(st.binary(max_size=80) | st.builds(lambda v: json.dumps({"model": "m", **v}).encode(), objects))
def test_what_is_no_request_is_refused(body):
    """With words, whatever it is."""
    with suppress(InvalidRequest):
        WIRE.read_completion(Call("POST", ("api", "chat"), body))


@QUICK
@given(st.binary(max_size=80))
def test_a_stream_of_anything_ends(data):
    """In a finish or a failure."""
    assert isinstance(decoded(b'{"message":' + data + b"}\n")[-1], Finished | Failed)


# -- lines out of the ordinary ---------------------------------------------------------------------


def lines(*values):
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


END = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True}


def test_a_line_that_fails_ends_the_stream():
    """What came before it stays."""
    events = decoded(lines({"model": "m", "message": {"content": "a"}}, {"error": "out of memory"}, END))

    assert ("a", "out of memory", "server") == (
        fold(events).text,
        events[-1].error.message,
        events[-1].error.kind,
    )


def test_a_failure_may_come_with_its_status():
    """Inside a success."""
    (event,) = decoded(lines({"error": "slow down", "status_code": 429}))

    assert "throttle" == event.error.kind


def test_a_broken_line_in_the_middle_breaks_the_answer():
    """It is not the end that is missing."""
    assert "protocol.body" == decoded(b'{"model":\n' + lines(END))[-1].error.kind


@pytest.mark.parametrize("body", [b"[]", b'"x"', b'{"done":false}', b"{}", b'{"error":""}'])
def test_json_that_is_no_answer_is_a_failure(body):
    """Whole or as a line."""
    for events in (decoded(body), _parsed(body)):
        assert isinstance(events[-1], Failed)


def _parsed(body):
    try:
        return WIRE.parse_completion(Reply(200, {}, body))[0]
    except Malformed as exc:
        return [Failed(exc.info)]


def test_a_page_is_no_answer():
    """Nor is half an object."""
    with pytest.raises(Malformed):
        WIRE.parse_completion(Reply(200, {"content-type": "text/plain"}, b"nginx\n"))


@pytest.mark.parametrize(
    ("facts_", "finish"),
    [
        ({}, Finish("stop")),
        ({"done_reason": "load"}, Finish("stop", "load")),
        ({"done_reason": "novelty"}, Finish("unknown", "novelty")),
    ],
)
def test_ends_have_few_reasons(facts_, finish):
    """Older servers give none."""
    assert [Started("", "m"), finish] == [
        decoded(lines({**END, **facts_}))[0],
        decoded(lines({**END, **facts_}))[-1].finish,
    ]


def test_arguments_may_come_as_text():
    """From servers that speak almost this format."""
    call = {"function": {"name": "f", "arguments": '{"a":1}'}}

    (found,) = fold(decoded(lines({**END, "message": {"tool_calls": [call]}}))).tool_calls

    assert {"a": 1} == found.arguments


def test_results_without_ids_find_their_calls():
    """By the tool's name, then by order."""
    called = [{"function": {"name": name, "arguments": {}}} for name in ("a", "b", "b")]
    answered = [{"role": "tool", "content": "x", **({"tool_name": n} if n else {})} for n in ("b", None, "b")]
    body = {"model": "m", "messages": [{"role": "assistant", "tool_calls": called}, *answered]}

    request, stream = WIRE.read_completion(Call("POST", ("api", "chat"), json.dumps(body).encode()))

    assert ["call_1", "call_0", "call_2"] == [message.parts[0].call_id for message in request.messages[1:]]
    assert stream


@pytest.mark.parametrize("choice", ["required", "f"])
def test_a_tool_that_must_be_called_is_refused(choice):
    """The wire says so itself."""
    request = Request("m", (Message("user", "x"),), (Tool("f"),), choice)

    with pytest.raises(Exception, match="must be called"):
        WIRE.render_completion(request, stream=False)


def test_tools_that_may_not_be_called_are_left_out():
    """And hosted ones are refused."""
    said = (Message("user", "x"),)

    assert b"tools" not in WIRE.render_completion(Request("m", said, (Tool("f"),), "none"), stream=False).body
    with pytest.raises(Exception, match="web_search"):
        WIRE.render_completion(Request("m", said, (HostedTool("web_search"),)), stream=False)


def test_the_thoughts_of_others_stay_here():
    """They are not this provider's."""
    turn = Message("assistant", (Reasoning("hm", Opaque("acme", "messages", {})), Text("a")))

    body = json.loads(WIRE.render_completion(Request("m", (turn,)), stream=False).body)

    assert [{"role": "assistant", "content": "a"}] == body["messages"]


# -- beside chat -----------------------------------------------------------------------------------


def test_vectors():
    """Both ways."""
    embed = WIRE.operations()["embed"]
    request = EmbedRequest("e", ("a", "b"), {"dimensions": 2}, {"truncate": False})
    body = {"model": "e", "embeddings": [[1, 2], [3, 4]], "prompt_eval_count": 7, "total_duration": 9}

    answer = embed.parse(Reply(200, {}, json.dumps(body).encode()))

    assert request == embed.read(embed.render(request))
    assert (((1.0, 2.0), (3.0, 4.0)), 7, "e") == (answer.vectors, answer.usage.input, answer.model)
    assert answer.vectors == embed.parse(embed.write(answer)).vectors


@pytest.mark.parametrize("body", [b"{}", b'{"embeddings":[["x"]]}', b'{"embeddings":[1]}', b'{"error":"no"}'])
def test_what_are_no_vectors_cannot_be_read(body):
    """Or the words of the failure are told."""
    with pytest.raises(Exception, match=r"cannot be read|no"):
        WIRE.operations()["embed"].parse(Reply(200, {}, body))


def test_models_that_were_pulled_are_listed():
    """With what the server says of each."""
    models = WIRE.operations()["models"]
    entry = {
        "name": "a:latest",
        "model": "a:latest",
        "modified_at": "2026-11-01T10:00:00.123456789+01:00",
        "size": 9,
    }

    (found,) = models.parse(Reply(200, {}, json.dumps({"models": [entry]}).encode())).models

    assert ("a:latest", 2026, entry) == (found.id, found.created.year, found.raw)
    assert ("GET", ("api", "tags")) == (
        models.render(ModelsRequest()).method,
        models.render(ModelsRequest()).path,
    )


def test_the_package_loads_quickly_and_without_the_vendors_client():
    """Its wire is loaded when a model is bound."""
    code = (
        "import jackfield.plugin, sys, time; begun = time.process_time(); import jackfield_ollama;"
        "print(time.process_time() - begun, 'ollama' in sys.modules, 'jackfield_ollama.wire' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    seconds, *loaded = told.split()

    assert (True, ["False", "False"]) == (float(seconds) < 0.2, loaded)


@pytest.mark.parametrize("odd", [5, [5, {"token": None, "logprob": "high", "top_logprobs": 5}]])
def test_what_stands_beside_the_words_may_be_odd(odd):
    """Log probabilities, calls that are null and figures that are floats take no words with them."""
    message = {"content": "hi", "tool_calls": [None]}
    body = {"message": message, "done": True, "logprobs": odd, "eval_count": 2.0}

    answer = fold(WIRE.parse_completion(Reply(200, {}, json.dumps(body).encode()))[0])

    assert ("hi", 2) == (answer.text, answer.usage.output)
