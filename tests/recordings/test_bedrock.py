"""Recorded exchanges of the vendor's own formats, judged by an oracle that knows nothing of the wires."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.events import Failed, Finished, fold
from jackfield.types import EmbedRequest, Message, Reasoning, Request, RerankRequest, ToolCall, ToolResult
from jackfield.wire import Call, Dialect, Reply, WireDecoder

pytest.importorskip("jackfield_bedrock")

from jackfield_bedrock.converse import Converse
from jackfield_bedrock.invoke import invoke_class
from jackfield_bedrock.operations import operations_of

require()

pytestmark = pytest.mark.recordings

DIALECT = Dialect(provider="bedrock", base="https://bedrock.test", request_id=("x-amzn-requestid",))
FRAMED = "application/vnd.amazon.eventstream"

ALL = exchanges("bedrock")
SPOKEN = [e for e in ALL if e.surface.startswith(("converse", "invoke"))]
ANSWERS = [e for e in SPOKEN if e.status == 200 and FRAMED not in e.headers["content-type"]]
STREAMS = [e for e in SPOKEN if e.status == 200 and FRAMED in e.headers["content-type"]]
ERRORS = [e for e in ALL if e.status >= 400]
WHOLE = {"converse": "output", "invoke": ""}

LONGEST_FOR_EVERY_SPLIT = 16 * 1024


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


def model_of(exchange) -> str:
    return unquote(urlsplit(exchange.uri).path.split("/")[2])


def path_of(exchange) -> tuple[str, ...]:
    return tuple(map(unquote, urlsplit(exchange.uri).path.split("/")[1:]))


def wire(exchange) -> Any:
    model = model_of(exchange)
    return (Converse if exchange.surface.startswith("converse") else invoke_class(model))(DIALECT, model)


def decoded(exchange, *chunks: bytes):
    codec = wire(exchange)
    decoder = WireDecoder(codec.framing(), codec.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the oracle ------------------------------------------------------------------------------------


def frames(body: bytes) -> list[tuple[str, Any]]:
    """The name and JSON of every frame, cut with a knife."""
    found = []
    while body:
        size, headers = struct.unpack(">II", body[:8])
        head, payload, body = body[12 : 12 + headers], body[12 + headers : size - 4], body[size:]
        start = head.index(b":event-type") + len(b":event-type") + 1
        length = int.from_bytes(head[start : start + 2], "big")
        found.append((head[start + 2 : start + 2 + length].decode(), json.loads(payload)))
    return found


def records(exchange) -> list[Any]:
    """What the model's own format says, chunk by chunk."""
    return [json.loads(b64decode(value["bytes"])) for _, value in frames(exchange.body)]


def events_of(exchange) -> list[tuple[str, Any]]:
    """The events of a conversation, whichever way they are framed."""
    if exchange.surface.startswith("converse"):
        return frames(exchange.body)
    return [(next(iter(record)), next(iter(record.values()))) for record in records(exchange)]


def talked(exchange) -> dict[str, Any]:
    """A conversation's answer: its blocks in order, why it stopped, its figures."""
    if exchange not in STREAMS:
        body = json.loads(exchange.body)
        blocks = list(map(plain, body["output"]["message"]["content"]))
        return {"blocks": blocks, "stop": body["stopReason"], "usage": body["usage"]}
    blocks: dict[int, dict[str, Any]] = {}
    answer: dict[str, Any] = {}
    for name, value in events_of(exchange):
        if name == "contentBlockStart":
            blocks[value["contentBlockIndex"]] = started(value["start"])
        elif name == "contentBlockDelta":
            grow(blocks.setdefault(value["contentBlockIndex"], {}), value["delta"])
        elif name == "messageStop":
            answer["stop"] = value["stopReason"]
        elif name == "metadata":
            answer["usage"] = value["usage"]
    for block in blocks.values():
        if "json" in block:
            block["json"] = json.loads(block["json"] or "{}")
    return {"blocks": [blocks[index] for index in sorted(blocks)], **answer}


def plain(block: dict[str, Any]) -> dict[str, Any]:
    """A block in the oracle's words."""
    ((kind, inner),) = block.items()
    if kind == "text":
        return {"text": inner}
    if kind == "toolUse":
        call = (inner["toolUseId"], inner["name"])
        return {"call": call, "json": inner["input"], "hosted": inner.get("type") == "server_tool_use"}
    if kind == "citationsContent":
        return {"text": "".join(p["text"] for p in inner["content"]), "citations": inner["citations"]}
    if kind == "reasoningContent" and "reasoningText" in inner:
        return {
            "reasoning": inner["reasoningText"]["text"],
            "signature": inner["reasoningText"].get("signature"),
        }
    raise AssertionError(kind)


