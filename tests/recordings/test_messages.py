"""Recorded exchanges of the messages format, judged by an oracle that knows nothing of the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.errors import InvalidRequest
from jackfield.events import Failed, Finished, fold
from jackfield.types import Message, Request, Usage
from jackfield.wire import Call, Dialect, Reply, WireDecoder
from jackfield.wire.messages import Messages

require()

pytestmark = pytest.mark.recordings

WIRE = Messages(Dialect(provider="anthropic", request_id=("request-id",)))

SURFACES = ("messages", "anthropic-messages", "anthropic-rawPredict", "invoke-anthropic")

# What the vendor offers besides, and why this wire is not judged by it.
ELSEWHERE = {
    "completions": "the text completions that came before messages",
    **dict.fromkeys(("batch", "files", "models", "count_tokens"), "an operation of its own"),
    "openai-compat": "the other wire's, judged there",
}

FRAMED_OTHERWISE = "vnd.amazon.eventstream"  # a host's own framing around the same events

ALL = [e for e in exchanges(surfaces=SURFACES) if FRAMED_OTHERWISE not in e.headers.get("content-type", "")]
ANSWERS = [exchange for exchange in ALL if exchange.status == 200 and not exchange.streamed]
STREAMS = [exchange for exchange in ALL if exchange.status == 200 and exchange.streamed]
ERRORS = [exchange for exchange in ALL if exchange.status >= 400]
REQUESTS = [exchange for exchange in ALL if exchange.asked is not None]

LONGEST_FOR_EVERY_SPLIT = 16 * 1024

FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


# -- the oracle ----------------------------------------------------------------------------------


def records_of(body: bytes) -> list[dict[str, Any]]:
    """The JSON of every data line, cut with a knife."""
    lines = body.decode().replace("\r\n", "\n").split("\n")
    return [json.loads(line[5:]) for line in lines if line.startswith("data:")]


def message_of(body: bytes) -> dict[str, Any]:
    """The message that a stream spells."""
    message: dict[str, Any] = {}
    for record in records_of(body):
        kind = record["type"]
        if kind == "message_start":
            message = record["message"]
        elif kind == "content_block_start":
            message["content"].append({**record["content_block"], "_json": ""})
        elif kind == "content_block_delta":
            grow(message["content"][record["index"]], record["delta"])
        elif kind == "message_delta":
            message["stop_reason"] = record["delta"]["stop_reason"]
            message["usage"] |= {name: value for name, value in record["usage"].items() if value is not None}
    for block in message["content"]:
        pieces = block.pop("_json")
        if pieces:
            block["input"] = json.loads(pieces)
    return message


def grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta["type"]
    if kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    elif kind == "input_json_delta":
        block["_json"] += delta["partial_json"]
    else:
        name = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}[kind]
        block[name] = delta[name] if name == "signature" else block[name] + delta[name]


def usage_of(raw: dict[str, Any]) -> dict[str, int]:
    """The figures in our buckets, added up by hand."""
    hour = (raw.get("cache_creation") or {}).get("ephemeral_1h_input_tokens", 0)
    thought = (raw.get("output_tokens_details") or {}).get("thinking_tokens", 0)
    return {
        "input": raw["input_tokens"],
        "cache_read": raw.get("cache_read_input_tokens") or 0,
        "cache_write": (raw.get("cache_creation_input_tokens") or 0) - hour,
        "cache_write_1h": hour,
        "output": raw["output_tokens"] - thought,
        "reasoning": thought,
        "searches": (raw.get("server_tool_use") or {}).get("web_search_requests", 0),
    }


def joined(message: dict[str, Any], kind: str, name: str) -> str:
    return "".join(block[name] for block in message["content"] if block["type"] == kind)


def judge(completion, message: dict[str, Any]) -> None:
    """Compare everything a caller sees with what the oracle read."""
    assert (message["id"], message["model"]) == (completion.id, completion.model)
    assert joined(message, "text", "text") == completion.text
    assert joined(message, "thinking", "thinking") == completion.reasoning
    calls = [(b["id"], b["name"], b["input"]) for b in message["content"] if b["type"] == "tool_use"]
    assert calls == [(call.id, call.name, call.arguments) for call in completion.tool_calls]
    cited = [c for b in message["content"] if b["type"] == "text" for c in b.get("citations") or ()]
    assert cited == [citation.raw for citation in completion.citations]
    assert (FINISHES[message["stop_reason"]], message["stop_reason"]) == (
        completion.finish.reason,
        completion.finish.raw,
    )
    assert usage_of(message["usage"]) == buckets(completion.usage)


def buckets(usage: Usage) -> dict[str, int]:
    names = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "searches")
    return {name: getattr(usage, name) for name in names}


def sent_back(completion) -> list[dict[str, Any]]:
    call = WIRE.render_completion(Request("m", (Message("user", "x"), completion.message)), stream=False)
    turns = json.loads(call.body)["messages"]
    return blocks(turns[1]["content"]) if len(turns) > 1 else []


def blocks(content: Any) -> list[dict[str, Any]]:
    """Content as blocks: a string is one text."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def decoded(*chunks: bytes):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged_or_named():
    """No recording is passed over in silence."""
    assert set(surfaces("anthropic")) == {"messages", *ELSEWHERE}


