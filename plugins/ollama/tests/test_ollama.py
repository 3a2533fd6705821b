"""Ollama as its profile and its wire describe it: servers, prices, requests, failures, whole exchanges."""

from __future__ import annotations

from decimal import Decimal

import pytest

import jackfield
from jackfield import Image, Message, ToolCall, ToolResult

LLAMA = "llama3.1"
OSS = "gpt-oss:20b"
HERE = "http://127.0.0.1:11434/api/chat"


@pytest.fixture
def body(sent):
    return lambda model=LLAMA, prompt="hi", **options: sent(model, prompt, **options).body


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert [] == unstated


def test_all_models_of_the_list_bind(profile, bound):
    """Tags in their names too."""
    names = [model.id for model in profile.models]

    assert names == [bound(name).model.id for name in names]
    assert {"ollama"} == {bound(name).wire.name for name in names}


# -- the server ------------------------------------------------------------------------------------


def test_no_key_is_needed(sent):
    """For the server on this machine."""
    call = sent(LLAMA)

    assert HERE == call.url
    assert "authorization" not in call.headers


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("gpu.lan", "http://gpu.lan:11434/api/chat"),
        ("10.0.0.5:8080", "http://10.0.0.5:8080/api/chat"),
        (":8080", "http://127.0.0.1:8080/api/chat"),
        ("0.0.0.0", HERE),
        ("0.0.0.0:11434", HERE),
        ("[::1]", "http://[::1]:11434/api/chat"),
        ("[::1]:99", "http://[::1]:99/api/chat"),
        ("gpu.lan/behind/", "http://gpu.lan:11434/behind/api/chat"),
        ("http://gpu.lan", "http://gpu.lan/api/chat"),
        ("https://ollama.com", "https://ollama.com/api/chat"),
    ],
)
def test_a_host_is_enough(monkeypatch, sent, host, url):
    """The variable that servers read to know where to listen tells where they are."""
    monkeypatch.setenv("OLLAMA_HOST", host)

    assert url == sent(LLAMA).url


@pytest.mark.parametrize("host", ["user:secret@host", "ftp://host", "host?a=secret"])
def test_what_is_no_host_is_refused(monkeypatch, bound, host):
    """Without showing what may hold a password."""
    monkeypatch.setenv("OLLAMA_HOST", host)

    with pytest.raises(jackfield.BadConfig) as caught:
        bound(LLAMA)

    assert "secret" not in str(caught.value)


def test_the_cloud_wants_a_key(monkeypatch, sent):
    """As a bearer token."""
    monkeypatch.setenv("OLLAMA_API_KEY", "key-1")

    call = sent(OSS, settings={"base_url": "https://ollama.com"})

    assert ("https://ollama.com/api/chat", "Bearer key-1") == (call.url, call.headers["authorization"])


# -- prices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "settings", "source"),
    [
        (LLAMA, {}, "local"),
        (LLAMA, {"base_url": "http://gpu.lan:11434"}, "local"),
        (OSS, {"base_url": "https://ollama.com"}, "unknown"),
        ("gpt-oss:120b-cloud", {}, "unknown"),
        ("kimi-k2.7-code:cloud", {}, "unknown"),
    ],
)
def test_what_runs_at_home_is_free(bound, model, settings, source):
    """What the cloud asks for is not known by the token."""
    assert source == bound(model, **settings).prices.source


# -- requests --------------------------------------------------------------------------------------


def test_options_stand_in_a_table(body):
    """With those of the provider's own."""
    asked = body(
        max_tokens=9, temperature=0, stop=["x"], seed=1, extra={"options": {"num_ctx": 99}, "keep_alive": 5}
    )

    assert {"num_predict": 9, "temperature": 0, "stop": ["x"], "seed": 1, "num_ctx": 99} == asked["options"]
    assert (5, False) == (asked["keep_alive"], asked["stream"])


@pytest.mark.parametrize(
    ("model", "reasoning", "think"),
    [(LLAMA + ":70b", "none", False), ("qwen3", "high", True), (OSS, "low", "low"), (OSS, "max", "high")],
)
def test_models_are_told_whether_to_think_or_how_much(body, model, reasoning, think):
    """As the family wants it."""
    assert think == body(model, reasoning=reasoning)["think"]


@pytest.mark.parametrize(("model", "reasoning"), [(OSS, "none"), ("qwen3", 500)])
def test_thinking_has_neither_bounds_nor_an_end_for_all(body, model, reasoning):
    """Some cannot be stopped, none can be counted out."""
    with pytest.raises(jackfield.Unsupported, match="nothing was sent"):
        body(model, reasoning=reasoning)


@pytest.mark.parametrize("choice", ["required", "weather"])
def test_no_tool_can_be_forced(body, weather, choice):
    """The format has no word for it."""
    with pytest.raises(jackfield.Unsupported, match="which tool"):
        body(tools=[weather], tool_choice=choice)


