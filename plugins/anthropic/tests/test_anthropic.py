"""Credentials, rendered requests, failures and whole exchanges with Anthropic; models are in ``test_profile``."""

from __future__ import annotations

import pytest

import jackfield
from jackfield import (
    CachePoint,
    Document,
    HostedTool,
    Message,
    Opaque,
    Reasoning,
    Registry,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

KEY = f"sk-ant-api03-{'x' * 93}AA"
HAIKU = "claude-haiku-4-5"


@pytest.fixture
def asked(sent):
    """What is sent, as JSON."""

    def ask(model=HAIKU, prompt="hi", **options):
        return sent(model, prompt, settings={"api_key": KEY}, **options).body

    return ask


def test_the_whole_of_chat_is_stated(unstated):
    """Without the package being imported."""
    assert [] == [capability.value for capability in unstated]


def test_each_model_is_spoken_to_in_its_dialect(profile, bound):
    """All of them over the one wire."""
    for model in profile.models:
        binding = bound(model.id, api_key=KEY)
        assert ("messages", model.max_output) == (binding.wire.name, binding.wire.dialect.max_output)


def test_the_provider_goes_by_the_name_of_its_models():
    """``claude/…`` is the same."""
    assert "anthropic" == Registry().resolve(f"claude/{HAIKU}").profile.id
    assert "anthropic" == Registry().resolve(HAIKU).profile.id


# -- credentials and headers -----------------------------------------------------------------------


def test_a_key_has_a_header_of_its_own(monkeypatch, sent):
    """It wins over a token."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-0123456789")

    headers = sent(HAIKU).headers

    assert KEY == headers["x-api-key"]
    assert "authorization" not in headers


def test_a_token_is_a_bearers(monkeypatch, sent):
    """Where there is no key."""
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-0123456789")

    headers = sent(HAIKU).headers

    assert "Bearer token-0123456789" == headers["authorization"]
    assert "x-api-key" not in headers


def test_without_either_both_are_named(bound):
    """In the order they are looked for."""
    with pytest.raises(jackfield.MissingCredentials, match=r"`ANTHROPIC_API_KEY`.*`ANTHROPIC_AUTH_TOKEN`"):
        bound(HAIKU)


def test_workspace_and_betas_travel_as_headers(monkeypatch, sent):
    """Betas of one call are added to those of all."""
    monkeypatch.setenv("ANTHROPIC_WORKSPACE_ID", "wrkspc_1")
    settings = {"api_key": KEY, "betas": "a-1"}

    headers = sent(HAIKU, settings=settings, extra={"betas": ["b-2"]}).headers

    assert ("wrkspc_1", "a-1,b-2") == (headers["anthropic-workspace-id"], headers["anthropic-beta"])


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "limit"),
    [(HAIKU, 64000), ("claude-opus-5", 128000), ("claude-mythos-5-2", 4096), ("claude-9", 4096)],
)
def test_the_limit_the_format_demands_is_the_models_own(asked, model, limit):
    """Or a modest one where it is not known; the caller's counts more."""
    assert limit == asked(model)["max_tokens"]
    assert 10 == asked(model, max_tokens=10)["max_tokens"]


def test_a_limit_above_the_models_own_is_refused(asked):
    """Before anything is sent."""
    with pytest.raises(jackfield.InvalidRequest, match="between 1 and 64000"):
        asked(max_tokens=64001)


@pytest.mark.parametrize(
    "option", [{"frequency_penalty": 1}, {"presence_penalty": 1}, {"verbosity": "low"}, {"logprobs": True}]
)
def test_what_would_change_the_answer_is_refused(asked, option):
    """The format has no word for it."""
    with pytest.raises(jackfield.Unsupported, match=next(iter(option))):
        asked(**option)


@pytest.mark.parametrize("option", [{"seed": 1}, {"store": True}, {"metadata": {"a": "b"}}])
def test_what_would_not_is_left_out(asked, option):
    """A call that sets it is a call all the same."""
    assert next(iter(option)) not in asked(**option)


def test_a_user_is_an_id_in_the_metadata(asked):
    """Nothing else fits in there."""
    assert {"user_id": "u-1"} == asked(user="u-1")["metadata"]


def test_a_schema_is_asked_for_as_the_format_of_the_output(asked):
    """Beside the effort, if there is one."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    config = asked("claude-opus-5", into=schema, reasoning="high")["output_config"]

    assert {"effort": "high", "format": {"type": "json_schema", "schema": schema}} == config


def test_json_without_a_schema_is_refused(asked):
    """The format cannot hold an answer to it."""
    with pytest.raises(jackfield.Unsupported, match="JSON"):
        asked(into=dict)


def test_a_loop_of_tools_goes_back_with_its_signature(asked):
    """Reasoning unchanged, the results of the caller's tools in a turn of the user's."""
    seal = Opaque("anthropic", "messages", {"signature": "c2ln"})
    answer = Message("assistant", (Reasoning("hm", seal), ToolCall("toolu_1", "weather", '{"city":"Bern"}')))
    turns = [Message("user", "hi"), answer, Message("tool", ToolResult("toolu_1", "sun"))]

    _, said, result = asked(prompt=turns, tools=[Tool("weather")])["messages"]

    assert {"type": "thinking", "thinking": "hm", "signature": "c2ln"} == said["content"][0]
    assert {"city": "Bern"} == said["content"][1]["input"]
    assert ("user", "tool_result", "toolu_1") == (
        result["role"],
        result["content"][0]["type"],
        result["content"][0]["tool_use_id"],
    )


def test_a_cache_point_marks_what_stands_before_it(asked):
    """For as long as it says."""
    turn = Message("user", (Text("long"), CachePoint("1h"), Text("short")))
    first, second = asked(prompt=[turn])["messages"][0]["content"]

    assert {"type": "ephemeral", "ttl": "1h"} == first["cache_control"]
    assert "cache_control" not in second


def test_a_document_is_cited_if_that_is_asked_for(asked):
    """With its name and what it is about."""
    document = Document("application/pdf", data=b"%PDF", name="a.pdf", context="a map", citations=True)
    block = asked(prompt=document)["messages"][0]["content"][0]

    assert ("document", "a.pdf", "a map") == (block["type"], block["title"], block["context"])
    assert {"enabled": True} == block["citations"]


def test_a_hosted_tool_is_named_by_its_dated_type(asked):
    """The name follows from it."""
    tool = HostedTool("web_search_20250305", {"max_uses": 3})

    expected = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    assert [expected] == asked("claude-sonnet-4-6", tools=[tool])["tools"]


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (400, "invalid_request_error", jackfield.InvalidRequest),
    (401, "authentication_error", jackfield.Unauthorized),
    (402, "billing_error", jackfield.OutOfCredit),
    (403, "permission_error", jackfield.Unauthorized),
    (404, "not_found_error", jackfield.ModelNotFound),
    (413, "request_too_large", jackfield.ContextTooLong),
    (429, "rate_limit_error", jackfield.RateLimited),
    (500, "api_error", jackfield.Unavailable),
    (504, "timeout_error", jackfield.Unavailable),
    (529, "overloaded_error", jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "code", "leaf"), FAILURES)
def test_types_of_errors_are_told_apart(bound, failure, status, code, leaf):
    """Under the id of the request that the header gives."""
    body = {"type": "error", "error": {"type": code, "message": "no luck"}}

    error = failure(bound(HAIKU, api_key=KEY), status, body, request_id="req_9")

    assert (leaf, code, "req_9") == (type(error), error.code, error.request_id)


@pytest.mark.parametrize(
    ("words", "leaf"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", jackfield.ContextTooLong),
        ("Your credit balance is too low to access the API.", jackfield.OutOfCredit),
    ],
)
def test_one_type_means_several_things(bound, failure, words, leaf):
    """Its words tell them apart."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": words}}

    assert leaf is type(failure(bound(HAIKU, api_key=KEY), 400, body))


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion_with_all_its_buckets(replayed):
    """What was read from the cache, and written to it for minutes or an hour, is counted apart."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(
            f"anthropic/{HAIKU}", "Name three rivers.", system="Be brief.", temperature=0.5
        )

    used = answer.usage
    assert ("Aare, Limmat, Inn.", "stop", "end_turn") == (
        answer.text,
        answer.finish.reason,
        answer.finish.raw,
    )
    assert (15, 30, 4, 3, 11) == (
        used.input,
        used.cache_read,
        used.cache_write,
        used.cache_write_1h,
        used.output,
    )
    assert ("msg_doc_1", "req_doc_1") == (answer.id, answer.request_id)


def test_a_stream_that_thinks_and_calls(replayed, weather):
    """The signature is kept for the next turn."""
    with replayed("stream", api_key=KEY) as client:
        prompt, options = "What is the weather in Bern?", {"tools": [weather], "reasoning": "low"}
        answer = client.stream("anthropic/claude-opus-5", prompt, **options).completion()

    thought, call = answer.parts
    assert ("The tool knows.", "c2lnbmF0dXJlLWRvYw==") == (thought.text, thought.opaque.data["signature"])
    assert ("toolu_doc_1", "weather", {"city": "Bern"}) == (call.id, call.name, call.arguments)
    assert (420, 36, 12) == (answer.usage.input, answer.usage.output, answer.usage.reasoning)


def test_an_overload_may_be_tried_again(replayed):
    """The provider says so itself."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.Unavailable) as caught:
        client.complete(f"anthropic/{HAIKU}", "hi", max_tokens=100)

    error = caught.value
    assert (529, "overloaded_error", "req_doc_3") == (error.status, error.code, error.request_id)
    assert (True, True) == (error.retryable, error.should_retry)
