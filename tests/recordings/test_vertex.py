"""Google Cloud judged by what it really answered: paths and bodies of both formats, chat, vectors, counts, failures.

What the answers hold is read a second time by hand here, without any of our parsers.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield import Client
from jackfield.events import Failed, Finished, fold
from jackfield.types import Text
from jackfield.wire import Call, Reply, WireDecoder

require()
pytest.importorskip("jackfield_vertex")
pytest.importorskip("jackfield_vertex_anthropic")

SETTINGS = {"access_token": "ya29.not-a-real-token", "project": "REDACTED"}
LONGEST_FOR_EVERY_SPLIT = 16 * 1024

GENERATE = exchanges("vertex", surfaces=("generate_content",))
ANSWERS = [exchange for exchange in GENERATE if exchange.status == 200 and "stream" not in exchange.uri]
STREAMS = [exchange for exchange in GENERATE if exchange.status == 200 and "stream" in exchange.uri]
ERRORS = [exchange for exchange in GENERATE if exchange.status >= 400]
RAW = exchanges("vertex", surfaces=("anthropic-rawPredict",))
VECTORS = exchanges("vertex", surfaces=("predict", "embeddings"))
COUNTS = exchanges("vertex", surfaces=("count_tokens",))

FINISHES = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter"}


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


def model_in(uri: str) -> str:
    return unquote(urlsplit(uri).path.rsplit("/", 1)[1]).rpartition(":")[0]


def wire_for(exchange, provider="vertex"):
    """The wire as it was bound for the host and place that answered."""
    place = urlsplit(exchange.uri).path.split("/")
    base = f"https://{urlsplit(exchange.uri).netloc}/{place[1]}"
    settings = {**SETTINGS, "base_url": base, "location": place[place.index("locations") + 1]}
    return Client({"providers": {provider: settings}}).bind(f"{provider}/{model_in(exchange.uri)}").wire


def called(exchange) -> Call:
    """The call as it was recorded."""
    path = tuple(urlsplit(exchange.uri).path.strip("/").split("/")[1:])
    return Call(exchange.method, path, exchange.request)


def decoded(wire, *chunks: bytes):
    decoder = WireDecoder(wire.framing(), wire.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the oracle ----------------------------------------------------------------------------------


def records_of(body: bytes) -> list[dict[str, Any]]:
    """The JSON of a stream: every data line, or the items of one array."""
    if body[:1] == b"[":
        return json.loads(body)
    lines = body.decode().replace("\r\n", "\n").split("\n")
    return [json.loads(line[5:]) for line in lines if line.startswith("data:")]


def judge(completion, records: list[dict[str, Any]]) -> None:
    """Compare what a caller sees with what the records hold."""
    candidates = [record["candidates"][0] for record in records if record.get("candidates")]
    parts = [part for one in candidates for part in one.get("content", {}).get("parts", ())]
    spoken = [part for part in parts if "text" in part]
    assert "".join(part["text"] for part in spoken if not part.get("thought")) == completion.text
    assert "".join(part["text"] for part in spoken if part.get("thought")) == completion.reasoning
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    assert [(call["name"], call.get("args") or {}) for call in calls] == [
        (call.name, call.arguments) for call in completion.tool_calls
    ]
    finish = next(one["finishReason"] for one in reversed(candidates) if one.get("finishReason"))
    expected = "tool_calls" if calls else FINISHES[finish]
    assert (expected, finish) == (completion.finish.reason, completion.finish.raw)
    figures = [
        record["usageMetadata"] for record in records if "promptTokenCount" in record.get("usageMetadata", {})
    ]
    assert figures[-1].get("promptTokenCount", 0) + figures[-1].get("toolUsePromptTokenCount", 0) == (
        completion.usage.total_input
    )
    assert figures[-1].get("thoughtsTokenCount", 0) == completion.usage.reasoning
    assert figures[-1]["totalTokenCount"] == completion.usage.total_input + completion.usage.total_output


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged():
    """No recording is passed over in silence."""
    judged = {"generate_content", "anthropic-rawPredict", "predict", "embeddings", "count_tokens"}

    assert judged == set(surfaces("vertex"))
    assert min(map(len, (ANSWERS, STREAMS, ERRORS, RAW, VECTORS, COUNTS))) >= 1


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, thoughts, calls, finish and figures are those in the body."""
    events, raw = wire_for(exchange).parse_completion(exchange.reply)

    assert json.loads(exchange.body) == raw
    judge(fold(events), [raw])


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """So are those of a stream, whether it comes as events or as an array."""
    events = decoded(wire_for(exchange), exchange.body)

    assert isinstance(events[-1], Finished)
    judge(fold(events), records_of(exchange.body))