def test_results_name_their_tool(body):
    """By the call they answer."""
    call = ToolCall("c1", "weather", '{"city":"Bern"}')
    turns = [Message("user", "hi"), Message("assistant", call), Message("tool", ToolResult("c1", "sun"))]

    _, turn, result = body(prompt=turns)["messages"]

    assert {"name": "weather", "arguments": {"city": "Bern"}} == turn["tool_calls"][0]["function"]
    assert {"role": "tool", "content": "sun", "tool_name": "weather", "tool_call_id": "c1"} == result


def test_pictures_stand_beside_the_text(body):
    """In base64, and without an address."""
    (turn,) = body("gemma4:31b", [Message("user", ("what?", Image("image/png", data=b"1")))])["messages"]

    assert {"role": "user", "content": "what?", "images": ["MQ=="]} == turn
    with pytest.raises(jackfield.Unsupported, match="fetch it first"):
        body("gemma4:31b", [Message("user", Image.from_url("https://x.test/a.png"))])


def test_a_schema_is_the_format(body):
    """And a word means any JSON."""
    assert {"type": "object"} == body(into={"type": "object"})["format"]
    assert "json" == body(into=dict)["format"]


def test_half_a_call_cannot_go_back(body):
    """The format takes an object."""
    turns = [
        Message("user", "hi"),
        Message("assistant", ToolCall("c", "weather", '{"ci')),
        Message("user", "?"),
    ]

    with pytest.raises(jackfield.InvalidRequest, match="not a JSON object"):
        body(prompt=turns)


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message", "leaf"),
    [
        (400, '"gemma" does not support tools', jackfield.InvalidRequest),
        (400, "prompt too long; exceeded max context length by 9 tokens", jackfield.ContextTooLong),
        (401, "unauthorized", jackfield.Unauthorized),
        (404, 'model "x" not found, try pulling it first', jackfield.ModelNotFound),
        (429, "you have reached your hourly usage limit", jackfield.RateLimited),
        (500, "model requires more system memory than is available", jackfield.Unavailable),
        (503, "server busy, please try again", jackfield.Unavailable),
    ],
)
def test_failures_mean_what_the_caller_can_do(bound, failure, status, message, leaf):
    """By status, and an overlong prompt by its words."""
    error = failure(bound(LLAMA), status, {"error": message})

    assert (leaf, message, "ollama") == (type(error), error.info.message, error.provider)


# -- whole exchanges -------------------------------------------------------------------------------


def test_an_answer_costs_nothing(replayed):
    """Exactly."""
    with replayed("completion") as client:
        extra = {"options": {"num_ctx": 8192}, "keep_alive": "1h"}
        options = {"max_tokens": 50, "temperature": 0, "extra": extra, "system": "Be brief."}
        answer = client.complete(f"ollama/{LLAMA}", "Name three rivers.", **options)

    assert ("Aare, Limmat, Inn.", Decimal(0), "stop") == (answer.text, answer.charge, answer.finish.reason)
    assert (21, 9, 100) == (answer.usage.input, answer.usage.output, answer.usage.raw["load_duration"])


def test_a_stream_thinks_and_calls(replayed, weather):
    """A call has no id of its own, and gets one that stays."""
    with replayed("stream") as client:
        prompt, options = "What is the weather in Bern?", {"tools": [weather], "reasoning": "low"}
        answer = client.stream(f"ollama/{OSS}", prompt, **options).completion()

    (call,) = answer.tool_calls
    assert ("A tool knows.", "call_0", {"city": "Bern"}) == (answer.reasoning, call.id, call.arguments)
    assert ("tool_calls", "stop", 150, 30) == (
        answer.finish.reason,
        answer.finish.raw,
        answer.usage.input,
        answer.usage.output,
    )


def test_a_model_that_was_not_pulled_is_missing(replayed):
    """The server says what to do."""
    with replayed("error") as client, pytest.raises(jackfield.ModelNotFound, match="try pulling it first"):
        client.complete("ollama/not-pulled", "hi")


def test_vectors_cost_nothing(replayed):
    """What they are for is left out, and told."""
    with replayed("embedding") as client:
        answer = client.embed("ollama/all-minilm", ["Aare", "Inn"], dimensions=2, input_type="query")

    assert (((0.5, 0.75), (0.25, -0.5)), Decimal(0)) == (answer.vectors, answer.charge)
    assert ["option_ignored"] == [notice.code for notice in answer.warnings]


def test_what_was_pulled_is_listed(replayed):
    """By the names it can be called by."""
    with replayed("models") as client:
        (model,) = client.list_models("ollama").models

    assert ("llama3.1:latest", 2026) == (model.id, model.created.year)
