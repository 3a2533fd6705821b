"""What the two files of this package say, seen through the library: addresses, headers, models, failures."""

from __future__ import annotations

from decimal import Decimal

import pytest

import jackfield
from jackfield import Image, Message, Registry, Support
from jackfield.profile import Capability

KEY = f"sk-{'x' * 48}"
REASONING = ["gpt-6-astra", "gpt-6.1-sol", "gpt-5.6-luna", "gpt-5.5", "gpt-5.4-mini", "gpt-5"]
ALWAYS_REASON = ["gpt-5", "gpt-5-mini", "gpt-5-nano"]


# -- the profile -----------------------------------------------------------------------------------


def test_every_chat_capability_is_stated(unstated):
    """And nothing is imported to find it out."""
    assert [] == unstated


def test_every_listed_model_binds(profile, bound):
    """Its dialect and the provider's quirks are sound."""
    wires = {model.id: bound(model.id, api_key=KEY).wire.name for model in profile.models}

    assert {model.id: model.wire or "chat_completions" for model in profile.models} == wires


def test_a_model_is_found_by_its_bare_name():
    """No other package lists it."""
    assert "openai" == Registry().resolve("gpt-5.4-mini").profile.id


def test_what_ends_has_a_successor_that_is_listed(profile):
    """By the date the provider announced."""
    ending = [model for model in profile.models if model.deprecated is not None]

    assert ending
    assert {model.replacement for model in ending if model.replacement} <= {
        model.id for model in profile.models
    }


@pytest.mark.parametrize(
    ("capability", "model", "support"),
    [
        (Capability.AUDIO_IN, "gpt-4o-audio-preview", Support.FULL),
        (Capability.AUDIO_IN, "gpt-5.5", Support.UNSUPPORTED),
        (Capability.WEB_SEARCH, "gpt-4o-search-preview", Support.FULL),
        (Capability.LOGPROBS, "gpt-4o", Support.FULL),
        (Capability.LOGPROBS, "gpt-5", Support.UNSUPPORTED),
        (Capability.REASONING, "gpt-4o", Support.UNSUPPORTED),
        (Capability.CHAT, "text-embedding-3-small", Support.UNSUPPORTED),
        (Capability.EMBEDDINGS, "text-embedding-3-small", Support.FULL),
        (Capability.EMBEDDINGS, "gpt-5.5", Support.UNSUPPORTED),
    ],
)
def test_models_differ_in_what_they_can(profile, capability, model, support):
    """By name, or by a pattern of names."""
    assert support is profile.supports(capability, model)


# -- where calls go, and with what -----------------------------------------------------------------


