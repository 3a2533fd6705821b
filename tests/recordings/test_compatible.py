"""Recorded exchanges of eight providers of the chat completions family, over the wire their own profiles bind.

The format as such is judged elsewhere, without any profile. Here it is the dialects: what leaves the client is
compared with what was sent, and what came back is read by the wire as a user's client would have it.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield import Client
from jackfield.events import Failed, Finished, fold
from jackfield.types import (
    BatchItem,
    BatchRequest,
    EmbedRequest,
    Finish,
    Message,
    ModelsRequest,
    Request,
    RerankRequest,
    SpeechRequest,
)
from jackfield.wire import Call

require()

import test_chat_completions as chat  # noqa: E402  # its oracle knows nothing of our wire
from test_chat_completions import FAILING, judge  # noqa: E402

pytestmark = pytest.mark.recordings

PROVIDERS = ("mistral", "openrouter", "deepseek", "xai", "perplexity", "together", "fireworks")

# The surfaces that are not chat, and what becomes of them; deepinfra was never recorded.
PLACED = {
    "embeddings": "below",
    "rerank": "below",
    "models": "below",
    "images": "below",
    "speech": "below",
    "transcription": "below",
    "batch": "below, where it is implemented",
    "responses": "a wire of its own: test_responses",
    "ocr": "no operation of ours",
    "videos": "no operation of ours",
    "completions": "the text completions that came before chat",
    "other": "an address that does not exist: below, as an error",
}

CHAT = exchanges(*PROVIDERS, surfaces=("chat_completions",))
ANSWERS = [exchange for exchange in CHAT if exchange.status == 200 and not exchange.streamed]
STREAMS = [exchange for exchange in CHAT if exchange.status == 200 and exchange.streamed]
ERRORS = [exchange for exchange in exchanges(*PROVIDERS) if exchange.status >= 400]

LONGEST_FOR_EVERY_SPLIT = 16 * 1024


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


@cache
def client():
    keys = {provider: {"api_key": f"key-of-{provider}"} for provider in (*PROVIDERS, "deepinfra")}
    return Client({"providers": keys})


@cache
def bound(provider, model="some-model"):
    return client().bind(f"{provider}/{model}")


def wire(exchange):
    asked = exchange.asked or {}
    return bound(exchange.provider, asked.get("model") or "some-model").wire


def decoded(exchange, chunks):
    decoder = bound(exchange.provider).decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


def operation(exchange, name):
    return wire(exchange).operations()[name]


def test_every_surface_is_placed():
    """Nothing that was recorded is dropped silently."""
    found = {surface for provider in PROVIDERS for surface in surfaces(provider)}

    assert set() == found - PLACED.keys() - {"chat_completions"}
    assert (39, 32, 21) <= (len(ANSWERS), len(STREAMS), len(ERRORS))


# -- answers ---------------------------------------------------------------------------------------


@each(ANSWERS)
def test_an_answer_is_read_by_the_bound_wire(exchange):
    """Text, reasoning, calls, finish and usage, as the oracle has them."""
    events, _ = wire(exchange).parse_completion(exchange.reply)

    judge(exchange, fold(events))


@each(STREAMS)
def test_a_stream_is_read_by_the_bound_decoder(exchange):
    """Whole and in pieces of every size that hurts."""
    whole = decoded(exchange, [exchange.body])
    sizes = [1, 2, 3, 7, 64] if len(exchange.body) <= 4 * LONGEST_FOR_EVERY_SPLIT else [61]

    assert all(whole == decoded(exchange, chunked(exchange.body, size)) for size in sizes)
    if exchange.id in FAILING:
        assert isinstance(whole[-1], Failed)
    else:
        assert isinstance(whole[-1], Finished)
        judge(exchange, fold(whole))


@each([exchange for exchange in STREAMS if len(exchange.body) <= LONGEST_FOR_EVERY_SPLIT])
def test_a_stream_may_be_split_at_every_byte(exchange):
    """Two pieces, cut anywhere: the records are the same, and events are made of records alone."""
    codec = wire(exchange)
    framing = codec.framing()
    whole, events = [*framing.feed(exchange.body), *framing.end()], decoded(exchange, [exchange.body])

    for cut in range(1, len(exchange.body)):
        framing = codec.framing()
        head, tail = exchange.body[:cut], exchange.body[cut:]
        assert whole == [*framing.feed(head), *framing.feed(tail), *framing.end()]
        assert cut % 101 or events == decoded(exchange, (head, tail))


# -- requests --------------------------------------------------------------------------------------


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body without what says nothing, with one of the forms that say the same."""
    kept = {name: value for name, value in body.items() if value is not None}
    kept.pop("stream_options", None)  # ours to decide: see `usage_opt_in`
    if not kept.get("stream"):
        kept.pop("stream", None)
    kept["messages"] = [turn(item) for item in kept["messages"]]
    kept["limit"] = kept.pop("max_tokens", None) or kept.pop("max_completion_tokens", None)
    if "tools" not in kept:
        kept.pop("parallel_tool_calls", None)
    return kept


