"""Recorded exchanges of Cohere, judged by an oracle that knows nothing of the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.events import Failed, Finished, fold
from jackfield.types import Message, Request, Usage
from jackfield.wire import Call, Dialect, Reply, WireDecoder

require()
cohere = pytest.importorskip("jackfield_cohere.wire")

pytestmark = pytest.mark.recordings

WIRE = cohere.CohereWire(Dialect(provider="cohere", request_id=("x-debug-trace-id",)))

# What the service offers besides, and why this wire is not judged by it.
NOT_OURS = {
    "v1-chat": "the first version of the API: another format, which the second replaces",
    "v1-generate": "text completions of the first version, retired",
    "compat-chat_completions": "the other wire's, judged there",
}

CHAT = exchanges("cohere", surfaces=("v2-chat",))
ANSWERS = [exchange for exchange in CHAT if exchange.status == 200 and not exchange.streamed]
STREAMS = [exchange for exchange in CHAT if exchange.status == 200 and exchange.streamed]
ERRORS = [exchange for exchange in CHAT if exchange.status >= 400]
VECTORS = exchanges("cohere", surfaces=("v2-embeddings", "v1-embeddings"))
RANKINGS = exchanges("cohere", surfaces=("v2-rerank", "v1-rerank"))
MODELS = exchanges("cohere", surfaces=("models",))

LONGEST_FOR_EVERY_SPLIT = 16 * 1024

# Streams that fail: the error is in the last event.
FAILING = {"cohere/tools_stream__v2-chat-command-a-03-2025#0": "INVALID_TOOL_GENERATION"}

FINISHES = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


WELL = [exchange for exchange in STREAMS if exchange.id not in FAILING]


# -- the oracle ----------------------------------------------------------------------------------


def records_of(body: bytes) -> list[dict[str, Any]]:
    """The JSON of every data line, cut with a knife."""
    lines = [line[5:].strip() for line in body.decode().splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def answer_of(body: bytes) -> dict[str, Any]:
    """The whole answer that a stream spells."""
    message: dict[str, Any] = {"content": [], "tool_calls": [], "citations": [], "tool_plan": ""}
    answer: dict[str, Any] = {"message": message}
    for record in records_of(body):
        delta = record.get("delta", {})
        answer |= {"id": record["id"]} if record["type"] == "message-start" else {}
        answer |= delta if record["type"] == "message-end" else {}
        grow(message, record["type"], record.get("index", 0), delta.get("message", {}))
    return answer


def grow(message: dict[str, Any], kind: str, index: int, said: dict[str, Any]) -> None:
    if kind == "tool-plan-delta":
        message["tool_plan"] += said["tool_plan"]
    elif kind == "content-start":
        message["content"].append(dict(said["content"]))
    elif kind == "content-delta":
        for name, text in said["content"].items():
            message["content"][index][name] += text
    elif kind == "tool-call-start":
        message["tool_calls"].append(json.loads(json.dumps(said["tool_calls"])))
    elif kind == "tool-call-delta":
        arguments = said["tool_calls"]["function"]["arguments"]
        message["tool_calls"][index]["function"]["arguments"] += arguments
    elif kind == "citation-start":
        message["citations"].append(said["citations"])


def usage_of(raw: dict[str, Any]) -> dict[str, int]:
    """The figures in our buckets, added up by hand."""
    tokens, cached = raw["tokens"], int(raw.get("cached_tokens", 0))
    thought = int(tokens.get("reasoning_tokens", 0))
    return {
        "input": int(tokens["input_tokens"]) - cached,
        "cache_read": cached,
        "input_image": int(tokens.get("image_tokens", 0)),
        "output": int(tokens["output_tokens"]) - thought,
        "reasoning": thought,
    }


def buckets(usage: Usage) -> dict[str, int]:
    names = ("input", "cache_read", "input_image", "output", "reasoning")
    return {name: getattr(usage, name) for name in names}


def judge(completion, answer: dict[str, Any]) -> None:
    """Compare everything a caller sees with what the oracle read."""
    message = answer["message"]
    content = message.get("content") or []
    thoughts = [item["thinking"] for item in content if item["type"] == "thinking"]
    assert answer["id"] == completion.id
    assert "".join(item["text"] for item in content if item["type"] == "text") == completion.text
    assert (message.get("tool_plan") or "") + "".join(thoughts) == completion.reasoning
    calls = [
        (c["id"], c["function"]["name"], json.loads(c["function"]["arguments"] or "{}"))
        for c in message.get("tool_calls") or []
    ]
    assert calls == [(call.id, call.name, call.arguments) for call in completion.tool_calls]
    cited = message.get("citations") or []
    assert cited == [citation.raw for citation in completion.citations]
    assert [(c["text"], c["start"], c["end"], c["sources"][0]["type"]) for c in cited] == [
        (citation.quote, citation.start, citation.end, citation.kind) for citation in completion.citations
    ]
    assert all(completion.text[c.start : c.end] == c.quote for c in completion.citations)
    raw = answer["finish_reason"]
    assert (FINISHES[raw], raw) == (completion.finish.reason, completion.finish.raw)
    assert usage_of(answer["usage"]) == buckets(completion.usage)
    assert answer["usage"] == completion.usage.raw


def decoded(*chunks: bytes):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


def sent_back(completion) -> dict[str, Any]:
    """The turn of the model's as it goes back."""
    call = WIRE.render_completion(Request("m", (Message("user", "x"), completion.message)), stream=False)
    turns = json.loads(call.body)["messages"]
    return {name: value for name, value in turns[1].items() if value}


