"""The Gemini API as its profile describes it: what each model is told, what is refused here, and what failures mean."""

from __future__ import annotations

import subprocess
import sys

import pytest

import jackfield
from jackfield import Capability, HostedTool, Image, Message, Registry, Support, Text, ToolCall, ToolResult

KEY = f"AIza{'x' * 35}"
FLASH = "gemini-3.5-flash"
OLDER = "gemini-2.5-flash"
PIXEL = Image("image/png", data=b"png")


@pytest.fixture
def body(sent):
    return lambda model, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


def config(body):
    return body.get("generationConfig", {})


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


def test_all_models_of_the_list_bind(profile, bound):
    """By their ids."""
    ids = [model.id for model in profile.models]

    assert ids == [bound(name, api_key=KEY).model.id for name in ids]
    assert FLASH in ids


@pytest.mark.parametrize("alias", ["google", "google-ai-studio"])
def test_it_has_other_names(alias):
    """Those that other libraries use."""
    assert "gemini" == Registry().resolve(f"{alias}/{FLASH}").profile.id


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        (FLASH, Capability.VIDEO_IN, Support.FULL),
        (FLASH, Capability.EMBEDDINGS, Support.UNSUPPORTED),
        (FLASH, Capability.IMAGES_OUT, Support.UNSUPPORTED),
        ("gemini-embedding-2", Capability.EMBEDDINGS, Support.FULL),
        ("gemini-embedding-2", Capability.CHAT, Support.UNSUPPORTED),
        ("gemini-3-pro-image", Capability.IMAGES_OUT, Support.FULL),
        ("gemini-3.8-flash-tts", Capability.SPEECH_OUT, Support.FULL),
        (FLASH, Capability.RERANK, Support.UNSUPPORTED),
        (FLASH, Capability.VIDEO_OUT, Support.NOT_IMPLEMENTED),
    ],
)
def test_capabilities_follow_the_model(profile, model, capability, support):
    """Its name, or what the list says of it."""
    assert support is profile.supports(capability, model)


def test_every_operation_the_profile_claims_is_there(profile, bound):
    """And none is claimed that is not."""
    claimed = {
        Capability.EMBEDDINGS: "embed",
        Capability.COUNT_TOKENS: "count_tokens",
        Capability.LIST_MODELS: "models",
        Capability.IMAGES_OUT: "image",
        Capability.SPEECH_OUT: "speak",
        Capability.SPEECH_IN: "transcribe",
        Capability.BATCH: "batches.create",
        Capability.FILES: "files.upload",
        Capability.RERANK: "rerank",
        Capability.MODERATION: "moderate",
    }
    operations = bound(FLASH, api_key=KEY).wire.operations()

    assert {c: name in operations for c, name in claimed.items()} == {
        c: profile.capabilities.statement(c).support.usable for c in claimed
    }


# -- settings --------------------------------------------------------------------------------------


def test_the_key_goes_into_a_header(sent):
    """Never into the address."""
    call = sent(FLASH, settings={"api_key": KEY})

    assert KEY == call.headers["x-goog-api-key"]
    assert f"https://generativelanguage.googleapis.com/v1beta/models/{FLASH}:generateContent" == call.url


