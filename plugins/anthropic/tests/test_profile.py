"""What the two files say, seen through the library: addresses, headers, and what each model may be asked."""

from __future__ import annotations

import json

import pytest

import jackfield
from jackfield.client.plan import plan_completion

KEY = f"sk-ant-api03-{'x' * 93}AA"

ALWAYS_REASON = [
    "claude-fable-5-2",
    "claude-fable-5-1",
    "claude-mythos-5-2",
    "claude-mythos-5-1",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
]
NO_SAMPLING = [*ALWAYS_REASON, "claude-opus-5", "claude-sonnet-5", "claude-haiku-5-5", "claude-opus-4-8"]
SAMPLING = ["claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-5"]


@pytest.fixture
def client(monkeypatch):
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    with jackfield.Client({"providers": {"anthropic": {"api_key": KEY}}}) as client:
        yield client


def rendered(client, model, **options):
    binding = client.bind(f"anthropic/{model}")
    plan = plan_completion(binding, "hi", options, stream=False)
    return binding.wire.render_completion(plan.request, stream=False)


def body(client, model, **options):
    return json.loads(rendered(client, model, **options).body)


def test_calls_go_to_the_messages_route(client):
    """The base has no version, the route has."""
    call = rendered(client, "claude-haiku-4-5")

    assert "https://api.anthropic.com/v1/messages" == call.url
    assert "2023-06-01" == call.headers["anthropic-version"]


def test_another_base_is_read_as_the_vendors_client_reads_it(monkeypatch):
    """Without a version, with or without a path."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://x.test/anthropic/")

    with jackfield.Client() as client:
        assert "https://x.test/anthropic/v1/messages" == rendered(client, "claude-haiku-4-5").url


def test_betas_travel_as_a_header(client):
    """One call may switch betas on."""
    call = rendered(client, "claude-haiku-4-5", extra={"betas": ["a-1", "b-2"]})

    assert "a-1,b-2" == call.headers["anthropic-beta"]
    assert "betas" not in json.loads(call.body)


@pytest.mark.parametrize("model", NO_SAMPLING)
def test_newer_models_take_no_sampling_options(client, model):
    """Told before anything is sent."""
    with pytest.raises(jackfield.Unsupported, match="temperature"):
        body(client, model, temperature=0.5)


@pytest.mark.parametrize("model", SAMPLING)
def test_older_models_take_a_temperature_up_to_one(client, model):
    """Not up to two, as elsewhere."""
    assert 0 == body(client, model, temperature=0)["temperature"]
    with pytest.raises(jackfield.InvalidRequest, match="between 0 and 1"):
        body(client, model, temperature=1.5)


@pytest.mark.parametrize("model", ALWAYS_REASON)
def test_models_that_always_reason_say_so(client, model):
    """Neither off, nor with a tool forced on them."""
    with pytest.raises(jackfield.Unsupported, match="always reasons"):
        body(client, model, reasoning="none")
    with pytest.raises(jackfield.Unsupported, match="which tool to call"):
        body(client, model, tools=[jackfield.Tool("f")], tool_choice="required")


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking", "effort"),
    [
        ("claude-haiku-4-5", "high", {"type": "enabled", "budget_tokens": 4096}, None),
        ("claude-haiku-4-5", 2000, {"type": "enabled", "budget_tokens": 2000}, None),
        ("claude-sonnet-4-6", "xhigh", {"type": "adaptive", "display": "summarized"}, "high"),
        ("claude-sonnet-4-6", 2000, {"type": "enabled", "budget_tokens": 2000}, None),
        ("claude-opus-5-5", "xhigh", {"type": "adaptive", "display": "summarized"}, "xhigh"),
        ("claude-haiku-5-5", "none", {"type": "disabled"}, None),
        ("claude-of-the-future", "low", {"type": "adaptive", "display": "summarized"}, "low"),
    ],
)
def test_how_much_to_reason_is_said_as_the_model_takes_it(client, model, reasoning, thinking, effort):
    """A budget of tokens, or a word."""
    asked = body(client, model, reasoning=reasoning)

    assert (thinking, effort) == (asked["thinking"], asked.get("output_config", {}).get("effort"))


def test_every_model_is_dated_right(client):
    """What ends has a successor that is listed."""
    models = {model.id: model for model in client.registry.profile("anthropic").models}

    ending = [model for model in models.values() if model.deprecated is not None]
    assert ending
    assert {model.replacement for model in ending if model.replacement} <= models.keys()