def as_sent(message: dict[str, Any]) -> dict[str, Any]:
    """The turn as it came, without what is empty; one text is a string."""
    turn = {name: value for name, value in message.items() if value} | {"role": "assistant"}
    content = turn.get("content") or []
    if len(content) == 1 and content[0]["type"] == "text":
        turn["content"] = content[0]["text"]
    for call in turn.get("tool_calls", []):
        call["function"]["arguments"] = call["function"]["arguments"] or "{}"
    return turn


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged_or_named():
    """No recording is passed over in silence."""
    judged = {"v2-chat", "v2-embeddings", "v1-embeddings", "v2-rerank", "v1-rerank", "models"}
    assert set(surfaces("cohere")) == {*judged, *NOT_OURS}


def test_there_are_recordings_of_each_kind():
    """The selection above did not come out empty."""
    assert min(len(ANSWERS), len(STREAMS), len(ERRORS), len(VECTORS), len(RANKINGS), len(MODELS)) >= 1


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, plan, thinking, calls, citations, finish and figures; the turn goes back as it came."""
    body = json.loads(exchange.body)

    events, raw = WIRE.parse_completion(exchange.reply)

    completion = fold(events)
    assert body == raw
    judge(completion, body)
    assert as_sent(body["message"]) == sent_back(completion)


@each(WELL)
def test_a_stream_is_read(exchange):
    """So are those of a stream."""
    answer = answer_of(exchange.body)

    events = decoded(exchange.body)

    completion = fold(events)
    assert isinstance(events[-1], Finished)
    judge(completion, answer)
    assert as_sent(answer["message"]) == sent_back(completion)


@each([exchange for exchange in STREAMS if exchange.id in FAILING])
def test_a_stream_that_fails_says_why(exchange):
    """What came before the failure stays."""
    answer = answer_of(exchange.body)

    events = decoded(exchange.body)

    assert isinstance(events[-1], Failed)
    error = events[-1].error
    assert ("protocol.body", FAILING[exchange.id]) == (error.kind, error.code)
    assert answer["error"] in error.message
    assert answer["message"]["tool_plan"] == fold(events).reasoning


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
def test_a_stream_without_its_end_is_truncated(exchange):
    """Losing the last event is losing the answer; the mark after it says nothing more."""
    cut = exchange.body[: exchange.body.rindex(b"event: message-end")]

    last = decoded(cut)[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind
    assert decoded(exchange.body) == decoded(exchange.body[: exchange.body.rindex(b"data: [DONE]")])


KINDS = {400: "request.context", 401: "auth"}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Its kind, its words and an id to ask the provider about."""
    body = json.loads(exchange.body)

    error = WIRE.parse_error(exchange.reply)

    assert (KINDS[exchange.status], exchange.status) == (error.kind, error.status)
    assert body["message"][:40] in error.message
    assert body.get("error_type") == error.code
    assert exchange.headers.get("x-debug-trace-id", body["id"]) == error.request_id