def turn(item: dict[str, Any]) -> dict[str, Any]:
    """A turn: one text is a string, and a role has one name."""
    kept = {name: value for name, value in item.items() if value not in (None, "")}
    content = kept.get("content")
    if isinstance(content, list) and len(content) == 1 and set(content[0]) == {"type", "text"}:
        kept["content"] = content[0]["text"]
    kept["role"] = {"developer": "system"}.get(kept["role"], kept["role"])
    if not str(kept.get("reasoning_content", "")).strip():
        kept.pop("reasoning_content", None)  # we say " " where the client said ""
    return kept


# Requests whose body differs, in what, and why.
EFFORT = {"reasoning", "reasoning_effort"}  # the shorthand is asked for in the form that has numbers, too
SWITCH = {"thinking", "reasoning_effort"}  # an effort switches thinking on, and `medium` is none of its words
DIFFERENT: dict[str, set[str]] = {
    "deepseek/reasoning__chat-completions-deepseek-reasoner-q-leading-whitespace#0": SWITCH,
    "openrouter/error_in_stream__chat-completions-gemini-2.5-flash-lite#0": EFFORT,
    "openrouter/reasoning_tools_stream__chat-completions-glm-4.6-q-toolcall-id-empty#0": EFFORT,
}


@each([exchange for exchange in CHAT if exchange.status == 200])
def test_the_same_is_asked_in_the_same_words(exchange):
    """What the recorded client sent is what ours sends."""
    codec = wire(exchange)

    request, stream = codec.read_completion(Call("POST", ("chat", "completions"), exchange.request))
    call = codec.render_completion(request, stream)

    expected, found = plain(exchange.asked), plain(json.loads(call.body))
    differing = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
    assert DIFFERENT.get(exchange.id, set()) == differing, {
        name: (expected.get(name), found.get(name)) for name in differing
    }


# Recorded with an older address of the same service.
MOVED = {
    "https://api.together.xyz": "https://api.together.ai",
    "https://api.deepseek.com/v1": "https://api.deepseek.com",
}


@each(CHAT)
def test_it_is_asked_at_the_same_place(exchange):
    """Address and path; the key goes where theirs went."""
    binding = bound(exchange.provider)

    call = binding.wire.render_completion(Request("m", (Message("user", "hi"),)), stream=False)
    with pytest.raises(StopIteration) as signed:  # a key needs no step outside
        next(binding.auth.sign(call))

    recorded = exchange.uri
    for old, new in MOVED.items():
        recorded = recorded.replace(old, new) if recorded.startswith(f"{old}/") else recorded
    assert urlsplit(recorded).geturl() == call.url
    assert f"Bearer key-of-{exchange.provider}" == signed.value.value.headers["authorization"]


@each(exchanges("openrouter", "deepseek", "xai", surfaces=("responses",)))
def test_the_other_wire_goes_to_the_recorded_place(exchange):
    """Its answers are judged with the wire; here it is chosen by a setting, and read with the profile's table."""
    settings = {exchange.provider: {"api_key": "key-of-somebody", "wire": "responses"}}
    codec = Client({"providers": settings}).bind(f"{exchange.provider}/m").wire

    call = codec.render_completion(Request("m", (Message("user", "hi"),)), stream=exchange.streamed)

    assert ("responses", exchange.uri) == (codec.name, call.url)
    if exchange.status == 200 and not exchange.streamed:
        assert isinstance(codec.parse_completion(exchange.reply)[0][-1], Finished)


# -- what stands beside ----------------------------------------------------------------------------


HEADERS = {
    "mistral": "mistral-correlation-id",
    "openrouter": "x-generation-id",
    "deepseek": "x-ds-trace-id",
}


@each([exchange for exchange in CHAT if exchange.status == 200])
def test_an_exchange_has_its_id(exchange):
    """From the header the profile names, wherever it was recorded."""
    names = bound(exchange.provider).profile.request_id
    header = HEADERS.get(exchange.provider, "x-request-id")

    assert header == names[0]
    assert next((exchange.headers[name] for name in names if name in exchange.headers), None) == (
        exchange.headers.get(header) or exchange.headers.get("x-kong-request-id")
    )


def told(usage: dict[str, Any]) -> Decimal | None:
    """What an answer says it cost, found without any profile."""
    cost = usage.get("cost")
    if isinstance(cost, dict):
        return Decimal(str(cost["total_cost"]))
    if "cost_in_usd_ticks" in usage:
        return Decimal(usage["cost_in_usd_ticks"]) / 10**10
    return None if cost is None else Decimal(str(cost))


