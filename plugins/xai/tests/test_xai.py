"""xAI as its profile describes it: models that refuse options, failures in sentences, prices in ticks, speech."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import jackfield
from jackfield import Capability, Message, Support
from jackfield.types import ImageRequest, SpeechRequest

KEY = f"xai-{'a' * 80}"
GROK = "grok-4.3"


@pytest.fixture
def body(sent):
    return lambda model=GROK, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


def test_no_chat_capability_is_open(unstated):
    """All are stated, one by one."""
    assert [] == list(unstated)


def test_all_that_is_listed_binds(profile, bound):
    """Over the wire of this package, or the second one if it is set."""
    wires = {model.id: bound(model.id, api_key=KEY).wire.name for model in profile.models}

    assert wires == {model.id: model.wire or "chat_completions" for model in profile.models}
    assert "responses" == bound(GROK, api_key=KEY, wire="responses").wire.name


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        (GROK, Capability.REASONING, Support.FULL),
        ("grok-code-fast-1", Capability.REASONING, Support.UNSUPPORTED),
        ("grok-3-mini", Capability.IMAGES_IN, Support.UNSUPPORTED),
        ("grok-imagine-image-2.0", Capability.IMAGES_OUT, Support.FULL),
        ("grok-imagine-image-2.0", Capability.CHAT, Support.UNSUPPORTED),
    ],
)
def test_what_models_can(profile, model, capability, support):
    """Some reason and refuse to be told how much."""
    assert support is profile.supports(capability, model)


@pytest.mark.parametrize("option", [{"stop": ["."]}, {"frequency_penalty": 1}, {"presence_penalty": 1}])
def test_models_that_reason_refuse_options(body, option):
    """Which others take."""
    name = next(iter(option))

    assert name in body("grok-2-1212", **option)
    with pytest.raises(jackfield.Unsupported, match=name):
        body(GROK, **option)


def test_an_effort_for_a_model_that_takes_none(body):
    """It is refused here, as it would be there."""
    assert "low" == body(reasoning="low")["reasoning_effort"]
    with pytest.raises(jackfield.Unsupported, match="reasoning"):
        body("grok-code-fast-1", reasoning="low")


def test_names_are_for_users(body):
    """Those of others are refused."""
    turns = [
        Message("system", "s", name="s"),
        Message("user", "u", name="ada"),
        Message("assistant", "a", name="bot"),
    ]

    assert [None, "ada", None] == [turn.get("name") for turn in body(prompt=turns)["messages"]]


@pytest.mark.parametrize(
    ("status", "code", "words", "leaf"),
    [
        (400, "invalid-argument", "Incorrect API key provided: xa***56.", jackfield.Unauthorized),
        (
            400,
            "Client specified an invalid argument",
            "Model x does not support parameter stop.",
            jackfield.InvalidRequest,
        ),
        (
            400,
            "invalid-argument",
            "This model's maximum prompt length: the prompt is too long",
            jackfield.ContextTooLong,
        ),
        (403, "The caller does not have permission", "Content violates usage guidelines.", jackfield.Refused),
        (403, "The caller does not have permission", "No access to this team.", jackfield.Unauthorized),
        (404, "Some requested entity was not found", "The model x does not exist", jackfield.ModelNotFound),
        (429, "Some resource has been exhausted", "Too many requests", jackfield.RateLimited),
        (503, "The service is currently unavailable", "The model is at capacity", jackfield.Unavailable),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, code, words, leaf):
    """Code and error are sentences."""
    error = failure(bound(GROK, api_key=KEY), status, {"code": code, "error": words})

    assert (leaf, words) == (type(error), error.message)


def test_reasoning_is_counted_beside_the_answer(replayed):
    """And the price is in ticks."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(f"xai/{GROK}", "Name three rivers.", max_tokens=300, reasoning="low")

    usage = answer.usage
    assert (12, 192, 10, 82) == (usage.input, usage.cache_read, usage.output, usage.reasoning)
    assert (Decimal("0.0002609"), "req-doc-1") == (answer.charge, answer.request_id)


def test_a_stream_without_a_mark_at_its_end(replayed, weather):
    """Its reason to finish is end enough."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream(f"xai/{GROK}", "What is the weather in Bern?", tools=[weather]).completion()

    assert [("call_12345678", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert (230, 15, 30, Decimal("0.0004")) == (
        answer.usage.input, answer.usage.output, answer.usage.reasoning, answer.charge,
    )  # fmt: skip


def test_a_bad_key_is_a_bad_key(replayed):
    """Though the status says that the request is at fault."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.Unauthorized) as caught:
        client.complete(f"xai/{GROK}", "Name three rivers.")

    assert (400, "invalid-argument", "req-doc-3") == (
        caught.value.status,
        caught.value.code,
        caught.value.request_id,
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (SpeechRequest("", "hi"), {"text": "hi", "language": "auto"}),
        (
            SpeechRequest("", "hi", "ada", {"format": "wav", "language": "de"}),
            {"text": "hi", "language": "de", "voice_id": "ada", "output_format": {"codec": "wav"}},
        ),
    ],
)
def test_speech_is_asked_for_in_words_of_its_own(bound, asked, expected):
    """And read as it was asked."""
    speak = bound("tts", api_key=KEY).wire.operations()["speak"]

    call = speak.render(asked)

    assert ("https://api.x.ai/v1/tts", expected) == (call.url, json.loads(call.body))
    assert asked == speak.read(call)


def test_pictures_have_a_shape_not_a_size(bound):
    """A size is refused before anything is sent."""
    image = bound("grok-imagine-image-2.0", api_key=KEY).wire.operations()["image"]

    call = image.render(
        ImageRequest("grok-imagine-image-2.0", "a river", options={"aspect_ratio": "16:9", "n": 2})
    )

    assert {
        "model": "grok-imagine-image-2.0",
        "prompt": "a river",
        "aspect_ratio": "16:9",
        "n": 2,
    } == json.loads(call.body)
    with pytest.raises(jackfield.Unsupported, match="size"):
        image.render(ImageRequest("m", "a river", options={"size": "1x1"}))
