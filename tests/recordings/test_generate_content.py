"""Recorded exchanges of the generate content format, judged by an oracle that knows nothing of the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.events import Failed, Finished, fold
from jackfield.types import BatchRef, EmbedRequest, Message, Opaque, Request, Text, Usage
from jackfield.wire import Call, Dialect, Headers, Reply, WireDecoder
from jackfield.wire.generate_content import GenerateContent

require()

pytestmark = pytest.mark.recordings

BASE = "https://generativelanguage.googleapis.com/v1beta"


def wire_of(**settings: Any) -> GenerateContent:
    return GenerateContent(Dialect(provider="gemini", base=BASE, settings=settings))


WIRE = wire_of()

# What the vendor offers besides, and why this wire is not judged by it.
OTHERS = {
    "gemini": {
        "interactions": "a surface of its own, which no wire speaks",
        "openai-compat-chat_completions": "the other wire's, judged there",
        "models": "the recording is of a video job, which is no operation yet",
    },
    "vertex": {
        "anthropic-rawPredict": "the messages wire's, judged there",
        "predict": "a form of the host's own",
    },
}
JUDGED = {"generate_content", "count_tokens", "embeddings", "batch", "cached_contents"}

ALL = exchanges(surfaces=("generate_content",))
ANSWERS = [e for e in ALL if e.status == 200 and "streamGenerateContent" not in e.uri]
STREAMS = [e for e in ALL if e.status == 200 and "streamGenerateContent" in e.uri]
ERRORS = [
    e
    for e in exchanges("gemini", "vertex", surfaces=("generate_content", "cached_contents"))
    if e.status >= 400
]
REQUESTS = [e for e in ALL if e.asked is not None]
COUNTS = exchanges("gemini", "vertex", surfaces=("count_tokens",))
VECTORS = exchanges("gemini", "vertex", surfaces=("embeddings",))

LONGEST_FOR_EVERY_SPLIT = 16 * 1024


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


# -- the oracle ----------------------------------------------------------------------------------


def records_of(body: bytes) -> list[dict[str, Any]]:
    """The JSON of every record, cut with a knife: one array, or a data line each."""
    text = body.decode()
    if text.lstrip()[:1] == "[":
        return json.loads(text)
    lines = text.replace("\r\n", "\n").split("\n")
    return [json.loads(line[5:]) for line in lines if line.startswith("data:")]


def candidate_of(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The first candidate that records spell, all its parts in a row."""
    whole: dict[str, Any] = {"parts": [], "chunks": [], "supports": []}
    for record in records:
        for candidate in record.get("candidates", ()):
            if candidate.get("index", 0) == 0:
                whole["parts"] += candidate.get("content", {}).get("parts", ())
                whole["finish"] = candidate.get("finishReason", whole.get("finish"))
                grounding = candidate.get("groundingMetadata", {})
                whole["chunks"] = grounding.get("groundingChunks", whole["chunks"])
                whole["supports"] = grounding.get("groundingSupports", whole["supports"])
    return whole


FINISHES = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter"}


def usage_of(records: list[dict[str, Any]]) -> dict[str, int]:
    """The last figures, in our buckets, added up by hand."""
    raw = [r["usageMetadata"] for r in records if "promptTokenCount" in r.get("usageMetadata", {})][-1]
    details = {d["modality"]: d["tokenCount"] for d in raw.get("promptTokensDetails", ())}
    audio, image = details.get("AUDIO", 0), details.get("IMAGE", 0)
    cached = raw.get("cachedContentTokenCount", 0)
    prompt = raw["promptTokenCount"] + raw.get("toolUsePromptTokenCount", 0)
    return {
        "input": prompt - cached - audio - image,
        "cache_read": cached,
        "input_audio": audio,
        "input_image": image,
        "output": raw.get("candidatesTokenCount", 0),
        "reasoning": raw.get("thoughtsTokenCount", 0),
    }


