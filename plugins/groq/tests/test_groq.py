"""Groq as its profile describes it: what is said differently, what is refused here, and what failures mean."""

from __future__ import annotations

import pytest

import jackfield
from jackfield import Capability, HostedTool, Message, Registry, Support, ToolCall, ToolResult

KEY = f"gsk_{'x' * 52}"
LLAMA = "llama-3.3-70b-versatile"
OSS = "openai/gpt-oss-20b"


@pytest.fixture
def body(sent):
    return lambda model, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


def test_all_models_of_the_list_bind(profile, bound):
    """Ids with a slash in them too."""
    ids = [model.id for model in profile.models]

    assert ids == [bound(name, api_key=KEY).model.id for name in ids]
    assert OSS in ids


def test_only_the_first_slash_separates():
    """What follows is the model's name as the provider has it."""
    found = Registry().resolve(f"groq/{OSS}")

    assert ("groq", OSS, True) == (found.profile.id, found.model.id, found.model.listed)


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        (OSS, Capability.JSON_SCHEMA, Support.FULL),
        (LLAMA, Capability.JSON_SCHEMA, Support.UNSUPPORTED),
        ("qwen/qwen3.8-27b", Capability.IMAGES_IN, Support.FULL),
        (OSS, Capability.IMAGES_IN, Support.UNSUPPORTED),
        (LLAMA, Capability.REASONING, Support.UNSUPPORTED),
        ("meta-llama/llama-guard-4-12b", Capability.TOOLS, Support.UNSUPPORTED),
    ],
)
def test_capabilities_follow_the_name_of_the_model(profile, model, capability, support):
    """Its family, as a rule."""
    assert support is profile.supports(capability, model)


# -- settings --------------------------------------------------------------------------------------


def test_the_key_comes_from_the_environment(monkeypatch, sent):
    """As a bearer token."""
    monkeypatch.setenv("GROQ_API_KEY", KEY)

    call = sent(LLAMA)

    assert f"Bearer {KEY}" == call.headers["authorization"]
    assert "https://api.groq.com/openai/v1/chat/completions" == call.url


@pytest.mark.parametrize("variable", ["GROQ_BASE_URL", "GROQ_API_BASE"])
def test_the_address_comes_from_the_environment(monkeypatch, sent, variable):
    """Under either name."""
    monkeypatch.setenv(variable, "https://proxy.test/groq/v1")

    assert "https://proxy.test/groq/v1/chat/completions" == sent(LLAMA, settings={"api_key": KEY}).url


# -- requests --------------------------------------------------------------------------------------


def test_one_answer_is_all_there_is(body):
    """More are refused here; one may be said."""
    assert 1 == body(LLAMA, n=1)["n"]
    with pytest.raises(jackfield.InvalidRequest, match="between 1 and 1"):
        body(LLAMA, n=2)


@pytest.mark.parametrize(
    "option", [{"logprobs": True}, {"top_logprobs": 2}, {"top_k": 3}, {"verbosity": "low"}]
)
def test_options_it_does_not_know_are_not_sent(body, option):
    """They would be refused with 400."""
    with pytest.raises(jackfield.Unsupported, match=next(iter(option))):
        body(LLAMA, **option)


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_models_that_reason_are_told_how_much(body, effort):
    """In a word; the limit of tokens counts what they think."""
    asked = body(OSS, reasoning=effort, max_tokens=50)

    assert (effort, 50) == (asked["reasoning_effort"], asked["max_completion_tokens"])


def test_models_that_do_not_reason_cannot_be_told(body):
    """But may be told not to."""
    with pytest.raises(jackfield.Unsupported, match="reasoning"):
        body(LLAMA, reasoning="low")
    assert "reasoning_effort" not in body(LLAMA)


def test_speakers_lose_their_names(body):
    """The provider refuses them."""
    turns = [Message("user", "hi", name="ada"), Message("assistant", "ho", name="bot"), Message("user", "hi")]

    assert [{"role", "content"}] * 3 == [turn.keys() for turn in body(LLAMA, turns)["messages"]]