def test_there_are_recordings_of_each_kind():
    """The selection above did not come out empty."""
    assert min(len(ANSWERS), len(STREAMS), len(ERRORS), len(REQUESTS)) >= 4


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, calls, citations, finish and figures are those in the body; the blocks go back as they came."""
    message = json.loads(exchange.body)

    events, raw = WIRE.parse_completion(exchange.reply)

    completion = fold(events)
    assert message == raw
    judge(completion, message)
    assert message["content"] == sent_back(completion)


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """So are those of a stream."""
    message = message_of(exchange.body)

    events = decoded(exchange.body)

    completion = fold(events)
    assert isinstance(events[-1], Finished)
    judge(completion, message)
    assert [b for b in message["content"] if b.get("text") != ""] == sent_back(completion)


@each(STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_is_read_in_chunks(exchange, size):
    """However small they are."""
    assert decoded(exchange.body) == decoded(*chunked(exchange.body, size))


@each([exchange for exchange in STREAMS if len(exchange.body) <= LONGEST_FOR_EVERY_SPLIT])
def test_a_stream_is_read_at_every_split(exchange):
    """Wherever it is cut in two; the second half begins in a decoder that has read the first."""
    expected = decoded(exchange.body)

    for position in range(1, len(exchange.body)):
        assert expected == decoded(exchange.body[:position], exchange.body[position:]), position


@each(STREAMS)
def test_a_stream_without_its_end_is_truncated(exchange):
    """Losing the last event is losing the answer."""
    cut = exchange.body[: exchange.body.rindex(b"event: message_stop")]

    last = decoded(cut)[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind


KINDS = {400: "request.invalid", 401: "auth", 404: "model.missing", 503: "server.overloaded"}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Its kind, its words and the id of the request."""
    error = WIRE.parse_error(exchange.reply)

    assert (KINDS[exchange.status], exchange.status) == (error.kind, error.status)
    words = (
        json.loads(exchange.body)["error"]["message"] if exchange.body[:1] == b"{" else exchange.body.decode()
    )
    assert words in error.message
    assert (
        exchange.headers.get("request-id") == error.request_id or exchange.headers.get("request-id") is None
    )


@each(ANSWERS)
def test_an_answer_survives_our_own_server(exchange):
    """Written by the server half and parsed again, it is the same."""
    events, _ = WIRE.parse_completion(exchange.reply)
    first = fold(events)

    again = fold(WIRE.parse_completion(WIRE.write_completion(first))[0])

    assert (first.parts, first.finish, buckets(first.usage)) == (
        again.parts,
        again.finish,
        buckets(again.usage),
    )


@each(STREAMS)
def test_a_stream_survives_our_own_server(exchange):
    """Event by event."""
    events = decoded(exchange.body)
    writer = WIRE.stream_writer()

    again = fold(decoded(b"".join(map(writer.write, events)) + writer.end()))

    first = fold(events)
    assert (first.parts, first.finish, buckets(first.usage)) == (
        again.parts,
        again.finish,
        buckets(again.usage),
    )


def asks_something(exchange) -> bool:
    return exchange.asked["messages"] != [{"role": "user", "content": ""}]


@each([exchange for exchange in REQUESTS if asks_something(exchange)])
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains."""
    asked = {
        "max_tokens": 1,
        "model": "in-the-path",
        **exchange.asked,
    }  # some hosts put the model into the path
    call = Call("POST", ("v1", "messages"), json.dumps(asked).encode())

    request, stream = WIRE.read_completion(call)
    again = json.loads(WIRE.render_completion(request, stream).body)

    assert plain(asked) == plain(again)


@each([exchange for exchange in REQUESTS if not asks_something(exchange)])
def test_a_request_that_asks_nothing_is_refused_before_sending(exchange):
    """The provider refused it as well."""
    request, _ = WIRE.read_completion(Call("POST", (), exchange.request))

    with pytest.raises(InvalidRequest):
        WIRE.render_completion(request, stream=False)

    assert 400 == exchange.status


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the differences there may be, none of which means anything.

    A text alone is a string, whichever way it was written; ``stream: false`` goes without saying; so does
    the type of a tool that is the caller's own.
    """
    turns = [
        {**turn, "content": [plain_block(b) for b in blocks(turn["content"])]} for turn in body["messages"]
    ]
    system = {"system": blocks(body["system"])} if "system" in body else {}
    tools = [{n: v for n, v in t.items() if (n, v) != ("type", "custom")} for t in body.get("tools", ())]
    kept = {name: value for name, value in body.items() if (name, value) != ("stream", False)}
    return {**kept, "messages": turns, **system, "tools": tools}


def plain_block(block: dict[str, Any]) -> dict[str, Any]:
    content = block.get("content")
    return {**block, "content": blocks(content)} if isinstance(content, str) else block


@each([exchange for exchange in ERRORS if exchange.body[:1] == b"{"])
def test_an_error_is_never_an_answer(exchange):
    """Not even under the status of a success."""
    events, _ = WIRE.parse_completion(Reply(200, exchange.headers, exchange.body))

    assert [Failed] == [type(event) for event in events]
