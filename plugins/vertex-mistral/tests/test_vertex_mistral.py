"""Mistral's models at Google Cloud: where calls go, what is said differently, and what failures mean."""

from __future__ import annotations

import pytest

import jackfield

MODEL = "mistral-medium-3"

TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


# -- where calls go --------------------------------------------------------------------------------


def test_calls_go_to_the_host_of_their_location(sent):
    """Under project, publisher and model."""
    call = sent("mistral-medium-3", settings=SETTINGS)

    assert (
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/river-project/locations/europe-west4/publishers/mistralai/models/mistral-medium-3%40001:rawPredict"
        == call.url
    )
    assert f"Bearer {TOKEN}" == call.headers["authorization"]


# -- requests --------------------------------------------------------------------------------------


def test_names_are_the_vendors(sent):
    """Of seeds, limits, and of the choice of a tool."""
    tools = [jackfield.Tool("f")]
    body = sent(MODEL, settings=SETTINGS, seed=7, max_tokens=9, tools=tools, tool_choice="required").body

    assert (7, 9, "any") == (body["random_seed"], body["max_tokens"], body["tool_choice"])
    assert not {"seed", "max_completion_tokens", "stream_options"} & body.keys()


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion_is_read(replayed):
    """With its figures."""
    with replayed("completion", **SETTINGS) as client:
        answer = client.complete(f"vertex-mistral/{MODEL}", "Name three rivers.", seed=7, max_tokens=50)

    assert ("Aare, Limmat, Inn.", 8, 11) == (answer.text, answer.usage.input, answer.usage.output)


def test_a_call_comes_in_one_piece(replayed, weather):
    """Usage comes with it."""
    with replayed("stream", **SETTINGS) as client:
        prompt = "What is the weather in Bern?"
        stream = client.stream(f"vertex-mistral/{MODEL}", prompt, tools=[weather], tool_choice="required")
        answer = stream.completion()

    assert [("DocCall01", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert (71, 15, "tool_calls") == (answer.usage.input, answer.usage.output, answer.finish.reason)


def test_a_prompt_that_is_too_long_is_told(replayed):
    """By its words: the code is only a number."""
    with replayed("error", **SETTINGS) as client, pytest.raises(jackfield.ContextTooLong):
        client.complete(f"vertex-mistral/{MODEL}", "hi")
