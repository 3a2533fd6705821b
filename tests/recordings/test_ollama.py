"""Recorded exchanges of Ollama's own API, judged by an oracle that knows nothing of the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.events import Failed, Finished, fold
from jackfield.types import Message, Request
from jackfield.wire import Call, Dialect, Reply, WireDecoder

require()
wires = pytest.importorskip("jackfield_ollama.wire")

pytestmark = pytest.mark.recordings

WIRE = wires.OllamaWire(Dialect(provider="ollama"))

# What the service offers besides, and why this wire is not judged by it.
NOT_OURS = {
    "chat_completions": "the other wire's, judged there",
    "models": "the list of the layer that speaks the other wire",
}

CHAT = exchanges("ollama", surfaces=("chat",))
BARE = exchanges("ollama", surfaces=("generate",))
LINES = "application/x-ndjson"
ALL = [exchange for exchange in (*CHAT, *BARE) if exchange.status == 200]
STREAMS = [exchange for exchange in ALL if exchange.body.rstrip().count(b"\n")]
ANSWERS = [exchange for exchange in ALL if exchange not in STREAMS]
ERRORS = [exchange for exchange in exchanges("ollama") if exchange.status >= 400]
VECTORS = exchanges("ollama", surfaces=("api-embed",))

LONGEST_FOR_EVERY_SPLIT = 16 * 1024


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


# -- the oracle ----------------------------------------------------------------------------------


def answer_of(body: bytes) -> dict[str, Any]:
    """The whole answer that the lines spell; a bare prompt's is put where a chat has it."""
    message: dict[str, Any] = {"content": "", "thinking": "", "tool_calls": []}
    answer: dict[str, Any] = {}
    for value in map(json.loads, body.splitlines()):
        said = value.get("message") or {"content": value.get("response", "")}
        message["content"] += said.get("content", "")
        message["thinking"] += said.get("thinking", "")
        message["tool_calls"] += said.get("tool_calls", [])
        answer |= value
    return {**answer, "message": message}


def judge(completion, answer: dict[str, Any]) -> None:
    """Compare everything a caller sees with what the oracle read."""
    message = answer["message"]
    assert answer["model"] == completion.model
    assert (message["content"], message["thinking"]) == (completion.text, completion.reasoning)
    calls = [
        (call.get("id", f"call_{n}"), call["function"]["name"], call["function"]["arguments"])
        for n, call in enumerate(message["tool_calls"])
    ]
    assert calls == [(call.id, call.name, call.arguments) for call in completion.tool_calls]
    assert ("tool_calls" if calls else "stop", answer["done_reason"]) == (
        completion.finish.reason,
        completion.finish.raw,
    )
    assert (answer.get("prompt_eval_count", 0), answer["eval_count"]) == (
        completion.usage.input,
        completion.usage.output,
    )
    assert answer["total_duration"] == completion.usage.raw["total_duration"]


def decoded(*chunks: bytes):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


def sent_back(completion) -> dict[str, Any]:
    """The turn of the model's as it goes back."""
    call = WIRE.render_completion(Request("m", (Message("user", "x"), completion.message)), stream=False)
    return {name: value for name, value in json.loads(call.body)["messages"][1].items() if value}


def as_sent(message: dict[str, Any]) -> dict[str, Any]:
    """The turn as it came, without what is empty; calls go back without their places, and with their kind."""
    calls = [
        {
            "id": call.get("id", f"call_{number}"),
            "type": "function",
            "function": {name: call["function"][name] for name in ("name", "arguments")},
        }
        for number, call in enumerate(message["tool_calls"])
    ]
    turn = {**message, "role": "assistant", "tool_calls": calls}
    return {name: value for name, value in turn.items() if value}


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged_or_named():
    """No recording is passed over in silence."""
    assert set(surfaces("ollama")) == {"chat", "generate", "api-embed", *NOT_OURS}


