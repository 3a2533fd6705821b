"""Recorded exchanges of the responses format, judged by an oracle that knows nothing of the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassettes import chunked, exchanges, require

from jackfield.errors import InvalidRequest
from jackfield.events import Failed, Finished, Started, fold
from jackfield.types import Image, Message, Other, Reasoning, Request, ToolCall, Usage
from jackfield.wire import Call, Dialect, Reply, WireDecoder
from jackfield.wire.responses import Responses

require()

pytestmark = pytest.mark.recordings

WIRE = Responses(Dialect(provider="acme", settings={"cache_points": True}))
STREAMED_TWICE = ("openai/error_in_stream",)

ALL = [e for e in exchanges() if e.uri.partition("?")[0].endswith("/responses")]
ANSWERS = [e for e in ALL if e.status == 200 and not e.streamed]
STREAMS = [e for e in ALL if e.status == 200 and e.streamed and not e.id.startswith(STREAMED_TWICE)]
BROKEN = [e for e in ALL if e.status == 200 and e.streamed and e.id.startswith(STREAMED_TWICE)]
ERRORS = [e for e in ALL if e.status >= 400]
REQUESTS = [e for e in ALL if e.asked is not None]

LONGEST_FOR_EVERY_SPLIT = 16 * 1024

INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


# -- the oracle ----------------------------------------------------------------------------------


def records_of(body: bytes) -> list[dict[str, Any]]:
    """The JSON of every data line but the end mark, cut with a knife."""
    lines = body.decode().replace("\r\n", "\n").split("\n")
    texts = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [json.loads(text) for text in texts if text != "[DONE]"]


def response_of(body: bytes) -> dict[str, Any]:
    """The response that a stream spells: its items as they were done, in the order in which they began."""
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    order: list[int] = []
    done: dict[int, Any] = {}
    for record in records_of(body):
        kind = record["type"]
        if kind == "response.output_item.added":
            order.append(record["output_index"])
        elif kind == "response.output_item.done":
            done[record["output_index"]] = record["item"]
        elif "response" in record:
            first, last = first or record["response"], record["response"]
    items = [done[index] for index in dict.fromkeys([*order, *done]) if index in done]
    same = {name: first[name] for name in ("id", "model")}
    return {**last, **same, "output": items or last.get("output", [])}


def usage_of(body: dict[str, Any]) -> dict[str, int]:
    """The figures in our buckets, subtracted by hand."""
    raw = body["usage"]
    into, out = raw.get("input_tokens_details") or {}, raw.get("output_tokens_details") or {}
    cached, written = into.get("cached_tokens") or 0, into.get("cache_write_tokens") or 0
    thought = out.get("reasoning_tokens") or 0
    return {
        "input": raw["input_tokens"] - cached - written,
        "cache_read": cached,
        "cache_write": written,
        "output": raw["output_tokens"] - thought,
        "reasoning": thought,
    }


def said(body: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The contents of one type in all messages."""
    messages = [item for item in body["output"] if item["type"] == "message"]
    return [content for item in messages for content in item["content"] if content["type"] == kind]


def thoughts(body: dict[str, Any]) -> str:
    """The text of all reasoning."""
    beside = body.get("reasoning")
    text = beside if isinstance(beside, str) else ""
    for item in body["output"]:
        if item["type"] == "reasoning":
            shown = item.get("content") or item.get("summary") or []
            text += "\n\n".join(piece["text"] for piece in shown)
    return text


def finish_of(body: dict[str, Any]) -> tuple[str, str]:
    if body["status"] == "incomplete":
        reason = body["incomplete_details"]["reason"]
        return INCOMPLETE[reason], reason
    called = any(item["type"] in ("function_call", "custom_tool_call") for item in body["output"])
    return ("tool_calls" if called else "stop"), body["status"]


def judge(completion, body: dict[str, Any]) -> None:
    """Compare everything a caller sees with what the oracle read."""
    assert (body["id"], body["model"]) == (completion.id, completion.model)
    assert "".join(content["text"] for content in said(body, "output_text")) == completion.text
    assert "".join(content["refusal"] for content in said(body, "refusal")) == (completion.refusal or "")
    assert thoughts(body) == completion.reasoning
    calls = [item for item in body["output"] if item["type"] == "function_call"]
    assert [(c["call_id"], c["name"], json.loads(c["arguments"])) for c in calls] == [
        (call.id, call.name, call.arguments) for call in completion.tool_calls
    ]
    cited = [a for content in said(body, "output_text") for a in content.get("annotations") or ()]
    assert cited == [citation.raw for citation in completion.citations]
    assert [(a.get("url"), a.get("title", a.get("filename"))) for a in cited] == [
        (citation.url, citation.title) for citation in completion.citations
    ]
    scored = [p["token"] for content in said(body, "output_text") for p in content.get("logprobs") or ()]
    assert scored == [token.token for token in completion.logprobs]
    assert finish_of(body) == (completion.finish.reason, completion.finish.raw)
    assert usage_of(body) == buckets(completion.usage)
    assert kinds_of(body["output"]) == kinds_of_parts(completion.parts)