def buckets(usage: Usage) -> dict[str, int]:
    names = ("input", "cache_read", "input_audio", "input_image", "output", "reasoning")
    return {name: getattr(usage, name) for name in names}


def said(parts: list[dict[str, Any]], *, thought: bool) -> str:
    return "".join(part.get("text", "") for part in parts if bool(part.get("thought")) is thought)


def judge(completion, records: list[dict[str, Any]]) -> None:
    """Compare everything a caller sees with what the oracle read."""
    candidate = candidate_of(records)
    parts = candidate["parts"]
    assert said(parts, thought=False) == completion.text
    assert said(parts, thought=True) == completion.reasoning
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    assert [(c["name"], c["args"]) for c in calls] == [(c.name, c.arguments) for c in completion.tool_calls]
    assert len({call.id for call in completion.tool_calls}) == len(calls)
    reason = "tool_calls" if calls and candidate["finish"] == "STOP" else FINISHES[candidate["finish"]]
    assert (reason, candidate["finish"]) == (completion.finish.reason, completion.finish.raw)
    assert usage_of(records) == buckets(completion.usage)
    last = records[-1]
    assert (last["responseId"], last["modelVersion"]) == (completion.id, completion.model)
    judge_citations(completion, candidate)


def judge_citations(completion, candidate: dict[str, Any]) -> None:
    """Each source of each stretch, in order, with the words it stands for."""
    chunks = candidate["chunks"]
    expected = [
        (chunks[index]["web"]["uri"], chunks[index]["web"]["title"], support["segment"]["text"])
        for support in candidate["supports"]
        for index in support["groundingChunkIndices"]
    ]
    found = [(c.url, c.title, c.quote) for c in completion.citations if c.quote is not None]
    assert expected == found
    placed = [c for c in completion.citations if c.start is not None]
    assert all(completion.text[c.start : c.end] == c.quote for c in placed)
    assert {chunk["web"]["uri"] for chunk in chunks} == {c.url for c in completion.citations}


