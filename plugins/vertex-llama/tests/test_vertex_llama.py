"""Llama at Google Cloud: where calls go, and what failures mean."""

from __future__ import annotations

import pytest

import jackfield

MODEL = "meta/llama-4-maverick-17b-128e-instruct-maas"

TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


# -- where calls go --------------------------------------------------------------------------------


def test_calls_go_to_the_host_of_their_location(sent):
    """Under project, publisher and model."""
    call = sent("meta/llama-4-maverick-17b-128e-instruct-maas", settings=SETTINGS)

    assert (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/river-project/locations/us-central1/endpoints/openapi/chat/completions"
        == call.url
    )
    assert f"Bearer {TOKEN}" == call.headers["authorization"]


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "image"), [(MODEL, True), ("meta/llama-3.3-70b-instruct-maas", False)])
def test_only_some_models_see(sent, model, image):
    """Told before anything is sent."""
    prompt = [jackfield.Text("What is this?"), jackfield.Image("image/png", data=b"x")]
    if image:
        assert sent(model, prompt, SETTINGS).body["messages"]
        return
    with pytest.raises(jackfield.Unsupported):
        sent(model, prompt, SETTINGS)


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion_is_read(replayed):
    """With its figures."""
    with replayed("completion", **SETTINGS) as client:
        answer = client.complete(f"vertex-llama/{MODEL}", "Name three rivers.", max_tokens=50)

    assert ("Aare, Limmat, Inn.", 19, 12) == (answer.text, answer.usage.input, answer.usage.output)


def test_a_call_is_streamed(replayed, weather):
    """In one piece."""
    with replayed("stream", **SETTINGS) as client:
        stream = client.stream(f"vertex-llama/{MODEL}", "What is the weather in Bern?", tools=[weather])
        answer = stream.completion()

    assert [("weather", {"city": "Bern"})] == [(call.name, call.arguments) for call in answer.tool_calls]
    assert (90, 17, "tool_calls") == (answer.usage.input, answer.usage.output, answer.finish.reason)


def test_a_model_that_is_not_there_is_told(replayed):
    """Though the failure comes as a list."""
    with (
        replayed("error", **SETTINGS) as client,
        pytest.raises(jackfield.ModelNotFound, match="was not found"),
    ):
        client.complete(f"vertex-llama/{MODEL}", "hi")