def kinds_of(items: list[dict[str, Any]]) -> list[str]:
    """What comes after what: contents and items, all else than texts, calls and reasoning by its own type."""
    return [kind for item in items for kind in _kinds(item)]


def _kinds(item: dict[str, Any]) -> list[str]:
    names = {"output_text": "Text", "refusal": "Refusal"}
    if item["type"] == "message":
        return [names[content["type"]] for content in item["content"]]
    return [{"function_call": "ToolCall", "reasoning": "Reasoning"}.get(item["type"], item["type"])]


def kinds_of_parts(parts) -> list[str]:
    """The same for parts; reasoning that came beside the items is none of them."""
    beside = [part for part in parts if isinstance(part, Reasoning) and part.opaque is None]
    return [_kind(part) for part in parts if part not in beside]


def _kind(part) -> str:
    if isinstance(part, Image):
        return "image_generation_call"
    verbatim = isinstance(part, Other) or (isinstance(part, ToolCall) and part.hosted)
    return part.opaque.data["type"] if verbatim else type(part).__name__


def buckets(usage: Usage) -> dict[str, int]:
    names = ("input", "cache_read", "cache_write", "output", "reasoning")
    return {name: getattr(usage, name) for name in names}


def sent_back(completion) -> list[dict[str, Any]]:
    """The items of the next turn after the first user message."""
    call = WIRE.render_completion(Request("m", (Message("user", "x"), completion.message)), stream=False)
    return json.loads(call.body)["input"][1:]