@pytest.mark.parametrize("variable", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_the_key_comes_from_the_environment(monkeypatch, sent, variable):
    """Under either name."""
    monkeypatch.setenv(variable, KEY)

    assert KEY == sent(FLASH).headers["x-goog-api-key"]


@pytest.mark.parametrize("address", ["https://proxy.test", "https://proxy.test/v1beta"])
def test_the_address_comes_from_the_environment(monkeypatch, sent, address):
    """With or without the version."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", address)

    call = sent(FLASH, settings={"api_key": KEY})

    assert f"https://proxy.test/v1beta/models/{FLASH}:generateContent" == call.url


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "asked", "told"),
    [
        (FLASH, "low", {"thinkingLevel": "low", "includeThoughts": True}),
        (FLASH, "max", {"thinkingLevel": "high", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "minimal", {"thinkingLevel": "low", "includeThoughts": True}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "high", "includeThoughts": True}),
        (OLDER, "medium", {"thinkingBudget": 8192, "includeThoughts": True}),
        (OLDER, 512, {"thinkingBudget": 512, "includeThoughts": True}),
        (OLDER, "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "max", {"thinkingBudget": 32768, "includeThoughts": True}),
        ("gemini-of-tomorrow", "high", {"thinkingLevel": "high", "includeThoughts": True}),
    ],
)
def test_each_model_is_told_in_its_way_how_much_to_think(body, model, asked, told):
    """In a word, or in tokens."""
    assert told == config(body(model, reasoning=asked))["thinkingConfig"]


@pytest.mark.parametrize(
    ("model", "asked"),
    [(FLASH, "none"), ("gemini-2.5-pro", "none"), (FLASH, 512), ("gemini-3.8-flash-tts", "low")],
)
def test_what_a_model_cannot_be_told_is_refused(body, model, asked):
    """Before anything is sent."""
    with pytest.raises(jackfield.Unsupported):
        body(model, reasoning=asked)


@pytest.mark.parametrize("model", ["gemini-3.8-flash", "gemini-3.7-flash", "gemini-3.5-flash-lite"])
def test_models_without_sampling_are_told_nothing_of_it(body, model):
    """They would refuse it."""
    with pytest.raises(jackfield.Unsupported, match="temperature"):
        body(model, temperature=0.5)
    assert 0.5 == config(body(FLASH, temperature=0.5))["temperature"]


def test_fields_of_its_own_are_merged(body):
    """With what the options say, too."""
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]

    asked = body(
        FLASH, max_tokens=9, extra={"safetySettings": safety, "generationConfig": {"mediaResolution": "X"}}
    )

    assert safety == asked["safetySettings"]
    assert {"maxOutputTokens": 9, "mediaResolution": "X"} == config(asked)


def test_hosted_tools_go_as_they_are(body):
    """Each in an entry of its own."""
    assert [{"googleSearch": {}}] == body(FLASH, tools=[HostedTool("googleSearch")])["tools"]


@pytest.mark.parametrize(("model", "inside"), [(FLASH, True), (OLDER, False)])
def test_pictures_of_tools_go_where_the_model_looks(body, model, inside):
    """Inside the answer, or beside it."""
    call = ToolCall("call_1", "look", "{}")
    turns = [
        Message("user", "hi"),
        Message("assistant", call),
        Message("tool", ToolResult("call_1", (Text("here"), PIXEL))),
    ]

    parts = body(model, turns)["contents"][2]["parts"]

    assert inside is ("parts" in parts[0]["functionResponse"])
    assert (1 if inside else 2) == len(parts)


@pytest.mark.parametrize(
    ("model", "modalities"), [("gemini-3-pro-image", ["TEXT", "IMAGE"]), ("gemini-3.8-flash-tts", ["AUDIO"])]
)
def test_models_that_draw_or_speak_are_asked_to(body, model, modalities):
    """Without being told."""
    assert modalities == config(body(model))["responseModalities"]


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (400, "INVALID_ARGUMENT", "API_KEY_INVALID", "API key not valid.", jackfield.Unauthorized),
    (400, "INVALID_ARGUMENT", "", "exceeds the maximum number of tokens allowed", jackfield.ContextTooLong),
    (400, "INVALID_ARGUMENT", "", "no luck", jackfield.InvalidRequest),
    (400, "FAILED_PRECONDITION", "BILLING_DISABLED", "no luck", jackfield.OutOfCredit),
    (401, "UNAUTHENTICATED", "", "no luck", jackfield.Unauthorized),
    (403, "PERMISSION_DENIED", "", "no luck", jackfield.Unauthorized),
    (403, "PERMISSION_DENIED", "", "CachedContent not found (or permission denied)", jackfield.Affinity),
    (404, "NOT_FOUND", "", "no luck", jackfield.ModelNotFound),
    (429, "RESOURCE_EXHAUSTED", "", "no luck", jackfield.RateLimited),
    (429, "RESOURCE_EXHAUSTED", "", "Your prepayment credits are depleted.", jackfield.OutOfCredit),
    (500, "INTERNAL", "", "no luck", jackfield.Unavailable),
    (503, "UNAVAILABLE", "", "no luck", jackfield.Unavailable),
    (504, "DEADLINE_EXCEEDED", "", "no luck", jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "word", "reason", "words", "leaf"), FAILURES)
def test_codes_mean_what_the_profile_says(bound, failure, status, word, reason, words, leaf):
    """The finer reason before the word, the words before the status."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    body = {"error": {"code": status, "message": words, "status": word, "details": details}}

    error = failure(bound(FLASH, api_key=KEY), status, body)

    assert (leaf, reason or word, "gemini") == (type(error), error.code, error.provider)


def test_the_table_of_errors_is_what_it_was_made_for(profile):
    """All of it is tried above."""
    assert set(profile.errors) <= {reason for _, _, reason, _, _ in FAILURES}


def test_a_quota_of_the_day_is_not_waited_for(bound, failure):
    """Another key may still have one."""
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    body = {
        "error": {
            "code": 429,
            "message": "no",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"violations": [violation]}],
        }
    }

    error = failure(bound(FLASH, api_key=KEY), 429, body)

    assert ("quota.window", False) == (error.info.kind, error.retryable)