def test_key_organization_and_project_are_read_from_the_environment(monkeypatch, sent):
    """Under the names the vendor's own client reads."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_1")

    headers = sent("gpt-5.5").headers

    assert (f"Bearer {KEY}", "org-1", "proj_1") == (
        headers["authorization"],
        headers["openai-organization"],
        headers["openai-project"],
    )


def test_organization_and_project_are_settings_too(sent):
    """And are sent only when they are set."""
    with_both = sent("gpt-5.5", settings={"api_key": KEY, "organization": "org-2", "project": "proj_2"})
    without = sent("gpt-5.5", settings={"api_key": KEY})

    assert "org-2" == with_both.headers["openai-organization"]
    assert "proj_2" == with_both.headers["openai-project"]
    assert not {"openai-organization", "openai-project"} & without.headers.keys()


def test_another_base_url_is_called(monkeypatch, sent):
    """That of a region, say; what is set in code wins over the environment."""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1/")
    given = {"api_key": KEY, "base_url": "https://us.api.openai.com/v1"}

    assert "https://eu.api.openai.com/v1/chat/completions" == sent("gpt-5.5", settings={"api_key": KEY}).url
    assert "https://us.api.openai.com/v1/chat/completions" == sent("gpt-5.5", settings=given).url


def test_no_key_names_the_places(bound):
    """And the page where keys are made."""
    with pytest.raises(jackfield.MissingCredentials, match="OPENAI_API_KEY") as caught:
        bound("gpt-5.5")

    assert "platform.openai.com/api-keys" in caught.value.hint


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", REASONING)
def test_the_limit_of_tokens_has_the_newer_name(sent, model):
    """The older one is refused by models that reason."""
    body = sent(model, settings={"api_key": KEY}, max_tokens=100, reasoning="high").body

    assert (100, "high") == (body["max_completion_tokens"], body["reasoning_effort"])
    assert "max_tokens" not in body


@pytest.mark.parametrize("model", REASONING)
def test_models_that_reason_take_neither_stop_nor_penalties(bound, sent, model):
    """Told before anything is sent."""
    for option in ({"stop": "x"}, {"frequency_penalty": 1}, {"presence_penalty": 1}):
        with pytest.raises(jackfield.Unsupported, match=next(iter(option))):
            sent(model, settings={"api_key": KEY}, **option)


@pytest.mark.parametrize("option", [{"temperature": 0.5}, {"top_p": 0.5}])
@pytest.mark.parametrize("model", ALWAYS_REASON)
def test_models_that_always_reason_take_no_sampling_options(sent, model, option):
    """Others take them while they do not reason, which only the provider can tell."""
    with pytest.raises(jackfield.Unsupported, match="it always reasons"):
        sent(model, settings={"api_key": KEY}, **option)


def test_models_that_do_not_reason_take_them(sent):
    """As ever."""
    body = sent("gpt-4o", settings={"api_key": KEY}, temperature=0, stop=["x"], seed=1, n=2).body

    assert (0, ["x"], 1, 2) == (body["temperature"], body["stop"], body["seed"], body["n"])


def test_a_number_of_tokens_to_reason_with_is_refused(sent):
    """The format has words for it alone."""
    with pytest.raises(jackfield.Unsupported, match="reasoning tokens"):
        sent("gpt-5.5", settings={"api_key": KEY}, reasoning=2000)


def test_a_search_of_the_web_is_an_option_of_its_own(sent):
    """Of models made for it."""
    tool = jackfield.HostedTool("web_search", {"search_context_size": "low"})
    body = sent("gpt-5-search-api", settings={"api_key": KEY}, tools=[tool]).body

    assert {"search_context_size": "low"} == body["web_search_options"]
    assert "tools" not in body


def test_pictures_go_as_addresses_of_data(sent):
    """With the detail that is asked for."""
    turn = Message("user", ("what?", Image("image/png", data=b"1", detail="low")))
    content = sent("gpt-5.5", [turn], settings={"api_key": KEY}).body["messages"][0]["content"]

    assert {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,MQ==", "detail": "low"},
    } == content[1]


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (401, "invalid_request_error", "invalid_api_key", jackfield.Unauthorized),
    (403, "request_forbidden", "unsupported_country_region_territory", jackfield.Unauthorized),
    (404, "invalid_request_error", "model_not_found", jackfield.ModelNotFound),
    (400, "invalid_request_error", "context_length_exceeded", jackfield.ContextTooLong),
    (400, "invalid_request_error", "unsupported_parameter", jackfield.InvalidRequest),
    (400, "invalid_request_error", "content_policy_violation", jackfield.Refused),
    (429, "insufficient_quota", "insufficient_quota", jackfield.OutOfCredit),
    (429, "requests", "rate_limit_exceeded", jackfield.RateLimited),
    (500, "server_error", None, jackfield.Unavailable),
    (503, "server_error", "slow_down", jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "kind", "code", "leaf"), FAILURES)
def test_a_failure_says_what_the_caller_can_do(bound, failure, status, kind, code, leaf):
    """An empty purse is not a busy provider, though both are 429."""
    body = {"error": {"message": "no luck", "type": kind, "param": None, "code": code}}

    error = failure(bound("gpt-5.5", api_key=KEY), status, body, x_request_id="req_9")

    assert (leaf, status, code or kind, "req_9") == (type(error), error.status, error.code, error.request_id)


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion(replayed):
    """Reasoning is counted apart, and what was cached too."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(
            "openai/gpt-5.4-mini", "Name three rivers.", system="Be brief.", max_tokens=200, reasoning="low"
        )

    used = answer.usage
    assert ("Aare, Limmat, Inn.", "stop", "req_doc_1") == (
        answer.text,
        answer.finish.reason,
        answer.request_id,
    )
    assert (13, 8, 8, 32) == (used.input, used.cache_read, used.output, used.reasoning)
    assert ("chatcmpl-doc-1", "gpt-5.4-mini-2026-03-17") == (answer.id, answer.model)
    assert Decimal("0.00019035") == answer.charge  # 13 x 0.75 + 8 x 0.075 + 40 x 4.5 USD per million


def test_a_stream_that_calls_a_tool(replayed, weather):
    """Its arguments come in pieces, its usage after the last choice."""
    with replayed("stream", api_key=KEY) as client:
        prompt, options = "What is the weather in Bern?", {"tools": [weather], "tool_choice": "required"}
        answer = client.stream("openai/gpt-5.4-mini", prompt, **options).completion()

    (call,) = answer.tool_calls
    assert ("call_doc_1", "weather", {"city": "Bern"}) == (call.id, call.name, call.arguments)
    assert ("tool_calls", 55, 14) == (answer.finish.reason, answer.usage.input, answer.usage.output)


def test_a_sampling_option_the_provider_refuses(replayed):
    """What depends on whether a model reasons is sent, and the provider's own words come back."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.InvalidRequest) as caught:
        client.complete("openai/gpt-6-luna", "hi", temperature=0.2)

    error = caught.value
    assert (400, "unsupported_value", "req_doc_3") == (error.status, error.code, error.request_id)
    assert "'temperature' does not support 0.2" in str(error)


def test_embeddings(replayed):
    """In the order of the texts, whatever order they came in; what they are for is left out, and told."""
    with replayed("embedding", api_key=KEY) as client:
        answer = client.embed(
            "openai/text-embedding-3-small", ["Aare", "Inn"], dimensions=2, input_type="query"
        )

    assert ((0.5, 0.75), (0.25, -0.5)) == answer.vectors
    assert (3, ["option_ignored"]) == (answer.usage.input, [notice.code for notice in answer.warnings])