def test_there_are_recordings_of_each_kind():
    """The selection above did not come out empty."""
    assert min(len(ANSWERS), len(STREAMS), len(ERRORS), len(VECTORS)) >= 1


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, thinking, calls, finish and figures; the turn goes back as it came."""
    answer = answer_of(exchange.body)

    events, raw = WIRE.parse_completion(exchange.reply)

    completion = fold(events)
    assert json.loads(exchange.body) == raw
    judge(completion, answer)
    assert as_sent(answer["message"]) == sent_back(completion)


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """So are those of a stream."""
    answer = answer_of(exchange.body)

    events = decoded(exchange.body)

    completion = fold(events)
    assert isinstance(events[-1], Finished)
    judge(completion, answer)
    assert as_sent(answer["message"]) == sent_back(completion)


@each(STREAMS)
def test_lines_that_come_whole_are_an_answer_too(exchange):
    """Some servers send them where one object was asked for."""
    events, raw = WIRE.parse_completion(exchange.reply)

    judge(fold(events), answer_of(exchange.body))
    assert list(map(json.loads, exchange.body.splitlines())) == raw


@each(STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_is_read_in_chunks(exchange, size):
    """However small they are."""
    assert decoded(exchange.body) == decoded(*chunked(exchange.body, size))


@each([exchange for exchange in STREAMS if len(exchange.body) <= LONGEST_FOR_EVERY_SPLIT])
def test_a_stream_is_read_at_every_split(exchange):
    """Wherever it is cut in two."""
    expected = decoded(exchange.body)

    for position in range(1, len(exchange.body)):
        assert expected == decoded(exchange.body[:position], exchange.body[position:]), position


@each(STREAMS)
@pytest.mark.parametrize("lost", [1, 40, 10_000])
def test_a_stream_without_its_end_is_truncated(exchange, lost):
    """Losing the last line, or some of it, is losing the answer."""
    body = exchange.body.rstrip()
    cut = body[: max(len(body) - lost, body.rindex(b"\n") + 1)]

    last = decoded(cut)[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind


KINDS = {400: "request.context", 401: "auth"}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Those of the cloud are the same, whichever layer tells them; there the words are in an object."""
    error = WIRE.parse_error(exchange.reply)

    assert (KINDS[exchange.status], exchange.status) == (error.kind, error.status)
    assert json.loads(exchange.body)["error"]["message"] == error.message


@each(ERRORS)
def test_an_error_is_never_an_answer(exchange):
    """Not even under the status of a success, nor as a line."""
    events, _ = WIRE.parse_completion(Reply(200, exchange.headers, exchange.body))

    assert [Failed] == [type(event) for event in events] == [type(event) for event in decoded(exchange.body)]


@each(ALL)
def test_an_answer_survives_our_own_server(exchange):
    """Written by the server half and parsed again, whole and in lines, it is the same."""
    first = fold(decoded(exchange.body) if exchange in STREAMS else WIRE.parse_completion(exchange.reply)[0])
    writer = WIRE.stream_writer()
    events = decoded(exchange.body)

    whole = fold(WIRE.parse_completion(WIRE.write_completion(first))[0])
    lines = fold(decoded(b"".join(map(writer.write, events)) + writer.end()))

    for again in (whole, lines):
        assert (first.text, first.reasoning, first.tool_calls) == (
            again.text,
            again.reasoning,
            again.tool_calls,
        )
        assert (first.finish, first.usage.input, first.usage.output) == (
            again.finish,
            again.usage.input,
            again.usage.output,
        )


@each(CHAT)
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains."""
    request, stream = WIRE.read_completion(Call("POST", ("api", "chat"), exchange.request))
    again = json.loads(WIRE.render_completion(request, stream).body)

    assert plain(exchange.asked) == plain(again)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body without what says nothing, calls without the ids that only newer servers and we give."""
    turns = [
        {
            **{name: value for name, value in turn.items() if value and name != "tool_call_id"},
            "tool_calls": [
                {name: value for name, value in call.items() if name != "id"}
                for call in turn.get("tool_calls") or ()
            ],
        }
        for turn in body["messages"]
    ]
    said = {name: value for name, value in body.items() if value not in (None, "", {}, [])}
    return {**said, "messages": turns}


# -- beside chat ---------------------------------------------------------------------------------


@each(VECTORS)
def test_vectors_are_read(exchange):
    """Those of the endpoint that took one text at a time."""
    body = json.loads(exchange.body)

    answer = WIRE.operations()["embed"].parse(exchange.reply)

    assert [tuple(body["embedding"])] == list(answer.vectors)
    assert not answer.usage.known
