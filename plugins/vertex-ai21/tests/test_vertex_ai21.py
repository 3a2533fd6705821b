"""AI21's models at Google Cloud: where calls go, and what failures mean."""

from __future__ import annotations

import pytest

import jackfield

MODEL = "jamba-1.5-mini"

TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


# -- where calls go --------------------------------------------------------------------------------


def test_calls_go_to_the_host_of_their_location(sent):
    """Under project, publisher and model."""
    call = sent("jamba-1.5-mini", settings=SETTINGS)

    assert (
        "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/river-project/locations/us-central1/publishers/ai21/models/jamba-1.5-mini%40001:rawPredict"
        == call.url
    )
    assert f"Bearer {TOKEN}" == call.headers["authorization"]


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion_is_read(replayed):
    """With its figures."""
    with replayed("completion", **SETTINGS) as client:
        answer = client.complete(f"vertex-ai21/{MODEL}", "Name three rivers.", max_tokens=50)

    assert ("Aare, Limmat, Inn.", 13, 9) == (answer.text, answer.usage.input, answer.usage.output)


def test_usage_comes_with_the_last_piece(replayed):
    """Without being asked for."""
    with replayed("stream", **SETTINGS) as client:
        answer = client.stream(f"vertex-ai21/{MODEL}", "Name three rivers.").completion()

    assert ("Aare, Limmat, Inn.", 13, 9) == (answer.text, answer.usage.input, answer.usage.output)


def test_a_fault_in_a_field_is_told_with_its_place(replayed):
    """In the vendor's form."""
    with replayed("error", **SETTINGS) as client, pytest.raises(jackfield.InvalidRequest, match=r"body\.n"):
        client.complete(f"vertex-ai21/{MODEL}", "hi")