# -- whole exchanges -------------------------------------------------------------------------------


def test_thoughts_come_beside_the_answer(replayed):
    """And are counted apart from it."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(
            f"gemini/{OLDER}", "Name three rivers.", system="Be brief.", max_tokens=200, reasoning="low"
        )

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    usage = answer.usage
    assert (10, 64, 19, 6) == (usage.input, usage.cache_read, usage.output, usage.reasoning)
    assert ("doc-response-1", f"gemini/{OLDER}") == (answer.id, answer.served_by)


def test_a_signature_goes_back_where_it_came_from(replayed, weather):
    """With the call; the empty text at the end of the stream is no part."""
    with replayed("stream", api_key=KEY) as client:
        prompt = [Message("user", "What is the weather in Bern?")]
        first = client.stream(f"gemini/{FLASH}", prompt, tools=[weather]).completion()
        turns = [*prompt, first.message, jackfield.run_tools(first, [weather])]
        answer = client.stream(f"gemini/{FLASH}", turns, tools=[weather]).completion()

    assert [("weather", {"city": "Bern"})] == [(call.name, call.arguments) for call in first.tool_calls]
    assert (70, 17, 43, "tool_calls") == (
        first.usage.input,
        first.usage.output,
        first.usage.reasoning,
        first.finish.reason,
    )
    assert ("Sun in Bern.", 4) == (answer.text, answer.usage.output)


def test_a_quota_of_the_minute_tells_when_to_come_back(replayed):
    """In the body."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.RateLimited) as caught:
        client.complete(f"gemini/{FLASH}", "hi")

    assert ("RESOURCE_EXHAUSTED", 48, True) == (
        caught.value.code,
        caught.value.retry_after,
        caught.value.retryable,
    )


def test_vectors_come_in_the_order_of_the_texts(replayed):
    """Their figures are unknown: the provider tells none."""
    with replayed("embeddings", api_key=KEY) as client:
        answer = client.embed(
            "gemini/gemini-embedding-001", ["Aare", "Inn"], dimensions=2, input_type="document"
        )

    assert ((0.25, -0.5), (0.5, 0.125)) == answer.vectors
    assert not answer.usage.known


def test_binding_a_model_loads_no_sdk():
    """The package is data, and the wire is core's."""
    code = (
        "import sys, jackfield; jackfield.Client({'providers': {'gemini': {'api_key': 'x' * 39}}}).bind('gemini/m');"
        "print([name for name in sys.modules if name.startswith('google')])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == found.stdout.strip()