@each(ANSWERS)
def test_an_answer_costs_what_it_says(exchange):
    """To the last digit; nothing is known of those that say nothing."""
    completion = fold(wire(exchange).parse_completion(exchange.reply)[0])

    charge = bound(exchange.provider).prices.charge(completion.usage, datetime(2026, 11, 21, tzinfo=UTC))

    assert told(json.loads(exchange.body)["usage"]) == charge


@each([exchange for exchange in CHAT if "reasoning_details" in exchange.body.decode()])
def test_details_of_reasoning_go_back_as_they_came(exchange):
    """In order, the pieces of a stream joined to the item they are of."""
    events = (
        decoded(exchange, [exchange.body])
        if exchange.streamed
        else wire(exchange).parse_completion(exchange.reply)[0]
    )
    if isinstance(events[-1], Failed):
        events = [*events[:-1], Finished(Finish("error"))]
    completion = fold(events)
    pieces = [item for piece in chat.pieces(exchange) for item in piece.get("reasoning_details") or []]

    call = wire(exchange).render_completion(Request("m", (completion.message,)), stream=False)

    sent = json.loads(call.body)["messages"][0].get("reasoning_details", [])
    for field in ("text", "summary", "data", "signature"):
        assert "".join(item.get(field) or "" for item in pieces) == "".join(
            item.get(field) or "" for item in sent
        )
    assert [item["type"] for item in sent] == list(dict.fromkeys(item["type"] for item in pieces))


@each([exchange for exchange in CHAT if exchange.provider == "mistral" and b'"thinking"' in exchange.body])
def test_thoughts_in_the_content_go_back_in_the_content(exchange):
    """Before the text they led to."""
    events = (
        decoded(exchange, [exchange.body])
        if exchange.streamed
        else wire(exchange).parse_completion(exchange.reply)[0]
    )
    completion = fold(events)

    call = wire(exchange).render_completion(Request("m", (completion.message,)), stream=False)

    thought, text = json.loads(call.body)["messages"][0]["content"]
    assert completion.reasoning == chat.words(thought["thinking"], ("text",)) == chat.reasoning_of(exchange)
    assert {"type": "text", "text": completion.text} == text


# -- errors ----------------------------------------------------------------------------------------


KINDS = {
    "deepseek/error_400__chat-completions-deepseek-v4-flash#0": "request.invalid",
    "deepseek/error_400__responses-deepseek-v4-flash#0": "request.invalid",
    "deepseek/error_401__chat-completions-deepseek-chat#0": "auth",
    "deepseek/error_422__chat-completions-deepseek-chat-q-shape#0": "request.invalid",
    "mistral/error_400__chat-completions-mistral-does-not-exist#0": "model.missing",
    "mistral/error_401__chat-completions-mistral-small-latest#0": "auth",
    "mistral/error_401__models#0": "auth",
    "mistral/error_404_stream__other-q-shape#0": "model.missing",
    "mistral/error_429__chat-completions-mistral-small-latest#0": "throttle",
    "openrouter/error_400__chat-completions-claude-haiku-4.5#0": "request.context",
    "openrouter/error_400__chat-completions-gpt-nonexistent-routed-model-q-shape#0": "model.missing",
    "openrouter/error_401__chat-completions-claude-haiku-4.5-q-shape#0": "auth",
    "openrouter/error_429__chat-completions-gemini-2.0-flash-exp-free#0": "throttle",
    "perplexity/error_400__chat-completions-sonar#0": "request.context",
    "perplexity/error_400__chat-completions-sonar-2#0": "request.invalid",
    "perplexity/error_401__chat-completions-sonar#0": "auth",
    "together/error_400__images#0": "request.invalid",
    "together/error_401__chat-completions-llama-3.3-70b-instruct-turbo#0": "auth",
    "xai/error_400__chat-completions-grok-code-fast-1#0": "request.invalid",
    "xai/error_400__responses-grok-4.3#0": "auth",
    "xai/error_5xx__chat-completions-grok-4-fast-non-reasoning#0": "server.overloaded",
}


@each(ERRORS)
def test_an_error_is_of_its_kind(exchange):
    """Each was looked at, one by one."""
    error = wire(exchange).parse_error(exchange.reply)

    assert (KINDS[exchange.id], exchange.status, exchange.provider) == (
        error.kind,
        error.status,
        error.provider,
    )


# -- operations ------------------------------------------------------------------------------------


def succeeded(surface):
    return [exchange for exchange in exchanges(*PROVIDERS, surfaces=(surface,)) if exchange.status == 200]


