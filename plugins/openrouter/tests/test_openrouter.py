"""OpenRouter as its profile describes it: reasoning as an object, cache points, charges, failures of hosts."""

from __future__ import annotations

from decimal import Decimal

import pytest

import jackfield
from jackfield import Capability, Document, HostedTool, Message, Opaque, Reasoning, Registry, Support, Text
from jackfield.types import CachePoint, ImageRequest

KEY = f"sk-or-v1-{'0' * 64}"
CLAUDE = "anthropic/claude-sonnet-5.5"
GEMINI = "google/gemini-3.8-flash"
PRIVATE = {"provider": {"data_collection": "deny"}}


@pytest.fixture
def body(sent):
    return lambda prompt="hi", model=CLAUDE, **options: sent(model, prompt, {"api_key": KEY}, **options).body


def test_every_chat_capability_is_stated(unstated):
    """And nothing is imported to find it out."""
    assert [] == unstated


def test_names_of_models_keep_their_slashes_and_suffixes(bound):
    """Listed or not."""
    for name in (CLAUDE, "qwen/qwen3.8-flash:free", "~openai/gpt-latest"):
        assert name == bound(name, api_key=KEY).model.id


def test_the_provider_is_found_before_its_models():
    """Whose names are those of other providers."""
    assert ("openrouter", CLAUDE) == tuple(found.id for found in Registry().resolve(f"openrouter/{CLAUDE}"))


