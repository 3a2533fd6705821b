"""DeepSeek as its profile describes it: thinking that is switched, reasoning that must go back, an empty account."""

from __future__ import annotations

import pytest

import jackfield
from jackfield import Capability, Image, Message, Opaque, Reasoning, Support, Text, ToolCall, ToolResult

KEY = f"sk-{'a' * 32}"
PRO = "deepseek-v4-pro"
FLASH = "deepseek-v4-flash"


@pytest.fixture
def body(sent):
    return lambda prompt="hi", model=PRO, **options: sent(model, prompt, {"api_key": KEY}, **options).body


def test_chat_is_stated_in_full(unstated):
    """Nothing is left to be tried."""
    assert not unstated


def test_every_listed_model_binds_over_both_wires(profile, bound):
    """The second is chosen by a setting."""
    wires = {
        bound(model.id, api_key=KEY, **more).wire.name
        for model in profile.models
        for more in ({}, {"wire": "responses"})
    }

    assert {"chat_completions", "responses"} == wires
    assert "https://api.deepseek.com" == bound(PRO, api_key=KEY, wire="responses").wire.dialect.base


@pytest.mark.parametrize(
    ("effort", "switch", "word"),
    [
        ("none", "disabled", None),
        (0, "disabled", None),
        ("low", "enabled", "high"),
        ("high", "enabled", "high"),
        ("xhigh", "enabled", "max"),
        ("max", "enabled", "max"),
    ],
)
def test_thinking_is_switched_and_has_two_efforts(body, effort, switch, word):
    """Other words are the nearest of them."""
    asked = body(reasoning=effort)

    assert ({"type": switch}, word) == (asked["thinking"], asked.get("reasoning_effort"))


def test_thinking_has_no_number(body):
    """It would be ignored."""
    with pytest.raises(jackfield.Unsupported, match="number of reasoning tokens"):
        body(reasoning=2000)


def test_options_it_does_not_have(body):
    """Some change nothing, others would."""
    assert {"model", "messages", "max_tokens", "user_id"} == body(max_tokens=9, seed=1, user="ada").keys()
    with pytest.raises(jackfield.InvalidRequest, match="between 1 and 1"):
        body(n=2)
    with pytest.raises(jackfield.Unsupported, match="schema"):
        body(into={"type": "object"})


def turns(*parts):
    call = ToolCall("call_1", "weather", "{}")
    return [
        Message("user", "hi"),
        Message("assistant", [*parts, call]),
        Message("tool", ToolResult("call_1", "sun")),
    ]


OWN = Opaque("deepseek", "chat_completions", {})
FOREIGN = Opaque("acme", "messages", {"signature": "x"})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [([Reasoning("hm", OWN)], "hm"), ([Reasoning("hm")], "hm"), ([Reasoning("hm", FOREIGN)], " "), ([], " ")],
)
def test_a_turn_of_calls_always_has_its_reasoning(body, parts, expected):
    """One that has none, or another provider's, gets an empty one: it would be refused."""
    assert expected == body(turns(*parts))["messages"][1]["reasoning_content"]


def test_a_turn_of_words_needs_no_reasoning(body):
    """But may have it."""
    without, with_it = (
        body([Message("user", "a"), Message("assistant", [*parts, Text("b")]), Message("user", "c")])[
            "messages"
        ][1]
        for parts in ([], [Reasoning("hm", OWN)])
    )

    assert ({"role": "assistant", "content": "b"}, "hm") == (without, with_it["reasoning_content"])


def test_the_answer_may_be_begun(sent):
    """At the address for what is being tried out."""
    prompt = [Message("user", "a"), Message("assistant", "```python")]

    call = sent(PRO, prompt, {"api_key": KEY, "base_url": "https://api.deepseek.com/beta"})

    assert "https://api.deepseek.com/beta/chat/completions" == call.url
    assert True is call.body["messages"][1]["prefix"]


def test_several_texts_are_one(body):
    """Lists are for pictures."""
    assert "ab" == body([Message("user", [Text("a"), Text("b")])])["messages"][0]["content"]


def test_pictures_are_for_some_models(body):
    """The others are not asked."""
    prompt = [Message("user", [Image("image/png", data=b"x"), Text("what?")])]

    assert "image_url" == body(prompt, model=FLASH)["messages"][0]["content"][0]["type"]
    with pytest.raises(jackfield.Unsupported, match="take images"):
        body(prompt)


def test_models_that_ended_have_successors(profile):
    """Their names go on as names of others."""
    ended = [model for model in profile.models if model.deprecated]

    assert {model.replacement for model in ended} <= {model.id for model in profile.models}
    assert Support.UNSUPPORTED is profile.supports(Capability.EMBEDDINGS)


@pytest.mark.parametrize(
    ("status", "error", "leaf"),
    [
        (400, {"message": "This model's maximum context length is 131072 tokens"}, jackfield.ContextTooLong),
        (400, {"message": "unknown variant `input_audio`"}, jackfield.InvalidRequest),
        (401, {"message": "Authentication Fails", "type": "authentication_error"}, jackfield.Unauthorized),
        (402, {"message": "Insufficient Balance", "type": "unknown_error"}, jackfield.OutOfCredit),
        (402, {"message": "x", "type": "insufficient_balance"}, jackfield.OutOfCredit),
        (429, {"message": "Too many requests", "type": "rate_limit_error"}, jackfield.RateLimited),
        (500, {"message": "x", "type": "internal_error"}, jackfield.Unavailable),
        (503, {"message": "x"}, jackfield.Unavailable),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, error, leaf):
    """Whatever the code, which is always the same."""
    found = failure(bound(PRO, api_key=KEY), status, {"error": {**error, "code": "invalid_request_error"}})

    assert leaf is type(found)


def test_reasoning_and_the_cache_are_counted(replayed):
    """Behind the empty lines that keep a connection alive."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(f"deepseek/{PRO}", "Name three rivers.", max_tokens=300, reasoning="medium")

    assert ("Three are asked for.", "Aare, Limmat, Inn.", "trace-doc-1") == (
        answer.reasoning,
        answer.text,
        answer.request_id,
    )
    usage = answer.usage
    assert (10, 64, 19, 6) == (usage.input, usage.cache_read, usage.output, usage.reasoning)


def test_a_streamed_call_goes_back_with_its_reasoning(replayed, weather, body):
    """As the next request has it."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream(
            f"deepseek/{FLASH}", "What is the weather in Bern?", tools=[weather]
        ).completion()

    results = jackfield.run_tools(answer, [weather])
    turn = body([Message("user", "?"), answer.message, results], model=FLASH)["messages"][1]

    assert ("A tool knows.", '{"city": "Bern"}') == (
        turn["reasoning_content"],
        turn["tool_calls"][0]["function"]["arguments"],
    )
    assert (28, 320, 45, 20) == (
        answer.usage.input,
        answer.usage.cache_read,
        answer.usage.output,
        answer.usage.reasoning,
    )


def test_an_empty_account_is_no_limited_rate(replayed):
    """Nothing is tried again."""
    with (
        replayed("error", api_key=KEY) as client,
        pytest.raises(jackfield.OutOfCredit, match="Insufficient Balance") as caught,
    ):
        client.complete(f"deepseek/{FLASH}", "Name three rivers.")

    assert ("trace-doc-3", False) == (caught.value.request_id, caught.value.retryable)
