"""Recorded exchanges of Azure, bound as a user binds them, judged by an oracle that knows nothing of the wires.

Every file is read through the wire that the provider's own package answers with for its address, and our
rendering of the same request is compared with the recorded one. The same streams are read at every split
where their wires are judged: here it is about what the packages add.
"""

from __future__ import annotations

import base64
import json
from array import array
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield import Client
from jackfield.events import Failed, Finished, fold
from jackfield.types import EmbedRequest
from jackfield.wire import Call, WireDecoder

require()
pytest.importorskip("jackfield_azure_openai")
pytest.importorskip("jackfield_azure_ai")

pytestmark = pytest.mark.recordings

# Surface -> provider and wire. Every surface there is stands here.
SURFACES = {
    "chat_completions": ("azure-openai", "chat_completions"),
    "embeddings": ("azure-openai", "chat_completions"),
    "responses": ("azure-openai", "responses"),
    "v1-responses": ("azure-openai", "responses"),
    "foundry-models-chat_completions": ("azure-ai", "chat_completions"),
    "anthropic-messages": ("azure-ai", "messages"),
}

ALL = exchanges("azure")
CHAT = [exchange for exchange in ALL if exchange.surface != "embeddings"]
ANSWERS = [exchange for exchange in CHAT if exchange.status == 200 and not exchange.streamed]
STREAMS = [exchange for exchange in CHAT if exchange.status == 200 and exchange.streamed]
ERRORS = [exchange for exchange in ALL if exchange.status >= 400]
REQUESTS = [exchange for exchange in CHAT if exchange.asked is not None]
VECTORS = [exchange for exchange in ALL if exchange.surface == "embeddings"]


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


def wire(exchange):
    """The wire a user gets who sets what the recorded address says."""
    provider, name = SURFACES[exchange.surface]
    parts = urlsplit(exchange.uri)
    version = parse_qs(parts.query).get("api-version", [""])[0]
    settings: dict[str, Any] = {
        "base_url": f"{parts.scheme}://{parts.netloc}",
        "api_key": "k" * 32,
        "wire": name,
    }
    if provider == "azure-openai" and "/v1/" not in parts.path:
        settings |= {"api": "deployments", "api_version": version or "2025-04-01-preview"}
    model = exchange.case["model"] or "nobody-knows"
    return Client({"providers": {provider: settings}}).bind(f"{provider}/{model}").wire


