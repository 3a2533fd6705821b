"""Fireworks AI as its profile describes it: short names of models, efforts in tokens, streams without figures."""

from __future__ import annotations

import pytest

import jackfield
from jackfield import Capability, Message, Reasoning, Support, Text

KEY = "fw_" + "a" * 22
GLM = "accounts/fireworks/models/glm-5p3"


@pytest.fixture
def body(sent):
    return lambda model=GLM, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


def test_all_of_chat_is_stated(unstated):
    """One by one."""
    assert not [*unstated]


def test_listed_models_have_short_names(profile, bound):
    """Full ones are what is sent; others are used as they are."""
    short = [model for model in profile.models if model.aliases]

    assert short
    assert [model.id for model in short] == [bound(model.aliases[0], api_key=KEY).model.id for model in short]
    assert "accounts/me/deployedModels/x" == bound("accounts/me/deployedModels/x", api_key=KEY).model.id


def test_the_short_name_is_not_what_is_sent(body):
    """The provider knows only the full one."""
    assert GLM == body("glm-5p3")["model"]


@pytest.mark.parametrize("effort", ["none", "low", "high", 1024])
def test_an_effort_is_a_word_or_a_number(body, effort):
    """In the same field."""
    assert effort == body(reasoning=effort)["reasoning_effort"]


def test_no_tokens_at_all_is_none(body):
    """As a word."""
    assert "none" == body(reasoning=0)["reasoning_effort"]


def test_reasoning_goes_back(body):
    """Models that were trained on it want it."""
    turns = [Message("user", "a"), Message("assistant", [Reasoning("hm"), Text("b")]), Message("user", "c")]

    assert "hm" == body(prompt=turns)["messages"][1]["reasoning_content"]


def test_what_differs_between_models(profile):
    """Vectors, rankings, pictures."""
    assert Support.FULL is profile.supports(Capability.RERANK, "qwen3-reranker-8b")
    assert Support.UNSUPPORTED is profile.supports(Capability.CHAT, "qwen3-embedding-8b")
    assert Support.NOT_IMPLEMENTED is profile.supports(Capability.IMAGES_OUT)


@pytest.mark.parametrize(
    ("status", "leaf"),
    [
        (400, jackfield.InvalidRequest),
        (401, jackfield.Unauthorized),
        (404, jackfield.ModelNotFound),
        (412, jackfield.OutOfCredit),
        (429, jackfield.RateLimited),
        (503, jackfield.Unavailable),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, leaf):
    """A suspended account is one without money."""
    assert leaf is type(failure(bound(GLM, api_key=KEY), status, {"error": {"message": "no", "code": "X"}}))


def test_an_effort_in_tokens(replayed):
    """Fields of the engine are left aside."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete("fireworks/glm-5p3", "Name three rivers.", max_tokens=300, reasoning=1024)

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (21, 13, "chatcmpl-doc-1") == (answer.usage.input, answer.usage.cache_read, answer.request_id)


def test_a_stream_without_figures_and_without_a_mark(replayed, weather):
    """Nothing is known of its use, which is not the same as none."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream(
            "fireworks/glm-5p3", "What is the weather in Bern?", tools=[weather]
        ).completion()

    assert [("functions.weather:0", "weather", {"city": "Bern"})] == [
        (c.id, c.name, c.arguments) for c in answer.tool_calls
    ]
    assert (False, None) == (answer.usage.known, answer.charge)


def test_a_model_that_is_not_deployed(replayed):
    """It is not there."""
    with (
        replayed("error", api_key=KEY) as client,
        pytest.raises(jackfield.ModelNotFound, match="not deployed"),
    ):
        client.complete("fireworks/accounts/fireworks/models/unknown", "Name three rivers.")