@each(STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_stream_is_read_in_chunks(exchange, size):
    """However small they are."""
    wire = wire_for(exchange)

    assert decoded(wire, exchange.body) == decoded(wire, *chunked(exchange.body, size))


@each([exchange for exchange in STREAMS if len(exchange.body) <= LONGEST_FOR_EVERY_SPLIT])
def test_a_stream_is_read_at_every_split(exchange):
    """Wherever it is cut in two."""
    wire = wire_for(exchange)
    expected = decoded(wire, exchange.body)

    for position in range(1, len(exchange.body)):
        assert expected == decoded(wire, exchange.body[:position], exchange.body[position:]), position


@each(ERRORS)
def test_an_error_is_read(exchange):
    """A prompt that does not fit, under a code that says nothing."""
    error = wire_for(exchange).parse_error(exchange.reply)

    said = json.loads(exchange.body)["error"]
    assert ("request.context", 400) == (error.kind, error.status)
    assert said["message"] in error.message


@each([*ERRORS, *STREAMS])
def test_an_error_is_never_an_answer(exchange):
    """Not even as the first event of a stream."""
    wire = wire_for(exchange)
    body = json.dumps({"error": {"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED"}}).encode()

    for sent in (body, b"data: " + body + b"\r\n\r\n", b"[" + body + b"]"):
        last = decoded(wire, sent)[-1]
        assert isinstance(last, Failed)
        assert "throttle" == last.error.kind


@each([*ANSWERS, *STREAMS])
def test_a_call_goes_where_it_went(exchange):
    """Read and rendered again it has the recorded address, and names the recorded model."""
    wire = wire_for(exchange)

    request, stream = wire.read_completion(called(exchange))
    again = wire.render_completion(request, stream)

    assert (model_in(exchange.uri), "stream" in exchange.uri) == (request.model, stream)
    assert urlsplit(exchange.uri)[:3] == urlsplit(again.url)[:3]
    assert spoken(exchange.asked) == spoken(json.loads(again.body))


def spoken(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Who said what, of all that was said."""
    turns = [
        (turn["role"], part["text"]) for turn in body["contents"] for part in turn["parts"] if "text" in part
    ]
    system = body.get("systemInstruction") or {}
    return [("system", part["text"]) for part in system.get("parts", ())] + turns


# -- vectors and counts --------------------------------------------------------------------------


def operation(exchange, name):
    wire = wire_for(exchange)
    verb = exchange.uri.rpartition(":")[2]
    verbs = [verbs for verbs in wire.operations()[name].exchanges if verbs.path[-1][-1] == verb]
    assert 1 == len(verbs)
    return verbs[0]


@each(VECTORS)
def test_vectors_are_read(exchange):
    """Every number of them, and the figure beside them."""
    body = json.loads(exchange.body)
    predictions = [one["embeddings"] for one in body.get("predictions", ())]
    expected = [one["values"] for one in predictions or [body["embedding"]]]

    found = operation(exchange, "embed").parse(exchange.reply)

    assert expected == [list(vector) for vector in found.vectors]
    if predictions:
        assert sum(one["statistics"]["token_count"] for one in predictions) == found.usage.input


@each([*VECTORS, *COUNTS])
def test_what_was_asked_is_read_and_rendered_again(exchange):
    """To the same address, in the same words."""
    verbs = operation(exchange, "count_tokens" if exchange in COUNTS else "embed")

    again = verbs.render(verbs.read(called(exchange)))

    assert urlsplit(exchange.uri)[:3] == urlsplit(again.url)[:3]
    assert exchange.asked == json.loads(again.body)


@each(COUNTS)
def test_a_count_is_read(exchange):
    """The total."""
    found = operation(exchange, "count_tokens").parse(exchange.reply)

    assert json.loads(exchange.body)["totalTokens"] == found.tokens


# -- the other format ----------------------------------------------------------------------------


@each(RAW)
def test_a_raw_call_goes_where_it_went(exchange):
    """With the recorded body, but for what goes without saying: ``stream: false``, a text in a list of one."""
    wire = wire_for(exchange, "vertex-anthropic")

    request, stream = wire.read_completion(called(exchange))
    again = wire.render_completion(request, stream)

    assert (model_in(exchange.uri), exchange.uri.endswith(":streamRawPredict")) == (request.model, stream)
    assert unquote(exchange.uri) == unquote(again.url)
    assert plain(exchange.asked) == plain(json.loads(again.body))


def plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if (name, value) != ("stream", False)}


@each([exchange for exchange in RAW if not exchange.streamed])
def test_a_raw_answer_is_read(exchange):
    """Text, calls and figures."""
    body = json.loads(exchange.body)

    completion = fold(wire_for(exchange, "vertex-anthropic").parse_completion(exchange.reply)[0])

    assert [block["text"] for block in body["content"] if block["type"] == "text"] == [
        part.text for part in completion.parts if isinstance(part, Text)
    ]
    calls = [(block["id"], block["input"]) for block in body["content"] if block["type"] == "tool_use"]
    assert calls == [(call.id, call.arguments) for call in completion.tool_calls]
    assert (body["id"], body["usage"]["output_tokens"]) == (completion.id, completion.usage.total_output)


def test_a_hosts_failure_is_not_taken_for_the_models():
    """The words are those of the host, though the format is another's."""
    wire = wire_for(RAW[0], "vertex-anthropic")
    body = b'[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}]'

    error = wire.parse_error(Reply(429, {"content-type": "application/json"}, body))

    assert ("throttle", "Quota exceeded", "RESOURCE_EXHAUSTED") == (error.kind, error.message, error.code)