@each(ERRORS)
def test_an_error_is_never_an_answer(exchange):
    """Not even under the status of a success."""
    events, _ = WIRE.parse_completion(Reply(200, exchange.headers, exchange.body))

    assert [Failed] == [type(event) for event in events]


@each(ANSWERS)
def test_an_answer_survives_our_own_server(exchange):
    """Written by the server half and parsed again, it is the same."""
    first = fold(WIRE.parse_completion(exchange.reply)[0])

    again = fold(WIRE.parse_completion(WIRE.write_completion(first))[0])

    assert (first.parts, first.finish, buckets(first.usage), first.id) == (
        again.parts,
        again.finish,
        buckets(again.usage),
        again.id,
    )


@each(WELL)
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


@each(CHAT)
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains."""
    request, stream = WIRE.read_completion(Call("POST", ("v2", "chat"), exchange.request))
    again = json.loads(WIRE.render_completion(request, stream).body)

    assert plain(exchange.asked) == plain(again)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body in one of the ways of saying it: the format has several for some things."""
    turns = [plain_turn(turn) for turn in body["messages"]]
    rest = {name: value for name, value in body.items() if value is not None and value != []}
    return {
        "stream": False,
        **rest,
        "messages": turns,
        "tools": [plain_tool(t) for t in body.get("tools", [])],
    }


def plain_turn(turn: dict[str, Any]) -> dict[str, Any]:
    """A text alone is a string or a list of one; nothing is left out, null, or an empty list or text."""
    content = turn.get("content")
    if isinstance(content, list) and all(item["type"] == "text" for item in content):
        content = "".join(item["text"] for item in content)
    return {
        name: value for name, value in {**turn, "content": content}.items() if value not in (None, [], "")
    }


def plain_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A description may be empty."""
    function = {name: value for name, value in tool["function"].items() if value != ""}
    return {**tool, "function": function}


# -- beside chat ---------------------------------------------------------------------------------


@each(VECTORS)
def test_vectors_are_read(exchange):
    """In the order of the texts, with what is billed."""
    body = json.loads(exchange.body)
    embed = WIRE.operations()["embed"]

    answer = embed.parse(exchange.reply)

    assert [tuple(map(float, vector)) for vector in body["embeddings"]["float"]] == list(answer.vectors)
    assert body["meta"]["billed_units"]["input_tokens"] == answer.usage.input
    asked = {name: value for name, value in exchange.asked.items() if value is not None}
    again = json.loads(embed.render(embed.read(Call("POST", ("v2", "embed"), exchange.request))).body)
    assert {"embedding_types": ["float"], **asked} == again
    assert answer.vectors == embed.parse(embed.write(answer)).vectors


@each(RANKINGS)
def test_a_ranking_is_read(exchange):
    """Places, scores and searches."""
    body = json.loads(exchange.body)
    rerank = WIRE.operations()["rerank"]

    answer = rerank.parse(exchange.reply)

    assert [(r["index"], r["relevance_score"]) for r in body["results"]] == [
        (ranked.index, ranked.score) for ranked in answer.results
    ]
    assert body["meta"]["billed_units"]["search_units"] == answer.usage.searches
    again = rerank.render(rerank.read(Call("POST", ("v2", "rerank"), exchange.request)))
    assert exchange.asked == json.loads(again.body)
    assert answer.results == rerank.parse(rerank.write(answer)).results


@each(MODELS)
def test_a_model_is_read(exchange):
    """One at a time is an entry of the list."""
    entry = json.loads(exchange.body)
    models = WIRE.operations()["models"]

    (model,) = models.parse(Reply(200, exchange.headers, b'{"models":[' + exchange.body + b"]}")).models

    assert (entry["name"], entry["context_length"]) == (model.id, model.context)