def started(start: dict[str, Any]) -> dict[str, Any]:
    ((kind, inner),) = start.items()
    if kind == "toolResult":
        return {"result": inner["toolUseId"], "content": [], "status": inner["status"], "type": inner["type"]}
    call = (inner["toolUseId"], inner["name"])
    return {"call": call, "json": "", "hosted": inner.get("type") == "server_tool_use"}


def grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    ((kind, inner),) = delta.items()
    if kind == "text":
        block["text"] = block.get("text", "") + inner
    elif kind == "toolUse":
        block["json"] += inner["input"]
    elif kind == "toolResult":
        block["content"] += inner
    elif kind == "reasoningContent":
        block.setdefault("reasoning", "")
        block.setdefault("signature", None)
        block["reasoning"] += inner.get("text", "")
        block["signature"] = inner.get("signature", block["signature"])
    else:
        raise AssertionError(kind)


FINISHES = {
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "guardrail_intervened": "content_filter",
    "stop": "stop",
    "FINISH": "stop",
    "COMPLETE": "stop",
    "endoftext": "stop",
    "length": "length",
}


def shown(part: Any) -> dict[str, Any]:
    """A part in the oracle's words."""
    if isinstance(part, ToolCall):
        return {"call": (part.id, part.name), "json": part.arguments, "hosted": part.hosted}
    if isinstance(part, ToolResult):
        content = [dict(item.opaque.data) if item.opaque else {"text": item.text} for item in part.parts]
        status = "error" if part.error else "success"
        return {
            "result": part.call_id,
            "content": content,
            "status": status,
            "type": part.opaque.data["type"],
        }
    if isinstance(part, Reasoning):
        return {
            "reasoning": part.text,
            "signature": (part.opaque.data if part.opaque else {}).get("signature"),
        }
    cited = {"citations": [citation.raw for citation in part.citations]} if part.citations else {}
    return {"text": part.text, **cited}


def judge_talk(exchange, completion) -> None:
    answer = talked(exchange)
    usage = answer["usage"]

    assert [b for b in answer["blocks"] if b != {"text": ""}] == list(map(shown, completion.parts))
    assert (FINISHES[answer["stop"]], answer["stop"]) == (completion.finish.reason, completion.finish.raw)
    read, written = usage.get("cacheReadInputTokens", 0), usage.get("cacheWriteInputTokens", 0)
    counted = exchange.headers.get("x-amzn-bedrock-output-token-count")
    output = usage["outputTokens"] if "outputTokens" in usage else int(counted)
    assert (usage["inputTokens"], read, written, output) == (
        completion.usage.input,
        completion.usage.cache_read,
        completion.usage.cache_write,
        completion.usage.output,
    )


def figures(completion) -> tuple[int, int]:
    return completion.usage.total_input, completion.usage.total_output


# What the makers' formats say: text, why it stopped, what went in and came out.
def said_whole(exchange) -> tuple[str, str, int, int]:
    body = json.loads(exchange.body)
    found = {
        "generation": lambda: (body["generation"], body["stop_reason"]),
        "results": lambda: (body["results"][0]["outputText"], body["results"][0]["completionReason"]),
        "generations": lambda: (body["generations"][0]["text"], body["generations"][0]["finish_reason"]),
        "completions": lambda: (
            body["completions"][0]["data"]["text"],
            body["completions"][0]["finishReason"]["reason"],
        ),
        "choices": lambda: (
            body["choices"][0].get("text") or body["choices"][0]["message"]["content"],
            body["choices"][0]["finish_reason"],
        ),
        "content": lambda: (
            "".join(block.get("text", "") for block in body["content"]),
            body["stop_reason"],
        ),
    }
    text, stop = next(found[name]() for name in found if name in body)
    counts = (int(exchange.headers[f"x-amzn-bedrock-{way}-token-count"]) for way in ("input", "output"))
    return (text, stop, *counts)


def said_streamed(exchange) -> tuple[str, str, int, int]:
    found = records(exchange)
    text, stop = "", ""
    for record in found:
        choice = (record.get("choices") or [{}])[0]
        delta = choice.get("delta") or record.get("delta") or {}
        text += record.get("generation") or record.get("outputText") or delta.get("content") or ""
        text += delta.get("text", "") if delta.get("type") == "text_delta" else ""
        reasons = (choice.get("finish_reason"), delta.get("stop_reason"), record.get("stop_reason"))
        stop = next(filter(None, (*reasons, record.get("completionReason"))), stop)
    metrics = found[-1]["amazon-bedrock-invocationMetrics"]
    return text, stop, metrics["inputTokenCount"], metrics["outputTokenCount"]