def decoded(exchange, chunks):
    codec = wire(exchange)
    decoder = WireDecoder(codec.framing(), codec.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


def answered(exchange):
    """The completion of a recorded answer, whole or streamed."""
    if exchange.streamed:
        return fold(decoded(exchange, [exchange.body]))
    return fold(wire(exchange).parse_completion(exchange.reply)[0])


# -- the oracle ------------------------------------------------------------------------------------


def records(exchange) -> list[dict[str, Any]]:
    """The JSON objects of a body, cut with a knife."""
    if not exchange.streamed:
        return [json.loads(exchange.body)]
    lines = exchange.body.decode().replace("\r\n", "\n").split("\n")
    data = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [json.loads(text) for text in data if text != "[DONE]"]


FINISHES = {
    "stop": "stop",
    "end_turn": "stop",
    "completed": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
}


def seen(exchange) -> dict[str, Any]:
    """What a reader with a pencil finds: words, thoughts, calls, the reason of the end, five figures."""
    return {"chat_completions": seen_chat, "responses": seen_responses, "messages": seen_messages}[
        SURFACES[exchange.surface][1]
    ](records(exchange))


def seen_chat(found: list[dict[str, Any]]) -> dict[str, Any]:
    choices = [choice for record in found for choice in record.get("choices", [])]
    pieces = [choice.get("message") or choice.get("delta") or {} for choice in choices]
    calls: dict[int, list[str]] = {}
    for piece in pieces:
        for number, call in enumerate(piece.get("tool_calls") or []):
            entry = calls.setdefault(call.get("index", number), ["", "", ""])
            function = call["function"]
            news = (call.get("id") or "", function.get("name") or "", function.get("arguments") or "")
            entry[:2] = [old or new for old, new in zip(entry, news[:2], strict=False)]
            entry[2] += news[2]
    usage = next((record["usage"] for record in reversed(found) if record.get("usage")), {})
    into, out = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    cached, thought = into.get("cached_tokens") or 0, out.get("reasoning_tokens") or 0
    total = usage.get("completion_tokens", 0)
    apart = usage.get("total_tokens", 0) == usage.get("prompt_tokens", 0) + total + thought
    return {
        "id": next((record["id"] for record in found if record.get("id")), ""),
        "model": next((record["model"] for record in found if record.get("model")), ""),
        "text": "".join(piece.get("content") or "" for piece in pieces),
        "thoughts": "".join(piece.get("reasoning_content") or "" for piece in pieces),
        "calls": list(calls.values()),
        "finish": [choice["finish_reason"] for choice in choices if choice.get("finish_reason")][-1],
        "usage": (usage.get("prompt_tokens", 0), cached, total - (0 if apart else thought), thought),
    }


def seen_messages(found: list[dict[str, Any]]) -> dict[str, Any]:
    message = found[0].get("message", found[0])
    blocks = [dict(block) for block in message["content"]]
    for record in found[1:]:
        if record["type"] == "content_block_start":
            blocks.append({**record["content_block"], "input": ""})
        elif record["type"] == "content_block_delta":
            for name, value in record["delta"].items():
                field = {"partial_json": "input"}.get(name, name)
                if name != "type":
                    blocks[record["index"]][field] = blocks[record["index"]].get(field, "") + value
        elif record["type"] == "message_delta":
            message = {**message, **record["delta"], "usage": {**message["usage"], **record["usage"]}}
    usage = message["usage"]
    calls = [[b["id"], b["name"], b["input"]] for b in blocks if b["type"] == "tool_use"]
    return {
        "id": message["id"],
        "model": message["model"],
        "text": "".join(block["text"] for block in blocks if block["type"] == "text"),
        "thoughts": "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        "calls": [[*rest, v if isinstance(v, str) else json.dumps(v)] for *rest, v in calls],
        "finish": message["stop_reason"],
        "usage": (
            usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"],
            usage["cache_read_input_tokens"],
            usage["output_tokens"],
            0,
        ),
    }


def seen_responses(found: list[dict[str, Any]]) -> dict[str, Any]:
    response = found[-1].get("response", found[-1])
    items = response["output"]
    texts = [part["text"] for item in items if item["type"] == "message" for part in item["content"]]
    thoughts = [part["text"] for item in items if item["type"] == "reasoning" for part in item["summary"]]
    calls = [[i["call_id"], i["name"], i["arguments"]] for i in items if i["type"] == "function_call"]
    usage = response["usage"]
    cached = usage["input_tokens_details"]["cached_tokens"]
    thought = usage["output_tokens_details"]["reasoning_tokens"]
    return {
        "id": response["id"],
        "model": response["model"],
        "text": "".join(texts),
        "thoughts": thoughts,
        "calls": calls,
        "finish": "tool_calls" if calls else response["status"],
        "usage": (usage["input_tokens"], cached, usage["output_tokens"] - thought, thought),
    }


def judge(exchange, completion) -> None:
    """Compare everything a caller sees with what the oracle saw."""
    expected = seen(exchange)
    assert (expected["id"], expected["model"]) == (completion.id, completion.model)
    assert expected["text"] == completion.text
    thoughts = expected["thoughts"]
    assert all(piece in completion.reasoning for piece in thoughts if isinstance(thoughts, list))
    assert isinstance(thoughts, list) or thoughts == completion.reasoning
    found = [(call.id, call.name, call.arguments) for call in completion.tool_calls]
    assert [
        (i or found[n][0], name, json.loads(a)) for n, (i, name, a) in enumerate(expected["calls"])
    ] == found
    assert FINISHES[expected["finish"]] == completion.finish.reason
    total, cached, *out = expected["usage"]
    usage = completion.usage
    # One model counts more tokens as cached than there were at all.
    assert (total, min(cached, total)) == (usage.total_input, usage.cache_read)
    assert out == [usage.output, usage.reasoning]


# -- the judgement ---------------------------------------------------------------------------------


def test_every_surface_is_judged():
    """No recording is passed over."""
    assert set(SURFACES) == set(surfaces("azure"))
    assert len(ALL) == len(ANSWERS) + len(STREAMS) + len(ERRORS) + len(VECTORS)


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Ids, words, calls, finish and figures are those in the body, and the body is kept."""
    events, raw = wire(exchange).parse_completion(exchange.reply)

    judge(exchange, fold(events))
    assert json.loads(exchange.body) == raw


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """So are those of a stream."""
    events = decoded(exchange, [exchange.body])

    assert isinstance(events[-1], Finished)
    judge(exchange, fold(events))


@each(STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_is_read_in_chunks(exchange, size):
    """However small they are."""
    assert decoded(exchange, [exchange.body]) == decoded(exchange, chunked(exchange.body, size))


@each(STREAMS)
def test_a_stream_without_its_second_half_is_cut_short(exchange):
    """It is a failure, with what came before it."""
    last = decoded(exchange, [exchange.body[: len(exchange.body) // 2]])[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind


# Status -> kind, seconds to wait, and a word of the hint.
FAILURES = {
    401: ("auth", None, "endpoint and key"),
    404: ("model.missing", None, "deployment"),
    408: ("server.transient", None, ""),
    429: ("throttle", 1.0, "tokens per minute"),
}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Its kind, its words, when to come back, the id of the exchange, and what may be done."""
    error = wire(exchange).parse_error(exchange.reply)

    kind, wait, hint = FAILURES[exchange.status]
    assert (kind, wait, exchange.status) == (error.kind, error.retry_after, error.status)
    assert exchange.headers["apim-request-id"] == error.request_id
    body = exchange.body.decode()
    words = json.loads(body)["error"]["message"] if body[:1] == "{" else body.partition("\n")[0]
    assert words in error.message
    assert hint in error.hint


@each(VECTORS)
def test_vectors_are_read(exchange):
    """They come in base64: four bytes a number."""
    body = json.loads(exchange.body)

    vectors = wire(exchange).operations()["embed"].exchanges[0].parse(exchange.reply)

    packed = [base64.b64decode(item["embedding"]) for item in body["data"]]
    assert packed == [array("f", vector).tobytes() for vector in vectors.vectors]
    assert body["usage"]["prompt_tokens"] == vectors.usage.input


@each([exchange for exchange in ALL if "prompt_filter_results" in exchange.body.decode()])
def test_what_the_filters_found_is_kept(exchange):
    """In what came, whole and streamed; it is no part of the answer."""
    completion = answered(exchange)

    assert "prompt_filter_results" in records(exchange)[0]
    assert "severity" not in completion.text


# -- requests --------------------------------------------------------------------------------------


def place(uri: str) -> tuple[str, str, list[str]]:
    """Host, path and version of an address."""
    parts = urlsplit(uri)
    return parts.netloc, parts.path, parse_qs(parts.query).get("api-version", [])


def received(exchange) -> Call:
    return Call("POST", tuple(filter(None, urlsplit(exchange.uri).path.split("/"))), exchange.request)


@each(REQUESTS)
def test_a_request_goes_where_the_recorded_one_went(exchange):
    """Host, path and version; some sources did not store the version."""
    codec = wire(exchange)

    host, path, version = place(codec.render_completion(*codec.read_completion(received(exchange))).url)

    expected = place(exchange.uri)
    assert expected[:2] == (host, path)
    assert version == expected[2] or not expected[2]


@each(REQUESTS)
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains."""
    codec = wire(exchange)

    request, stream = codec.read_completion(received(exchange))

    assert plain(exchange.asked, stream) == plain(
        json.loads(codec.render_completion(request, stream).body), stream
    )


@each(VECTORS)
def test_a_request_for_vectors_is_rendered_again(exchange):
    """One text is a list of one; the encoding is between the ends of the wire; the path names the deployment."""
    verbs = wire(exchange).operations()["embed"].exchanges[0]

    request: EmbedRequest = verbs.read(received(exchange))
    call = verbs.render(EmbedRequest("test-deployment", request.texts))

    assert place(exchange.uri) == place(call.url)
    assert [exchange.asked["input"]] == json.loads(call.body)["input"]


def plain(body: dict[str, Any], stream: bool) -> dict[str, Any]:
    """A body without the differences there may be.

    The model may be in the path alone. What is the default need not be said: ``stream: false``. A text
    alone is a string, whichever way it was written. Turns of calls alone have no empty content. Reasoning
    of another provider's client does not go back. Usage in streams is always asked for. What the system says
    first are the instructions of responses.
    """
    kept = {
        name: value for name, value in body.items() if name != "model" and (name, value) != ("stream", False)
    }
    if stream and "messages" in body and "max_tokens" not in body:
        kept["stream_options"] = {"include_usage": True}
    for name in ("messages", "input"):
        if isinstance(body.get(name), list):
            kept[name] = list(map(plain_turn, body[name]))
    if "input" in body and kept["input"][0].get("role") == "system":
        kept["instructions"] = kept["input"].pop(0)["content"]
    return kept


def plain_turn(turn: dict[str, Any]) -> dict[str, Any]:
    content = turn.get("content")
    if isinstance(content, list) and all(item["type"] in ("text", "input_text") for item in content):
        content = "".join(item["text"] for item in content)
    gone = {"reasoning", "reasoning_content", *(["content"] if not str(content or "").strip() else [])}
    return {name: value for name, value in {**turn, "content": content}.items() if name not in gone}