def test_an_application_says_who_it_is(monkeypatch, sent):
    """If it wants to."""
    monkeypatch.setenv("OPENROUTER_HTTP_REFERER", "https://app.example")

    headers = sent(CLAUDE, settings={"api_key": KEY, "title": "App"}).headers

    assert ("https://app.example", "App", f"Bearer {KEY}") == (
        headers["http-referer"], headers["x-openrouter-title"], headers["authorization"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("effort", "expected"),
    [
        ("low", {"effort": "low"}),
        ("none", {"effort": "none"}),
        (0, {"effort": "none"}),
        (2000, {"max_tokens": 2000}),
    ],
)
def test_reasoning_is_a_word_or_a_number(body, effort, expected):
    """In an object of its own."""
    asked = body(reasoning=effort)

    assert expected == asked["reasoning"]
    assert "reasoning_effort" not in asked


def test_cache_points_mark_what_is_before_them(body):
    """For as long as was asked."""
    system = Message("system", [Text("long"), CachePoint("1h")])
    user = Message("user", [Text("also long"), CachePoint(), Text("short")])

    first, second = body([system, user])["messages"]

    assert [{"type": "text", "text": "long", "cache_control": {"type": "ephemeral", "ttl": "1h"}}] == first[
        "content"
    ]
    assert [{"type": "ephemeral"}, None] == [item.get("cache_control") for item in second["content"]]


def test_documents_may_be_at_an_address(body):
    """Or bytes."""
    document = Document("application/pdf", url="https://h.example/a.pdf")

    (item,) = body([Message("user", [document])])["messages"][0]["content"]

    assert {
        "type": "file",
        "file": {"filename": "document.pdf", "file_data": "https://h.example/a.pdf"},
    } == item


def test_details_of_reasoning_go_back_verbatim(body):
    """Those of others stay here."""
    details = [
        {"type": "reasoning.encrypted", "data": "c2ln", "index": 0},
        {"type": "reasoning.text", "text": "hm"},
    ]
    own = Reasoning("hm", Opaque("openrouter", "chat_completions", {"reasoning_details": details}))
    other = Reasoning("hm", Opaque("acme", "chat_completions", {"reasoning_details": details}))

    first, second = (
        body([Message("user", "a"), Message("assistant", [part, Text("b")]), Message("user", "c")])
        for part in (own, other)
    )

    assert details == first["messages"][1]["reasoning_details"]
    assert {"role": "assistant", "content": "b"} == second["messages"][1]


def test_routing_goes_through_extra(body):
    """Models to fall back to, hosts, plugins."""
    extra = {"models": ["a/b", "c/d"], "provider": {"sort": "price"}, "plugins": [{"id": "web"}]}

    assert extra.items() <= body(extra=extra).items()


def test_searching_has_options(body):
    """For models that take them."""
    assert {"search_context_size": "low"} == body(
        tools=[HostedTool("web_search", {"search_context_size": "low"})]
    )["web_search_options"]


def test_pictures_are_made_at_a_path_of_its_own(bound):
    """With a seed; styles are not taken."""
    image = bound(GEMINI, api_key=KEY).wire.operations()["image"]

    call = image.render(ImageRequest(GEMINI, "a river", options={"seed": 3}))

    assert "https://openrouter.ai/api/v1/images" == call.url
    with pytest.raises(jackfield.Unsupported, match="style"):
        image.render(ImageRequest(GEMINI, "a river", options={"style": "vivid"}))


@pytest.mark.parametrize(
    ("capability", "support"),
    [(Capability.RERANK, Support.FULL), (Capability.BATCH, Support.NOT_IMPLEMENTED)],
)
def test_operations_are_stated(profile, capability, support):
    """What there is, and what is not made yet."""
    assert support is profile.supports(capability)


@pytest.mark.parametrize(
    ("status", "metadata", "leaf"),
    [
        (401, {}, jackfield.Unauthorized),
        (402, {}, jackfield.OutOfCredit),
        (402, {"error_type": "in_flight_budget_exhausted"}, jackfield.RateLimited),
        (403, {"error_type": "content_policy_violation"}, jackfield.Refused),
        (403, {"error_type": "permission_denied"}, jackfield.Unauthorized),
        (400, {"error_type": "token_limit_exceeded"}, jackfield.ContextTooLong),
        (400, {"error_type": "max_tokens_exceeded"}, jackfield.InvalidRequest),
        (400, {"error_type": "string_too_long"}, jackfield.ContextTooLong),
        (400, {"error_type": "refusal"}, jackfield.Refused),
        (401, {"error_type": "authentication"}, jackfield.Unauthorized),
        (404, {"error_type": "not_found"}, jackfield.ModelNotFound),
        (502, {"error_type": "provider_unavailable"}, jackfield.Unavailable),
        (503, {"error_type": "provider_overloaded"}, jackfield.Unavailable),
        (504, {"error_type": "timeout"}, jackfield.Unavailable),
        (429, {"raw": "temporarily rate-limited upstream"}, jackfield.RateLimited),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, metadata, leaf):
    """By its own word, then by status."""
    body = {
        "error": {"code": status, "message": "Provider returned error", "metadata": metadata},
        "user_id": "u",
    }

    error = failure(bound(CLAUDE, api_key=KEY), status, body)

    assert leaf is type(error)
    assert metadata.get("raw", "") in error.message


def test_moderation_is_no_question_of_the_key(bound, failure):
    """Though the status is the same."""
    body = {
        "error": {
            "code": 403,
            "message": 'Your input was flagged for "violence"',
            "metadata": {"reasons": ["violence"]},
        }
    }

    assert jackfield.Refused is type(failure(bound(CLAUDE, api_key=KEY), 403, body))


def test_an_answer_with_all_there_is(replayed):
    """Reasoning with its signature, a citation, figures, and the price to the last digit."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(
            f"openrouter/{CLAUDE}", "Name three rivers.", max_tokens=300, reasoning=2000, extra=PRIVATE
        )

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert ("Aare", 0, 4) == (answer.citations[0].title, answer.citations[0].start, answer.citations[0].end)
    usage = answer.usage
    assert (16, 16, 8, 14, 6) == (
        usage.input,
        usage.cache_read,
        usage.cache_write,
        usage.output,
        usage.reasoning,
    )
    assert (Decimal("0.00028"), "gen-doc-1") == (answer.charge, answer.request_id)
    assert "c2ln" == answer.parts[0].opaque.data["reasoning_details"][0]["signature"]


def test_a_stream_with_comments_and_two_ends(replayed, weather):
    """One answer; its reasoning goes back as two items."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream(
            f"openrouter/{GEMINI}", "What is the weather in Bern?", tools=[weather]
        ).completion()

    assert [("call_doc_1", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert ("A tool knows.", Decimal("0.00015"), 12) == (
        answer.reasoning,
        answer.charge,
        answer.usage.reasoning,
    )
    details = answer.parts[0].opaque.data["reasoning_details"]
    assert [("reasoning.text", "A tool knows."), ("reasoning.encrypted", None)] == [
        (one["type"], one.get("text")) for one in details
    ]


def test_a_stream_that_fails_keeps_what_came(replayed):
    """The host's own words say why."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.JackfieldError) as caught:
        client.stream(f"openrouter/{GEMINI}", "Name three rivers.").completion()

    assert ("server.overloaded", "Aare, ") == (caught.value.info.kind, caught.value.partial.text)
    assert "The model is overloaded." in caught.value.message