def test_a_turn_of_calls_alone_has_no_content(body):
    """Not even null: it is refused."""
    call = ToolCall("call_1", "weather", '{"city":"Bern"}')
    turns = [Message("user", "hi"), Message("assistant", call), Message("tool", ToolResult("call_1", "sun"))]

    _, turn, result = body(LLAMA, turns)["messages"]

    assert {"role", "tool_calls"} == turn.keys()
    assert {"role": "tool", "tool_call_id": "call_1", "content": "sun"} == result


@pytest.mark.parametrize("kind", ["browser_search", "code_interpreter"])
def test_hosted_tools_go_as_they_are(body, kind):
    """The models that have them run them."""
    assert [{"type": kind}] == body(OSS, tools=[HostedTool(kind)])["tools"]


def test_fields_of_its_own_go_through_extra(body):
    """How reasoning comes back, say."""
    assert "hidden" == body(OSS, extra={"reasoning_format": "hidden"})["reasoning_format"]


# -- failures --------------------------------------------------------------------------------------


def test_the_table_of_errors_is_what_it_was_made_for(profile):
    """All of it is tried below."""
    tried = {code for _, code, _ in FAILURES}

    assert set(profile.errors) <= tried


FAILURES = [
    (400, "tool_use_failed", jackfield.Malformed),
    (400, "json_validate_failed", jackfield.Malformed),
    (400, "context_length_exceeded", jackfield.ContextTooLong),
    (401, "invalid_api_key", jackfield.Unauthorized),
    (404, "model_not_found", jackfield.ModelNotFound),
    (413, "rate_limit_exceeded", jackfield.RateLimited),
    (422, "unprocessable", jackfield.InvalidRequest),
    (424, "failed_dependency", jackfield.Unavailable),
    (429, "rate_limit_exceeded", jackfield.RateLimited),
    (498, "capacity_exceeded", jackfield.Unavailable),
    (503, "service_unavailable", jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "code", "leaf"), FAILURES)
def test_codes_mean_what_the_profile_says(bound, failure, status, code, leaf):
    """Before the status does."""
    body = {"error": {"message": "no luck", "type": "invalid_request_error", "code": code}}

    error = failure(bound(LLAMA, api_key=KEY), status, body)

    assert (leaf, code, "groq") == (type(error), error.code, error.provider)


@pytest.mark.parametrize("code", ["tool_use_failed", "json_validate_failed"])
def test_what_the_model_wrote_wrongly_is_worth_another_try(bound, failure, code):
    """Though the status says that the request is at fault."""
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": code}}

    assert failure(bound(LLAMA, api_key=KEY), 400, body).retryable


def test_a_limited_rate_tells_when_to_come_back(bound, failure):
    """In seconds."""
    body = {"error": {"message": "slow down", "type": "tokens", "code": "rate_limit_exceeded"}}

    assert 7 == failure(bound(LLAMA, api_key=KEY), 429, body, retry_after="7").retry_after


# -- whole exchanges -------------------------------------------------------------------------------


def test_reasoning_comes_beside_the_answer(replayed):
    """And is counted apart from it."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(f"groq/{OSS}", "Name three rivers.", max_tokens=300, reasoning="low")

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (10, 64, 19, 6) == (
        answer.usage.input,
        answer.usage.cache_read,
        answer.usage.output,
        answer.usage.reasoning,
    )
    assert ("req_doc_1", f"groq/{OSS}") == (answer.request_id, answer.served_by)


def test_usage_that_comes_three_times_is_counted_once(replayed, weather):
    """The call comes whole, in one piece of the stream."""
    with replayed("stream", api_key=KEY) as client:
        stream = client.stream(f"groq/{LLAMA}", "What is the weather in Bern?", tools=[weather])
        answer = stream.completion()

    assert [("call_doc_1", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert (230, 15, "tool_calls") == (answer.usage.input, answer.usage.output, answer.finish.reason)


def test_a_call_written_wrongly_is_an_answer_that_cannot_be_read(replayed, weather):
    """The text of it is in what the provider sent."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.Malformed) as caught:
        client.complete(f"groq/{LLAMA}", "What is the weather in Bern?", tools=[weather])

    assert ("tool_use_failed", "req_doc_3") == (caught.value.code, caught.value.request_id)
    assert "<function=weather" in caught.value.raw["error"]["failed_generation"]