def judge_words(exchange, completion, said) -> None:
    text, stop, went_in, came_out = said
    assert (text, stop) == (completion.text, completion.finish.raw)
    assert FINISHES[stop] == completion.finish.reason
    assert (went_in, came_out) == figures(completion)


def talks(exchange) -> bool:
    return exchange.surface.startswith("converse") or "amazon-nova" in exchange.surface


# -- what is there ---------------------------------------------------------------------------------


def test_every_surface_is_judged():
    """The shared formats on the vendor's host are judged by the tests of their wires."""
    found = set(surfaces("bedrock"))
    elsewhere = {"mantle-chat_completions", "mantle-responses"}
    judged = {e.surface for e in (*ANSWERS, *STREAMS, *ERRORS)} | {"embeddings", "rerank"}

    assert found == judged | elsewhere


def test_the_recordings_are_as_many_as_ever():
    """A loader that finds fewer would make every test below pass."""
    assert (27, 14, 3) <= (len(ANSWERS), len(STREAMS), len(ERRORS))


# -- answers ---------------------------------------------------------------------------------------


@each(ANSWERS)
def test_an_answer_is_read_as_recorded(exchange):
    """Parts in order, calls, signatures, citations, finish and figures."""
    events, raw = wire(exchange).parse_completion(exchange.reply)

    assert json.loads(exchange.body) == raw
    if talks(exchange):
        judge_talk(exchange, fold(events))
    else:
        judge_words(exchange, fold(events), said_whole(exchange))


@each(STREAMS)
def test_a_stream_is_read_as_recorded(exchange):
    """So are those of a stream."""
    events = decoded(exchange, exchange.body)

    assert isinstance(events[-1], Finished)
    assert 1 == sum(isinstance(event, Finished | Failed) for event in events)
    if talks(exchange):
        judge_talk(exchange, fold(events))
    else:
        judge_words(exchange, fold(events), said_streamed(exchange))


@each([e for e in (*ANSWERS, *STREAMS) if "tools" in e.id and e.surface == "invoke-anthropic"])
def test_calls_of_invoked_models_are_read(exchange):
    """Name and arguments, which streams send in pieces."""
    if exchange in STREAMS:
        deltas = [r["delta"] for r in records(exchange) if r["type"] == "content_block_delta"]
        expected = json.loads("".join(delta["partial_json"] for delta in deltas))
        completion = fold(decoded(exchange, exchange.body))
    else:
        expected = json.loads(exchange.body)["content"][0]["input"]
        completion = fold(wire(exchange).parse_completion(exchange.reply)[0])

    assert [expected] == [call.arguments for call in completion.tool_calls]


