"""Recorded exchanges beside completions: what was answered, and what was asked, judged field by field."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cassettes import Exchange, exchanges, require

from jackfield.errors import JackfieldError
from jackfield.wire import Call, Dialect, Headers, Wire, wire_named
from jackfield.wire.multipart import Attached, read_form
from jackfield.wire.operation import Operation

require()

pytestmark = pytest.mark.recordings

CHAT = wire_named("chat_completions")(Dialect(provider="acme", base="https://acme.test/v1"))
MESSAGES = wire_named("messages")(Dialect(provider="acme", base="https://acme.test"))

# Services whose own forms are read in their packages, with the surfaces that are.
ELSEWHERE = {
    "bedrock": {"embeddings", "rerank"},
    "cohere": {"models", "v1-rerank", "v2-rerank"},
    "gemini": {"models", "batch", "embeddings", "count_tokens"},
    "vertex": {"predict", "embeddings", "count_tokens"},
    "mistral": {"batch", "ocr", "speech"},
    "huggingface": {"models"},
    "xai": {"batch", "speech", "videos"},
    "openrouter": {"videos"},
    # not among the providers yet
    "assemblyai": {"transcription"},
    "cartesia": {"transcription"},
    "deepgram": {"models", "transcription", "speech"},
    "elevenlabs": {"transcription", "speech"},
    "gladia": {"transcription"},
    "replicate": {"models"},
    "revai": {"transcription"},
    "watsonx": {"models"},
    "venice": {"images"},
}

SURFACES = (
    "models",
    "moderations",
    "images",
    "speech",
    "transcription",
    "rerank",
    "files",
    "batch",
    "count_tokens",
    "embeddings",
)

ALL = [
    exchange
    for exchange in exchanges(surfaces=SURFACES)
    if exchange.surface not in ELSEWHERE.get(exchange.provider, ())
]


def wire(exchange: Exchange) -> Wire:
    return MESSAGES if exchange.provider == "anthropic" else CHAT


def of(*surfaces: str) -> list[Exchange]:
    return [exchange for exchange in ALL if exchange.surface in surfaces and exchange.status == 200]


def each(found: list[Exchange]):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


def operation(exchange: Exchange) -> tuple[str, Operation]:
    """The operation a recorded exchange is one of, by its surface, method and path."""
    path, method = exchange.uri.partition("?")[0].split("/"), exchange.method
    names: Mapping[str, Callable[[], str]] = {
        "models": lambda: "models",
        "moderations": lambda: "moderate",
        "images": lambda: "image",
        "speech": lambda: "speak",
        "transcription": lambda: "transcribe",
        "rerank": lambda: "rerank",
        "embeddings": lambda: "embed",
        "count_tokens": lambda: "count_tokens",
        "files": lambda: "files.upload" if method == "POST" else "files.get",
        "batch": lambda: _batch(path, method),
    }
    name = names[exchange.surface]()
    return name, wire(exchange).operations()[name]


def _batch(path: list[str], method: str) -> str:
    if path[-1] == "files":
        return "files.upload"
    if path[-1] == "content":
        return "files.content"
    if path[-1] == "cancel":
        return "batches.cancel"
    return "batches.create" if method == "POST" else "batches.get"


def parsed(exchange: Exchange) -> Any:
    return operation(exchange)[1].exchanges[0].parse(exchange.reply)


def recorded(exchange: Exchange) -> Any:
    return json.loads(exchange.body)


def test_there_are_as_many_as_ever():
    """Operations are judged one by one; a loader that finds fewer would make every test below pass."""
    counts = {surface: len([one for one in ALL if one.surface == surface]) for surface in SURFACES}

    assert all(counts.values()), counts
    assert len(ALL) >= 44


@each([exchange for exchange in ALL if exchange.status >= 400])
def test_a_failure_is_told(exchange):
    """With the provider's words."""
    error = wire(exchange).parse_error(exchange.reply)

    assert exchange.status == error.status
    assert error.message
    assert isinstance(error.to_exception(), JackfieldError)


@each(of("models"))
def test_models_are_listed(exchange):
    """Every one, in order."""
    body = recorded(exchange)
    entries = body if isinstance(body, list) else body.get("data") or [body]

    found = parsed(exchange).models

    assert [entry["id"] for entry in entries] == [model.id for model in found]
    assert [entry.get("owned_by") or None for entry in entries if "owned_by" in entry] == [
        model.owner for model, entry in zip(found, entries, strict=True) if "owned_by" in entry
    ]
    for model, entry in zip(found, entries, strict=True):
        stated = entry.get("context_length") or entry.get("context_window") or entry.get("max_model_len")
        assert stated is None or stated == model.context
        assert (
            not isinstance(entry.get("created"), int)
            or not entry["created"]
            or entry["created"] == int(model.created.timestamp())
        )


@each(of("embeddings"))
def test_vectors_are_read(exchange):
    """Number by number, in the order of their indices."""
    found = parsed(exchange)

    items = sorted(recorded(exchange)["data"], key=lambda item: item.get("index", 0))
    assert len(items) == len(found.vectors)
    for item, vector in zip(items, found.vectors, strict=True):
        assert not isinstance(item["embedding"], list) or item["embedding"] == list(vector)
    usage = recorded(exchange).get("usage") or {}
    assert (usage.get("prompt_tokens") or usage.get("total_tokens") or 0) == found.usage.total_input