@each(succeeded("embeddings"))
def test_vectors(exchange):
    """As many as texts, as long as they were, asked for as they were."""
    embed, asked = operation(exchange, "embed"), exchange.asked
    data = json.loads(exchange.body)["data"]
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    options = {"dimensions": asked["dimensions"]} if "dimensions" in asked else {}

    found = embed.parse(exchange.reply)
    call = embed.render(EmbedRequest(asked["model"], tuple(texts), options))

    assert (exchange.uri, {**asked, "input": texts}) == (call.url, json.loads(call.body))
    for item, vector in zip(data, found.vectors, strict=True):
        raw = item["embedding"]
        numbers = (
            raw if isinstance(raw, list) else [(byte + 128) % 256 - 128 for byte in base64.b64decode(raw)]
        )
        assert numbers == list(vector)
    assert json.loads(exchange.body)["usage"]["prompt_tokens"] == found.usage.total_input


@each(succeeded("rerank"))
def test_rankings(exchange):
    """The best first, with the index each had."""
    results = json.loads(exchange.body)["results"]

    found = operation(exchange, "rerank").parse(exchange.reply)

    assert [(one["index"], one["relevance_score"]) for one in results] == [
        (one.index, one.score) for one in found.results
    ]
    if exchange.asked:
        asked = RerankRequest(
            exchange.asked["model"], exchange.asked["query"], tuple(exchange.asked["documents"])
        )
        call = operation(exchange, "rerank").render(asked)
        assert (exchange.uri, exchange.asked) == (call.url, json.loads(call.body))


@each(succeeded("models"))
def test_lists_of_models(exchange):
    """All of them, by id."""
    body = json.loads(exchange.body)

    found = operation(exchange, "models").parse(exchange.reply)
    call = operation(exchange, "models").render(ModelsRequest())

    assert [entry["id"] for entry in body["data"]] == [model.id for model in found.models]
    assert ("GET", exchange.uri) == (call.method, call.url)


@each(succeeded("images"))
def test_pictures(exchange):
    """By address or as bytes."""
    data = json.loads(exchange.body)["data"]

    found = operation(exchange, "image").parse(exchange.reply)

    assert [entry.get("url") for entry in data] == [image.url for image in found.images]
    for entry, image in zip(data, found.images, strict=True):
        assert base64.b64decode(entry.get("b64_json") or "") == (image.data or b"")
        assert entry.get("mime_type", "image/jpeg") == image.media_type


@each(succeeded("transcription"))
def test_transcripts(exchange):
    """The words, and the tokens of the sound apart from those of the prompt."""
    body = json.loads(exchange.body)

    found = operation(exchange, "transcribe").parse(exchange.reply)

    assert body["text"] == found.text
    assert body["usage"]["total_tokens"] == found.usage.total_input + found.usage.total_output
    assert body["usage"]["prompt_tokens_details"]["audio_tokens"] == found.usage.input_audio


@each([exchange for exchange in succeeded("speech") if exchange.provider == "mistral"])
def test_speech_within_json(exchange):
    """The sound is a text of base64 in the answer."""
    speak, asked = operation(exchange, "speak"), exchange.asked

    found = speak.parse(exchange.reply)
    call = speak.render(SpeechRequest(asked["model"], asked["input"], asked["voice"]))

    assert (exchange.uri, asked) == (call.url, json.loads(call.body))
    assert base64.b64decode(json.loads(exchange.body)["audio_data"]) == found.audio
    assert "audio/mpeg" == found.media_type


@each([exchange for exchange in succeeded("speech") if exchange.provider == "xai"])
def test_speech_as_bytes(exchange):
    """The body is the sound."""
    speak = operation(exchange, "speak")

    found, call = speak.parse(exchange.reply), speak.render(SpeechRequest("", exchange.asked["text"]))

    assert (exchange.body, "audio/mpeg") == (found.audio, found.media_type)
    assert (exchange.uri, exchange.asked) == (call.url, json.loads(call.body))


@each([exchange for exchange in succeeded("batch") if exchange.provider == "mistral"])
def test_a_batch_is_begun(exchange):
    """All requests in it, the model said once."""
    items = tuple(
        BatchItem(
            line["custom_id"],
            Request("mistral-small-latest", (Message("user", line["body"]["messages"][0]["content"]),)),
        )
        for line in exchange.asked["requests"]
    )
    create = operation(exchange, "batches.create")

    steps = create.ask(BatchRequest("mistral-small-latest", items))
    call = next(steps)
    with pytest.raises(StopIteration) as done:
        steps.send(exchange.reply)

    assert (exchange.uri, exchange.asked) == (call.url, json.loads(call.body))
    assert ("queued", json.loads(exchange.body)["id"]) == (done.value.value.status, done.value.value.id)