@each(STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_is_read_in_chunks(exchange, size):
    """However small they are."""
    assert decoded(exchange, exchange.body) == decoded(exchange, *chunked(exchange.body, size))


@each([e for e in STREAMS if len(e.body) <= LONGEST_FOR_EVERY_SPLIT])
def test_a_stream_is_read_at_every_split(exchange):
    """Wherever it is cut in two; the second half begins in a decoder that has read the first."""
    expected = decoded(exchange, exchange.body)

    for position in range(1, len(exchange.body)):
        halves = exchange.body[:position], exchange.body[position:]
        assert expected == decoded(exchange, *halves), position


@each(STREAMS)
def test_a_stream_without_its_end_is_truncated(exchange):
    """Without the event that says why it stopped, the answer is not whole."""
    marks = (b"messageStop", b"stop_reason", b"completionReason", b"finish_reason")
    kept = exchange.body
    while any(mark in said(kept) for mark in marks):
        kept = kept[: last_frame(kept)]

    last = decoded(exchange, kept)[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind


def said(body: bytes) -> bytes:
    """Everything a stream says, but for reasons that are null."""
    texts = []
    for name, value in frames(body):
        record = json.loads(b64decode(value["bytes"])) if "bytes" in value else value
        texts.append(name.encode() + without_nulls(record))
    return b"".join(texts)


def without_nulls(value: Any) -> bytes:
    text = json.dumps(value)
    for name in ("stop_reason", "finish_reason", "completionReason"):
        text = text.replace(f'"{name}": null', "")
    return text.encode()


def last_frame(body: bytes) -> int:
    start = 0
    while start + (size := int.from_bytes(body[start : start + 4], "big")) < len(body):
        start += size
    return start


KINDS = {
    "error_400__converse": "request.context",
    "error_403__converse": "auth",
    "error_400_stream__converse": "model.missing",
}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Its kind, its words, its code and the id of the request."""
    error = wire(exchange).parse_error(exchange.reply)

    kind = exchange.id.split("/")[1].split("-")[0]
    code = exchange.headers.get("x-amzn-errortype", "").split(":")[0] or None
    assert (KINDS[kind], exchange.status, code) == (error.kind, error.status, error.code)
    assert json.loads(exchange.body)["message"] == error.message
    assert json.loads(exchange.body) == error.raw
    assert exchange.headers.get("x-amzn-requestid") == error.request_id


@each([e for e in ERRORS if e.body[:1] == b"{"])
def test_an_error_is_never_an_answer(exchange):
    """Not even under the status of a success."""
    events, _ = wire(exchange).parse_completion(Reply(200, exchange.headers, exchange.body))

    assert [Failed] == [type(event) for event in events]


# -- our own server --------------------------------------------------------------------------------


def same(first, again) -> None:
    assert [shown(part) for part in first.parts] == [shown(part) for part in again.parts]
    assert (first.finish, figures(first)) == (again.finish, figures(again))


@each(ANSWERS)
def test_an_answer_survives_our_own_server(exchange):
    """Written by the server half and parsed again, it is the same."""
    codec = wire(exchange)
    first = fold(codec.parse_completion(exchange.reply)[0])

    same(first, fold(codec.parse_completion(codec.write_completion(first))[0]))


@each(STREAMS)
def test_a_stream_survives_our_own_server(exchange):
    """Event by event."""
    codec = wire(exchange)
    events = decoded(exchange, exchange.body)
    writer = codec.stream_writer(model_of(exchange))

    same(fold(events), fold(decoded(exchange, b"".join(map(writer.write, events)) + writer.end())))


# -- requests --------------------------------------------------------------------------------------


@each([e for e in SPOKEN if e.status == 200])
def test_a_recorded_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``usual`` explains, at the same address."""
    codec = wire(exchange)
    call = Call("POST", path_of(exchange), exchange.request)

    request, stream = codec.read_completion(call)
    again = codec.render_completion(request, stream)

    assert (exchange in STREAMS) == stream
    assert path_of(exchange) == again.path
    assert usual(exchange.asked) == usual(json.loads(again.body))


def usual(value: Any) -> Any:
    """A body without the differences there may be, none of which means anything.

    Empty tables and lists go without saying, as does the success of a tool and that no stream is wanted; a
    text alone is a string or a block; a schema as text is the schema.
    """
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], dict) and value[0].keys() == {"type", "text"}:
            return value[0]["text"]
        return [usual(item) for item in value]
    if not isinstance(value, dict):
        return value
    known = {name: usual(item) for name, item in value.items() if item not in ({}, [])}
    known = {
        n: item for n, item in known.items() if (n, item) not in (("status", "success"), ("stream", False))
    }
    if isinstance(known.get("schema"), str):
        known["schema"] = json.loads(known["schema"])
    return {**known, **{name: value[name] for name in ("input", "any", "auto") if name in value}}


# -- operations ------------------------------------------------------------------------------------

(VECTORS,) = exchanges("bedrock", surfaces=("embeddings",))


def test_vectors_are_asked_for_and_read():
    """Field by field as recorded."""
    operation = operations_of(DIALECT, model_of(VECTORS))["embed"]
    text = VECTORS.asked["singleEmbeddingParams"]["text"]["value"]

    steps = operation.ask(EmbedRequest(model_of(VECTORS), (text,), {"dimensions": 256}))
    call = next(steps)
    with pytest.raises(StopIteration) as stop:
        steps.send(VECTORS.reply)

    assert (VECTORS.asked, path_of(VECTORS)) == (json.loads(call.body), call.path)
    expected = json.loads(VECTORS.body)["embeddings"][0]["embedding"]
    assert (tuple(expected),) == stop.value.value.vectors
    assert 10 == stop.value.value.usage.input


@each(exchanges("bedrock", surfaces=("rerank",)))
def test_a_ranking_is_read(exchange):
    """The best first."""
    operation = operations_of(DIALECT, "cohere.rerank-v3-5:0")["rerank"]
    steps = operation.ask(RerankRequest("cohere.rerank-v3-5:0", "q", tuple("abcdef")))
    next(steps)

    with pytest.raises(StopIteration) as stop:
        steps.send(exchange.reply)

    expected = [(r["index"], r["relevanceScore"]) for r in json.loads(exchange.body)["results"]]
    assert expected == [(ranked.index, ranked.score) for ranked in stop.value.value.results]


def test_what_was_signed_goes_back_to_the_letter():
    """Reasoning with its signature, as the next turn needs it."""
    signed = [e for e in ANSWERS if "reasoning__converse-anthropic" in e.id]

    for exchange in signed:
        codec = wire(exchange)
        completion = fold(codec.parse_completion(exchange.reply)[0])
        call = codec.render_completion(Request("m", (Message("user", "x"), completion.message)), stream=False)
        content = json.loads(exchange.body)["output"]["message"]["content"]
        assert content == json.loads(call.body)["messages"][1]["content"]
    assert signed