def run_on(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parts with texts that run on joined, without those that say nothing, and thoughts that nobody signed."""
    joined: list[dict[str, Any]] = []
    for part in parts:
        if joined and part.keys() == {"text"} == joined[-1].keys():
            joined[-1] = {"text": joined[-1]["text"] + part["text"]}
        elif part != {"text": ""}:
            joined.append(part)
    return [part for part in joined if not part.get("thought") or "thoughtSignature" in part]


def sent_back(completion) -> list[dict[str, Any]]:
    call = WIRE.render_completion(Request("m", (Message("user", "x"), completion.message)), stream=False)
    turns = json.loads(call.body)["contents"]
    return turns[1]["parts"] if len(turns) > 1 else []


def decoded(*chunks: bytes):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the judgement -------------------------------------------------------------------------------


def test_every_surface_is_judged_or_named():
    """No recording is passed over in silence."""
    assert set(surfaces("gemini")) == {*JUDGED, *OTHERS["gemini"]}
    assert set(surfaces("vertex")) == {"generate_content", "count_tokens", "embeddings", *OTHERS["vertex"]}


def test_there_are_recordings_of_each_kind():
    """The selection above did not come out empty."""
    assert min(map(len, (ANSWERS, STREAMS, ERRORS, REQUESTS))) >= 4
    assert min(len(COUNTS), len(VECTORS)) >= 1


@each(ANSWERS)
def test_an_answer_is_read(exchange):
    """Text, thoughts, calls, citations, finish and figures are those in the body; the parts go back as they came."""
    body = json.loads(exchange.body)

    events, raw = WIRE.parse_completion(exchange.reply)

    completion = fold(events)
    assert body == raw
    judge(completion, [body])
    assert run_on(candidate_of([body])["parts"]) == sent_back(completion)


@each(STREAMS)
def test_a_stream_is_read(exchange):
    """So are those of a stream, whichever of the two forms it has."""
    records = records_of(exchange.body)

    events = decoded(exchange.body)

    completion = fold(events)
    assert isinstance(events[-1], Finished)
    judge(completion, records)
    assert run_on(candidate_of(records)["parts"]) == sent_back(completion)


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
    """Losing the record that says why the answer ended is losing the answer."""
    cut = exchange.body[: exchange.body.rindex(b'"finishReason"')]

    last = decoded(cut)[-1]

    assert isinstance(last, Failed)
    assert "stream.truncated" == last.error.kind


KINDS = {"NOT_FOUND": "model.missing", "RESOURCE_EXHAUSTED": "throttle", "API_KEY_INVALID": "auth"}
SPECIAL = {
    "exceeds the maximum number of tokens": "request.context",
    "CachedContent not found": "request.affinity",
}


@each(ERRORS)
def test_an_error_is_read(exchange):
    """Its kind, its words, its code and when to come back."""
    error = WIRE.parse_error(exchange.reply)

    said = json.loads(exchange.body)["error"]
    reasons = [detail["reason"] for detail in said.get("details", ()) if "reason" in detail]
    expected = next((kind for text, kind in SPECIAL.items() if text in said["message"]), None)
    assert (expected or KINDS[(reasons or [said["status"]])[0]], exchange.status) == (
        error.kind,
        error.status,
    )
    assert said["message"].split("\n")[0][:150] in error.message
    delays = [d["retryDelay"] for d in said.get("details", ()) if "retryDelay" in d]
    assert [float(delay[:-1]) for delay in delays] == (
        [] if error.retry_after is None else [error.retry_after]
    )


@each(ERRORS)
@pytest.mark.parametrize("form", [b"%b", b"[%b]", b"data: %b\r\n\r\n"])
def test_an_error_is_never_an_answer(exchange, form):
    """Not even under the status of a success, in a list, or as the first record of a stream."""
    compact = json.dumps(json.loads(exchange.body)).encode()

    events = decoded(form % compact)

    assert [Failed] == [type(event) for event in events]
    assert WIRE.parse_error(exchange.reply).kind == events[0].error.kind


@each(ERRORS)
def test_nor_is_it_one_when_it_comes_bare(exchange):
    """Under the content type of a stream."""
    whole, _ = WIRE.parse_completion(Reply(200, exchange.headers, exchange.body))
    streamed = decoded(exchange.body)

    assert [[Failed]] * 2 == [[type(event) for event in found] for found in (whole, streamed)]


@each(ANSWERS)
def test_an_answer_survives_our_own_server(exchange):
    """Written by the server half and parsed again, it is the same."""
    first = fold(WIRE.parse_completion(exchange.reply)[0])

    again = fold(WIRE.parse_completion(WIRE.write_completion(first))[0])

    assert (first.parts, first.finish, buckets(first.usage)) == (
        again.parts,
        again.finish,
        buckets(again.usage),
    )


@each(STREAMS)
@pytest.mark.parametrize("array", [False, True])
def test_a_stream_survives_our_own_server(exchange, array):
    """Event by event, in both forms."""
    events = decoded(exchange.body)
    writer = WIRE.stream_writer(array=array)

    again = fold(decoded(b"".join(map(writer.write, events)) + writer.end()))

    first = fold(events)
    assert (first.text, first.reasoning, first.finish) == (again.text, again.reasoning, again.finish)
    assert (first.tool_calls, buckets(first.usage)) == (again.tool_calls, buckets(again.usage))
    assert [c.raw for c in first.citations] == [c.raw for c in again.citations]


# -- requests ------------------------------------------------------------------------------------


def called(exchange) -> Call:
    path, _, query = exchange.uri.removeprefix("https://").partition("?")
    pairs = tuple(tuple(pair.split("=", 1)) for pair in query.split("&") if pair)
    return Call("POST", tuple(path.split("/")[1:]), exchange.request, Headers(), pairs)


@each(REQUESTS)
def test_a_request_is_read_and_rendered_again(exchange):
    """Equal but for what ``plain`` explains; schemas in capitals are the setting of older models."""
    old = not any(name in exchange.request for name in (b"parameters_json_schema", b"parametersJsonSchema"))
    wire = wire_of(schema="openapi" if old else "json", thinking="budget")

    request, stream = wire.read_completion(called(exchange))
    again = json.loads(wire.render_completion(request, stream).body)

    assert stream is ("streamGenerateContent" in exchange.uri)
    assert f"/models/{request.model}:" in exchange.uri
    assert plain(exchange.asked) == plain(again)


CAPITALS = {"object": "OBJECT", "string": "STRING"}


def plain(value: Any, key: str = "") -> Any:
    """A body without the differences there may be, none of which means anything.

    Keys may be spelt with underscores, base64 in another alphabet and without padding; what is null, empty
    or false goes without saying, as does the role of a turn of the user's and of the system's.
    """
    if isinstance(value, dict) and key == "args":
        return value
    if isinstance(value, dict):
        named = {camel(name): plain(item, camel(name)) for name, item in value.items()}
        kept = {n: v for n, v in named.items() if v is not None and (n, v) not in IMPLIED}
        if key == "systemInstruction":
            kept.pop("role", None)
        return kept
    if isinstance(value, list):
        return [plain(item) for item in value]
    if key in ("data", "thoughtSignature"):
        return value.replace("-", "+").replace("_", "/").rstrip("=")
    return CAPITALS.get(value, value) if key == "type" and isinstance(value, str) else value


IMPLIED = [("generationConfig", {}), ("thought", False), ("description", "")]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


# -- operations ----------------------------------------------------------------------------------


@each(COUNTS)
def test_a_count_is_asked_and_read(exchange):
    """In the two forms there are."""
    wire = wire_of(count="request" if "generateContentRequest" in exchange.asked else "plain")
    count = wire.operations()["count_tokens"].exchanges[0]

    call = count.render(count.read(called(exchange)))

    assert exchange.asked == json.loads(call.body)
    assert json.loads(exchange.body)["totalTokens"] == count.parse(exchange.reply).tokens


@each(VECTORS)
def test_vectors_are_asked_and_read(exchange):
    """Of one text or several; figures are there or not."""
    many, one = wire_of().operations()["embed"].exchanges
    verbs = many if "batchEmbedContents" in exchange.uri else one
    body = json.loads(exchange.body)

    asked = verbs.read(called(exchange))
    answer = verbs.parse(exchange.reply)

    assert isinstance(asked, EmbedRequest)
    assert exchange.asked == json.loads(verbs.render(asked).body)
    given = [item["values"] for item in body.get("embeddings") or [body["embedding"]]]
    assert given == [list(vector) for vector in answer.vectors]
    assert answer.usage.known is ("usageMetadata" in body)


@each(exchanges("gemini", surfaces=("batch",)))
def test_a_batch_is_read(exchange):
    """While it runs: how many are where, and since when."""
    operations = WIRE.operations()

    batch = operations["batches.get"].exchanges[0].parse(exchange.reply)

    body = json.loads(exchange.body)
    assert (body["name"], "running", "BATCH_STATE_RUNNING") == (batch.id, batch.status, batch.raw_status)
    assert (2, 0, 0, 2) == (
        batch.counts.total,
        batch.counts.completed,
        batch.counts.failed,
        batch.counts.running,
    )
    assert body["metadata"]["createTime"][:19] == f"{batch.created:%Y-%m-%dT%H:%M:%S}"
    asked = operations["batches.get"].exchanges[0].render(BatchRef(body["name"]))
    assert exchange.uri == asked.url


def test_a_signature_of_another_provider_stays_away():
    """It would be refused there."""
    foreign = Text("hi", opaque=Opaque("acme", "generate_content", {"thoughtSignature": "x"}))
    asked = Request("m", (Message("user", "x"), Message("assistant", foreign)))

    turns = json.loads(WIRE.render_completion(asked, stream=False).body)["contents"]

    assert [{"text": "hi"}] == turns[1]["parts"]