@each(of("rerank"))
def test_a_ranking_is_read(exchange):
    """Indices and scores, the best first, and what was used."""
    body = recorded(exchange)
    entries = body.get("results") or body["data"]

    found = parsed(exchange)

    ranked = sorted(entries, key=lambda entry: -entry["relevance_score"])
    assert [(entry["index"], entry["relevance_score"]) for entry in ranked] == [
        (one.index, one.score) for one in found.results
    ]
    usage = body.get("usage") or {}
    assert (usage.get("total_tokens") or usage.get("prompt_tokens") or 0) == found.usage.total_input


@each(of("moderations"))
def test_verdicts_are_read(exchange):
    """Flags, categories and scores."""
    found = parsed(exchange)

    for entry, verdict in zip(recorded(exchange)["results"], found.results, strict=True):
        assert (entry["flagged"], entry["categories"]) == (verdict.flagged, verdict.categories)
        assert entry["category_scores"] == verdict.scores


@each(of("images"))
def test_pictures_are_read(exchange):
    """As bytes or as an address."""
    for entry, drawn in zip(recorded(exchange)["data"], parsed(exchange).results, strict=True):
        if entry.get("b64_json"):
            assert base64.b64decode(entry["b64_json"]) == drawn.image.data
        else:
            assert entry["url"] == drawn.image.url
        assert entry.get("mime_type") in (None, drawn.image.media_type)


@each(of("speech"))
def test_sound_is_read(exchange):
    """Byte for byte, with its kind."""
    found = parsed(exchange)

    assert exchange.body == found.audio
    assert exchange.headers["content-type"].startswith(found.media_type)


@each(of("transcription"))
def test_a_transcript_is_read(exchange):
    """Also one that comes as a stream."""
    lines = [line[5:] for line in exchange.body.splitlines() if line.startswith(b"data: {")]
    body = json.loads(lines[-1] if lines else exchange.body)
    segments = [line for line in lines if b"text.segment" in line] or body.get("segments") or []

    found = parsed(exchange)

    assert body["text"] == found.text
    assert len(segments) == len(found.segments)
    assert (body.get("language") or None) == found.language
    usage = body.get("usage") or {}
    came_out = usage.get("output_tokens") or usage.get("completion_tokens") or 0
    assert (
        usage.get("total_tokens", 0) - came_out == found.usage.total_input
    )  # one counts the sound beside the rest


@each(of("count_tokens"))
def test_a_count_is_read(exchange):
    """One number."""
    assert recorded(exchange)["input_tokens"] == parsed(exchange).tokens


@each(of("files", "batch"))
def test_what_is_kept_is_described(exchange):
    """Files and batches, by id, state and moment."""
    found = parsed(exchange)
    if operation(exchange)[0] == "files.content":
        assert exchange.body == found.data
        return
    body = recorded(exchange)

    assert body["id"] == found.id
    assert body == found.raw
    if "filename" in body:
        assert (body["filename"], body.get("bytes", body.get("size_bytes"))) == (found.name, found.size)
    else:
        assert (body.get("status") or body["processing_status"]) == found.raw_status
        assert "unknown" != found.status


@each([one for one in ALL if one.method == "POST" and one.asked is not None and one.status == 200])
def test_a_recorded_request_is_asked_again_as_it_was(exchange):
    """Read by the server half and rendered by the client half, the body is the same."""
    name, found = operation(exchange)
    exchanged = found.exchanges[0]
    headers = Headers({"content-type": "application/json"})
    path = tuple(exchange.uri.partition("?")[0].split("/")[3:])
    if not exchange.asked and name.startswith("batches."):
        return  # asked by the path alone

    again = exchanged.render(exchanged.read(Call("POST", path, exchange.request, headers)))

    assert _as_we_say_it(exchange.asked) == json.loads(again.body)


def _as_we_say_it(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the differences we stand by: one text is a list of one, null is nothing."""
    said = {name: value for name, value in body.items() if value is not None}
    for turn in said.get("messages", []):  # a turn of one text is that text
        if len(turn["content"]) == 1 and turn["content"][0].keys() == {"type", "text"}:
            turn["content"] = turn["content"][0]["text"]
    if isinstance(said.get("input"), str) and "voice" not in said and "response_format" not in said:
        said["input"] = [said["input"]]
    for name in ("encoding_format",):
        said.pop(name, None)  # between the two ends of the wire
    return said


@each([one for one in ALL if one.request[:2] == b"--" and one.status == 200])
def test_a_recorded_form_is_asked_again_as_it_was(exchange):
    """Fields and files, in whichever order."""
    boundary = exchange.request.split(b"\r\n", 1)[0][2:].decode()
    kind = f"multipart/form-data; boundary={boundary}"
    asked = read_form(kind, exchange.request)
    path = tuple(exchange.uri.split("/")[3:])
    call = Call("POST", path, exchange.request, Headers({"content-type": kind}))
    candidates = operation(exchange)[1].exchanges
    exchanged = next(one for one in candidates if one.path == path[-len(one.path) :])

    again = exchanged.render(exchanged.read(call))

    form = read_form(again.headers["content-type"], again.body)
    assert sorted(map(_field, asked)) == sorted(map(_field, form))


def _field(field: tuple[str, str | Attached]) -> tuple[str, bytes | str]:
    name, value = field
    return name, value.data if isinstance(value, Attached) else value
