"""Recorded exchanges of Hugging Face, judged by an oracle that knows nothing of the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.events import Failed, Finished, fold
from jackfield.wire import Call, Dialect, Reply, WireDecoder
from jackfield.wire.quirks import compile_quirks

require()
wires = pytest.importorskip("jackfield_huggingface.wire")

pytestmark = pytest.mark.recordings

QUIRKS = compile_quirks([{"rename": {"max_completion_tokens": "max_tokens"}}])
WIRE = wires.HuggingFaceWire(
    Dialect(provider="huggingface", base="https://router.huggingface.co/v1", quirks=QUIRKS)
)

# All surfaces of chat are the same over the router, whoever serves it.
CHAT = [exchange for exchange in exchanges("huggingface") if "chat_completions" in exchange.surface]
OTHER = {
    "hf-inference-embeddings": "vectors, judged below",
    "models": "the hub's own list: only its way to fail is judged, with the errors",
}
ANSWERS = [exchange for exchange in CHAT if exchange.status == 200 and not exchange.streamed]
STREAMS = [exchange for exchange in CHAT if exchange.status == 200 and exchange.streamed]
ERRORS = [exchange for exchange in exchanges("huggingface") if exchange.status >= 400]
VECTORS = exchanges("huggingface", surfaces=("hf-inference-embeddings",))
REQUESTS = [exchange for exchange in CHAT if exchange.asked is not None and "messages" in exchange.asked]

LONGEST_FOR_EVERY_SPLIT = 16 * 1024

FINISHES = {"stop": "stop", "eos_token": "stop", "stop_sequence": "stop", "length": "length"}


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


# -- the oracle ----------------------------------------------------------------------------------


def objects(exchange) -> list[dict[str, Any]]:
    """The JSON objects of a body, cut with a knife."""
    if not exchange.streamed:
        return [json.loads(exchange.body)]
    data = [line[5:].strip() for line in exchange.body.decode().splitlines() if line.startswith("data:")]
    return [json.loads(text) for text in data if text != "[DONE]"]


def judge(completion, exchange) -> None:
    """Compare everything a caller sees with what the oracle read."""
    found = objects(exchange)
    choices = [choice for value in found for choice in value["choices"]]
    pieces = [choice.get("delta") or choice.get("message") or {} for choice in choices]
    assert (found[0]["id"], found[0]["model"]) == (completion.id, completion.model)
    assert "".join(piece.get("content") or "" for piece in pieces) == completion.text
    thought = "".join(piece.get("reasoning") or piece.get("reasoning_content") or "" for piece in pieces)
    assert thought == completion.reasoning
    calls = [call for piece in pieces for call in piece.get("tool_calls") or ()]
    assert [(c["id"], c["function"]["name"], json.loads(c["function"]["arguments"])) for c in calls] == [
        (call.id, call.name, call.arguments) for call in completion.tool_calls
    ]
    raw = next(choice["finish_reason"] for choice in reversed(choices) if choice["finish_reason"])
    assert (FINISHES.get(raw, raw), raw) == (completion.finish.reason, completion.finish.raw)
    usage = next((value["usage"] for value in reversed(found) if value.get("usage")), None)
    assert (usage is not None) is completion.usage.known
    figures = usage or {"prompt_tokens": 0, "completion_tokens": 0}
    assert (figures["prompt_tokens"], figures["completion_tokens"]) == (
        completion.usage.total_input,
        completion.usage.total_output,
    )


def decoded(*chunks: bytes):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged_or_named():
    """No recording is passed over in silence."""
    assert set(surfaces("huggingface")) == {*(exchange.surface for exchange in CHAT), *OTHER}


def test_there_are_recordings_of_each_kind():
    """The selection above did not come out empty."""
    assert min(len(ANSWERS), len(STREAMS), len(ERRORS), len(VECTORS), len(REQUESTS)) >= 1


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, calls, finish and figures; `retry-after` beside them means nothing."""
    events, raw = WIRE.parse_completion(exchange.reply)

    assert json.loads(exchange.body) == raw
    judge(fold(events), exchange)


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """Whether the mark of its end comes or not."""
    events = decoded(exchange.body)

    assert isinstance(events[-1], Finished)
    judge(fold(events), exchange)


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


KINDS = {401: "auth", 422: "request.invalid"}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """From an object with words, or from a line of text."""
    error = WIRE.parse_error(exchange.reply)

    is_json = exchange.body[:1] == b"{"
    said = json.loads(exchange.body)["error"] if is_json else exchange.body.decode()
    assert (KINDS[exchange.status], exchange.status) == (error.kind, error.status)
    assert said == error.message
    assert exchange.headers.get("x-request-id") == error.request_id


@each([exchange for exchange in ERRORS if exchange.body[:1] == b"{"])
def test_an_error_is_never_an_answer(exchange):
    """Not even under the status of a success, nor as an event."""
    events, _ = WIRE.parse_completion(Reply(200, exchange.headers, exchange.body))

    assert [Failed] == [type(event) for event in events]
    assert isinstance(decoded(b"data:" + exchange.body + b"\n\n")[-1], Failed)


@each(REQUESTS)
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains."""
    request, stream = WIRE.read_completion(Call("POST", ("v1", "chat", "completions"), exchange.request))
    again = json.loads(WIRE.render_completion(request, stream).body)

    assert plain(exchange.asked) == plain(again)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body without what says nothing; we ask for usage in streams, which most hosts send unasked."""
    turns = [{name: value for name, value in turn.items() if value is not None} for turn in body["messages"]]
    said = {name: value for name, value in body.items() if value not in (None, [], False)}
    return {name: value for name, value in said.items() if name != "stream_options"} | {"messages": turns}


@each(VECTORS)
def test_vectors_are_read(exchange):
    """One text that was asked alone comes back as one bare vector."""
    embed = WIRE.operations()["embed"]

    answer = embed.parse(exchange.reply)

    assert [tuple(json.loads(exchange.body))] == list(answer.vectors)
    request = embed.read(Call("POST", ("hf-inference", "models", "a", "b"), exchange.request))
    assert (exchange.asked["inputs"], "a/b") == (*request.texts, request.model)
