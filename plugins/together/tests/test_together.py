"""Together AI as its profile describes it: switches, numbers for truth values, an overlong prompt that is forbidden."""

from __future__ import annotations

import json

import pytest

import jackfield
from jackfield import Capability, Support
from jackfield.types import ImageRequest

KEY = "b" * 64
GLM = "zai-org/GLM-5.3"
OSS = "openai/gpt-oss-120b"


@pytest.fixture
def body(sent):
    return lambda model=GLM, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


def test_the_profile_leaves_no_chat_capability_open(unstated):
    """Most are as the model."""
    assert unstated == []


def test_models_bind_and_those_that_ended_say_so(profile, bound):
    """With a successor, where there is one."""
    bindings = [bound(model.id, api_key=KEY) for model in profile.models]

    assert {True} == {binding.model.listed for binding in bindings}
    assert 3 <= len([model for model in profile.models if model.deprecated])
    assert Support.FULL is profile.supports(Capability.RERANK, "Salesforce/Llama-Rank-V1")


@pytest.mark.parametrize(("model", "effort", "expected"), [
    (GLM, "none", {"reasoning": {"enabled": False}}),
    (GLM, "high", {"reasoning": {"enabled": True}, "reasoning_effort": "high"}),
    (OSS, "low", {"reasoning_effort": "low"}),
])  # fmt: skip
def test_hybrid_models_are_switched(body, model, effort, expected):
    """Those with efforts alone are told one."""
    asked = body(model, reasoning=effort)

    assert expected == {name: value for name, value in asked.items() if name.startswith("reasoning")}


def test_log_probabilities_are_a_number(body):
    """How many alternatives is for extra fields."""
    assert 1 == body(logprobs=True)["logprobs"]
    with pytest.raises(jackfield.Unsupported, match="pass it in extra"):
        body(top_logprobs=3)


def test_the_key_may_have_several_names(monkeypatch, sent):
    """As other libraries call it."""
    monkeypatch.setenv("TOGETHERAI_API_KEY", KEY)

    assert f"Bearer {KEY}" == sent(GLM).headers["authorization"]


def test_pictures_take_other_options(bound):
    """A size goes as width and height."""
    image = bound("some/image-model", api_key=KEY).wire.operations()["image"]
    asked = ImageRequest("m", "a river", options={"seed": 3, "format": "png"}, extra={"width": 64})

    assert {"seed": 3, "output_format": "png", "width": 64}.items() <= json.loads(
        image.render(asked).body
    ).items()
    with pytest.raises(jackfield.Unsupported, match="size"):
        image.render(ImageRequest("m", "a river", options={"size": "64x64"}))


@pytest.mark.parametrize(("status", "code", "leaf"), [
    (400, None, jackfield.InvalidRequest),
    (401, "invalid_api_key", jackfield.Unauthorized),
    (402, None, jackfield.OutOfCredit),
    (403, None, jackfield.ContextTooLong),
    (404, "model_not_available", jackfield.ModelNotFound),
    (429, None, jackfield.RateLimited),
    (503, None, jackfield.Unavailable),
    (524, None, jackfield.Unavailable),
    (529, None, jackfield.Unavailable),
])  # fmt: skip
def test_failures_are_what_they_are(bound, failure, status, code, leaf):
    """Status 403 is about the length of a prompt."""
    error = failure(
        bound(GLM, api_key=KEY), status, {"id": "x", "error": {"message": "no", "type": None, "code": code}}
    )

    assert leaf is type(error)


def test_an_answer_with_log_probabilities(replayed):
    """In the older form; the wait that comes with a success means nothing."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(
            f"together/{GLM}", "Name three rivers.", max_tokens=300, logprobs=True, reasoning="none"
        )

    assert ("Aare, Limmat, Inn.", "stop", "eos") == (answer.text, answer.finish.reason, answer.finish.raw)
    assert ["Aare, Limmat, ", "Inn."] == [token.token for token in answer.logprobs]
    assert (12, 32, 23) == (answer.usage.input, answer.usage.cache_read, answer.usage.output)


def test_a_stream_says_its_text_twice(replayed):
    """It is taken once."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream(f"together/{OSS}", "Name three rivers.", reasoning="low").completion()

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (70, 20, "doc-2") == (answer.usage.input, answer.usage.output, answer.request_id)


def test_a_prompt_too_long_is_not_a_question_of_rights(replayed):
    """Though the status is that of one."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.ContextTooLong) as caught:
        client.complete("together/Qwen/Qwen3.8-Flash", "Name three rivers.", max_tokens=9000000)

    assert (403, "doc-3") == (caught.value.status, caught.value.request_id)