def plain_items(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items without the differences there may be when they go back.

    Log probabilities stay behind; annotations are there even where there are none.
    """
    return [
        {**item, "content": [plain_content(content) for content in item["content"]]}
        if item["type"] == "message"
        else item
        for item in items
    ]


def plain_content(content: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in content.items() if name != "logprobs"}
    return {"annotations": [], **kept} if content["type"] == "output_text" else kept


def decoded(*chunks: bytes):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged():
    """Whoever has a surface of this name has its recordings here."""
    named = {e.id for e in exchanges() if "responses" in e.surface}

    assert named == {exchange.id for exchange in ALL}


def test_there_are_recordings_of_each_kind():
    """The selection above did not come out empty."""
    assert min(len(ANSWERS), len(STREAMS), len(ERRORS), len(REQUESTS)) >= 4
    assert BROKEN


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, calls, citations, finish and figures are those in the body; the items go back as they came."""
    body = json.loads(exchange.body)

    events, raw = WIRE.parse_completion(exchange.reply)

    completion = fold(events)
    assert body == raw
    judge(completion, body)
    assert plain_items(body["output"]) == plain_items(sent_back(completion))


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """So are those of a stream."""
    body = response_of(exchange.body)

    events = decoded(exchange.body)

    completion = fold(events)
    assert [Started, Finished] == [type(events[0]), type(events[-1])]
    judge(completion, body)
    assert plain_items(body["output"]) == plain_items(sent_back(completion))


@each(STREAMS)
def test_a_stream_reads_like_its_whole_answer(exchange):
    """The last event holds the answer as it would come without a stream, ids and order of its items aside."""
    last = records_of(exchange.body)[-1]["response"]

    streamed = fold(decoded(exchange.body))

    if last["output"]:  # one host leaves them out
        whole = fold(WIRE.parse_completion(Reply(200, body=json.dumps(last).encode()))[0])
        assert (whole.text, whole.reasoning, whole.usage, whole.finish) == (
            streamed.text,
            streamed.reasoning,
            streamed.usage,
            streamed.finish,
        )
        assert [call.json for call in whole.tool_calls] == [call.json for call in streamed.tool_calls]


@each([*STREAMS, *BROKEN])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_is_read_in_chunks(exchange, size):
    """However small they are."""
    assert decoded(exchange.body) == decoded(*chunked(exchange.body, size))


def framed(*chunks: bytes):
    framing = WIRE.framing()
    return [record for chunk in chunks for record in framing.feed(chunk)] + framing.end()


@each([exchange for exchange in STREAMS if len(exchange.body) <= LONGEST_FOR_EVERY_SPLIT])
def test_a_stream_is_framed_at_every_split(exchange):
    """Wherever it is cut in two, the records are the same, and of them alone the events are made."""
    expected = framed(exchange.body)

    for position in range(1, len(exchange.body)):
        assert expected == framed(exchange.body[:position], exchange.body[position:]), position


@each([exchange for exchange in STREAMS if len(exchange.body) <= LONGEST_FOR_EVERY_SPLIT // 3])
def test_a_stream_is_read_at_every_split(exchange):
    """And the shorter ones from bytes to events."""
    expected = decoded(exchange.body)

    for position in range(1, len(exchange.body)):
        assert expected == decoded(exchange.body[:position], exchange.body[position:]), position


@each(STREAMS)
def test_a_stream_without_its_end_is_truncated(exchange):
    """Losing the last event is losing the answer, whatever mark follows it."""
    cut = exchange.body[: exchange.body.rindex(b'"response.completed"')]
    cut = cut[: max(cut.rfind(b"event:"), cut.rfind(b"data:"))]

    for rest in (b"", b"data: [DONE]\n\n"):
        last = decoded(cut + rest)[-1]
        assert isinstance(last, Failed)
        assert "stream.truncated" == last.error.kind


@each(BROKEN)
def test_an_error_in_a_stream_is_read(exchange):
    """A prompt that never fits the quota of a minute is too long, whatever the code says."""
    events = decoded(exchange.body)

    assert [Started, Failed] == [type(event) for event in events]
    assert ("request.context", "rate_limit_exceeded") == (events[-1].error.kind, events[-1].error.code)


KINDS = {
    "chatgpt_codex/error_401": "auth",
    "deepseek/error_400": "request.invalid",
    "openai/error_400": "request.context",
    "openai/error_401": "auth",
    "xai/error_400": "auth",
}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Its kind, its words and the id of the request."""
    error = WIRE.parse_error(exchange.reply)

    expected = next((kind for name, kind in KINDS.items() if exchange.id.startswith(name)), None)
    assert (expected, exchange.status) == (error.kind, error.status)
    body = json.loads(exchange.body)
    told = body.get("error", body.get("detail"))
    words = told["message"] if isinstance(told, dict) else told
    assert words[:24] in error.message  # a masked key further on is masked again
    assert exchange.headers.get("x-request-id") == error.request_id


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

    assert same(first) == same(again)


@each(STREAMS)
def test_a_stream_survives_our_own_server(exchange):
    """Event by event."""
    events = decoded(exchange.body)
    writer = WIRE.stream_writer()

    again = fold(decoded(b"".join(map(writer.write, events)) + writer.end()))

    assert same(fold(events)) == same(again)


def same(completion):
    figures = {**buckets(completion.usage), "searches": completion.usage.searches}
    return completion.parts, completion.finish, figures, completion.logprobs, completion.id, completion.model


@each(REQUESTS)
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains."""
    request, stream = WIRE.read_completion(Call("POST", ("responses",), exchange.request))
    again = json.loads(WIRE.render_completion(request, stream).body)

    assert plain(exchange.asked) == plain(again)


@each(REQUESTS)
def test_a_request_that_leans_on_a_stored_answer_is_refused(exchange):
    """Nothing is kept here."""
    body = {**exchange.asked, "previous_response_id": "resp_1"}

    with pytest.raises(InvalidRequest, match="previous_response_id"):
        WIRE.read_completion(Call("POST", (), json.dumps(body).encode()))


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the differences there may be, none of which means anything.

    A first system message is the instructions; a text alone is a string, and a string one message of the
    user's; the type of a message goes without saying, and so do `stream: false`, nulls and empty annotations.
    A tool nobody said to be strict about is said not to be.
    """
    asked = body["input"]
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else list(asked)
    items = [plain_item(item) for item in items]
    if "instructions" in body:
        items.insert(0, {"role": "system", "content": [{"type": "input_text", "text": body["instructions"]}]})
    tools = [plain_tool(tool) for tool in body.get("tools") or ()]
    dropped = ("instructions", "input", "tools")
    kept = {n: v for n, v in body.items() if n not in dropped and (n, v) != ("stream", False)}
    return {**kept, "input": items, "tools": tools}


def plain_tool(tool: dict[str, Any]) -> dict[str, Any]:
    loose = {"strict": False} if tool["type"] == "function" else {}
    return loose | without_nulls(tool)


def plain_item(item: dict[str, Any]) -> dict[str, Any]:
    item = without_nulls(item)
    if item.get("type", "message") == "message":
        content, written = item["content"], "output_text" if item["role"] == "assistant" else "input_text"
        listed = [{"type": written, "text": content}] if isinstance(content, str) else content
        rest = {name: value for name, value in item.items() if name not in ("type", "content")}
        shown = [{n: v for n, v in c.items() if (n, v) != ("annotations", [])} for c in listed]
        return {**rest, "content": shown}
    return item


def without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item is not None}
